"""Blocks of tissue for the tests: the heart of a mouse, small."""

from dataclasses import replace

import numpy as np
from tissue_cases import heart

from angiosome.tissue.block.block import healthy_block
from angiosome.tissue.block.growing import rules_of
from angiosome.tissue.block.laws import Arm, laws_of
from angiosome.tissue.block.rates import at_rest
from angiosome.tissue.block.replicates import Course
from angiosome.tissue.given.beds import BedTarget, parallel_bed
from angiosome.tissue.given.tissue_grid import TissueGrid

DENSITY = 3000.0


def laws(residual_flow=0.05, no_reflow=0.0):
    return laws_of(heart(DENSITY, 3.5), residual_flow=residual_flow, no_reflow=no_reflow)


def bed(size_um=(160.0, 80.0, 80.0), seed=1):
    target = BedTarget(
        size_um=size_um,
        length_density_per_mm2=DENSITY,
        diameter_um=5.6,
        diameter_sd_um=0.5,
        vessel_um=60.0,
    )
    made = parallel_bed(target, seed)
    inside = np.clip(made.position_um, 0.0, size_um)
    return replace(made, position_um=inside)


def grid(size_um=(160.0, 80.0, 80.0), cell_um=10.0):
    shape = tuple(round(n / cell_um) for n in size_um)
    return TissueGrid((shape[0], shape[1], shape[2]), cell_um)


def block(of=None, cell_um=10.0, size_um=(160.0, 80.0, 80.0), seed=1, **more):
    of = laws() if of is None else of
    return healthy_block(bed(size_um), grid(size_um, cell_um), of, seed=seed, **more)


# Functions of a module, so that they can be sent to other processes.


def shut(day):
    return 0.0


def eager(day, vegf_nm, po2_mmhg):
    """Cells that secrete ten times as much VEGF."""
    tenfold = np.full_like(vegf_nm, 10.0)
    return replace(at_rest(day, vegf_nm, po2_mmhg), vegf_secretion=tenfold)


def course(hours, *, of=None, start=None, **more):
    """An injured block whose vessels grow fast, as a course for replicates."""
    of = laws() if of is None else of
    start = block(of) if start is None else start
    arm = Arm(patency=shut, respond=eager)
    return Course(start, start.day + hours / 24, of, arm, rules_of(of), **more)
