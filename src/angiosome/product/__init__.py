"""The product: how many vesicles a dose holds, how large they are, and what each carries."""

from angiosome.product.vesicles import (
    Vesicles,
    diffusivity_um2_per_s,
    particles_in_dose,
    share_that_carries,
)

__all__ = ["Vesicles", "diffusivity_um2_per_s", "particles_in_dose", "share_that_carries"]
