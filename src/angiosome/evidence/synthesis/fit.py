"""A fitted model, and what may be said from it: standard errors, tests, intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.numbers import Matrix

if TYPE_CHECKING:
    from angiosome.evidence.synthesis.robust import Robust

TESTS = {
    "z": "Wald, normal quantiles",
    "t": "Wald, t quantiles with k - p degrees of freedom",
    "knha": "Knapp-Hartung, t quantiles with k - p degrees of freedom",
    "adhoc": "Knapp-Hartung that never narrows (q at least 1)",
    "cr2": "cluster-robust CR2, t quantiles with Satterthwaite's degrees of freedom",
}
LEVEL = 0.95
FEWEST_DF = 4.0  # below, Satterthwaite's approximation misleads: tipton2015


@dataclass(frozen=True)
class Fit:
    """Coefficients of a model and the variances it found.

    Attributes:
        model: fixed, dl, reml, pm or three-level.
        names: what each coefficient is.
        y, X: effects and design, in the order of the table.
        beta, covariance: coefficients and their covariance under the model.
        variances: tau² alone, or sigma² of every level, the widest first; empty when fixed.
        levels: what each sigma² belongs to: cluster, study, effect; empty for one tau² or none.
        q, q_df: heterogeneity left over, against its chi-squared.
        typical_variance: (k - p)/tr(P), the sampling variance of a typical effect (higgins2002).
        dispersion: weighted mean square of the residuals, Knapp and Hartung's q (knapp2003).
        loglik: (restricted) log-likelihood; NaN where the estimator has none.
        tau2_se: standard error of tau²; NaN where there is none.
    """

    model: str
    names: tuple[str, ...]
    y: Matrix
    X: Matrix
    beta: Matrix
    covariance: Matrix
    variances: tuple[float, ...]
    q: float
    q_df: int
    typical_variance: float
    dispersion: float
    loglik: float = float("nan")
    tau2_se: float = float("nan")
    levels: tuple[str, ...] = ()

    @property
    def k(self) -> int:
        """Number of effects."""
        return len(self.y)

    @property
    def p(self) -> int:
        """Number of coefficients."""
        return len(self.beta)

    @property
    def residuals(self) -> Matrix:
        """Effects less their fitted values."""
        return self.y - self.X @ self.beta

    @property
    def between(self) -> float:
        """Variance between true effects, all levels together."""
        return float(sum(self.variances))

    @property
    def q_p(self) -> float:
        """Probability of a larger Q when all true effects are equal."""
        return float(stats.chi2.sf(self.q, self.q_df)) if self.q_df else float("nan")

    @property
    def i2(self) -> tuple[float, ...]:
        """Per cent of the total variance that lies between true effects, per level.

        100 σ²/(Σσ² + typical variance) (higgins2002; the definition of metafor and, since 2024,
        of RevMan). Of a fixed model: 100 (Q - df)/Q, from 0.
        """
        if not self.variances:
            return (max(0.0, 100 * (self.q - self.q_df) / self.q) if self.q > 0 else 0.0,)
        total = self.between + self.typical_variance
        return tuple(100 * value / total if total > 0 else 0.0 for value in self.variances)

    @property
    def i2_from_q(self) -> float:
        """The other definition of I²: 100 (Q - df)/Q, from 0 (higgins2003)."""
        return max(0.0, 100 * (self.q - self.q_df) / self.q) if self.q > 0 else 0.0


@dataclass(frozen=True)
class Inference:
    """What one test says about each coefficient.

    Attributes:
        df: degrees of freedom of the t quantiles; infinite for the normal.
        joint: statistic, its degrees of freedom and p of all coefficients but the intercept;
            ``None`` without moderators.
    """

    test: str
    se: Matrix
    df: Matrix
    statistic: Matrix
    p: Matrix
    low: Matrix
    high: Matrix
    covariance: Matrix
    joint: Mapping[str, float] | None = None
    warnings: tuple[str, ...] = field(default=())


def infer(
    fit: Fit,
    test: str,
    robust: Robust | None = None,
) -> Inference:
    """Test every coefficient of a fit.

    Args:
        fit: the fitted model.
        test: a key of `TESTS`.
        robust: for ``cr2``, what `angiosome.evidence.synthesis.robust` finds.

    Raises:
        AngiosomeError: the test does not go with the model.
    """
    residual_df = float(fit.k - fit.p)
    warnings: list[str] = []
    covariance, df = fit.covariance, np.full(fit.p, residual_df)
    if test == "z":
        df = np.full(fit.p, np.inf)
    elif test in ("knha", "adhoc"):
        if fit.model == "three-level":
            raise AngiosomeError(
                f"the test '{test}' is for two-level models; for three-level choose z, t or cr2"
            )
        factor = fit.dispersion if test == "knha" else max(1.0, fit.dispersion)
        covariance = covariance * factor
        if fit.dispersion < 1 and residual_df > 0:
            warnings.append(
                f"Knapp-Hartung's q is {fit.dispersion:.3g}, below 1: "
                + (
                    "the interval is narrower than Wald's; --test adhoc gives the one that is not"
                    if test == "knha"
                    else "it was set to 1"
                )
            )
    elif test == "cr2":
        if robust is None:
            raise AngiosomeError("the test 'cr2' needs the clusters of the effects")
        covariance, df = robust.covariance, robust.df
        if np.min(df) < FEWEST_DF:
            warnings.append(
                f"Satterthwaite's degrees of freedom are {np.min(df):.2f}, below {FEWEST_DF:g}: "
                "draw no conclusion from this test"
            )
    elif test != "t":
        raise AngiosomeError(f"'{test}' is not a test; choose one of {', '.join(TESTS)}")
    se = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    known = df > 0
    quantile = np.where(known, stats.t.isf((1 - LEVEL) / 2, np.where(known, df, 1)), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = fit.beta / se
    p = np.where(known, 2 * stats.t.sf(np.abs(statistic), np.where(known, df, 1)), np.nan)
    return Inference(
        test=test,
        se=se,
        df=df,
        statistic=statistic,
        p=p,
        low=fit.beta - quantile * se,
        high=fit.beta + quantile * se,
        covariance=covariance,
        joint=robust.hotelling(fit.beta)
        if test == "cr2" and robust
        else _joint(fit, covariance, test, residual_df),
        warnings=tuple(warnings),
    )


def _joint(fit: Fit, covariance: Matrix, test: str, residual_df: float) -> dict[str, float] | None:
    """Do the moderators explain anything? χ² for z, F for the tests with a t; CR2 has its own."""
    m = fit.p - 1
    if m == 0 or residual_df <= 0:
        return None
    beta = fit.beta[1:]
    wald = float(beta @ np.linalg.solve(covariance[1:, 1:], beta))
    if test == "z":
        return {"statistic": wald, "df1": m, "p": float(stats.chi2.sf(wald, m))}
    p = float(stats.f.sf(wald / m, m, residual_df))
    return {"statistic": wald / m, "df1": m, "df2": residual_df, "p": p}


CONVENTIONS = {
    "z": "normal quantile, √(variance between + SE²), SE of Wald",
    "t": "t quantile with k - 1 degrees of freedom, √(variance between + SE²), SE of Wald",
    "knha": "t quantile with k - 1 degrees of freedom, √(variance between + SE²), SE of "
    "Knapp and Hartung",
    "higgins": "t quantile with k - 2 degrees of freedom, √(variance between + SE²), SE of Wald "
    "(higgins2009)",
    "higgins-knha": "t quantile with k - 2 degrees of freedom, √(variance between + SE²), SE of "
    "Knapp and Hartung",
    "adhoc": "as knha, with a q of at least 1",
    "cr2": "t quantile with Satterthwaite's degrees of freedom, √(variance between + SE²), SE of "
    "CR2",
}
"""Conventions for a prediction interval. The one of a test is that of metafor for that test."""


def prediction_interval(fit: Fit, se: float, df: float) -> tuple[float, float] | None:
    """Where the true effect of a new study lies, in 95 of 100; ``None`` where it cannot be said.

    μ ± q √(Σσ² + SE²), q the quantile of t with ``df`` degrees of freedom.
    """
    if not fit.variances or fit.p > 1 or not df > 0 or fit.k < 2:
        return None
    half = float(stats.t.isf((1 - LEVEL) / 2, df)) * float(np.sqrt(fit.between + se**2))
    return float(fit.beta[0]) - half, float(fit.beta[0]) + half


def prediction_intervals(fit: Fit) -> dict[str, tuple[float, float]]:
    """The interval of a two-level model under every convention that needs no clusters."""
    if not fit.variances or fit.p > 1 or fit.k < 3:
        return {}
    wald = float(np.sqrt(fit.covariance[0, 0]))
    hk = wald * float(np.sqrt(fit.dispersion))
    asked = {
        "z": (wald, np.inf),
        "t": (wald, fit.k - 1),
        "knha": (hk, fit.k - 1),
        "higgins": (wald, fit.k - 2),
        "higgins-knha": (hk, fit.k - 2),
    }
    found = {name: prediction_interval(fit, se, df) for name, (se, df) in asked.items()}
    return {name: interval for name, interval in found.items() if interval}
