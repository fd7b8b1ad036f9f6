"""Compile claims into links from a cargo to what it acts on, each under the rule of its class.

    silences  a miRNA lowers a target
    acts on   a miRNA or a protein raises or lowers a pathway, and no target is named
    adds      a protein of the core joins the cell's own
    presents  a protein holds the receptors of a pathway from outside
    sponges   a circular or long RNA binds a miRNA, and frees the targets of that

A claim attaches by name, without code: a new study with a known target extends the model. Claims
that contradict each other are kept and flagged, and stay out until somebody chooses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from angiosome.evidence.lexicon import canonical, resolve
from angiosome.study import Cargo, Claim, Study
from angiosome.study.cargo_names import may_be_same, orthologous, read_mirna

SPONGES = ("circRNA", "lncRNA")


@dataclass(frozen=True)
class Link:
    """One cargo of a product, what it acts on, and the claims that say so.

    Attributes:
        target: a protein, a miRNA (of a sponge), or a stage of the core (of a pathway).
        effect: lowers or raises; empty where claims name a target and no direction.
        claims: each as ``study/claim``; none where the cargo is itself a protein of the core.
        rule: see the module; empty where there is none.
        stages: of the core, that claims say the target's loss raises (1) or lowers (-1); of a
            protein, those that its receptors drive.
        frees: targets of the miRNA that a sponge binds.
    """

    cargo: str
    target: str
    effect: str
    claims: tuple[str, ...]
    rule: str = "silences"
    stages: tuple[tuple[str, int], ...] = ()
    frees: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mechanism:
    """What the cargo of one product does, as far as the evidence base knows."""

    links: tuple[Link, ...]
    """A miRNA that lowers a target."""
    idle: tuple[str, ...]
    """Cargo without a known target or pathway: it is listed, and does nothing."""
    contested: tuple[Link, ...]
    """Links that other claims contradict; left out."""
    unmodelled: tuple[Link, ...]
    """Links of a kind that the model has no rule for: left out."""
    others: tuple[Link, ...] = ()
    """Links in force under another rule."""
    unsigned: tuple[Link, ...] = ()
    """Targets and pathways that claims name without a direction: left out."""


@dataclass(frozen=True)
class CoreNames:
    """What a claim can attach to.

    Attributes:
        targets: proteins; where two mean the same, the last spelling is used.
        pathways: short name in the lexicon to the stages of the core and their signs.
        ligands: proteins that act from outside, to the stages their receptors drive.
        proteins: of ``targets``, those of the core: delivered, they join the cell's own.
        raised_by: of those, the ones that drive a stage: what raises one raises the stage.
    """

    targets: Sequence[str]
    pathways: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    ligands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    proteins: Sequence[str] = ()
    raised_by: Mapping[str, str] = field(default_factory=dict)


def compile_mechanism(
    cargo: Iterable[Cargo], studies: Sequence[Study], targets: Sequence[str] | CoreNames
) -> Mechanism:
    """The links in force for a product's ``cargo``, from the claims of vesicle studies.

    Cargo meets a claim under the rule `angiosome.study.cargo_names.may_be_same`, or as the same
    miRNA of another species; a target meets the core under any of its names, so that a claim on
    FIH1 is a claim on HIF1AN. What is claimed of a set of molecules together attaches to none of
    them.

    Args:
        targets: proteins of the core, or all that there is to attach to; claims on anything else
            attach to nothing.
    """
    core = targets if isinstance(targets, CoreNames) else CoreNames(targets)
    claims = [
        (f"{study.id}/{claim.id}", claim)
        for study in studies
        if study.kind != "simulated"
        for claim in study.claims
        if (claim.evidence or study.evidence) == "vesicles" and claim.group is None
    ]
    found = [_of_one(item, claims, core) for item in cargo]
    return Mechanism(
        *(
            tuple(each for one in found for each in getattr(one, part))
            for part in ("links", "idle", "contested", "unmodelled", "others", "unsigned")
        )
    )


Claims = Sequence[tuple[str, Claim]]


def _of_one(item: Cargo, claims: Claims, core: CoreNames) -> Mechanism:
    names = {canonical(target): target for target in core.targets}
    own = [
        (key, claim)
        for key, claim in claims
        if may_be_same(named := str(claim.cargo.reported), item.name)
        or orthologous(named, item.name)
    ]
    said: dict[tuple[str, str], list[str]] = {}
    pushed: dict[tuple[str, int], list[str]] = {}
    through: dict[str, set[tuple[str, int]]] = {}
    unsigned: dict[str, list[str]] = {}
    for key, claim in own:
        target = names.get(canonical(claim.target)) if claim.target else None
        stages = _stages(claim.pathway, claim.pathway_effect, core)
        if target is not None and claim.effect is not None:
            said.setdefault((target, claim.effect), []).append(key)
            through.setdefault(target, set()).update(stages)
        elif target is not None:
            unsigned.setdefault(target, []).append(key)
        elif claim.target is None:
            for stage in stages:
                pushed.setdefault(stage, []).append(key)
            if claim.pathway and claim.pathway_effect is None:
                unsigned.setdefault("/".join(claim.pathway), []).append(key)
    links = [
        Link(item.name, target, effect, tuple(by), "", tuple(sorted(through[target])))
        for (target, effect), by in said.items()
    ]
    links += [
        Link(item.name, stage, "raises" if sign > 0 else "lowers", tuple(by), "acts on")
        for (stage, sign), by in pushed.items()
    ]
    opposed = {(link.target, link.effect) for link in links}
    contested = [link for link in links if (link.target, _other(link.effect)) in opposed]
    sure = [link for link in links if link not in contested]
    ruled = _ruled(item, sure, claims, core)
    settled = {link.target for link in (*links, *ruled)}
    left = [Link(item.name, what, "", tuple(by), "") for what, by in unsigned.items()]
    return Mechanism(
        links=tuple(link for link in ruled if link.rule == "silences"),
        idle=() if links or ruled or left else (item.name,),
        contested=tuple(contested),
        unmodelled=tuple(link for link in ruled if not link.rule),
        others=tuple(link for link in ruled if link.rule not in ("", "silences")),
        unsigned=tuple(link for link in left if link.target not in settled),
    )


def _other(effect: str) -> str:
    return "raises" if effect == "lowers" else "lowers"


def _stages(pathways: Iterable[str], effect: str | None, core: CoreNames) -> list[tuple[str, int]]:
    """The stages of the core that pathways are, and whether they rise or fall."""
    if effect is None:
        return []
    sign = 1 if effect == "raises" else -1
    found = [
        (stage, sign * turn)
        for pathway in pathways
        for stage, turn in core.pathways.get(resolve(pathway, "pathway").short or "", ())
    ]
    return list(dict.fromkeys(found))


def _ruled(item: Cargo, links: Sequence[Link], claims: Claims, core: CoreNames) -> list[Link]:
    """The links under the rule of the cargo's class; an empty rule where it has none."""
    match item.kind:
        case "miRNA":
            return [_of_mirna(link, core) for link in links]
        case "protein":
            return _of_protein(item, links, core)
        case kind if kind in SPONGES:
            return _of_sponge(links, claims, core)
        case _:
            return [_change(link, rule="") for link in links]


def _change(link: Link, **new: object) -> Link:
    return Link(**{**link.__dict__, **new})  # type: ignore[arg-type]  # fields by name


def _of_mirna(link: Link, core: CoreNames) -> Link:
    if link.rule == "acts on":
        return link
    if link.effect == "lowers":
        return _change(link, rule="silences")
    stage = core.raised_by.get(link.target)
    return _change(link, target=stage, rule="acts on", stages=()) if stage else link


def _of_protein(item: Cargo, links: Sequence[Link], core: CoreNames) -> list[Link]:
    itself = canonical(item.name, "protein")
    ligands = {canonical(name): stages for name, stages in core.ligands.items()}
    proteins = {canonical(name): name for name in core.proteins}
    found: list[Link] = []
    if itself in ligands:
        found += [Link(item.name, stage, "raises", (), "presents") for stage in ligands[itself]]
    elif itself in proteins:
        found.append(Link(item.name, proteins[itself], "raises", (), "adds"))
    for link in links:
        stage = link.target if link.rule == "acts on" else core.raised_by.get(link.target)
        if stage is None or link.effect != "raises":
            found.append(_change(link, rule=""))
            continue
        known = next((one for one in found if one.target == stage), None)
        if known is not None:
            found.remove(known)
        by = (*(known.claims if known else ()), *link.claims)
        found.append(Link(item.name, stage, "raises", tuple(dict.fromkeys(by)), "presents"))
    return found


def _of_sponge(links: Sequence[Link], claims: Claims, core: CoreNames) -> list[Link]:
    """A sponge frees what claims say that its miRNA has to do with and that the sponge raises."""
    names = {canonical(target): target for target in core.targets}
    found: list[Link] = []
    freed: set[str] = set()
    raised = {link.target for link in links if link.effect == "raises"}
    for link in links:
        if link.effect != "lowers" or read_mirna(link.target) is None:
            continue
        of_mirna = {
            names[canonical(claim.target)]
            for _, claim in claims
            if claim.target
            and claim.effect != "raises"
            and canonical(claim.target) in names
            and may_be_same(str(claim.cargo.reported), link.target)
        }
        frees = tuple(sorted(of_mirna & raised))
        freed.update(frees)
        found.append(_change(link, rule="sponges", stages=(), frees=frees))
    done = {link.target for link in found} | freed
    return [*found, *(_change(link, rule="") for link in links if link.target not in done)]
