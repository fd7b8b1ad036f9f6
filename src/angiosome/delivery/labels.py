"""What a label shows of vesicles: an observation, no part of their fate.

A label is seen on circulating vesicles, in the organs that took them, and, freed there, in blood
once more; and a part of it was never on a vesicle, or left it as soon as it met blood. Nothing here
changes where a vesicle goes.

    organ       dH/dt = (1 - p - s) dT/dt - d H     T: vesicles taken so far, of a dose N
    free        dF/dt = s dT/dt - l F,  F(0) = p N
    in blood    (1 - p) B / V + F / V_F
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Label:
    """What becomes of a label.

    Attributes:
        lost_per_h: rate d at which an organ loses what it holds: to bile, to urine, to darkness.
        volume_ml: that free label seems to fill.
        leaves_per_h: rate l at which free label leaves blood.
        free: share p that is in blood without a vesicle from the start.
        freed: share s that cells give back to blood when they take a vesicle.
    """

    lost_per_h: float
    volume_ml: float = 1.0
    leaves_per_h: float = 1.0
    free: float = 0.0
    freed: float = 0.0


def label_in_organ(label: Label, times_h: Floats, taken: Floats) -> Floats:
    """Label that an organ holds, in particles' worth, ``(time,)``.

    Args:
        taken: vesicles that it has taken so far, ``(time,)``; evenly between two times.
    """
    kept = 1 - label.free - label.freed
    return kept * _filled(times_h, taken, label.lost_per_h)


def label_in_blood(
    label: Label, times_h: Floats, in_blood: Floats, taken: Floats, dose: Floats, blood_ml: float
) -> Floats:
    """Label in blood, on vesicles and free, in particles' worth per mL, ``(time,)``.

    Args:
        in_blood: vesicles in blood, ``(time,)``.
        taken: vesicles that all organs have taken so far, ``(time,)``.
        dose: vesicles given so far, ``(time,)``.
    """
    free = _filled(times_h, label.free * dose + label.freed * taken, label.leaves_per_h)
    return (1 - label.free) * in_blood / blood_ml + free / label.volume_ml


def label_clearance(label: Label, vesicle_clearance: float) -> float:
    """Dose over the area under the curve of label in blood, mL/h.

    Every vesicle is taken in the end, so whenever its label is freed

        1 / CL = (1 - p) / CL_vesicle + (p + s) / (V_F l)

    Args:
        vesicle_clearance: mL/h.
    """
    of_free = label.volume_ml * label.leaves_per_h
    return 1 / ((1 - label.free) / vesicle_clearance + (label.free + label.freed) / of_free)


def label_residence_h(label: Label, vesicle_clearance: float, vesicle_residence_h: float) -> float:
    """Mean time that label in blood is seen there: area under t C over area under C, hours.

    Free from the start it stays 1/l; freed, it first waits until its vesicle is taken, T on the
    average, for vesicles leave the body only from blood. With the areas of `label_clearance`

        MRT / CL = (1 - p) T / CL_vesicle + [p + s (1 + l T)] / (V_F l^2)

    Args:
        vesicle_clearance: mL/h.
        vesicle_residence_h: T, of vesicles in blood and periphery.
    """
    leaves, waits = label.leaves_per_h, vesicle_residence_h
    on_vesicles = (1 - label.free) * waits / vesicle_clearance
    free = label.free + label.freed * (1 + leaves * waits)
    moment = on_vesicles + free / (label.volume_ml * leaves**2)
    return moment * label_clearance(label, vesicle_clearance)


def _filled(times_h: Floats, given: Floats, lost_per_h: float) -> Floats:
    """What a pool holds that was given so much so far, evenly between two times, and leaks."""
    pool = np.zeros(len(times_h))
    for i, (width, gain) in enumerate(zip(np.diff(times_h), np.diff(given), strict=True)):
        left = np.exp(-lost_per_h * width)
        pool[i + 1] = pool[i] * left + gain * (1 - left) / (lost_per_h * width)
    return pool
