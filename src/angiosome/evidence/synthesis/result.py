"""A synthesis as plain data, every number under the name by which its convention is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from angiosome.evidence.synthesis.bias import bias_report
from angiosome.evidence.synthesis.effects import Effects
from angiosome.evidence.synthesis.fit import CONVENTIONS, TESTS, prediction_intervals
from angiosome.evidence.synthesis.ladder import Rung, ladder, rho_sweep
from angiosome.evidence.synthesis.models import MODELS
from angiosome.evidence.synthesis.pool import Pooled
from angiosome.evidence.synthesis.sensitivity import cumulative, leave_one_out

I2 = {
    True: "100 tau2/(tau2 + typical sampling variance), as metafor",
    False: "100 (Q - df)/Q, from 0",
}


def summary(pooled: Pooled) -> dict[str, Any]:
    """The numbers of one synthesis: what a program reads.

    ``estimate`` to ``k`` are the keys that stay; the rest says how they came about.
    """
    fit, found = pooled.fit, pooled.inference
    three = pooled.model == "three-level"
    prediction = pooled.prediction
    intervals = pooled.variance_intervals()
    result: dict[str, Any] = {
        "estimate": pooled.estimate,
        "se": found.se[0],
        "ci_low": found.low[0],
        "ci_high": found.high[0],
        "p": found.p[0],
        "statistic": found.statistic[0],
        "df": found.df[0],
    }
    if three:
        result["sigma2"] = list(fit.variances)
        result["sigma2_levels"] = list(fit.levels)
        result["sigma2_ci"] = intervals
    else:
        result["tau2"] = fit.variances[0] if fit.variances else 0.0
        result["tau2_se"] = fit.tau2_se
        result["tau2_ci"] = intervals[0] if intervals else None
    result |= {
        "i2": sum(fit.i2),
        "i2_definition": I2[bool(fit.variances)],
        "i2_from_q": fit.i2_from_q,
        "q": fit.q,
        "q_df": fit.q_df,
        "q_p": fit.q_p,
        "pi_low": prediction[0] if prediction else None,
        "pi_high": prediction[1] if prediction else None,
        "pi_convention": CONVENTIONS[pooled.test] if prediction else None,
        "k": fit.k,
        "studies": len(set(pooled.effects.study_ids)),
        "clusters": len(pooled.blocks),
        "left_out": len(pooled.effects.left_out),
        "left_out_rows": [vars(item) for item in pooled.effects.left_out],
        "model": pooled.model,
        "model_meaning": MODELS[pooled.model],
        "test": pooled.test,
        "test_meaning": TESTS[pooled.test],
        "rho": pooled.rho,
        "scale": pooled.effects.scale or "as given in the table",
        "above_zero": "benefit" if pooled.effects.benefit else "more in the treated arm",
        "warnings": list(pooled.warnings),
    }
    if three:
        result["i2_by_level"] = dict(zip(fit.levels, fit.i2, strict=True))
    else:
        result["prediction_intervals"] = [
            {"convention": CONVENTIONS[name], "pi_low": low, "pi_high": high}
            for name, (low, high) in prediction_intervals(fit).items()
        ]
    if not math.isnan(fit.loglik):
        result["loglik"] = fit.loglik
    if fit.p > 1:
        result |= _regression(pooled)
    return finite(result)


def _regression(pooled: Pooled) -> dict[str, Any]:
    """Coefficients, and how much of tau² the moderators take up (raudenbush2009, from 0)."""
    from angiosome.evidence.synthesis.pool import pool

    fit, found = pooled.fit, pooled.inference
    plain = pool(pooled.effects, pooled.model, "z", rho=pooled.rho).fit
    share = 1 - fit.between / plain.between if plain.between > 0 else None
    return {
        "coefficients": [
            {
                "name": name,
                "estimate": fit.beta[at],
                "se": found.se[at],
                "statistic": found.statistic[at],
                "df": found.df[at],
                "p": found.p[at],
                "ci_low": found.low[at],
                "ci_high": found.high[at],
            }
            for at, name in enumerate(fit.names)
        ],
        "moderators_test": found.joint,
        "r2": None if share is None else 100 * max(0.0, share),
        "estimate_is": "the intercept: the effect where every moderator is zero or at its first "
        "level",
    }


def brief(pooled: Pooled) -> dict[str, Any]:
    """One line of a table: the estimate, its interval and what lies between studies."""
    found = pooled.inference
    return {
        "k": pooled.fit.k,
        "estimate": pooled.estimate,
        "se": found.se[0],
        "ci_low": found.low[0],
        "ci_high": found.high[0],
        "p": found.p[0],
        "df": found.df[0],
        "variances": list(pooled.fit.variances),
    }


def _rungs(rungs: Sequence[Rung]) -> list[dict[str, Any]]:
    return [
        {"step": rung.step, **(brief(rung.result) if rung.result else {"why_not": rung.why_not})}
        for rung in rungs
    ]


def full(
    pooled: Pooled, *, leave_out: Sequence[str] = (), cumulate: bool = False
) -> dict[str, Any]:
    """`summary` with the ladder, the rho sweep, bias and the sensitivities that were asked for.

    Args:
        pooled: the synthesis.
        leave_out: ``study`` and ``cluster``, to pool again without each.
        cumulate: pool again year by year.
    """
    result = summary(pooled)
    result["ladder"] = _rungs(ladder(pooled.effects, pooled.rho))
    result["rho_sweep"] = _rungs(rho_sweep(pooled.effects)) if _has_repeats(pooled.effects) else []
    result["bias"] = bias_report(pooled.effects, pooled.rho)
    for by in leave_out:
        result[f"without_each_{by}"] = [
            {"without": name, **brief(part)} for name, part in leave_one_out(pooled, by)
        ]
    if cumulate:
        result["cumulative"] = [{"up_to": name, **brief(part)} for name, part in cumulative(pooled)]
    if pooled.effects.scale.startswith("log"):
        result["as_ratio"] = _as_ratio(result)
    result["effects"] = rows(pooled.effects)
    return finite(result)


def _as_ratio(result: dict[str, Any]) -> dict[str, Any]:
    """Exponentials of the effects: above one where an effect is above zero."""
    names = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
    return {
        name: None if result[name] is None else math.exp(min(result[name], 700.0)) for name in names
    }


def _has_repeats(effects: Effects) -> bool:
    return len(set(effects.study_ids)) < effects.k


def rows(effects: Effects) -> list[dict[str, Any]]:
    """The effects that entered, one each."""
    return [
        {
            "study": effects.study[row],
            "cluster": effects.cluster[row],
            "outcome": effects.outcome[row],
            "arm": effects.arm[row] if effects.arm else "",
            "yi": effects.yi[row],
            "vi": effects.vi[row],
            "n_t": effects.n_t[row],
            "n_c": effects.n_c[row],
            "marks": list(effects.marks[row]) if effects.marks else [],
        }
        for row in range(effects.k)
    ]


def finite(value: Any) -> Any:
    """Plain numbers for JSON, which knows neither NaN nor infinity: those become ``None``."""
    kinds: dict[type, Callable[[Any], Any]] = {
        dict: lambda v: {key: finite(item) for key, item in v.items()},
        list: lambda v: [finite(item) for item in v],
        tuple: lambda v: [finite(item) for item in v],
    }
    if type(value) in kinds:
        return kinds[type(value)](value)
    if isinstance(value, bool | str | int) or value is None:
        return value
    if hasattr(value, "items"):
        return finite(dict(value))
    number = float(value)
    return number if math.isfinite(number) else None
