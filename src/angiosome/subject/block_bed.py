"""The block of a subject before injury: its size, its vessels by the shape of the organ, its grid.

Hearts keep the bed of `tissue.given.beds`, side by side along x, in which their course was
measured. The other organs take that of `tissue.given.organ_beds`, which has a mesh for the cortex
of a brain and sheets for kidney and skin, and meets widths and lengths as measured; the subject's
own density takes the place of that of the bed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from angiosome.errors import AngiosomeError
from angiosome.subject.animal import Animal
from angiosome.tissue.block.parenchyma import Wound
from angiosome.tissue.given.beds import BedTarget, parallel_bed
from angiosome.tissue.given.network import GivenNetwork
from angiosome.tissue.given.organ_beds import OrganBed, organ_bed, profiles_per_mm2
from angiosome.tissue.given.tissue_grid import TissueGrid
from angiosome.tissue.values import Bed

VESSEL_UM = 75.0  # between branch points of a capillary of a heart; assumed (50 to 120)
DIAMETER_CV = 0.15  # spread of a heart's capillary diameters over their mean; assumed (0.1 to 0.25)
LENGTH_PER_PROFILE = {"parallel": 1.3, "mesh": 2.0, "sheets": np.pi / 2}
"""About how long straight vessels are over what they measure along x, with links: a first guess."""
RIM = 0.2  # least width of intact skin beside a wound, over the wound's radius; assumed

Size = tuple[float, float, float]


@dataclass(frozen=True)
class BlockSize:
    """Extent of a block and of its grid; blood comes in at x = 0, and leaves at the other side."""

    size_um: Size = (240.0, 120.0, 120.0)
    cell_um: float = 10.0

    @property
    def grid(self) -> TissueGrid:
        """The grid of the tissue."""
        x, y, z = (round(n / self.cell_um) for n in self.size_um)
        return TissueGrid((x, y, z), self.cell_um)


SIZES = {
    "heart": BlockSize(),
    "brain": BlockSize((240.0, 200.0, 200.0), 10.0),
    "kidney": BlockSize((200.0, 160.0, 160.0), 10.0),
    "limb": BlockSize((600.0, 240.0, 240.0), 15.0),  # vessels are 220 um long
    "skin": BlockSize((240.0, 1600.0, 320.0), 40.0),  # to the middle of a wound of 4 mm2
}
"""By organ: at least 60 vessels, and several vessels long. Cells are a quarter of the distance
between vessels, or less."""


def bed_on_grid(
    bed: Bed,
    haematocrit: float,
    shape: OrganBed | None,
    size: BlockSize,
    seed: int,
) -> tuple[GivenNetwork, TissueGrid, float]:
    """The vessels of a healthy block with the density of the subject, and the grid around them.

    Vessels come in whole numbers, so where profiles are counted the block is stretched, by a few
    per cent, until they are the subject's. Where the length is, it is met as it is.

    Args:
        bed: of the subject.
        haematocrit: of the blood that enters.
        shape: of the organ's capillaries; none is a heart's.
        size: of the block.
        seed: of the vessels.

    Returns:
        The network, the grid, and by how much the block was stretched.
    """
    density = float(bed.capillary_density_per_mm2)
    if shape is None:
        diameter = float(bed.capillary_diameter_um)
        target = BedTarget(
            size_um=size.size_um,
            length_density_per_mm2=density,
            diameter_um=diameter,
            diameter_sd_um=DIAMETER_CV * diameter,
            vessel_um=VESSEL_UM,
            haematocrit=haematocrit,
        )
        made = parallel_bed(target, seed)
        made = replace(made, position_um=np.clip(made.position_um, 0.0, size.size_um))
    else:
        made = _of_shape(shape, density, haematocrit, size.size_um, seed)
    counted = shape is None or shape.counted
    stretch = float(np.sqrt(profiles_per_mm2(made) / density)) if counted else 1.0
    made = replace(
        made,
        position_um=made.position_um * stretch,
        length_um=made.length_um * stretch,
        box_um=tuple(n * stretch for n in size.size_um),
    )
    return made, replace(size.grid, cell_um=size.cell_um * stretch), stretch


def _of_shape(
    shape: OrganBed, density: float, haematocrit: float, size_um: Size, seed: int
) -> GivenNetwork:
    """A bed of this density, nearly so where profiles are counted: `bed_on_grid` does the rest."""
    own = replace(shape, density=density, haematocrit=haematocrit, counted=False)
    if not shape.counted:
        return organ_bed(own, size_um, seed)
    per_profile = LENGTH_PER_PROFILE[shape.course] * shape.winding
    made = organ_bed(replace(own, density=density * per_profile), size_um, seed)
    per_profile *= density / profiles_per_mm2(made)
    return organ_bed(replace(own, density=density * per_profile), size_um, seed)


def wound_of(animal: Animal, grid: TissueGrid) -> Wound | None:
    """The wound of a block of this subject, if it has one: from its edge to its middle.

    A block is no longer than blood runs through capillaries, for what enters at one side feeds all
    of it: through 3 mm of skin it would take thousands of mmHg. So it is a strip across the edge of
    the wound, whose middle lies at the far end of y, and blood runs along the edge.

    Raises:
        AngiosomeError: the block does not hold it.
    """
    if animal.organ.wound_radius_um is None:
        return None
    radius = float(animal.organ.wound_radius_um)
    x, y, _ = (n * grid.cell_um for n in grid.shape)
    if y < radius * (1 + RIM):
        raise AngiosomeError(
            f"a block {y:.0f} um wide does not hold a wound from its edge to its middle, "
            f"{radius:.0f} um, and a rim through which blood passes; ask for a wider block, or a "
            "smaller `wound_radius`"
        )
    return Wound((x / 2, y), radius)
