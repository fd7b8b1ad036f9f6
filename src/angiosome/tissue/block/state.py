"""A block of tissue at one moment: all that the next step depends on, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Float

from angiosome.tissue.block.regions import Regions
from angiosome.tissue.block.supply import Fed, Supply
from angiosome.tissue.block.vessels import Vessels
from angiosome.tissue.given.tissue_grid import TissueGrid


@dataclass(frozen=True)
class Circulation:
    """Blood in every segment for 1 mmHg across the block, as it was last solved.

    The laws of viscosity and phase separation know only ratios of flows, so that at any other
    pressure each flow is larger by the same factor.
    """

    flow: Float[np.ndarray, " segment"]  # nl/min per mmHg, positive from end 0 to end 1
    pressure: Float[np.ndarray, "segment 2"]  # at the two ends, over that across the block
    haematocrit: Float[np.ndarray, " segment"]
    viscosity_cp: Float[np.ndarray, " segment"]
    solved_um: Float[np.ndarray, " segment"]  # diameter for which it was solved; 0 where not open
    solved_length_um: Float[np.ndarray, " segment"]
    lost: Float[np.ndarray, "segment 2"]  # plasma through walls, at the two ends, per mmHg
    conductance: float  # of the block, what enters it, nl/min per mmHg
    passes: int
    of_region: Float[np.ndarray, "segment region"]
    """Flow that 1 mmHg at the inlets of one region gives, with those of the others at the pressure
    of the outlets. Here and below there is no region in a block that is all alike."""
    pressure_of_region: Float[np.ndarray, "segment 2 region"]
    share: Float[np.ndarray, " region"]  # pressures of the inlets, over those of remote tissue
    solved_share: Float[np.ndarray, " region"]  # those for which red cells were last sent
    admittance: Float[np.ndarray, "region region"]  # what the inlets of one send, by another's mmHg
    torn: bool = False  # an edit took a way from blood: it has to be solved before it is used


@dataclass(frozen=True)
class Fields:
    """Quantities on the grid."""

    po2_mmhg: Float[np.ndarray, "x y z"]
    vegf_nm: Float[np.ndarray, "x y z"]
    vesicles_per_um3: Float[np.ndarray, "x y z"]
    taken_per_um3: Float[np.ndarray, "x y z"]  # vesicles that endothelium has taken up so far


@dataclass(frozen=True)
class Parenchyma:
    """Cells on the grid: `starved`, `late_dead` and `rescued` as in `angiosome.tissue.injury`."""

    starved: Float[np.ndarray, "x y z"]
    late_dead: Float[np.ndarray, "x y z"]
    rescued: Float[np.ndarray, "x y z"]
    scar: Float[np.ndarray, "x y z"]  # share of the place that scar or granulation fills
    wound_um: Float[np.ndarray, "x y z"]  # distance to the edge of a wound, inside it; else 0


@dataclass(frozen=True)
class Healthy:
    """What a block is compared by: the same block before injury."""

    flow_nl_min: float
    mean_flow_nl_min: float  # of the segments that carry blood
    oxygen_use: float  # mean of P / (P + P_c)
    consumed_um3_per_s: float
    secretion: float  # VEGF secretion at rest that gives the mean at rest
    length_density_per_um2: float  # of all vessels


@dataclass(frozen=True)
class Budget:
    """What entered less what was stored and used in the last step, over what entered.

    Blood and red cells over healthy flow, oxygen over healthy use.
    """

    blood: float = 0.0
    red_cells: float = 0.0
    oxygen: float = 0.0
    vegf: float = 0.0
    vesicles: float = 0.0


@dataclass(frozen=True)
class Solved:
    """For what the oxygen field was last looked at, and what it gave then."""

    flow_nl_min: float  # through the block
    demand: float  # mean over the grid
    delivered_um3_per_s: float
    consumed_um3_per_s: float


@dataclass(frozen=True)
class BlockState:
    """A block of tissue after `step` steps; flow and fields are those of the step that ended."""

    seed: int  # of the counter-based random stream
    step: int
    steps_per_day: int
    grid: TissueGrid
    vessels: Vessels
    circulation: Circulation
    segment_po2_mmhg: Float[np.ndarray, " segment"]
    fields: Fields
    cells: Parenchyma
    regions: Regions
    supply: Supply
    fed: Fed
    patency: float
    healthy: Healthy
    solved: Solved
    budget: Budget
    new_length_um: float  # of vessels that the last step made

    @property
    def day(self) -> float:
        """Time since the healthy block was made (days)."""
        return self.step / self.steps_per_day

    @property
    def volume_um3(self) -> float:
        """Volume of the tissue."""
        return self.grid.cells * self.grid.cell_um**3


def part_way(before: BlockState, after: BlockState, day: float) -> BlockState:
    """The block on a day inside the step from one state to the next, to be measured.

    Within a step oxygen is held, so that the clock of death, what has died late or was saved, scar
    and what endothelium has taken up run evenly, and are read at that day. Vessels, blood and the
    other fields change from step to step: they are those of the step.
    """
    share = (day - before.day) / (after.day - before.day)

    def at(name: str, of_before: object, of_after: object) -> Float[np.ndarray, "x y z"]:
        first, last = getattr(of_before, name), getattr(of_after, name)
        return first + share * (last - first)

    cells = {one.name: at(one.name, before.cells, after.cells) for one in fields(Parenchyma)}
    taken = at("taken_per_um3", before.fields, after.fields)
    return replace(
        after, cells=Parenchyma(**cells), fields=replace(after.fields, taken_per_um3=taken)
    )
