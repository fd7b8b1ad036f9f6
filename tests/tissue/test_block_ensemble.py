"""Ensembles of growing vessels: the same by the hour at any step, and in turned and mirrored tissue."""

from dataclasses import replace

import numpy as np
import pytest
from block_cases import grid, line

from angiosome.tissue.block.growth import GrowthRules, grow
from angiosome.tissue.block.pruning import PruningRules
from angiosome.tissue.block.rates import at_rest
from angiosome.tissue.block.replicates import replicate_seeds
from angiosome.tissue.block.sprouting import SproutingRules
from angiosome.tissue.block.streams import Stream
from angiosome.tissue.block.surroundings import Uniform
from angiosome.tissue.block.vessels import INNER, across_um, from_given, length_um
from angiosome.tissue.given.beds import BedTarget, parallel_bed

# No blood flows here, so nothing is to be lost for want of it.
RULES = GrowthRules(
    pruning=PruningRules(empty_half_day=None, obstructed_per_day=None), splitting=None
)
SAFE = replace(RULES.pruning, tip_life_day=None, withdrawal_half_day=None)
SUMS = ("sprouts", "joined", "ended", "grown_um", "connected_um")


def grown(start, rules, *, low, high, seed, steps_per_day, days):
    """What growth did in VEGF that is held, and the network that it made."""
    around, vessels = Uniform(1.5, low=low, high=high), start
    done = dict.fromkeys(SUMS, 0.0)
    for step in range(round(days * steps_per_day)):
        vessels, did = grow(
            vessels, day=step / steps_per_day, dt_day=1 / steps_per_day, flow=None,
            surroundings=around, respond=at_rest, rules=rules, stream=Stream(seed, step),
        )  # fmt: skip
        done = {name: value + getattr(did, name) for name, value in done.items()}
    return vessels, done


def mean_and_error(rows):
    return np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / np.sqrt(len(rows))


# The step ---------------------------------------------------------------------------------------

BOX = {"low": (-30.0, -30.0, -30.0), "high": (270.0, 210.0, 90.0)}


def test_what_grows_in_a_day_does_not_depend_on_the_step():
    """Steps of 2 h and of 30 min. A rate per step instead of per day would be fourfold."""
    # First order in the step: of 16 seeds over two days, steps of 2 h gave 5 % more sprouts
    within = np.array([0.1, 0.05, 0.02])  # of sprouts, growth and length
    means, errors = [], []
    for steps in (12, 48):
        rows = []
        for seed in replicate_seeds(steps, 3):
            vessels, done = grown(
                grid(4, 4, 60.0, 2), RULES, seed=seed, steps_per_day=steps, days=1.0, **BOX
            )
            rows.append([done["sprouts"], done["grown_um"], length_um(vessels).sum()])
        mean, error = mean_and_error(rows)
        means.append(mean)
        errors.append(error)
    assert means[1][0] > 10
    assert (np.abs(means[0] - means[1]) < within * means[1] + 3 * np.hypot(*errors)).all()


@pytest.mark.parametrize("steps_per_day", [24, 96])
@pytest.mark.parametrize("bud", [False, True], ids=["a sprout", "a bud"])
def test_where_cells_are_few_a_vessel_grows_by_those_that_are_made(steps_per_day, bud):
    """All divide, and all go to the one tip: L = L_0 2^(t / 63 h), at steps far below 1 um, too."""
    rules = replace(RULES, inhibition=None, tension=None, pruning=SAFE,
                    sprouting=SproutingRules(per_um_day=0.0))  # fmt: skip
    heading = np.zeros((3, 3))
    heading[1 if bud else 2] = [0.0, 0.0, 1.0] if bud else [1.0, 0.0, 0.0]
    start = replace(line(2, 20.0), heading=heading)
    if not bud:
        start = replace(start, node_kind=np.where(np.arange(3) == 2, INNER, start.node_kind))
    far = {"low": (-1e3, -1e3, -1e3), "high": (1e3, 1e3, 1e3)}
    vessels, _ = grown(start, rules, seed=1, steps_per_day=steps_per_day, days=2.0, **far)
    made = 40.0 * (2 ** (2.0 / (63 / 24)) - 1)
    # Where a segment begins it counts as 1 um; the first step of a bud comes one too late
    assert length_um(vessels).sum() - 40.0 == pytest.approx(made, abs=1.0 + made / 24)
    assert made == pytest.approx(27.8, abs=0.1)


# Symmetry ---------------------------------------------------------------------------------------

SIZE = np.array([200.0, 100.0, 100.0])
TWINS = {
    "as it is": ((0, 1, 2), (False, False, False)),
    "turned": ((2, 0, 1), (False, False, False)),
    "mirrored": ((0, 1, 2), (False, True, False)),
}


def measured(axes, flipped, seed):
    """Density, joins, direction and the way of growth of a twin, by the axes before it."""
    bed = parallel_bed(BedTarget(tuple(SIZE), 900.0, 5.6, 0.6, 40.0), 1)
    place = np.clip(bed.position_um, 0.0, SIZE)
    place = np.where(flipped, SIZE - place, place)[:, axes]
    size = SIZE[list(axes)]
    from_bed = from_given(replace(bed, position_um=place))
    vessels, done = grown(
        from_bed,
        RULES,
        low=(0.0, 0.0, 0.0),
        high=tuple(size),
        seed=seed,
        steps_per_day=12,
        days=1.5,
    )
    length = length_um(vessels)
    unit = across_um(vessels) / np.linalg.norm(across_um(vessels), axis=1)[:, None]
    new = vessels.born_day > 0  # these run from where they began to where their tip went
    direction, drift = np.empty(3), np.empty(3)
    direction[list(axes)] = length @ unit**2 / length.sum()
    drift[list(axes)] = length[new] @ unit[new] / length[new].sum()
    drift = np.where(flipped, -drift, drift)
    return [length.sum(), done["sprouts"], done["joined"], *direction[:2], *drift]


@pytest.fixture(scope="module")
def twins():
    return {
        name: mean_and_error([measured(*twin, seed) for seed in replicate_seeds(number, 6)])
        for number, (name, twin) in enumerate(TWINS.items())
    }


@pytest.mark.parametrize("twin", ["turned", "mirrored"])
def test_an_ensemble_grows_alike_in_turned_and_mirrored_tissue(twins, twin):
    (one, error), (other, beside) = twins["as it is"], twins[twin]
    assert one[3] > 0.5  # the block has a direction that could be lost
    assert one[0] > 1.1 * 900e-6 * SIZE.prod()  # and vessels that it did not have
    assert (np.abs(one - other) < 4 * np.hypot(error, beside)).all()
