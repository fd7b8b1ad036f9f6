"""EV30: a stiff mass-action network of 30 states and 52 reactions, as data.

Vesicles in seven compartments, their uptake, a microRNA that lowers PTEN, and the Akt, eNOS, HIF
and VEGF signals. Hours and nM, in one compartment of volume 1. The constants are illustrative,
chosen for stiffness (eigenvalues from 8e4 to 1e-2 per hour); they are fitted to nothing. As SBML
it is what any other program can run.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from angiosome.io.sbml_math import SBML
from angiosome.io.sbml_math import math as mathml

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
    """Molecules of each kind that go in and come out, and the rate constant."""

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
    """The state at time 0."""
    return {name: jnp.asarray(value) for name, value in START.items()}


def constants(subjects: int, seed: int = 20261120, sigma: float = 0.3) -> np.ndarray:
    """Log-normal rate constants around the nominal ones: one row per subject."""
    noise = np.random.default_rng(seed).standard_normal((subjects, len(REACTIONS)))
    return CONSTANTS * np.exp(sigma * noise)


# Radau with the analytic Jacobian, rtol 1e-11 and atol 1e-13 (SciPy 1.18): nM at hours 1, 24, 168.
# An independent Rodas4 at rtol 1e-8 agrees to 4e-8.
_TABLE = {
    "Vb": (6.99551819, 0.00966977658, 3.7397e-20),
    "Vtgt": (0.372316551, 0.00034309541, 1.3268e-21),
    "VR": (1.69259767, 0.00170069192, 6.5773e-21),
    "Risc": (0.0393014097, 2.67446151, 1.68123224),
    "mT": (8.8774213, 0.147467106, 0.232551987),
    "Pten": (43.6289212, 7.27596845, 1.11904828),
    "Aktp": (12.0128107, 20.040676, 22.5252761),
    "NO": (4.287647, 5.17562251, 5.35886124),
    "Hif": (1.0359813, 1.99586353, 1.98806989),
    "Vegf": (0.00225008431, 0.00599303257, 0.00568425154),
    "R2p": (0.121598236, 0.317348205, 0.316043978),
}
REFERENCE = {
    hour: {name: row[at] for name, row in _TABLE.items()} for at, hour in enumerate((1, 24, 168))
}
"""What is right, by hour and species."""


def sbml() -> str:
    """The text of the network in SBML, Level 3 Version 2; constant i has the id ``k<i>``."""
    root = ET.Element("sbml", {"xmlns": SBML, "level": "3", "version": "2"})
    model = ET.SubElement(root, "model", id="EV30")
    inside = {"id": "c", "spatialDimensions": "3", "size": "1", "constant": "true"}
    ET.SubElement(ET.SubElement(model, "listOfCompartments"), "compartment", inside)
    flags = {"hasOnlySubstanceUnits": "false", "boundaryCondition": "false", "constant": "false"}
    pools = ET.SubElement(model, "listOfSpecies")
    for name, value in START.items():
        known = {"id": name, "compartment": "c", "initialConcentration": repr(value)}
        ET.SubElement(pools, "species", known | flags)
    parameters = ET.SubElement(model, "listOfParameters")
    reactions = ET.SubElement(model, "listOfReactions")
    for at, (before, after, constant) in enumerate(REACTIONS):
        ET.SubElement(parameters, "parameter", id=f"k{at}", value=repr(constant), constant="true")
        reaction = ET.SubElement(reactions, "reaction", id=f"r{at}", reversible="false")
        for side, names in (("Reactants", before), ("Products", after)):
            if names:
                listed = ET.SubElement(reaction, f"listOf{side}")
                for name in names:
                    moved = {"species": name, "stoichiometry": "1", "constant": "true"}
                    ET.SubElement(listed, "speciesReference", moved)
        law = mathml(" * ".join([f"k{at}", *before, "c"]))
        ET.SubElement(reaction, "kineticLaw").append(law)
    return ET.tostring(root, encoding="unicode")
