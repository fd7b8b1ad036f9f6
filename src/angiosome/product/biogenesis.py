"""How a cell makes vesicles: endosome, multivesicular body, plasma membrane or lysosome.

    buds ─► endosome ──ESCRT, or without it──► multivesicular body ──Rab27──► released
               └─► recycled                            └─► lysosome

Counted in vesicles, or in the membrane that would become one, per cell. Blocking ESCRT or Rab
lowers release; a block of ESCRT leaves the way that needs ceramide instead.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float


class Biogenesis(eqx.Module):
    """The rates of one producer cell."""

    buds_per_day: Float[Array, ""]
    sort_per_day: Float[Array, ""]
    """From the endosome into multivesicular bodies, by all ways."""
    without_escrt: Float[Array, ""]
    """Share of sorting that does not need ESCRT."""
    recycle_per_day: Float[Array, ""]
    dock_per_day: Float[Array, ""]
    """Fusion with the plasma membrane, which needs Rab27."""
    digest_per_day: Float[Array, ""]


class CellVesicles(eqx.Module):
    """Where the vesicles of one cell are, and where those that left have gone."""

    endosome: Float[Array, ""]
    multivesicular: Float[Array, ""]
    released: Float[Array, ""]
    digested: Float[Array, ""]
    recycled: Float[Array, ""]


def cell_rates(
    state: CellVesicles, cell: Biogenesis, escrt: Float[Array, ""], rab: Float[Array, ""]
) -> CellVesicles:
    """d(state)/dt per day.

    Args:
        escrt: activity of ESCRT over normal, 0 when blocked.
        rab: activity of the Rabs that dock multivesicular bodies, likewise.
    """
    sort = cell.sort_per_day * _open(cell, escrt) * state.endosome
    recycle = cell.recycle_per_day * state.endosome
    dock = cell.dock_per_day * rab * state.multivesicular
    digest = cell.digest_per_day * state.multivesicular
    return CellVesicles(
        endosome=cell.buds_per_day - sort - recycle,
        multivesicular=sort - dock - digest,
        released=dock,
        digested=digest,
        recycled=recycle,
    )


def release_per_day(
    cell: Biogenesis, escrt: Float[Array, ""] | float = 1.0, rab: Float[Array, ""] | float = 1.0
) -> Float[Array, ""]:
    """Vesicles that a cell releases per day at steady state.

        b  [k_s a / (k_s a + k_r)]  [k_d ρ / (k_d ρ + k_l)],    a = f + (1 - f) ESCRT

    with f the share that does not need ESCRT and ρ the Rabs' activity.
    """
    sort = cell.sort_per_day * _open(cell, jnp.asarray(escrt))
    dock = cell.dock_per_day * rab
    sorted_share = sort / (sort + cell.recycle_per_day)
    return cell.buds_per_day * sorted_share * dock / (dock + cell.digest_per_day)


def cell_that_releases(
    per_day: Float[Array, ""],
    *,
    released_share: Float[Array, ""],
    sorted_share: Float[Array, ""],
    without_escrt: Float[Array, ""],
    endosome_h: Float[Array, ""],
    multivesicular_h: Float[Array, ""],
) -> Biogenesis:
    """The cell that releases ``per_day`` vesicles when nothing is blocked.

    Args:
        released_share: of vesicles in multivesicular bodies, what is released and not digested.
        sorted_share: of what buds into endosomes, what is sorted and not recycled.
        endosome_h, multivesicular_h: mean time that a vesicle spends there.
    """
    leave_endosome, leave_body = 24 / endosome_h, 24 / multivesicular_h
    return Biogenesis(
        buds_per_day=per_day / (released_share * sorted_share),
        sort_per_day=leave_endosome * sorted_share,
        without_escrt=without_escrt,
        recycle_per_day=leave_endosome * (1 - sorted_share),
        dock_per_day=leave_body * released_share,
        digest_per_day=leave_body * (1 - released_share),
    )


def _open(cell: Biogenesis, escrt: Float[Array, ""]) -> Float[Array, ""]:
    return cell.without_escrt + (1 - cell.without_escrt) * escrt
