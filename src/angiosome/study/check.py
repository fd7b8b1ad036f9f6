"""Read a study file and find everything wrong with it in one pass.

Two kinds of rule look at the same document: the schema (is each value what its field holds?) and
the rules below, which look across fields (does every outcome name an arm?). The second kind reads
the raw data, so that one bad value does not hide the next problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from angiosome.errors import Problem, ProblemsError, nearest
from angiosome.study import vocabulary
from angiosome.study.facts import OneOf
from angiosome.study.plausible import implausible
from angiosome.study.raw import items, regimens, value
from angiosome.study.review import Review
from angiosome.study.schema import Study
from angiosome.study.vocabulary import Absent
from angiosome.study.yaml_file import Document, Path_, read_yaml


def read_study(file: Path, *, shown_as: str | None = None) -> Study:
    """Read and check one study file.

    Raises:
        ProblemsError: every problem of the file, each with its line and what is allowed.
    """
    return study_of(read_yaml(file, shown_as=shown_as))


def study_of(document: Document) -> Study:
    """The study in a document. Raises ProblemsError with every problem found."""
    _raise_all([*_schema_problems(document, Study), *_problems_across_fields(document)])
    return Study.model_validate(document.data)


def read_review(file: Path, *, shown_as: str | None = None) -> Review:
    """Read and check one review file. Raises as `read_study` does."""
    document = read_yaml(file, shown_as=shown_as)
    _raise_all(list(_schema_problems(document, Review)))
    return Review.model_validate(document.data)


def is_review(file: Path) -> bool:
    """Whether the first lines name the schema of reviews; a file that is not there is no review."""
    try:
        with file.open("rb") as opened:
            return b"angiosome.review/" in opened.read(1000)
    except OSError:
        return False


def _raise_all(problems: list[Problem]) -> None:
    if problems:
        problems.sort(key=lambda problem: problem.line or 0)
        raise ProblemsError(list(dict.fromkeys(problems)))


# --- the schema -----------------------------------------------------------------------------


def _schema_problems(document: Document, model: type[BaseModel]) -> Iterator[Problem]:
    if not isinstance(document.data, dict):
        yield document.problem((), "a study is a mapping of keys; start with 'angiosome new'")
        return
    try:
        model.model_validate(document.data)
    except ValidationError as errors:
        for error in errors.errors():
            path: Path_ = tuple(error["loc"])
            yield document.problem(_in_document(document, path), _message(error, path, model))


def _in_document(document: Document, path: Path_) -> Path_:
    """Drop what the file does not spell out: the ``value`` of a fact written as a bare value."""
    if path and path[-1] == "value" and path not in document.lines:
        return path[:-1]
    return path


def _message(error: Any, path: Path_, root: type[BaseModel]) -> str:
    kind, given = error["type"], error.get("input")
    if kind == "extra_forbidden":
        known = sorted(_keys(_model_at(path[:-1], root)))
        return f"unknown key{nearest(path[-1], known)}"
    if kind == "missing":
        part = _model_at(path[:-1], root)
        words = _words_of(part, str(path[-1]))
        allowed = f"; allowed: {', '.join(words)}" if words else ""
        return f"missing; every {part.__name__.lower()} needs it{allowed}"
    if kind == "refused":
        return str(error["msg"])
    shown = repr(given) if len(repr(given)) < 60 else repr(given)[:57] + "..."
    if kind in ("tuple_type", "list_type"):
        return f"{shown} stands where a list belongs; write [...], also around a single one"
    if kind in ("model_type", "dict_type", "mapping_type"):
        keys = ", ".join(_keys(_model_at(path, root)))
        return f"{shown} stands where keys belong, each with its value; they are: {keys}"
    if kind == "string_type":
        return f"{shown} is no text; if it is meant as one, put it in quotes"
    if kind == "bool_type":
        return f"{shown} is neither true nor false"
    return f"{shown} was given: {error['msg'][0].lower()}{error['msg'][1:]}"


def _model_at(path: Path_, root: type[BaseModel]) -> type[BaseModel]:
    """The part of the schema that ``path`` points to."""
    model: Any = root
    for part in path:
        if isinstance(part, int) or not (isinstance(model, type) and issubclass(model, BaseModel)):
            continue
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if part in fields:
            model = _innermost(fields[part].annotation) or model
    return model


def _words_of(model: type[BaseModel], key: str) -> tuple[str, ...]:
    """The closed list that a field takes its word from; none where it has no such list."""
    field = next((f for name, f in model.model_fields.items() if (f.alias or name) == key), None)
    return (
        next((rule.words for rule in field.metadata if isinstance(rule, OneOf)), ())
        if field
        else ()
    )


def _innermost(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _innermost(part))), None)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


# --- across fields --------------------------------------------------------------------------


def _problems_across_fields(document: Document) -> Iterator[Problem]:
    if not isinstance(document.data, dict):
        return
    for rule in _RULES:
        yield from rule(document, document.data)


def _ids_are_unique(document: Document, data: Any) -> Iterator[Problem]:
    for key in ("products", "arms", "claims"):
        first: dict[str, Path_] = {}
        for path, item in items(data, key):
            name = item.get("id")
            if isinstance(name, str) and name in first:
                line = document.line((*first[name], "id"))
                message = f"the id '{name}' is taken (line {line}); every id is used once"
                yield document.problem((*path, "id"), message)
            elif isinstance(name, str):
                first[name] = path


def _control(document: Document, data: Any) -> Iterator[Problem]:
    arms = list(items(data, "arms"))
    controls = [path for path, arm in arms if arm.get("control") is True]
    if arms and not controls:
        message = "no arm is the control; mark one with 'control: true'"
        yield document.problem(("arms",), message)
    for path in controls[1:]:
        message = "a second control arm; a study has one (split it into two files)"
        yield document.problem((*path, "control"), message)


def _references(document: Document, data: Any) -> Iterator[Problem]:
    arms = [arm.get("id") for _, arm in items(data, "arms")]
    products = [product.get("id") for _, product in items(data, "products")]
    for path, outcome in items(data, "outcomes"):
        for key in ("arm", "against"):
            if key in outcome and outcome[key] not in arms:
                message = (
                    f"no arm has the id '{outcome[key]}'{nearest(outcome[key], map(str, arms))}"
                )
                yield document.problem((*path, key), message)
    for path, claim in items(data, "claims"):
        name = claim.get("product")
        if isinstance(name, str) and name not in products:
            message = f"no product has the id '{name}'{nearest(name, map(str, products))}"
            yield document.problem((*path, "product"), message)
    for path, _, regimen in regimens(data):
        name = regimen.get("product")
        if isinstance(name, str) and name not in (*products, "vehicle"):
            allowed = [*map(str, products), "vehicle"]
            message = f"no product has the id '{name}'{nearest(name, allowed)}"
            yield document.problem((*path, "product"), message)


def _routes(document: Document, data: Any) -> Iterator[Problem]:
    condition = data.get("condition")
    organ = condition.get("organ") if isinstance(condition, dict) else None
    if organ not in vocabulary.ROUTES:
        return
    for path, _, regimen in regimens(data):
        route = regimen.get("route")
        if route in vocabulary.ALL_ROUTES and route not in vocabulary.ROUTES[organ]:
            allowed = nearest(route, vocabulary.ROUTES[organ])
            message = f"'{route}' is not a route to the {organ}{allowed}"
            yield document.problem((*path, "route"), message)


def _listed(data: Any) -> list[Any]:
    return data if isinstance(data, list) else []


def _times(document: Document, data: Any) -> Iterator[Problem]:
    for path, _, regimen in regimens(data):
        if regimen.get("times") == []:
            message = "no time is given; write when each dose is given"
            yield document.problem((*path, "times"), message)
    condition = data.get("condition")
    injury = value(condition.get("injury")) if isinstance(condition, dict) else None
    if injury in (None, "ischaemia-reperfusion", Absent.NOT_REPORTED.value):
        return
    places = [
        ((*path, "times", index), time)
        for path, _, regimen in regimens(data)
        for index, time in enumerate(_listed(regimen.get("times")))
    ]
    places += [((*path, "at"), outcome.get("at")) for path, outcome in items(data, "outcomes")]
    for path, moment in places:
        if isinstance(moment, str) and moment.endswith("reperfusion"):
            message = f"'{moment}', but the injury '{injury}' has no reperfusion"
            yield document.problem(path, message)


def _doses(document: Document, data: Any) -> Iterator[Problem]:
    none = Absent.NONE.value
    for path, _, regimen in regimens(data):
        dose = value(regimen.get("dose"))
        if regimen.get("product") == "vehicle" and dose not in (None, none):
            message = f"the vehicle has a dose of '{dose}'; write 'none', or name the product"
            yield document.problem((*path, "dose"), message)
        if dose == none and regimen.get("product") not in (None, "vehicle"):
            message = (
                f"'{none}' says that nothing was given; write 'not reported' if the source does "
                "not say how much, or name the vehicle as the product"
            )
            yield document.problem((*path, "dose"), message)


def _outcomes(document: Document, data: Any) -> Iterator[Problem]:
    for path, outcome in items(data, "outcomes"):
        measure = vocabulary.MEASURES.get(str(outcome.get("measure")))
        if measure is None:
            continue
        unit = outcome.get("unit")
        if isinstance(unit, str) and unit not in (*measure.units, Absent.NOT_REPORTED.value):
            allowed = " or ".join(measure.units)
            message = f"'{outcome['measure']}' is kept in {allowed}, not in '{unit}'"
            yield document.problem((*path, "unit"), message)
        of = outcome.get("of")
        if of is not None and of not in (*measure.of, Absent.NOT_REPORTED.value):
            message = f"'{of}' is not what '{outcome['measure']}' is a share of"
            allowed = nearest(of, measure.of) if measure.of else "; leave 'of' out"
            yield document.problem((*path, "of"), message + allowed)
        low, high = measure.range_percent
        for key in ("mean", "median", "low", "high"):
            number = outcome.get(key)
            if unit == "%" and isinstance(number, int | float) and not low <= number <= high:
                most = f"{low:g} to {high:g} %" if high < float("inf") else "0 and above"
                message = f"{number} % is outside {most}"
                yield document.problem((*path, key), message)
        if sum(key in outcome for key in ("sd", "sem", "spread", "iqr")) > 1:
            yield document.problem(path, "give one of sd, sem, spread and iqr, not several")
        if "p" in outcome and "p_below" in outcome:
            yield document.problem(path, "give p, or the bound p_below, not both")
        if data.get("kind") == "planned" and any(k in outcome for k in ("mean", "median", "p")):
            message = "a planned study has no results yet; running it fills them in"
            yield document.problem(path, message)


def _kind(document: Document, data: Any) -> Iterator[Problem]:
    if data.get("kind") == "simulated" and "simulation" not in data:
        yield document.problem(("kind",), "a simulated study says how it was made, in 'simulation'")
    if data.get("kind") == "reported" and "simulation" in data:
        message = "a reported study cannot carry 'simulation': simulated results never pass as data"
        yield document.problem(("simulation",), message)


def _claims(document: Document, data: Any) -> Iterator[Problem]:
    products = dict(items(data, "products"))
    carried = {
        cargo.get("name") for product in products.values() for _, cargo in items(product, "cargo")
    }
    absent = {word.value for word in Absent}
    for path, claim in items(data, "claims"):
        cargo = value(claim.get("cargo"))
        if cargo in (None, *absent):
            if "target" in claim:
                message = "a target without a cargo; name the molecule that acts on it"
                yield document.problem((*path, "target"), message)
            continue
        if cargo not in carried and "kind" not in claim:
            message = f"no product lists the cargo '{cargo}'; list it, or give its 'kind' here"
            yield document.problem((*path, "cargo"), message)
        if cargo not in carried and "basis" not in claim:
            message = f"no product lists the cargo '{cargo}'; say with 'basis' why it is named"
            yield document.problem((*path, "cargo"), message)
        if len(products) > 1 and "product" not in claim:
            message = "the study has several products; say which one is meant"
            yield document.problem((*path, "product"), message)


def _names(document: Document, data: Any) -> Iterator[Problem]:
    """Only vesicles whose origin is shown are called exosomes, in the names that a file gives."""
    shown = False
    for _, product in items(data, "products"):
        known = product.get("characterisation")
        origin = value(known.get("biogenesis")) if isinstance(known, dict) else None
        shown = shown or origin not in (None, *(absent.value for absent in Absent))
    if shown:
        return
    named = [((*path, "id"), item.get("id")) for path, item in items(data, "products")]
    named += [((*path, "label"), item.get("label")) for path, item in items(data, "arms")]
    for path, name in named:
        if "exosom" in str(name).lower():
            message = (
                f"'{name}' says exosome, but no product shows that its vesicles arise in "
                "endosomes; write vesicles or EVs, or enter characterisation.biogenesis"
            )
            yield document.problem(path, message)


_RULES = (
    _ids_are_unique,
    _control,
    _references,
    _routes,
    _times,
    _doses,
    _outcomes,
    _kind,
    _claims,
    _names,
    implausible,
)
