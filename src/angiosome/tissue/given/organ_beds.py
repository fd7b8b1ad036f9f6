"""Capillary beds of an organ's shape that hit its density, diameters and lengths as measured.

A graph of the right shape is shaken, cut to a block and thinned to the number of vessels that the
density and their mean length ask for. Lengths and diameters are the quantiles of lognormal
distributions; the longest vessel lies where its nodes are farthest apart, and the nodes give way
until no vessel is shorter than the straight line between its ends. So the length of all vessels and
the distributions of lengths and diameters are met, whatever the seed: exactly, but for the mean
length, which is that of a whole number of vessels, and a density counted on sections (both to 3 %).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from angiosome.errors import AngiosomeError
from angiosome.tissue.given.lattices import Graph, mesh, parallel, sheets
from angiosome.tissue.given.network import GivenNetwork, chord_um, made_network
from angiosome.tissue.given.spread import lognormal
from angiosome.tissue.given.trimming import AT_START, INSIDE, cut, passable_only, thinned

LEAST_UM = 2.6  # the narrowest vessel: the viscosity law ends at 2.53; assumed (2.53 to 3.3)
LINK = 0.5  # of a vessel's length, that of a link between parallel ones; assumed (0.2 to 1)
FEWEST, MOST = 60, 1_000_000  # vessels of a bed
ROUNDS = 12  # of counting the vessels of a graph and asking for more or fewer
CLOSE, FAR = 0.01, 0.03  # how near a counted density is sought; the most it, and mean length, miss
SPARE = 1.02  # vessels of the graph over those wanted, before it is thinned
PULLS, PULL = 150, 0.3  # moves of the nodes towards their distances, and the part of each
STRAIGHT = 1.002  # the least length of a vessel over its chord
TRIES = 8  # of fitting, each time without the vessels that no length could span
RANKED, MOST_MOVES = 50, 600  # of the moves after that: between two rankings, and in all


@dataclass(frozen=True)
class OrganBed:
    """What the capillaries of an organ are like.

    Attributes:
        course: side by side along x (heart, muscle), a mesh alike in all directions (cortex), or
            sheets across z (the net around tubules, the plexus of the dermis).
        density: length of vessels over volume (mm/mm3), or, where `counted`, vessels that a section
            across x meets over its area (1/mm2).
        vessel_um, vessel_cv: mean length of a vessel between two branch points, and its spread over
            that mean.
        winding: about that length over the straight line between its ends.
        joined_share: of the nodes of a sheet, those with a vessel to the next sheet.
        inlet_mmhg, outlet_mmhg: where vessels are cut at x = 0, and at the other side.
        haematocrit: of the blood that enters.
    """

    course: Literal["parallel", "mesh", "sheets"]
    density: float
    counted: bool
    diameter_um: float
    diameter_sd_um: float
    vessel_um: float
    vessel_cv: float
    winding: float
    joined_share: float = 0.0
    inlet_mmhg: float = 35.0
    outlet_mmhg: float = 12.5
    haematocrit: float = 0.4


def organ_bed(bed: OrganBed, size_um: tuple[float, float, float], seed: int) -> GivenNetwork:
    """Make a block of this bed; blood enters at x = 0 and leaves at the other side.

    Args:
        bed: what its vessels are like.
        size_um: of the block.
        seed: of every draw.

    Raises:
        AngiosomeError: the block is too small to hold such a bed, or no vessels of such lengths
            make such a density.
    """
    length = bed.density * (bed.winding if bed.counted else 1.0)
    best: GivenNetwork | None = None
    nearest, failed = np.inf, None
    for turn in range(ROUNDS):
        try:
            made = _made(bed, size_um, (seed, turn), length)
        except AngiosomeError as error:  # of this draw; another one may fit
            failed = error
            continue
        over = profiles_per_mm2(made) / bed.density if bed.counted else 1.0
        if abs(over - 1) < nearest:
            best, nearest = made, abs(over - 1)
        if nearest < CLOSE:
            break
        length /= np.sqrt(over)  # half of the way: every draw is off by chance
    if best is None and failed is not None:
        raise failed
    if best is None or nearest > FAR:
        raise AngiosomeError(
            f"a block of {_words(size_um)} um is too small to show {bed.density:g} vessels on each "
            f"mm2 of a section: {nearest:.0%} off at best; ask for a larger one, or another seed"
        )
    return best


def length_density_mm_per_mm3(network: GivenNetwork) -> float:
    """Length of all vessels over the volume of the box (mm/mm3)."""
    return float(network.length_um.sum() / _volume(network) * 1e6)


def profiles_per_mm2(network: GivenNetwork) -> float:
    """Vessels that a section across x meets, over its area, on average over x (1/mm2).

    The extent of every vessel along x, as straight between its ends, over the volume.
    """
    along = np.abs(np.diff(network.position_um[network.ends, 0], axis=1)).sum()
    return float(along / _volume(network) * 1e6)


def winding(network: GivenNetwork) -> float:
    """Length of all vessels over that of the straight lines between their ends."""
    return float(network.length_um.sum() / chord_um(network.position_um, network.ends).sum())


def _words(size_um: Sequence[float] | np.ndarray) -> str:
    return " x ".join(f"{side:g}" for side in size_um)


def _volume(network: GivenNetwork) -> float:
    assert network.box_um is not None
    return float(np.prod(network.box_um))


def _made(
    bed: OrganBed, size_um: tuple[float, float, float], seed: tuple[int, ...], length_density: float
) -> GivenNetwork:
    """A bed of this length density (mm/mm3).

    A vessel's width has nothing to do with its length (as in the heart: kaimovitz2010, Table 1).
    """
    size = np.array(size_um, float)
    total = length_density * 1e-6 * float(size.prod())
    count = round(total / bed.vessel_um)
    if count > MOST:
        raise AngiosomeError(
            f"such a bed would hold {count:.3g} vessels, and {MOST:g} are the most that are made; "
            "ask for a smaller block"
        )
    if count < FEWEST:
        raise AngiosomeError(
            f"a block of {_words(size)} um holds {count} vessels of such a bed, and {FEWEST} are "
            "the fewest that can be shaped; ask for a larger one"
        )
    longest = float(lognormal(bed.vessel_um, bed.vessel_cv * bed.vessel_um, count)[-1])
    place, ends, where = _graph(bed, size, seed, total, count, longest)
    random = np.random.default_rng([*seed, 1])
    ends = thinned(random, ends, where, count)
    for _ in range(TRIES):
        mean = total / max(len(ends), 1)
        if abs(mean / bed.vessel_um - 1) > FAR:
            break
        lengths = lognormal(mean, bed.vessel_cv * mean, len(ends))
        fitted, length, short = _fitted(place, ends, where, size, lengths, bed.winding)
        if not short.any():
            return _network(bed, size_um, random, fitted, ends, where, length)
        ends = passable_only(ends[~short], where)
    raise AngiosomeError(
        f"vessels of {bed.vessel_um:g} um cannot make {length_density:.4g} mm/mm3 in a block "
        f"of {_words(size)} um; ask for a larger one, longer vessels or a higher density"
    )


def _graph(
    bed: OrganBed, size: np.ndarray, seed: tuple[int, ...], total: float, count: int, longest: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes, vessels, and where each node lies: at least `count` vessels, and few more."""
    asked = float(count)
    found: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    for _ in range(ROUNDS):
        random = np.random.default_rng([*seed, 0])
        place, ends = _shape(bed, size, random, total, asked)
        place, ends, where = cut(place, ends, size[0])
        ends = _within(place, passable_only(ends, where), where, longest)
        if len(ends) >= count and (found is None or len(ends) < len(found[1])):
            found = place, ends, where
        if count <= len(ends) <= SPARE**2 * count:
            break
        asked *= SPARE * count / max(len(ends), 1)
    if found is None:
        raise AngiosomeError(
            f"a block of {_words(size)} um is too small for vessels of {bed.vessel_um:g} um to "
            "cross it; ask for a larger one"
        )
    return found


def _within(place: np.ndarray, ends: np.ndarray, where: np.ndarray, longest: float) -> np.ndarray:
    """The vessels, without those that no length of this bed can span."""
    while len(ends):
        spans = chord_um(place, ends) <= longest
        if spans.all():
            break
        ends = passable_only(ends[spans], where)
    return ends


def _shape(
    bed: OrganBed, size: np.ndarray, random: np.random.Generator, total: float, count: float
) -> Graph:
    """A graph of about `count` vessels whose nodes are about as far apart as they should be."""
    chord = bed.vessel_um / bed.winding
    square = chord**2 * (1 + bed.vessel_cv**2)
    if bed.course == "parallel":
        # n vessels are 3 for each link, and 1 for each capillary; both together are `total` long
        link = LINK * bed.vessel_um
        alone = size[0] * bed.winding - link / 3
        capillaries = (total - count * link / 3) / max(alone, 1e-9)
        links = (count - capillaries) / 3
        if capillaries < 1 or links < 1:
            raise AngiosomeError(
                f"vessels of {bed.vessel_um:g} um need a block longer than {size[0]:g} um"
            )
        return parallel(random, size, round(capillaries), round(links), chord, LINK * chord)
    per_um3 = count / 1.5 / float(size.prod())
    if bed.course == "mesh":
        place, ends = mesh(random, size, per_um3)
        axes = np.ones(3)
    else:
        edge = np.sqrt(square / (1 + 2 * bed.vessel_cv**2))
        place, ends = sheets(random, size, per_um3, edge, bed.joined_share)
        axes = np.array([1.0, 1.0, 0.0])
    now = float((chord_um(place, ends) ** 2).mean())
    # Two nodes, each shaken along some axes: the square of their distance grows by 2 sd² for each
    shake = np.sqrt(max(square - now, 0.0) / (2 * axes.sum()))
    place = place + random.normal(size=place.shape) * shake * axes
    place[:, 1:] = _folded(place[:, 1:], size[1:])
    return place, ends


def _folded(place: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Places mirrored at the sides of the box until they lie in it."""
    place = np.abs(place) % (2 * size)
    return np.where(place > size, 2 * size - place, place)


def _fitted(
    place: np.ndarray,
    ends: np.ndarray,
    where: np.ndarray,
    size: np.ndarray,
    lengths: np.ndarray,
    wound: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places of the nodes, which vessel has which of the `lengths` (rising), and who cannot.

    Nodes are first moved until every chord is the length over `wound`, as far as they can be, then
    until none is longer than its length.
    """
    share = 1.0 / np.maximum(np.bincount(ends.ravel(), minlength=len(place)), 1)[:, None]
    length, chord = lengths, lengths
    for move in range(MOST_MOVES):
        span = place[ends[:, 1]] - place[ends[:, 0]]
        chord = np.maximum(np.linalg.norm(span, axis=1), 1e-9)
        if move <= PULLS or move % RANKED == 0:
            length = lengths[np.argsort(np.argsort(chord, kind="stable"), kind="stable")]
        if move < PULLS:
            change = PULL * (chord - length / wound)
        else:
            change = np.maximum(chord - length / STRAIGHT**2, 0.0)
            if (chord * STRAIGHT <= length).all():
                break
        step = (change / chord / 2)[:, None] * span
        moved = np.zeros_like(place)
        np.add.at(moved, ends[:, 0], step)
        np.add.at(moved, ends[:, 1], -step)
        moved *= share if move < PULLS else 1.5 * share
        moved[where != INSIDE, 0] = 0.0
        place = np.clip(place + moved, 0.0, size)
    return place, length, chord * STRAIGHT > length


def _network(
    bed: OrganBed,
    size_um: tuple[float, float, float],
    random: np.random.Generator,
    place: np.ndarray,
    ends: np.ndarray,
    where: np.ndarray,
    length: np.ndarray,
) -> GivenNetwork:
    """The network of the nodes that a vessel meets, its diameters dealt out at random."""
    used, ends = np.unique(ends, return_inverse=True)
    ends, place, where = ends.reshape(-1, 2), place[used], where[used]
    diameter = lognormal(bed.diameter_um, bed.diameter_sd_um, len(ends), LEAST_UM)
    held = np.flatnonzero(where != INSIDE)
    return made_network(
        ends,
        random.permutation(diameter),
        length,
        place,
        held=held,
        pressure_mmhg=np.where(where[held] == AT_START, bed.inlet_mmhg, bed.outlet_mmhg),
        entering_haematocrit=np.where(where[held] == AT_START, bed.haematocrit, np.nan),
        size_um=size_um,
    )
