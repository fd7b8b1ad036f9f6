"""Kinetics that were measured: each with its error, its source, and what the model knows of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """One measurement.

    Attributes:
        low, high: the error that is stated, or the range over sources; where one number is stated
            without an error (125-iodine), a factor of two either way.
        seen: how the number was seen; ``memory`` where no page showed it.
        given: the parameter that rests on it, if one does. Agreement then says only that the
            equations leave the number as it was put in.
        differs: the parameter that is another one in this measurement than in the central subject.
    """

    name: str
    unit: str
    low: float
    high: float
    source: str
    seen: str
    given: str | None = None
    differs: str | None = None


MATSUMOTO = "Matsumoto et al. 2020, abstract"
ESTIMATE = "0.3 % of 1e10, half of it in 1.5e7 cells"
TABLE = "Kim et al. 2019, Pharmaceutics 11:649, Table 1"
MORISHITA, RANGE = "Morishita et al. 2015, abstract", "several papers"
FAST, SLOW = "vesicle_half_life_mouse", "vesicle_slow_half_life_mouse"
SHARE = "clearance_share_"
DYE = "dye_free, dye_half_life_mouse"
MEASURED = (
    Measured("half-life in mouse blood, reporter", "min", 2, 20, MATSUMOTO, "abstract", FAST),
    Measured("slow half-life in mouse blood, reporter", "min", 20, 240, RANGE, "memory", SLOW),
    Measured("clearance in mice, reporter", "mL/min", 0.075, 0.75, MATSUMOTO, "abstract", FAST),
    Measured(
        "clearance from serum in mice without macrophages",
        "mL/h", 0.494, 0.808, TABLE, "secondary", "macrophage_share",
    ),
    Measured("residence in mice without macrophages", "h", 2.89, 4.25, TABLE, "secondary"),
    Measured(
        "share of a dose in mouse liver", "%", 20, 60, MORISHITA, "abstract", SHARE + "liver"
    ),
    Measured(
        "share of a dose in mouse spleen", "%", 1, 10, MORISHITA, "abstract", SHARE + "spleen"
    ),
    Measured(
        "share of a dose in mouse lung", "%", 1, 20, MORISHITA, "abstract", SHARE + "lung"
    ),
    Measured("half-life in a man of 70 kg", "min", 10, 120, "by the scaling", "secondary", FAST),
    Measured("clearance in mice, dye", "mL/min", 0.0054, 0.0154, TABLE, "secondary", DYE),
    Measured("slow half-life in mouse blood, dye", "min", 149, 792, TABLE, "secondary", DYE),
    Measured("volume of distribution in mice, dye", "mL", 2.43, 8.48, TABLE, "secondary", DYE),
    Measured("half-life in mouse blood, dye", "min", 6.85, 8.79, TABLE, "secondary", "dye_free"),
    Measured(
        "half-life in mouse blood, melanoma",
        "min", 1, 5, "Takahashi et al. 2013", "secondary", differs=FAST,
    ),
    Measured("clearance in mice, 125-iodine", "mL/min", 0.008, 0.032, TABLE, "secondary"),
    Measured("residence in mice, 125-iodine", "h", 1.7, 6.8, TABLE, "secondary"),
    Measured("time to the peak in mouse liver", "h", 0.0, 1.0, "Kang et al. 2021", "abstract"),
    Measured("time to the peak in mouse spleen", "h", 2.0, 12.0, "Kang et al. 2021", "abstract"),
    Measured("phases in rat blood", "1", 3, 3, "Pharm Res 2021, PMID 34671921", "abstract"),
    Measured("half-life in a macaque of 7 kg", "min", 20, 60, "Driedonks et al. 2022", "memory"),
    Measured("heart after a needle, over after a vein", "1", 10, 1200, RANGE, "memory"),
    Measured("vesicles in a cell of the mouse heart, by vein", "1", 0.1, 10, ESTIMATE, "secondary"),
    Measured("share of a dose in mouse heart", "%", 0.05, 1.0, RANGE, "memory"),
    Measured("share of a dose in mouse brain", "%", 0.01, 0.3, RANGE, "memory"),
    Measured("share of a dose in mouse kidney", "%", 0.5, 5.0, RANGE, "memory"),
    Measured("share of a dose in mouse muscle", "%", 0.2, 5.0, RANGE, "memory"),
    Measured("share of a dose in mouse skin", "%", 0.1, 2.0, "a guess", "memory"),
)  # fmt: skip
"""What was found, by name. Organ shares of the model come from the rate at which endothelium takes
vesicles up in culture, and from flow: the beds, not the shares that `body_of` is given."""
