"""EV30: a stiff mass-action network of 30 states and 52 reactions, as data.

Vesicles in seven compartments, their uptake, a microRNA that lowers PTEN, and the Akt, eNOS, HIF
and VEGF signals. Hours and nM, in one compartment of volume 1. The constants are illustrative,
chosen for stiffness (eigenvalues from 8e4 to 1e-2 per hour); they are fitted to nothing.
"""

import math
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

_PRESENT = {
    "Vb": 100.0, "Rf": 20.0, "Ago": 5.0, "mT": 10.0, "Pten": 50.0, "Pi3k": 10.0,
    "Akt": 40.0, "Enos": 30.0, "Hif": 1.0, "Phd": 20.0, "Vegf": 0.5, "R2": 15.0,
}  # fmt: skip
SPECIES = (
    *("Vb", "Vliv", "Vspl", "Vlun", "Vkid", "Vtgt", "Vcl", "Rf", "VR", "Vint"),
    *("Crg", "Ago", "Risc", "mT", "RmT", "Pten", "Pi3k", "PtPi", "Akt", "Aktp"),
    *("Enos", "Enosp", "NO", "Hif", "Phd", "HifPhd", "Vegf", "R2", "VegfR2", "R2p"),
)
START = {name: _PRESENT.get(name, 0.0) for name in SPECIES}

# Two reactions a line, each with its rate constant: nM/h, 1/h or 1/(nM h). Order matters.
NETWORK = """
Vb -> Vliv : 4                      | Vliv -> Vb : 0.5
Vb -> Vspl : 1.2                    | Vspl -> Vb : 0.4
Vb -> Vlun : 30                     | Vlun -> Vb : 60
Vb -> Vkid : 0.8                    | Vkid -> Vb : 1.5
Vb -> Vtgt : 0.3                    | Vtgt -> Vb : 0.2
Vliv -> Vcl : 0.35                  | Vspl -> Vcl : 0.2
Vkid -> Vcl : 0.1                   | Vtgt + Rf -> VR : 50
VR -> Vtgt + Rf : 200               | VR -> Vint + Rf : 2
Vint -> Crg : 0.6                   | Vint -> Vcl : 1.4
Crg + Ago -> Risc : 2000            | Risc -> Crg + Ago : 100
Crg -> : 0.15                       | Risc + mT -> RmT : 5000
RmT -> Risc + mT : 3000             | RmT -> Risc : 3
-> mT : 2                           | mT -> : 0.2
mT -> mT + Pten : 0.5               | Pten -> : 0.1
Pten + Pi3k -> PtPi : 1000          | PtPi -> Pten + Pi3k : 20000
Pi3k + Akt -> Pi3k + Aktp : 40      | Aktp -> Akt : 300
Aktp + Enos -> Aktp + Enosp : 10    | Enosp -> Enos : 90
Enosp -> Enosp + NO : 5000          | NO -> : 20000
-> Hif : 8                          | Hif + Phd -> HifPhd : 300
HifPhd -> Hif + Phd : 1000          | HifPhd -> Phd : 1
Hif -> Hif + Vegf : 0.4             | Vegf -> : 0.9
Vegf + R2 -> VegfR2 : 3600          | VegfR2 -> Vegf + R2 : 360
VegfR2 -> R2p : 150                 | R2p -> VegfR2 : 400
R2p -> R2 : 2.5                     | R2p + Akt -> R2p + Aktp : 25
NO + Hif -> NO : 0.05               | -> R2 : 0.3
R2 -> : 0.02                        | Vlun -> Vcl : 0.05
"""


class Reaction(NamedTuple):
    before: list[str]
    after: list[str]
    constant: float


def _read(network: str) -> list[Reaction]:
    cells = [cell for line in network.strip().splitlines() for cell in line.split("|")]
    reactions: list[Reaction] = []
    for equation, constant in (cell.split(":") for cell in cells):
        before, after = (side.replace("+", " ").split() for side in equation.split("->"))
        reactions.append(Reaction(before, after, float(constant)))
    return reactions


REACTIONS = _read(NETWORK)
CONSTANTS = np.array([reaction.constant for reaction in REACTIONS])
TIMES_H = np.linspace(0.0, 168.0, 169)

STOICHIOMETRY = np.array(
    [[r.after.count(s) - r.before.count(s) for r in REACTIONS] for s in SPECIES], float
)


def rates(state: dict[str, Array], constants: Float[Array, " 52"], inputs: Any) -> dict[str, Array]:
    """d(state)/dt in nM/h."""
    change: dict[str, list[Array]] = {name: [] for name in SPECIES}
    for at, (before, after, _) in enumerate(REACTIONS):
        flux = math.prod((state[name] for name in before), start=constants[at])
        for name in SPECIES:
            if count := after.count(name) - before.count(name):
                change[name].append(count * flux)
    return {name: sum(fluxes[1:], start=fluxes[0]) for name, fluxes in change.items()}


def start() -> dict[str, Array]:
    return {name: jnp.asarray(value) for name, value in START.items()}


def constants(subjects: int, seed: int = 20261120, sigma: float = 0.3) -> np.ndarray:
    """Log-normal rate constants around the nominal ones: one row per subject."""
    noise = np.random.default_rng(seed).standard_normal((subjects, len(REACTIONS)))
    return CONSTANTS * np.exp(sigma * noise)
