"""Links in force, and what is left out, in words."""

from __future__ import annotations

from angiosome.evidence import Mechanism
from angiosome.study import Study
from angiosome.subject.cell import Attachment
from angiosome.trials.attachments import drives, explained


def left_out(mechanism: Mechanism) -> dict[str, tuple[str, ...]]:
    """Cargo, and links, that the model does not hold, by reason."""
    twice = explained(mechanism)
    found = {
        "cargo without a claim on a target or a pathway": mechanism.idle,
        "contested links": [f"{link.cargo} on {link.target}" for link in mechanism.contested],
        "links without a rule for this kind of cargo and effect": [
            f"{link.cargo} {link.effect} {link.target}" for link in mechanism.unmodelled
        ],
        "links that claims name without a direction": [
            f"{link.cargo} and {link.target}" for link in mechanism.unsigned
        ],
        "pathways that a named target of the same cargo acts on": [
            f"{one.link.cargo} {one.link.effect} {one.link.target}, by {one.target}"
            for one in twice
        ],
    }
    return {why: tuple(sorted(set(names))) for why, names in found.items() if names}


def in_words(edge: Attachment) -> str:
    """A link in force as a sentence: its rule, what it drives, and who says so."""
    words = {
        "silences": f"{edge.cargo} silences {edge.target}",
        "adds": f"{edge.cargo} adds to {edge.target}",
        "presents": f"{edge.cargo} holds receptors of {edge.target}",
        "sponges": f"{edge.cargo} sponges {edge.target}, which frees {', '.join(edge.frees)}"
        if edge.frees
        else f"{edge.cargo} sponges {edge.target}, which frees nothing that is known",
    }[edge.rule]
    acts_on = drives(edge)
    if edge.rule != "presents":
        words += f" and so acts on {', '.join(acts_on)}" if acts_on else " and drives nothing"
    by = ", ".join(edge.claims) if edge.claims else "by what it is"
    return f"{words} ({by})"


def no_link(study: Study, mechanism: Mechanism) -> str:
    """Why there is no model of a study."""
    found = left_out(mechanism)
    reasons = [f"{why}: {', '.join(names)}" for why, names in found.items()]
    why = "; ".join(reasons) if reasons else "the study names no cargo"
    return (
        f"{study.id}: nothing that it carries acts on a target or pathway that is known, so there "
        f"is no model to write ({why})"
    )
