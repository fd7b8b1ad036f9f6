"""Tables that are read from the package when the pages are built, so that they cannot go stale.

A page writes ``<!-- table: parameters -->`` where a table belongs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING

import _bench
import _closure

from angiosome.evidence import load_studies
from angiosome.evidence.audit import RULES
from angiosome.evidence.audit.run import base_of
from angiosome.evidence.gaps import gaps
from angiosome.evidence.index import answer_of, open_index
from angiosome.evidence.overlap import reproduced
from angiosome.evidence.tables import TABLES as EVIDENCE_TABLES
from angiosome.parameters import Parameter, Reference, load_registry
from angiosome.study import vocabulary
from angiosome.study.facts import SEEN
from angiosome.subject.organs import ORGANS
from angiosome.trials.arms import CHAIN
from angiosome.trials.summary import NOT_MODELLED

if TYPE_CHECKING:
    from angiosome.trials.dose.kinetics import Compared

CONTRADICTIONS = EVIDENCE_TABLES["contradictions"]

TITLES = {
    "vesicle": "Product",
    "body": "Body and clearance",
    "physiology": "Blood flows and organ masses",
    "producer": "Producer cells, sizes and separation",
    "labels": "Labels: what shows of a vesicle",
    "delivery": "Routes, beds of the organs, and what is taken where a study is silent",
    "uptake": "Treated organ, uptake and cargo",
    "signalling": "Silencing and endothelium",
    "tissue": "Blood, oxygen, capillaries and growth",
    "beds": "Capillary beds made to measure",
    "injury": "Injury and function of the heart",
    "organs": "Tissue and injury of brain, kidney, limb and skin",
}

# Numbers that are the same for every subject stand in the code, each with a comment on its ground.
CONSTANTS = (
    ("subject.bed", "TISSUE_DENSITY_G_PER_ML", "g/mL", "density of tissue"),
    ("subject.body", "MAX_EXTRACTION", "1", "most that an organ takes of vesicles in one passage"),
    ("subject.body", "LEAST_REST", "1", "least share of blood that passes no listed organ"),
    ("product.size", "CERTAIN", "1", "least probability at which a size class is named"),
    ("subject.schedule", "INJECTION_MIN", "min", "length of one dose where none is stated"),
    ("subject.schedule", "DEFAULT_HORIZON_DAYS", "day", "shortest run without `--days`"),
    ("tissue.well_mixed", "POTS", "1", "pots in series along a capillary"),
    ("tissue.well_mixed", "PLUGGING_PER_H", "1/h", "plugging of capillaries while starved"),
    ("tissue.well_mixed", "REOPENED_IN_A_DAY", "1", "shut capillaries open again within a day"),
    ("tissue.network", "SEGMENT_UM", "um", "segment of the first network"),
    ("tissue.network", "CROSS_SPACING_UM", "um", "between cross-connections"),
    ("tissue.sprouting", "PERSISTENCE_UM", "um", "persistence length of a tip"),
    ("tissue.sprouting", "CONTACT_UM", "um", "distance at which a tip joins a vessel"),
    ("tissue.sprouting", "EXCLUSION_UM", "um", "least distance between new tips"),
    ("tissue.sprouting", "CHEMOTAXIS", "1", "pull of the VEGF gradient on a tip"),
    (
        "tissue.pruning",
        "PRUNED_OF_STALLED",
        "1",
        "of vessels that stalled, those lost in the time below",
    ),
    ("tissue.pruning", "STALLED_DAY", "day", "time in which they are lost"),
    ("tissue.pruning", "REGRESSION_HALF_TIME_DAY", "day", "half-life of a vessel without flow"),
    ("tissue.pruning", "LOW_FLOW", "1", "flow, over the mean, below which pruning prefers"),
    ("tissue.pruning", "UNPERFUSED", "1", "flow, over the mean, below which a vessel is empty"),
    ("tissue.slab", "HYPOXIC_MMHG", "mmHg", "limit of hypoxia"),
)


RANKED_SUBJECTS = 64  # in the ranking of doses, as by default in `angiosome dose --all`


def setup(app) -> None:
    app.connect("source-read", _fill_in)


def _fill_in(app, docname: str, source: list[str]) -> None:
    for name, table in TABLES.items():
        marker = f"<!-- table: {name} -->"
        if marker in source[0]:
            source[0] = source[0].replace(marker, table())
            app.env.note_reread()


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _text(words: str | None) -> str:
    """Words of a record, safe in a cell: Markdown would read some of their signs as its own."""
    text = words or ""
    for sign in "\\`*_{}[]<>|~$#^":
        text = text.replace(sign, f"\\{sign}")
    return text


def _number(value: float) -> str:
    if value and not 1e-3 <= abs(value) < 1e5:
        mantissa, _, exponent = f"{value:.3e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:g}"


def _spread(entry: Parameter) -> str:
    match entry.distribution:
        case "fixed":
            return "fixed"
        case "normal":
            about = f"normal, SD {_number(entry.spread)}"
        case "lognormal":
            about = f"lognormal, GSD {_number(entry.spread)}"
        case other:
            about = other
    return f"{_number(entry.low)} to {_number(entry.high)}; {about}"


def _ground(entry: Parameter) -> str:
    parts: list[str] = []
    if entry.source:
        parts.append(f"**{_text(entry.source)}**, {_text(entry.locator)} (seen: {entry.seen})")
    parts += [_text(words) for words in (entry.why, entry.context) if words]
    return ". ".join(parts)


def _name(entry: Parameter) -> str:
    chosen = " (default)" if entry.default else ""
    return f"`{entry.id}`" + (f"<br>option `{entry.option}`{chosen}" if entry.option else "")


def _row(entry: Parameter) -> list[str]:
    unit = "" if entry.unit == "1" else f" {_text(entry.unit)}"
    return [
        _name(entry),
        _number(entry.value) + unit,
        _spread(entry),
        entry.kind,
        _ground(entry),
    ]


def _groups() -> list[tuple[str, list[Parameter]]]:
    """The parameters file by file, in the order in which the registry reads them."""
    left = list(load_registry().parameters)
    groups: list[tuple[str, list[Parameter]]] = []
    folder = files("angiosome.data").joinpath("parameters")
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        count = len(tomllib.loads(file.read_text("utf-8"))["parameter"])
        stem = file.name.removesuffix(".toml")
        groups.append((stem, left[:count]))
        left = left[count:]
    order = list(TITLES)
    return sorted(groups, key=lambda group: order.index(group[0]) if group[0] in order else 99)


def parameters() -> str:
    head = ("Parameter", "Value", "Range and spread", "Kind", "Source, or reason")
    return "\n\n".join(
        f"### {TITLES.get(stem, stem)}\n\n{_table(head, map(_row, entries))}"
        for stem, entries in _groups()
    )


def counts() -> str:
    entries = load_registry().parameters
    kinds = ("reported", "derived", "fitted", "assumed")
    rows = [[kind, str(sum(entry.kind == kind for entry in entries))] for kind in kinds]
    return _table(("Kind", "Records"), [*rows, ["all", str(len(entries))]])


def conflicts() -> str:
    registry = load_registry()
    rows = [_row(entry) for entry in registry.parameters if entry.id in registry.options()]
    return _table(("Parameter", "Value", "Range and spread", "Kind", "Source, or reason"), rows)


def constants() -> str:
    rows: list[list[str]] = []
    for module, name, unit, meaning in CONSTANTS:
        value = getattr(import_module(f"angiosome.{module}"), name)
        shown = _number(float(value)) + ("" if unit == "1" else f" {unit}")
        rows.append([meaning, shown, f"`{module}.{name}`"])
    return _table(("What", "Value", "Where"), rows)


def sources() -> str:
    def link(entry: Reference) -> str:
        if entry.doi:
            return f"[doi:{_text(entry.doi)}](<https://doi.org/{entry.doi}>)"
        if entry.pmid:
            return f"PMID {entry.pmid}"
        return entry.pmcid or ""

    references = load_registry().references
    rows = [[f"`{key}`", _text(entry.citation), link(entry)] for key, entry in references.items()]
    return _table(("Key", "Source", "Identifier"), rows)


def studies() -> str:
    rows = [
        [
            f"`{study.id}`",
            study.condition.organ,
            str(study.condition.subject.species.known or "not reported"),
            str(len(study.arms)),
            str(len(study.claims)),
            _text(study.title),
        ]
        for study in load_studies()
    ]
    return _table(("Id", "Organ", "Species", "Arms", "Claims", "Title"), rows)


def claims() -> str:
    rows = [
        [
            f"`{study.id}/{claim.id}`",
            _text(str(claim.cargo.value)),
            _text(f"{claim.effect or 'on'} {claim.target}" if claim.target else "–"),
            _text(f"{claim.direction or 'not stated:'} {claim.behaviour}"),
            _text(f"{claim.read.source}, {claim.read.place}"),
        ]
        for study in load_studies()
        for claim in study.claims
    ]
    return _table(("Claim", "Cargo", "Effect on target", "Behaviour", "Read in"), rows)


def kinds() -> str:
    names = vocabulary.EVIDENCE_KINDS
    count = {name: sum(study.evidence == name for study in load_studies()) for name in names}
    claimed = {
        name: sum(len(study.claims) for study in load_studies() if study.evidence == name)
        for name in names
    }
    rows = [[name, str(count[name]), str(claimed[name])] for name in names if count[name]]
    return _table(("What was given", "Records", "Claims"), rows)


def _base():
    return base_of(open_index())


def recounts() -> str:
    rows = [
        [
            f"{row['says']} {_text(row['counts'])}",
            _text(row["place"]),
            _text(row["rule"] if row["reproduces"] else f"no: {row['why not']}"),
        ]
        for row in reproduced(_base())
    ]
    return _table(("Review B says", "Where", "Reproduces"), rows)


def chance() -> str:
    index = open_index()
    found = answer_of(index, "shared  False")
    rows = []
    for rule, (mean, low, high) in answer_of(index, "chance ").items():
        shared = sum(item["rule"] == rule for item in found)
        rows.append([rule, str(shared), f"{mean:.1f} ({low} to {high})"])
    return _table(("Rule", "Shared by two organs or more", "By chance (90 %)"), rows)


def gap_map() -> str:
    cells = gaps(open_index(), ["organ", "source"])
    organs = list(dict.fromkeys(cell.at[0] for cell in cells))
    found: dict[str, dict[str, str]] = {}
    for cell in cells:
        text = ", ".join(filter(None, (str(len(cell.studies) or ""), cell.why)))
        found.setdefault(cell.at[1], {})[cell.at[0]] = text
    rows = [[_text(source), *(row[organ] for organ in organs)] for source, row in found.items()]
    return _table(("Vesicles of", *organs), rows)


def rules() -> str:
    return _table(("Rule", "What it finds"), [[f"`{n}`", _text(t)] for n, t in RULES.items()])


def contradictions() -> str:
    rows = [
        [
            row["review"] or "–",
            row["citation"] or "–",
            _text(f"{row['place_1']}: {row['says_1']}"),
            _text(f"{row['place_2']}: {row['says_2']}"),
            row["kind"],
            row["severity"],
            f"`{row['rule']}`",
        ]
        for row in CONTRADICTIONS(open_index())
    ]
    heads = ("Review", "Reference", "One place", "Another", "Kind", "Severity", "Found by")
    return _table(heads, rows)


def _units(measure: vocabulary.Measure) -> str:
    also = [
        unit if factor is None else f"{unit} ({factor:.4g} {measure.unit})"
        for unit, factor in measure.also
    ]
    return _text(", ".join([measure.unit, *also]))


def measures() -> str:
    rows = [
        [f"`{name}`", _units(measure), measure.better or "–", ", ".join(measure.of) or "–"]
        for name, measure in vocabulary.MEASURES.items()
    ]
    return _table(("Measure", "Unit", "Better", "May be a share of"), rows)


def routes() -> str:
    rows = [[organ, ", ".join(names)] for organ, names in vocabulary.ROUTES.items()]
    return _table(("Organ", "Routes"), rows)


def words() -> str:
    lists = {
        "`organ`": vocabulary.ORGANS,
        "`species`": vocabulary.SPECIES,
        "`injury`": vocabulary.INJURIES,
        "`kind`": vocabulary.STUDY_KINDS,
        "`evidence`": vocabulary.EVIDENCE_KINDS,
        "`kind` of a cargo": vocabulary.CARGO_KINDS,
        "`basis` of a cargo": vocabulary.CARGO_BASES,
        "`direction` of an outcome": vocabulary.DIRECTIONS,
        "`direction` of a claim": vocabulary.CLAIM_DIRECTIONS,
        "`setting` of a claim": vocabulary.SETTINGS,
        "`unit_of_n` of an outcome": vocabulary.EXPERIMENTAL_UNITS,
        "`seen`": SEEN,
    }
    return _table(("Field", "Words"), [[name, ", ".join(known)] for name, known in lists.items()])


def chain() -> str:
    rows = [[step.name, step.unit, step.meaning, step.after or "–"] for step in CHAIN]
    return _table(("Step", "Unit", "What it counts", "Fed by"), rows)


def doses() -> str:
    from angiosome.trials.dose.run import ranking

    ranked = ranking(subjects=RANKED_SUBJECTS, seed=1)
    rows = [
        [
            f"`{row['study']}`" + (f" {_text(row['arm'])}" if not row["only_claims"] else ""),
            f"{row['organ']}, {row['species']}",
            row["route"] + (" (assumed)" if row["only_claims"] else ""),
            _text(f"{row['cargo']}: {row['effect'] or 'nothing that is known'}"),
            _short(row["particles"]),
            _short(row["vesicles_per_cell"]),
            _short(row["copies_per_cell"]),
            _short(row["effect_percent"]),
            _text(row["verdict"]),
        ]
        for row in ranked["rows"]
    ]
    head = (
        "Study, arm",
        "Where",
        "Route",
        "Cargo, and what it does",
        "Particles",
        "Vesicles in a cell",
        "Copies in a cell",
        "That, %",
        "Verdict",
    )
    left_out = "".join(
        f"\n- {reason}: {', '.join(f'`{name}`' for name in ids)}"
        for reason, ids in ranked["left_out"].items()
    )
    return _table(head, rows) + (f"\n\nLeft out:\n{left_out}" if left_out else "")


def kinetics() -> str:
    from angiosome.trials.dose.kinetics import compare_kinetics

    rows = [
        [
            f"{row.measured.name}, {row.measured.unit if row.measured.unit != '1' else 'number'}",
            f"{row.measured.low:g} to {row.measured.high:g}",
            f"{row.measured.source} ({row.measured.seen})",
            f"{_two(row.model)} ({_two(row.low)} to {_two(row.high)})",
            _met(row),
            f"given: {_codes(row.measured.given)}" if row.measured.given else "independent",
        ]
        for row in compare_kinetics()
    ]
    head = (
        "What", "Measured", "Source (seen)", "Model: central subject (90 % of subjects)", "Within",
        "To the model",
    )  # fmt: skip
    return _table(head, rows)


def _met(row: Compared) -> str:
    if row.within:
        return "yes"
    if row.by_what_differs:
        return f"{100 * (row.alike or 0):.0f} % of kinds: {_codes(row.measured.differs or '')}"
    return "no"


def _two(number: float) -> str:
    """Two digits, without powers of ten."""
    return f"{float(f'{number:.2g}'):g}"


def _codes(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}"


def not_modelled() -> str:
    own = [f"{organ}: {item}" for organ, of in ORGANS.items() for item in of.left_out]
    return "\n".join(f"- {item}" for item in (*NOT_MODELLED, *own))


TABLES = {
    "bench-ode": lambda: _table(*_bench.engines()),
    "bench-ode-machine": lambda: _bench.when_and_where(_bench.measured("ode")),
    "bench-ode-beside": _bench.beside,
    "closure-slabs": lambda: _table(*_closure.closure_and("slabs", "closure")),
    "closure-blocks": lambda: _table(*_closure.closure_and("blocks", "closure-block")),
    "bench-tissue": lambda: _table(*_bench.parts_of_tissue()),
    "bench-tissue-machine": lambda: _bench.when_and_where(_bench.measured("tissue")),
    "studies": studies,
    "claims": claims,
    "kinds": kinds,
    "recounts": recounts,
    "chance": chance,
    "gaps": gap_map,
    "rules": rules,
    "contradictions": contradictions,
    "measures": measures,
    "routes": routes,
    "words": words,
    "chain": chain,
    "doses": doses,
    "kinetics": kinetics,
    "not modelled": not_modelled,
    "parameters": parameters,
    "counts": counts,
    "conflicts": conflicts,
    "constants": constants,
    "sources": sources,
}
