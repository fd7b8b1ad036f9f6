"""Pool a table of effects under one model and one test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.dependence import blocks_of
from angiosome.evidence.synthesis.effects import Effects, design
from angiosome.evidence.synthesis.fit import Fit, Inference, infer, prediction_interval
from angiosome.evidence.synthesis.models import MODELS, fit_two_level, q_profile
from angiosome.evidence.synthesis.multilevel import Block, fit_three_level, profile_intervals
from angiosome.evidence.synthesis.nesting import Nesting, nesting_of
from angiosome.evidence.synthesis.numbers import Matrix
from angiosome.evidence.synthesis.robust import cluster_robust

FEWEST_EFFECTS = 3  # below, a pooled number says little: evidence syntheses set 3 or more


@dataclass(frozen=True)
class Pooled:
    """What was pooled, how, and what came out.

    Attributes:
        effects: the rows that entered, and those that were left out.
        blocks: the clusters, with the covariance of their errors.
        nesting: the groups of effects, and which of their variances were estimated.
    """

    effects: Effects
    model: str
    test: str
    rho: float | None
    fit: Fit
    inference: Inference
    blocks: Sequence[Block]
    nesting: Nesting
    warnings: tuple[str, ...]

    @property
    def estimate(self) -> float:
        """The pooled effect; with moderators, the intercept."""
        return float(self.fit.beta[0])

    @property
    def prediction(self) -> tuple[float, float] | None:
        """The prediction interval, under the convention of the test."""
        inference = self.inference
        return prediction_interval(self.fit, float(inference.se[0]), float(inference.df[0]))

    def variance_intervals(self) -> list[tuple[float, float] | None]:
        """Confidence intervals of tau² (Q-profile), or of each sigma² (profile likelihood)."""
        fit = self.fit
        if not fit.variances or fit.k <= fit.p:
            return [None for _ in fit.variances]
        if self.model != "three-level":
            return [q_profile(fit.y, self.effects.vi, fit.X)]
        return profile_intervals(fit.y, self.effects.vi, fit.X, self.blocks, self.nesting, fit)


def pool(
    effects: Effects,
    model: str = "reml",
    test: str = "z",
    *,
    rho: float | None = None,
    moderators: Sequence[str] = (),
) -> Pooled:
    """Pool effects.

    Args:
        effects: one row or more.
        model: a key of `MODELS`.
        test: a key of `TESTS`.
        rho: correlation of the errors of two effects of one study; three-level and fixed only.
        moderators: columns of a meta-regression.

    Raises:
        AngiosomeError: an unknown model, test or moderator, or a combination that cannot be.
    """
    if model not in MODELS:
        raise AngiosomeError(f"'{model}' is not a model; choose one of {', '.join(MODELS)}")
    unknown = [name for name in moderators if name not in effects.moderators]
    if unknown:
        known = ", ".join(effects.moderators) or "none"
        raise AngiosomeError(f"there is no column '{unknown[0]}' to regress on; columns: {known}")
    if rho is not None and model not in ("three-level", "fixed"):
        raise AngiosomeError(f"--rho goes with --model three-level or fixed, not with {model}")
    kept, X, names = design(effects, moderators)
    if kept.k < X.shape[1] + (1 if moderators else 0):
        raise AngiosomeError(
            f"{kept.k} effects with every moderator are too few for {X.shape[1]} coefficients"
        )
    if _repeat(X):
        raise AngiosomeError(
            "the moderators repeat each other, or one of them never changes: leave one out"
        )
    blocks = blocks_of(kept, rho)
    warnings = list(kept.warnings)
    nesting = nesting_of(kept)
    if model == "three-level":
        warnings += nesting.notes if kept.k > X.shape[1] else ()
        fit = fit_three_level(kept.yi, kept.vi, X, names, blocks, nesting)
    elif model == "fixed" and any(block.covariance is not None for block in blocks):
        fit = fit_three_level(kept.yi, kept.vi, X, names, blocks, nesting.held_at_zero())
    else:
        fit = fit_two_level(kept.yi, kept.vi, X, names, model)
        _dependence_ignored(kept, warnings)
    if kept.k == 1:
        test = "z"  # no other test has a degree of freedom left
    if kept.k < FEWEST_EFFECTS:
        one = (
            "one effect: nothing is pooled, and nothing between studies can be estimated; the "
            "interval is that of the one study (z)"
        )
        warnings.append(one if kept.k == 1 else f"{kept.k} effects are too few to conclude from")
    elif fit.q <= 1e-20 * kept.k:
        warnings.append("all effects are equal: no variance between them can be seen")
    robust = cluster_robust(fit, kept.vi, blocks, nesting) if test == "cr2" else None
    inference = infer(fit, test, robust)
    if float(inference.se[0]) <= 1e-12 * float(np.sqrt(fit.covariance[0, 0])):
        warnings.append("the standard error of this test is zero; read another test")
    warnings += inference.warnings
    return Pooled(
        kept, model, test, rho, fit, inference, blocks, nesting, tuple(dict.fromkeys(warnings))
    )


def _repeat(X: Matrix) -> bool:
    """Whether the columns but the first, each on its own scale, fail to span as many directions."""
    moderators = X[:, 1:] - X[:, 1:].mean(axis=0)
    size = np.sqrt(np.sum(moderators**2, axis=0))
    if X.shape[1] > 1 and np.min(size) == 0:
        return True
    return bool(X.shape[1] > 1 and np.linalg.matrix_rank(moderators / size) < X.shape[1] - 1)


def _dependence_ignored(effects: Effects, warnings: list[str]) -> None:
    repeated = effects.k - len(set(effects.cluster))
    if effects.shared:
        warnings.append(
            "some effects share a control arm, which this model ignores; "
            "--model three-level does not"
        )
    elif repeated:
        warnings.append(
            f"{effects.k} effects come from {len(set(effects.cluster))} clusters, which this model "
            "ignores; --model three-level does not"
        )
