"""Three-level REML of many effects in clusters, against R's metafor, in one run.

    python -m benchmarks.synthesis [--effects 10000] [--clusters 1000] [--table equal] [--no-peer]

metafor runs in R where it is installed, or is left out: once as its manual has it, with sparse
matrices, and once in the fastest way found. As the manual has it, nearly all its time goes into
the eigenvalues of the k by k matrix V, a check that it leaves out when V is zero; so the fastest
way hands the known variances over as a random effect of variance 1. Sizes of clusters are equal in
one table, and skewed in the other, as laboratories are. Times are the machine's, so only the ratios
travel: they are of the same minutes. All must find the same numbers.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

PEER = """
suppressMessages({library(metafor); library(Matrix)})
arguments <- commandArgs(trailingOnly = TRUE)
d <- read.csv(arguments[1])
d$row <- d$known <- seq_len(nrow(d))
took <- system.time(
  if (arguments[2] == "plain") {
    res <- rma.mv(yi, vi, random = ~ 1 | cluster/row, data = d, sparse = TRUE)
  } else {
    K <- Diagonal(nrow(d), d$vi)
    dimnames(K) <- list(d$known, d$known)
    res <- rma.mv(yi, 0, random = list(~ 1 | cluster, ~ 1 | row, ~ 1 | known), R = list(known = K),
                  Rscale = FALSE, sigma2 = c(NA, NA, 1), data = d, sparse = TRUE)
  }
)[["elapsed"]]
cat(sprintf('{"version": "%s", "seconds": %.6g, "estimate": %.12g, "sigma2": [%.12g, %.12g]}\\n',
            packageVersion("metafor"), took, c(res$beta), res$sigma2[1], res$sigma2[2]))
"""

SETTINGS = {
    "plain": "rma.mv(yi, vi, random = ~ 1 | cluster/row, sparse = TRUE)",
    "fastest": "V = 0, the known variances as a random effect of variance 1: no eigenvalues of V",
}


def table(effects: int, clusters: int, *, skewed: bool, seed: int = 1):
    random = np.random.default_rng(seed)
    if skewed:
        share = 1 / np.arange(1, clusters + 1) ** 0.9
        extra = random.choice(clusters, effects - clusters, p=share / share.sum())
        code = np.concatenate([np.arange(clusters), extra])
    else:
        code = np.arange(effects) % clusters
    v = random.uniform(0.02, 0.3, effects)
    y = 0.3 + random.normal(0, 0.4, clusters)[code] + random.normal(0, np.sqrt(v + 0.09))
    return y, v, code


def ours(y, v, code, rho):
    from angiosome.evidence.synthesis.effects import Effects
    from angiosome.evidence.synthesis.pool import pool

    names = tuple(f"c{number}" for number in code)
    blank = np.full(len(y), np.nan)
    effects = Effects(y, v, names, names, ("",) * len(y), blank, blank)
    began = time.perf_counter()
    pooled = pool(effects, "three-level", "cr2" if rho else "z", rho=rho)
    return time.perf_counter() - began, pooled


def theirs(y, v, code, setting, limit_s):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "effects.csv"
        rows = (f"{a!r},{b!r},{c}" for a, b, c in zip(y.tolist(), v.tolist(), code, strict=True))
        file.write_text("yi,vi,cluster\n" + "\n".join(rows))
        try:
            done = subprocess.run(
                ["Rscript", "-e", PEER, str(file), setting],
                capture_output=True,
                text=True,
                timeout=limit_s,
            )
        except subprocess.TimeoutExpired:
            return None
    if done.returncode:
        print("metafor left out:", done.stderr.strip().splitlines()[-1])
        return None
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--effects", type=int, default=10_000)
    parser.add_argument("--clusters", type=int, default=1_000)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--peer-limit", type=float, default=600, help="seconds metafor may take")
    parser.add_argument("--table", choices=("equal", "skewed", "both"), default="both")
    options = parser.parse_args()
    peer = not options.no_peer and shutil.which("Rscript") is not None
    print(f"{options.effects} effects in {options.clusters} clusters; {os.cpu_count()} cores")
    for setting, meaning in SETTINGS.items():
        print(f"metafor {setting}: {meaning}")
    print(f"{'table':30}{'seconds':>9}{'ratio':>8}{'apart':>10}")
    for skewed in {"equal": (False,), "skewed": (True,), "both": (False, True)}[options.table]:
        data = table(options.effects, options.clusters, skewed=skewed)
        name = f"{'skewed' if skewed else 'equal'} clusters, to {np.bincount(data[2]).max()}"
        seconds, pooled = min((ours(*data, None) for _ in range(3)), key=lambda pair: pair[0])
        print(f"{name:30}{seconds:9.3f}")
        mine = np.array([pooled.estimate, *pooled.fit.variances])
        for setting in reversed(SETTINGS) if peer else ():
            found = theirs(*data, setting, options.peer_limit)
            line = f"{'  metafor ' + setting:30}"
            if found:
                apart = np.max(np.abs(mine - np.array([found["estimate"], *found["sigma2"]])))
                line += f"{found['seconds']:9.1f}{found['seconds'] / seconds:8.0f}{apart:10.1e}"
                line += f"  version {found['version']}"
            else:
                line += f"{'>' + format(options.peer_limit, 'g'):>9}"
            print(line, flush=True)
        seconds, _ = ours(*data, 0.5)
        print(f"{'  with rho = 0.5 and CR2':30}{seconds:9.3f}")


if __name__ == "__main__":
    main()
