"""Where the claims meet the core: compile a product's cargo, and hand the links to its subjects.

The only place that knows both the evidence base and the tables of `angiosome.signalling.roles`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from angiosome.evidence import Mechanism, compile_mechanism
from angiosome.evidence.mechanism import CoreNames, Link
from angiosome.signalling import TARGETS
from angiosome.signalling.roles import (
    ACTIVATORS,
    FEEDS,
    LIGANDS,
    MECHANISTIC,
    PATHWAYS,
    UNNAMED,
    reached,
    stages_of,
)
from angiosome.study import Cargo, Study
from angiosome.subject.cell import Attachment


@dataclass(frozen=True)
class Explained:
    """A pathway that claims name, left out because a named target of the cargo acts on it."""

    link: Link
    target: str


def mechanism_for(cargo: Sequence[Cargo], study: Study, studies: Sequence[Study]) -> Mechanism:
    """Compile cargo against every target of the evidence base, the study's own claims included.

    Args:
        studies: the evidence base; the study itself may be among them.
    """
    known = (study, *(other for other in studies if other.id != study.id))
    targets = {claim.target for other in known for claim in other.claims if claim.target}
    core = CoreNames(
        # of two names of one target the core's wins, for it comes last
        targets=[*sorted(targets), *TARGETS],
        pathways=PATHWAYS,
        ligands=LIGANDS,
        proteins=TARGETS,
        raised_by={name: MECHANISTIC[name] for name in ACTIVATORS},
    )
    return compile_mechanism(cargo, known, core)


def explained(mechanism: Mechanism) -> tuple[Explained, ...]:
    """Pathways that a cargo's target, or the cargo itself, acts on: the same thing said twice."""
    found: list[Explained] = []
    named = [*mechanism.links, *(link for link in mechanism.others if link.rule == "adds")]
    for link in mechanism.others:
        if not link.claims or link.rule not in ("acts on", "presents"):
            continue
        for other in named:
            stages = [*stages_of(other.target), *(stage for stage, _ in other.stages)]
            if other.cargo == link.cargo and reached(stages, link.target):
                found.append(Explained(link, other.target))
                break
        else:
            found += [
                Explained(link, other.target)
                for other in mechanism.others
                if (other.cargo, other.effect) == (link.cargo, link.effect)
                and other.target in FEEDS.get(link.target, ())
            ][:1]
    return tuple(found)


def attachments_of(mechanism: Mechanism) -> tuple[Attachment, ...]:
    """The links in force, in the form that subjects take.

    A miRNA that acts on a pathway lowers an inhibitor of it, or an activator, that no claim names.
    """
    said_twice = {id(one.link) for one in explained(mechanism)}
    found = [
        Attachment(link.cargo, link.target, link.claims, stages=_new_stages(link))
        for link in mechanism.links
    ]
    for link in mechanism.others:
        if id(link) in said_twice:
            continue
        one = Attachment(link.cargo, link.target, link.claims, link.rule, frees=link.frees)
        if link.rule == "acts on":
            sign = 1 if link.effect == "raises" else -1
            name = UNNAMED[sign].format(link.target)
            one = replace(one, target=name, rule="silences", stages=((link.target, sign),))
        found.append(one)
    return tuple(found)


def _new_stages(link: Link) -> tuple[tuple[str, int], ...]:
    """What claims say that a target acts on and the core does not have it act on."""
    known = stages_of(link.target)
    return tuple((stage, sign) for stage, sign in link.stages if not reached(known, stage))


def drives(edge: Attachment) -> tuple[str, ...]:
    """The stages that an attachment acts on; empty where its target drives nothing."""
    match edge.rule:
        case "presents":
            return (edge.target,)
        case "sponges":
            found = [stage for target in edge.frees for stage in stages_of(target)]
        case _:
            found = [*stages_of(edge.target), *(stage for stage, _ in edge.stages)]
    return tuple(dict.fromkeys(found))
