"""An R script that gives the same numbers with metafor: the table, the model, the call."""

from __future__ import annotations

import math

from angiosome.evidence.synthesis.pool import Pooled

_METHODS = {"fixed": "EE", "dl": "DL", "reml": "REML", "pm": "PM"}

_HEAD = """\
# {model}, test {test}: the numbers of 'angiosome evidence synthesise', with metafor in R.
# metafor stops its search for a variance early by default; 'control' below makes it as exact as
# double precision allows, so that the numbers agree to six digits and more (to five where rma.mv
# regresses on numbers as large as years).
# {left_out} rows were left out before; {k} are here.
suppressMessages(library(metafor))

dat <- read.csv(text = '
{table}
', colClasses = c(study = "character", cluster = "character", outcome = "character"))
"""

_TAIL = """
num <- function(x) if (is.null(x)) "NA" else paste(sprintf("%.10g", x), collapse = " ")
cat("estimate", num(res$beta), "\\n")
cat("se", num(res$se), "\\n")
cat("ci_low", num(res$ci.lb), "\\n")
cat("ci_high", num(res$ci.ub), "\\n")
cat("p", num(res$pval), "\\n")
cat("{variances}", num(res${variances}), "\\n")
cat("q", num(res$QE), "\\n")
cat("i2", num({i2}), "\\n")
{moderators}{prediction}cat("k", res$k, "\\n")
"""

_MODERATORS = """\
cat("moderators_p", num(res$QMp), "\\n")
"""

_HOTELLING = """\
tests <- clubSandwich::Wald_test(fit, vcov = "CR2", cluster = dat$cluster, test = "HTZ",
                                 constraints = clubSandwich::constrain_zero(2:fit$p))
cat("moderators_p", num(tests$p_val), "\\n")
"""

_PREDICTION = """\
pred <- predict(res)
cat("pi_low", num(pred$pi.lb), "\\n")
cat("pi_high", num(pred$pi.ub), "\\n")
"""

_I2_OF_LEVELS = """
W <- solve({V})
X <- model.matrix(fit)
P <- W - W %*% X %*% solve(t(X) %*% W %*% X) %*% t(X) %*% W
typical <- (fit$k - fit$p) / sum(diag(P))
"""


def r_script(pooled: Pooled) -> str:
    """The script, whole: it needs no other file."""
    fit = pooled.fit
    known = any(block.covariance is not None for block in pooled.blocks)
    levels = pooled.model == "three-level"
    V = "V" if known and (levels or pooled.model == "fixed") else "dat$vi"
    parts = [
        _HEAD.format(
            model=pooled.model,
            test=pooled.test,
            left_out=len(pooled.effects.left_out),
            k=fit.k,
            table=_table(pooled),
        )
    ]
    if V == "V":
        parts.append(_covariance(pooled))
    parts.append(_call(pooled, V))
    if levels:
        matrix = "V" if V == "V" else "diag(dat$vi)"
        parts.append(_I2_OF_LEVELS.format(V=matrix))
        i2 = "100 * sum(fit$sigma2) / (sum(fit$sigma2) + typical)"
    elif V == "V":
        i2 = "100 * max(0, (fit$QE - (fit$k - fit$p)) / fit$QE)"
    else:
        i2 = "fit$I2"
    parts.append(
        _TAIL.format(
            variances="sigma2" if levels or V == "V" else "tau2",
            i2=i2,
            moderators=_moderators(pooled),
            prediction=_PREDICTION if pooled.prediction else "",
        )
    )
    return "".join(parts)


def _moderators(pooled: Pooled) -> str:
    if pooled.fit.p == 1:
        return ""
    return _HOTELLING if pooled.test == "cr2" else _MODERATORS


def _text(value: str) -> str:
    """A cell of the table: R ends its string at a single quote."""
    plain = value.replace("\\", "/").replace("'", "’").replace("\n", " ")
    return '"' + plain.replace('"', "”") + '"'


def _table(pooled: Pooled) -> str:
    effects, fit = pooled.effects, pooled.fit
    columns = [f"x{at}" for at in range(1, fit.p)]
    lines = [",".join(["row", "study", "cluster", "outcome", "yi", "vi", *columns])]
    for row in range(effects.k):
        texts = (effects.study[row], effects.cluster[row], effects.outcome[row])
        numbers = (effects.yi[row], effects.vi[row], *fit.X[row, 1:])
        lines.append(
            ",".join(
                [str(row + 1), *map(_text, texts), *(repr(float(number)) for number in numbers)]
            )
        )
    return "\n".join(lines)


def _covariance(pooled: Pooled) -> str:
    """V: the diagonal, and every pair of rows whose errors covary."""
    lines = ["\nV <- diag(dat$vi)\n"]
    pairs: list[tuple[int, int, float]] = []
    for block in pooled.blocks:
        if block.covariance is None:
            continue
        size = len(block.rows)
        for i in range(size):
            for j in range(i + 1, size):
                if block.covariance[i, j]:
                    one, other = int(block.rows[i]) + 1, int(block.rows[j]) + 1
                    pairs.append((one, other, float(block.covariance[i, j])))
    if pairs:
        table = "\n".join(f"{one},{other},{value!r}" for one, other, value in pairs)
        lines.append(
            f"pairs <- as.matrix(read.csv(header = FALSE, text = '\n{table}\n'))\n"
            "V[pairs[, 1:2]] <- pairs[, 3]\n"
            "V[pairs[, 2:1]] <- pairs[, 3]\n"
        )
    return "".join(lines)


def _call(pooled: Pooled, V: str) -> str:
    fit = pooled.fit
    mods = ", mods = ~ " + " + ".join(f"x{at}" for at in range(1, fit.p)) if fit.p > 1 else ""
    names = "".join(f"# x{at}: {name}\n" for at, name in enumerate(fit.names) if at)
    robust = "res <- robust(fit, cluster = dat$cluster, clubSandwich = TRUE)\n"
    test = "z" if pooled.test == "cr2" else pooled.test
    if pooled.model == "three-level" or V == "V":
        random = ""
        if pooled.model == "three-level":
            free = pooled.nesting.free
            held = "" if all(free) else ", ".join("NA" if one else "0" for one in free)
            groups = "/".join((*pooled.nesting.levels[:-1], "row"))
            random = f", random = ~ 1 | {groups}" + (f", sigma2 = c({held})" if held else "")
        # a column of years costs digits of the likelihood, in which a simplex to 1e-15 gets lost
        how = '"Nelder-Mead", reltol = 1e-15' if fit.p == 1 else '"BFGS", reltol = 1e-13'
        exact = f'control = list(optimizer = "optim", optmethod = {how}, maxit = 10000)'
        call = f'fit <- rma.mv(yi, {V}{mods}{random}, data = dat, test = "{test}", {exact})\n'
    else:
        control = {
            "reml": ", control = list(threshold = 1e-12, maxiter = 10000)",
            "pm": ", control = list(tol = 1e-14, maxiter = 10000)",
        }.get(pooled.model, "")
        method = _METHODS[pooled.model]
        call = (
            f'fit <- rma(yi, vi{mods}, data = dat, method = "{method}", test = "{test}"{control})\n'
        )
    return f"\n{names}{call}" + (robust if pooled.test == "cr2" else "res <- fit\n")


def read_numbers(printed: str) -> dict[str, list[float]]:
    """What the script prints, by name."""
    found: dict[str, list[float]] = {}
    for line in printed.splitlines():
        name, *numbers = line.split()
        found[name] = [math.nan if n in ("NA", "NaN") else float(n) for n in numbers]
    return found
