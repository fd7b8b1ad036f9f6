"""The same 200 random tables through R's metafor and through us; skipped where R has no metafor.

R reads the raw arms, drops what cannot be used, works out the effects and the covariance of shared
controls itself (oracle.R), so that everything from the file to the interval is compared.
"""

import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from published import DATA

from angiosome.evidence.synthesis.bias import egger_classic, egger_mixed, trim_and_fill
from angiosome.evidence.synthesis.pool import pool
from angiosome.evidence.synthesis.r_script import r_script, read_numbers
from angiosome.evidence.synthesis.table import read_effects

SETS = 200


def has_metafor():
    if shutil.which("Rscript") is None:
        return False
    script = (
        "for (p in c('metafor', 'clubSandwich')) suppressMessages(library(p, character.only = T))"
    )
    return subprocess.run(["Rscript", "-e", script], capture_output=True).returncode == 0


@pytest.fixture(scope="module", autouse=True)
def _r_is_here():
    if not has_metafor():
        pytest.skip("R with the packages metafor and clubSandwich is not installed")


def random_table(seed):
    """Arms of 4 to 12 studies with up to three arms on a control; some SDs missing, some zero."""
    random = np.random.default_rng(seed)
    scale = ("rom", "md", "smd")[seed % 3]
    spread = random.choice([0.0, 0.1, 0.4])
    lines = ["study,control,scale,n_t,mean_t,sd_t,n_c,mean_c,sd_c"]
    for study in range(random.integers(4, 13)):
        level = math.exp(random.normal(0, spread / 2))
        n_c, mean_c = int(random.integers(4, 16)), random.uniform(30, 70)
        sd_c = random.uniform(0.1, 0.3) * mean_c
        for _ in range(random.integers(1, 4)):
            mean_t = mean_c * 0.85 * level * math.exp(random.normal(0, spread))
            sd_t = random.uniform(0.1, 0.3) * mean_t
            fate = random.uniform()
            text = "NA" if fate < 0.06 else "0" if fate < 0.1 else repr(float(sd_t))
            n_t = "" if 0.1 < fate < 0.13 else int(random.integers(4, 16))
            row = (f"s{study}", "c", scale, n_t, mean_t, text, n_c, mean_c, sd_c)
            lines.append(",".join(str(item) for item in row))
    return scale, "\n".join(lines)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    for seed in range(SETS):
        (folder / f"set_{seed:03d}.csv").write_text(random_table(seed)[1])
    script = Path(__file__).parent / "oracle.R"
    done = subprocess.run(
        ["Rscript", str(script), str(folder)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    theirs = {}
    for line in done.stdout.splitlines():
        name, *rest = line.split()
        at = next(i for i, word in enumerate(rest) if word in NAMES)
        key = (name, " ".join(rest[:at]))
        theirs.setdefault(key, {})[rest[at]] = [float(value) for value in rest[at + 1 :]]
    return folder, theirs


NAMES = [
    "yi",
    "vi",
    "k",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "p",
    "q",
    "tau2",
    "i2",
    "sigma2",
    "loglik",
    "pi_low",
    "pi_high",
]


def ours(effects, analysis):
    model, test = analysis.split()
    pooled = pool(effects, model, test)
    found, fit = pooled.inference, pooled.fit
    low, high = pooled.prediction or (None, None)
    return {
        "k": fit.k,
        "estimate": pooled.estimate,
        "se": found.se[0],
        "ci_low": found.low[0],
        "ci_high": found.high[0],
        "p": found.p[0],
        "q": fit.q,
        "tau2": fit.between,
        "i2": sum(fit.i2),
        "sigma2": list(fit.variances),
        "loglik": fit.loglik,
        "pi_low": low,
        "pi_high": high,
    }


def test_every_number_agrees_on_200_random_tables(both):
    folder, theirs = both
    compared, dropped, stopped_short, failures = 0, 0, set(), []
    for (name, analysis), numbers in theirs.items():
        seed = int(name.removeprefix("set_"))
        effects = read_effects(folder / f"{name}.csv", random_table(seed)[0])
        if analysis == "effects":
            dropped += len(effects.left_out)
            assert effects.yi == pytest.approx(numbers["yi"], rel=1e-9), name
            assert effects.vi == pytest.approx(numbers["vi"], rel=1e-9), name
            continue
        mine = ours(effects, analysis)
        if analysis.startswith("three-level"):
            top = theirs[name, "three-level t"]["loglik"][0]
            assert mine["loglik"] >= top - 1e-7, (name, "a higher likelihood exists")
            if mine["loglik"] > top + 1e-6:
                stopped_short.add(name)
                continue
        # in units of the spread of the effects, which on these scales runs from 0.1 to 20
        spread = float(np.std(effects.yi) + np.sqrt(effects.vi.mean()))
        units = dict.fromkeys(("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high"), spread)
        units |= {"tau2": spread**2, "sigma2": spread**2, "i2": 100.0, "q": 10.0}
        for key, value in numbers.items():
            gap = np.max(np.abs(np.subtract(mine[key], value))) / units.get(key, 1.0)
            compared += 1
            if gap > 1e-6:
                failures.append((name, analysis, key, mine[key], value))
    assert dropped > 100  # the tables do hold what has to be left out
    assert not failures, (len(failures), compared, failures[:8])
    assert compared > 60 * (SETS - len(stopped_short))
    assert len(stopped_short) < SETS / 20, stopped_short


NESTED = 10


def nested_table(seed):
    """Effects in studies in laboratories, skewed; a number and a word of three that may explain."""
    random = np.random.default_rng(seed)
    variances = random.choice([0.0, 0.05, 0.3], 3)
    lines = ["lab,study,yi,vi,x,g"]
    for lab in range(random.integers(6, 14)):
        of_lab = random.normal(0, math.sqrt(variances[0]))
        for study in range(random.integers(1, 4)):
            of_study = random.normal(0, math.sqrt(variances[1]))
            for _ in range(random.integers(1, 5)):
                v = random.uniform(0.01, 0.3)
                y = 0.4 + of_lab + of_study + random.normal(0, math.sqrt(variances[2] + v))
                word = random.choice(["a", "b", "c"])
                lines.append(f"L{lab},{study},{y!r},{v!r},{random.normal(0, 1)!r},{word}")
    return "\n".join(lines)


def test_studies_in_laboratories_agree_on_random_tables(tmp_path):
    for seed in range(NESTED):
        (tmp_path / f"nested_{seed:02d}.csv").write_text(nested_table(seed))
    script = Path(__file__).parent / "oracle_nested.R"
    done = subprocess.run(
        ["Rscript", str(script), str(tmp_path)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    theirs = {}
    for line in done.stdout.splitlines():
        name, analysis, key, *values = line.split()
        theirs.setdefault((name, analysis), {})[key] = [float(value) for value in values]
    asked = {"plain": {}, "tied": {"rho": 0.4}, "regression": {"moderators": ("x", "g")}}
    stopped_short, failures = 0, []
    for (name, analysis), numbers in theirs.items():
        effects = read_effects(tmp_path / f"{name}.csv")
        plain = pool(effects, "three-level", "t", **asked[analysis])
        robust = pool(effects, "three-level", "cr2", **asked[analysis]).inference
        assert plain.fit.levels == ("cluster", "study", "effect")
        assert plain.fit.loglik >= numbers["loglik"][0] - 1e-7, (name, analysis)
        if plain.fit.loglik > numbers["loglik"][0] + 1e-7:
            stopped_short += 1  # its search ended on a lower place of the likelihood
            continue
        found = plain.inference
        mine = {
            "loglik": [plain.fit.loglik],
            "sigma2": plain.fit.variances,
            "beta": plain.fit.beta,
            "se": found.se,
            "low": found.low,
            "high": found.high,
            "q": [plain.fit.q],
            "robust_se": robust.se,
            "robust_df": robust.df,
            "robust_p": robust.p,
            "prediction": plain.prediction,
        }
        if found.joint and robust.joint:
            mine["f"] = found.joint["statistic"], found.joint["p"]
            mine["hotelling"] = [robust.joint[key] for key in ("statistic", "df1", "df2", "p")]
        for key, values in numbers.items():
            # where the likelihood is flat, it is level to the last digit well before the variance
            tolerance = 1e-4 if key in ("robust_df", "hotelling") else 2e-6
            if mine[key] != pytest.approx(values, rel=tolerance, abs=tolerance):
                failures.append((name, analysis, key, mine[key], values))
    assert not failures, (len(failures), failures[:6])
    assert len(theirs) == 3 * NESTED
    assert stopped_short <= NESTED / 3


@pytest.mark.parametrize(
    ("file", "scale", "arguments"),
    [
        ("bcg.csv", "log-rr", {"model": "fixed", "test": "z"}),
        ("bcg.csv", "log-rr", {"model": "reml", "test": "knha"}),
        ("bcg.csv", "log-rr", {"model": "dl", "test": "t", "moderators": ("year",)}),
        (
            "bcg.csv",
            "log-rr",
            {"model": "pm", "test": "z", "moderators": ("latitude", "allocation")},
        ),
        ("normand1999.csv", "smd", {"model": "dl", "test": "adhoc"}),
        ("konstantopoulos2011.csv", None, {"model": "reml", "test": "cr2"}),
        ("konstantopoulos2011.csv", None, {"model": "three-level", "test": "cr2", "rho": 0.5}),
        ("konstantopoulos2011.csv", None, {"model": "three-level", "moderators": ("year",)}),
        ("bornmann2007.csv", "log-or", {"model": "three-level", "test": "t", "rho": 0.3}),
        (
            "bornmann2007.csv",
            "log-or",
            {"model": "three-level", "test": "cr2", "moderators": ("type", "year")},
        ),
        ("gleser2009.csv", "rd", {"model": "fixed", "moderators": ("treatment",)}),
    ],
)
def test_the_script_we_write_gives_our_numbers(file, scale, arguments, tmp_path):
    pooled = pool(read_effects(DATA / file, scale), **arguments)
    script = tmp_path / "check.R"
    script.write_text(r_script(pooled), "utf-8")
    done = subprocess.run(["Rscript", str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    theirs = read_numbers(done.stdout)
    mine = {
        "estimate": pooled.fit.beta,
        "se": pooled.inference.se,
        "ci_low": pooled.inference.low,
        "ci_high": pooled.inference.high,
        "p": pooled.inference.p,
        "q": [pooled.fit.q],
        "i2": [sum(pooled.fit.i2)],
        "k": [pooled.fit.k],
    }
    if pooled.inference.joint:
        mine["moderators_p"] = [pooled.inference.joint["p"]]
    if pooled.fit.variances:
        mine["sigma2" if pooled.fit.levels else "tau2"] = pooled.fit.variances
    if pooled.prediction:
        mine |= {"pi_low": [pooled.prediction[0]], "pi_high": [pooled.prediction[1]]}
    # R takes the column of years as it is, and its likelihood loses digits on it
    rel = 1e-5 if pooled.fit.levels and "year" in pooled.fit.names else 1e-6
    for name, values in mine.items():
        assert theirs[name] == pytest.approx(list(values), rel=rel, abs=1e-7), name


def test_dependent_outcomes_and_more_published_examples(tmp_path):
    """Examples too long to enter, read from metadat; the numbers are those its manual's code gives."""
    script = """
    suppressMessages(library(metafor))
    put <- function(d, file) write.csv(d, file, row.names = FALSE)
    d <- dat.assink2016; put(data.frame(study = d$study, yi = d$yi, vi = d$vi), "assink.csv")
    d <- dat.egger2001
    put(data.frame(study = d$id, events_t = d$ai, n_t = d$n1i, events_c = d$ci, n_c = d$n2i), "egger.csv")
    d <- dat.hackshaw1998; put(data.frame(study = d$study, yi = d$yi, vi = d$vi), "hackshaw.csv")
    d <- dat.curtis1998
    put(data.frame(study = d$id, n_t = d$n1i, mean_t = d$m1i, sd_t = d$sd1i, n_c = d$n2i,
                   mean_c = d$m2i, sd_c = d$sd2i), "curtis.csv")
    """
    subprocess.run(["Rscript", "-e", script], check=True, capture_output=True, cwd=tmp_path)
    assink = read_effects(tmp_path / "assink.csv")
    egger = read_effects(tmp_path / "egger.csv", "log-or")
    hackshaw = read_effects(tmp_path / "hackshaw.csv")
    curtis = {s: read_effects(tmp_path / "curtis.csv", s) for s in ("rom", "rom-corrected")}
    near = pytest.approx
    plain = pool(assink, "three-level", "t")
    assert (plain.estimate, plain.inference.se[0]) == near((0.426799, 0.118429), abs=1e-6)
    assert plain.fit.variances == near((0.187870, 0.111992), abs=2e-6)
    tied = pool(assink, "three-level", "cr2", rho=0.6)
    assert tied.estimate == near(0.367755, abs=1e-6)
    assert tied.fit.variances == near((0.080733, 0.154543), abs=2e-6)
    found = tied.inference
    assert (found.se[0], found.p[0]) == near((0.096972, 0.001863), abs=1e-6)
    assert found.df[0] == near(14.53, abs=0.005)
    magnesium = pool(egger, "reml")
    assert (magnesium.estimate, magnesium.fit.between) == near((-0.7666, 0.2926), abs=5e-5)
    se = np.sqrt(egger.vi)
    assert egger_mixed(egger.yi, egger.vi, se, "").statistic == near(-4.6686, abs=5e-5)
    assert egger_classic(egger.yi, egger.vi, se, "").statistic == near(-5.7846, abs=5e-5)
    filled = trim_and_fill(egger.yi, egger.vi)
    assert (filled.missing, filled.side) == (7, "right")
    assert filled.estimate == near(-0.3915, abs=5e-5)
    smoke = pool(hackshaw, "reml")
    assert (smoke.estimate, smoke.inference.se[0]) == near((0.218890, 0.049396), abs=1e-6)
    for model, estimate in (("fixed", 0.155600), ("dl", 0.173924), ("reml", 0.174471)):
        filled = trim_and_fill(hackshaw.yi, hackshaw.vi, model)
        assert (filled.missing, filled.side) == (7, "left")
        assert filled.estimate == near(estimate, abs=1e-6)
    for scale, model, estimate in (
        ("rom", "dl", 0.253058), ("rom", "reml", 0.255298), ("rom", "fixed", 0.208830),
        ("rom-corrected", "dl", 0.251933), ("rom-corrected", "reml", 0.253962),
    ):  # fmt: skip
        # the sign is the coding's; REML by metafor's default stopping rule, 1e-6 off the top
        assert abs(pool(curtis[scale], model).estimate) == near(estimate, abs=2e-6)
