"""Density and perfusion of an ensemble of blocks, with blood and oxygen: the same on other grids and at other steps."""

from dataclasses import replace

import numpy as np
import pytest
from tissue_blocks import eager, shut
from tissue_cases import heart

from angiosome.tissue.block.block import healthy_block
from angiosome.tissue.block.growing import rules_of
from angiosome.tissue.block.laws import Arm, laws_of
from angiosome.tissue.block.replicates import Course, replicates
from angiosome.tissue.given.beds import BedTarget, parallel_bed
from angiosome.tissue.given.tissue_grid import TissueGrid

SIZE_UM = (200.0, 100.0, 100.0)
DENSITY = 900.0
COUNT, DAYS = 4, 2.0
VARIED = {  # size of cells, um; steps per day
    "as it is": (20.0, 24),
    "smaller cells": (10.0, 24),
    "longer steps": (20.0, 12),
    "shorter steps": (20.0, 48),
}
MEASURES = ("length_density_mm_per_mm3", "perfused_density_per_mm2", "flow_ratio")


def ensemble(cell_um, steps_per_day, seed):
    """Mean and standard error of each measure at the end, in tissue of few vessels and little flow."""
    laws = laws_of(heart(DENSITY, 0.3), residual_flow=0.28, no_reflow=0.0)
    bed = parallel_bed(BedTarget(SIZE_UM, DENSITY, 5.6, 0.6, 50.0), 1)
    bed = replace(bed, position_um=np.clip(bed.position_um, 0.0, SIZE_UM))
    x, y, z = (round(n / cell_um) for n in SIZE_UM)
    grid = TissueGrid((x, y, z), cell_um)
    start = healthy_block(bed, grid, laws, seed=1, steps_per_day=steps_per_day)
    start = replace(start, seed=seed)
    course = Course(start, DAYS, laws, Arm(shut, eager), rules_of(laws))
    found = replicates(course, COUNT, workers=1).measured
    last = np.stack([found[measure][:, -1] for measure in MEASURES], axis=1)
    return last.mean(axis=0), last.std(axis=0, ddof=1) / np.sqrt(COUNT)


@pytest.fixture(scope="module")
def ensembles():
    """No two share their chance."""
    return {
        name: ensemble(*how, 1 + 1000 * number) for number, (name, how) in enumerate(VARIED.items())
    }


def test_something_happens_that_could_differ(ensembles):
    density, perfused, _ = ensembles["as it is"][0]
    assert density > 1.1 * DENSITY
    assert perfused < 0.95 * density


@pytest.mark.parametrize(
    ("one", "other"),
    [("as it is", "smaller cells"), ("longer steps", "shorter steps")],
    ids=["grid", "step"],
)
def test_density_and_perfusion_are_those_of_the_other(ensembles, one, other):
    (mean, error), (beside, its_error) = ensembles[one], ensembles[other]
    gap = np.abs(mean - beside)
    assert (gap < 0.01 * mean + 3 * np.hypot(error, its_error)).all()
