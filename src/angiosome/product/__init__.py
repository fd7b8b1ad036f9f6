"""The product: how many vesicles a dose holds, how large they are, and what each carries."""

from angiosome.product.biogenesis import (
    Biogenesis,
    CellVesicles,
    cell_rates,
    cell_that_releases,
    release_per_day,
)
from angiosome.product.isolation import Method, Separation, in_sequence
from angiosome.product.preparation import Preparation, preparation_of
from angiosome.product.size import (
    SizeClass,
    class_of,
    class_probabilities,
    operational_term,
    shares_between,
)
from angiosome.product.vesicles import (
    Vesicles,
    diffusivity_um2_per_s,
    particles_in_dose,
    share_that_carries,
)
from angiosome.study.markers import PANELS, Panel, PanelReading, read_panels
from angiosome.study.misev import Item, is_exosome, markers_found, misev_items

__all__ = [
    "PANELS",
    "Biogenesis",
    "CellVesicles",
    "Item",
    "Method",
    "Panel",
    "PanelReading",
    "Preparation",
    "Separation",
    "SizeClass",
    "Vesicles",
    "cell_rates",
    "cell_that_releases",
    "class_of",
    "class_probabilities",
    "diffusivity_um2_per_s",
    "in_sequence",
    "is_exosome",
    "markers_found",
    "misev_items",
    "operational_term",
    "particles_in_dose",
    "preparation_of",
    "read_panels",
    "release_per_day",
    "share_that_carries",
    "shares_between",
]
