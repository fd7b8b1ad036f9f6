"""Write the cell down: the core's own functions, run on names, and silencing around them.

The core (`behaviour`), free copies and sponges (`silencing`) and delivered proteins (`delivered`)
are the very functions that a simulation calls. The kinetics of copies (`delivery.kinetics`) and of
mRNA and protein (`silencing.target_rates`), which work on whole arrays, are written once more; a
test holds all of it against the simulation's engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from angiosome.signalling.behaviour import PARAMETERS, Surroundings, behaviour, endothelium_of
from angiosome.signalling.cell_model import (
    CellModel,
    Change,
    Constant,
    Dose,
    Parts,
    Pool,
    Reaction,
    Rule,
    plain_ids,
)
from angiosome.signalling.delivered import levels_with, signals_of
from angiosome.signalling.silencing import free_copies, sponged_copies
from angiosome.signalling.terms import Term

SHARED = (
    "competitor_sites",
    "competitor_half_copies",
    "max_mrna_loss",
    "max_protein_loss",
    "mrna_half_life",
    "free_copy_half_life",
    "argonaute_copy_half_life",
    "argonaute_share",
    *PARAMETERS,
)
"""Constants that every cell has, whatever its cargo."""

_UNIT = {"equivalent_vegf": "nM"}


def cell_model(
    parts: Parts,
    constants: Sequence[Constant],
    *,
    copies: float,
    held: bool = False,
    doses: Sequence[Dose] = (),
) -> CellModel:
    """The cell that a study's cargo acts in.

    Args:
        constants: all of `SHARED` and `INPUTS`.
        copies: of each cargo: let out into the cytosol at the start, of which Argonaute takes its
            share of a miRNA; or, with ``held``, there all the time.
        doses: more of them, later.
    """
    return _Compiler(parts).model(constants, copies, held=held, doses=doses)


class _Compiler:
    """Ids of everything, and the rules found so far."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        mirna = [name for name, _ in parts.own_copies]
        proteins = list(
            dict.fromkeys([*(n for n, _ in parts.half_lives), *(a.protein for a in parts.added)])
        )
        brought = list(dict.fromkeys(x.cargo for x in (*parts.sponges, *parts.added)))
        self.mirna = dict(zip(mirna, plain_ids(mirna), strict=True))
        self.proteins = dict(zip(proteins, plain_ids(proteins), strict=True))
        self.brought = dict(zip(brought, plain_ids(brought), strict=True))
        self.rules: list[Rule] = []

    def keep(self, key: str, meaning: str, value: Any, unit: str = "1") -> Any:
        """A quantity as a rule; a number stays a number."""
        if not isinstance(value, Term):
            return value
        self.rules.append(Rule(key, meaning, _UNIT.get(key, unit), value.text))
        return Term(key)

    def model(
        self, constants: Sequence[Constant], copies: float, *, held: bool, doses: Sequence[Dose]
    ) -> CellModel:
        parts = self.parts
        for name, key in self.mirna.items():
            self._unbound(name, key)
        self.keep("mrna_response", "faster decay of mRNA at full occupancy",
                  Term("max_mrna_loss") / (1 - Term("max_mrna_loss")))  # fmt: skip
        self.keep(
            "translation_loss",
            "loss of translation at full occupancy",
            1 - (1 - Term("max_protein_loss")) / (1 - Term("max_mrna_loss")),
        )
        for target, _ in parts.half_lives:
            self._occupied(target)
        self._behaviour()
        own: list[Constant] = [one for _, one in (*parts.own_copies, *parts.half_lives)]
        own += [site.half_copies for site in parts.sites]
        own += [one for x in parts.sponges for one in (x.sites, x.half_copies, x.half_life)]
        own += [one for x in parts.added for one in (x.own_copies, x.half_life)]
        own += [one for x in parts.presented for one in (x.copies, x.receptors)]
        own += [one for _, one in parts.gains]
        return CellModel(
            constants=(*constants, *{one.id: one for one in own}.values()),
            pools=tuple(self._pools(copies, held=held)),
            reactions=() if held else tuple(self._reactions()),
            changes=tuple(
                x for target, half in parts.half_lives for x in self._changes(target, half.id)
            ),
            rules=tuple(self.rules),
            doses=() if held else tuple(doses),
            parts=parts,
        )

    def _pools(self, copies: float, *, held: bool) -> list[Pool]:
        carried = [(name, self.mirna[name]) for name in self.parts.carried]
        free = [
            Pool(
                f"free_{key}",
                f"{name}, delivered, free in the cytosol",
                "copies",
                copies,
                (name, "miRNA"),
            )
            for name, key in carried
        ]
        start = copies if held else 0.0
        loaded = [
            Pool(
                f"argonaute_{key}",
                f"{name}, delivered, in Argonaute",
                "copies",
                start,
                (name, "miRNA"),
                held,
            )
            for name, key in carried
        ]
        kinds = {x.cargo: x.kind for x in self.parts.sponges}
        inside = [
            Pool(
                f"inside_{key}",
                f"{name}, delivered",
                "copies",
                copies,
                (name, kinds.get(name, "protein")),
                held,
            )
            for name, key in self.brought.items()
        ]
        levels = [
            Pool(
                f"{what}_{self.proteins[name]}",
                f"{name} {word}, over untreated",
                "1",
                1.0,
                (name, "target"),
            )
            for what, word in (("mrna", "mRNA"), ("protein", "protein"))
            for name, _ in self.parts.half_lives
        ]
        return [*([] if held else free), *loaded, *inside, *levels]

    def _reactions(self) -> list[Reaction]:
        """What becomes of delivered copies; the rates of `delivery.kinetics` and `delivered`."""
        found: list[Reaction] = []
        for name in self.parts.carried:
            key = self.mirna[name]
            free, loaded = f"free_{key}", f"argonaute_{key}"
            decay = f"log(2) / free_copy_half_life * {free}"
            taken = f"argonaute_share / (1 - argonaute_share) * {decay}"
            lost = f"log(2) / argonaute_copy_half_life * {loaded}"
            found += [
                Reaction(f"load_{key}", "Argonaute takes a copy", free, loaded, taken),
                Reaction(f"lose_first_{key}", "a free copy decays", free, None, decay),
                Reaction(f"lose_{key}", "a copy in Argonaute decays", loaded, None, lost),
            ]
        half = {x.cargo: x.half_life.id for x in (*self.parts.sponges, *self.parts.added)}
        for name, key in self.brought.items():
            lost = f"log(2) / {half[name]} * inside_{key}"
            found.append(
                Reaction(f"lose_first_in_{key}", f"{name} decays", f"inside_{key}", None, lost)
            )
        return found

    def _unbound(self, name: str, key: str) -> None:
        """Copies of a miRNA that nothing holds, with cargo and without."""
        own = next(Term(one.id) for other, one in self.parts.own_copies if other == name)
        sites, half = Term("competitor_sites"), Term("competitor_half_copies")
        copies = own + Term(f"argonaute_{key}") if name in self.parts.carried else own
        binding = [x for x in self.parts.sponges if x.mirna == name]
        if binding:
            sponge: Any = 0
            for one in binding:
                sponge = sponge + Term(one.sites.id) * Term(f"inside_{self.brought[one.cargo]}")
            sponge = self.keep(f"sponge_{key}", f"sites of sponges for {name}", sponge, "copies")
            strong = Term(binding[-1].half_copies.id)

            def step(number: str, meaning: str, value: Any) -> Any:
                unit = "copies" if number.isdecimal() else "1"
                return self.keep(f"unbound_{key}_{number}", f"{name}: {meaning}", value, unit)

            unbound = sponged_copies(copies, sites, half, sponge, strong, step)
        else:
            unbound = free_copies(copies, sites, half)
        self.keep(f"unbound_{key}", f"{name} that nothing holds", unbound, "copies")
        self.keep(
            f"unbound_untreated_{key}",
            f"the same, untreated, of {name}",
            free_copies(own, sites, half),
            "copies",
        )

    def _occupied(self, target: str) -> None:
        key, what = self.proteins[target], f"share of {target} transcripts that carry a miRNA"
        sites = [
            (self.mirna[x.mirna], x.half_copies.id) for x in self.parts.sites if x.target == target
        ]
        for suffix, state in (("", "unbound"), ("_untreated", "unbound_untreated")):
            empty: Any = 1.0
            for mirna, half in sites:
                free = Term(f"{state}_{mirna}")
                empty = empty * (1 - free / (free + Term(half)))
            self.keep(f"occupancy{suffix}_{key}", what + suffix.replace("_", ", "), 1 - empty)

    def _changes(self, target: str, half_life: str) -> list[Change]:
        """The equations of `target_rates`."""
        key = self.proteins[target]
        before, now = f"occupancy_untreated_{key}", f"occupancy_{key}"
        gain = f"1 + mrna_response * {before} - (1 + mrna_response * {now}) * mrna_{key}"
        made = f"(1 - translation_loss * {now}) / (1 - translation_loss * {before}) * mrna_{key}"
        return [
            Change(f"mrna_{key}", f"log(2) / mrna_half_life * ({gain})"),
            Change(f"protein_{key}", f"log(2) / {half_life} * ({made} - protein_{key})"),
        ]

    def _behaviour(self) -> None:
        """Run the core on names."""
        parts = self.parts
        how = endothelium_of(
            Term, [role for role, _ in parts.gains], [Term(gain.id) for _, gain in parts.gains]
        )
        proteins = {name: Term(f"protein_{self.proteins[name]}") for name, _ in parts.half_lives}
        brought = [
            (x.protein, Term(f"inside_{self.brought[x.cargo]}"), Term(x.own_copies.id))
            for x in parts.added
        ]
        levels = levels_with(proteins, brought)
        for name, level in levels.items():
            if name not in proteins or level.text != proteins[name].text:
                meaning = f"{name}, the cell's own and delivered, over untreated"
                levels[name] = self.keep(f"level_{self.proteins[name]}", meaning, level)
        vesicles = Term("bound_vesicles")
        signals = signals_of(
            (x.stage, vesicles * Term(x.copies.id), Term(x.receptors.id)) for x in parts.presented
        )
        for stage, held in signals.items():
            key = plain_ids([stage])[0]
            signals[stage] = self.keep(f"held_{key}", f"receptors of {stage} held by cargo", held)
        around = Surroundings(Term("vegf"), Term("po2"), vesicles, levels, signals)
        behaviour(around, how, self.keep)
