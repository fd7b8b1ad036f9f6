"""Mechanisms as SBML: libSBML judges the files, libRoadRunner integrates them as our engine does."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from xml.etree import ElementTree as Xml

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from angiosome import delivery, signalling
from angiosome.errors import AngiosomeError
from angiosome.evidence import find_study, load_studies
from angiosome.io.sbml import sbml
from angiosome.io.sbml_math import math
from angiosome.numerics import plan_stiff, solve_stiff
from angiosome.parameters import load_registry
from angiosome.signalling import TARGETS, Endothelium, Silencing
from angiosome.signalling.cell_model import RATES, plain_ids
from angiosome.study.cargo_names import cargo_family
from angiosome.trials.mechanism_model import mechanism_model, mechanism_of, notes_on

COPIES = 3000.0
AROUND = {"vegf": 0.02, "po2": 8.0, "bound_vesicles": 120.0}
HOURS = np.linspace(0.0, 168.0, 22)
NO_SITE = 1e30


@cache
def models():
    """Every study with a link, with a pulse of copies; every fifth with copies that stay, too."""
    studies = load_studies()
    linked = [study for study in studies if mechanism_of(study, studies).links]
    cases = [(study, False) for study in linked] + [(study, True) for study in linked[::5]]
    return [
        mechanism_model(study, studies, load_registry(), copies=COPIES, held=held)
        for study, held in cases
    ]


@cache
def text_of(index):
    model = models()[index]
    return sbml(model.cell, model.study, ["a note"])


def test_every_compiled_study_is_valid_sbml_with_units():
    libsbml = pytest.importorskip("libsbml", reason="python-libsbml is not installed")
    assert len(models()) >= 48  # 40 studies had a link when this was written
    faults = {}
    for i, model in enumerate(models()):
        document = libsbml.readSBMLFromString(text_of(i))
        document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, True)
        assert (document.getLevel(), document.getVersion()) == (3, 2)
        count = document.getNumErrors() + document.checkConsistency()  # warnings count too
        if count:
            faults[model.study.id] = document.getErrorLog().toString()
        for pool in document.getModel().getListOfSpecies():  # an identifier, or why there is none
            assert pool.getNumCVTerms() or pool.isSetNotes(), (model.study.id, pool.getId())
    assert not faults
    wrong = text_of(0).replace('units="hour" constant="true"', 'units="item" constant="true"')
    document = libsbml.readSBMLFromString(wrong)
    assert document.checkConsistency() > 0, "libSBML does not check units"


def number(name, *where):
    return load_registry().find(name, *where).value


def ours():
    """The same courses from the rates that `angiosome run` uses, on our own engine.

    All studies side by side: absent cargo and targets are there with no site.
    """
    cells = [model.cell for model in models()]
    names = [
        (
            list(dict.fromkeys(link.cargo for link in cell.links)),
            [*TARGETS, *dict.fromkeys(x.target for x in cell.links if x.target not in TARGETS)],
        )
        for cell in cells
    ]
    width = max(len(cargo) for cargo, _ in names)
    height = max(len(targets) for _, targets in names)
    lanes = []
    for model, (cargo, targets) in zip(models(), names, strict=True):
        half = np.full((width, height), NO_SITE)
        for link in model.mechanism.links:
            at = cargo.index(link.cargo), targets.index(link.target)
            half[at] = number("site_half_copies")
        own, slow = np.zeros(width), np.ones(height)
        own[: len(cargo)] = [number("endogenous_copies", cargo_family(name)) for name in cargo]
        slow[: len(targets)] = [number("protein_half_life", name) for name in targets]
        held = not model.cell.reactions
        start = np.where(np.arange(width) < len(cargo), COPIES, 0.0)[:, None]
        lanes.append((half, own, np.log(2) / slow, 0.0 if held else 1.0, start))
    lanes = [jnp.asarray(np.array(part)) for part in zip(*lanes, strict=True)]

    one, zones = jnp.ones(()), jnp.ones(1)

    def rates(state, lane, _):
        half, own, protein_decay, decays, _ = lane
        uptake = delivery.Uptake(
            *(zones,) * 4, *(one,) * 2, *(zones,) * 2, *(one,) * 5,
            argonaute_share=jnp.asarray(number("argonaute_share")),
            free_decay_per_h=np.log(2) / number("free_copy_half_life") * decays,
            argonaute_decay_per_h=np.log(2) / number("argonaute_copy_half_life") * decays,
        )  # fmt: skip
        free, loaded, targets = state
        moved = delivery.copy_rates(uptake, free, loaded, jnp.zeros((width, 1)))
        how = Silencing(
            endogenous_copies=own,
            competitor_sites=jnp.asarray(number("competitor_sites")),
            competitor_half_copies=jnp.asarray(number("competitor_half_copies")),
            target_half_copies=half,
            max_mrna_loss=jnp.asarray(number("max_mrna_loss")),
            max_protein_loss=jnp.asarray(number("max_protein_loss")),
            mrna_decay_per_h=jnp.asarray(np.log(2) / number("mrna_half_life")),
            protein_decay_per_h=protein_decay,
        )
        silenced = signalling.target_rates(targets, loaded, how)
        return *moved, silenced

    def untreated(lane):
        start, decays = lane[4], lane[3]
        level = signalling.TargetState(jnp.ones((height, 1)), jnp.ones((height, 1)))
        return start * decays, start * (1 - decays), level

    full = (jnp.full((width, height), 76.0), *(part[0] for part in lanes[1:]))
    plan = plan_stiff(rates, untreated(full), full, jnp.zeros(()), key=jax.random.key(0))

    @jax.jit
    @jax.vmap
    def solve(lane):
        none = jnp.zeros(len(HOURS) - 1)
        start = untreated(lane)
        return solve_stiff(plan, start, lane, jnp.asarray(HOURS), none, rtol=1e-8, atol=1e-14)

    found = solve(tuple(lanes))
    assert bool(jnp.all(found.succeeded))
    _, loaded, levels = found.states
    how = Endothelium(
        *(jnp.asarray(number(name)) for name in (
            "vegf_rest", "vegf_half_erk", "vegf_half_akt", "basal_activity", "bound_vesicles_half",
            "spred1_gain", "pten_gain", "pik3r2_gain", "dll4_gain", "efna3_gain", "hif_half_po2",
            "hif_hill", "fih_gain",
        ))
    )  # fmt: skip
    core = levels.protein[:, :, : len(TARGETS), 0]
    around = [jnp.full(len(HOURS), value) for value in AROUND.values()]
    vegf, po2, bound = around
    does = jax.vmap(lambda level: signalling.behaviour(vegf, po2, level.T, bound, how))(core)
    courses = []
    for lane, (cargo, targets) in enumerate(names):
        course = {f"argonaute {name}": loaded[lane, :, i, 0] for i, name in enumerate(cargo)}
        for i, name in enumerate(targets):
            course[f"mrna {name}"] = levels.mrna[lane, :, i, 0]
            course[f"protein {name}"] = levels.protein[lane, :, i, 0]
        course |= {name: getattr(does, name)[lane] for name in RATES}
        courses.append({key: np.asarray(values) for key, values in course.items()})
    return courses


# In a process of its own: its LLVM and that of JAX do not go together.
INTEGRATE = """
import json, sys
import roadrunner

job = json.load(sys.stdin)
config = roadrunner.Config  # this back end compiles each model five times faster than its default
config.setValue(config.LLVM_BACKEND, config.LLJIT)
config.setValue(config.LLJIT_OPTIMIZATION_LEVEL, 0)
courses = []
for text, columns in job["models"]:
    runner = roadrunner.RoadRunner(text)
    runner.integrator.relative_tolerance = 1e-10
    runner.integrator.absolute_tolerance = 1e-16
    for name, value in job["around"].items():
        runner[name] = value
    courses.append(runner.simulate(0, job["end"], job["points"], columns).tolist())
json.dump(courses, sys.stdout)
"""


def in_libroadrunner(cases):
    job = {"models": cases, "around": AROUND, "end": HOURS[-1], "points": len(HOURS)}
    done = subprocess.run(
        [sys.executable, "-c", INTEGRATE], input=json.dumps(job), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return [np.asarray(course) for course in json.loads(done.stdout)]


@pytest.mark.skipif(not find_spec("roadrunner"), reason="libroadrunner is not installed")
def test_libroadrunner_gives_the_numbers_of_our_engine_for_every_compiled_study():
    # free copies halve every two hours: nothing is left of them to be compared
    pools = [[p for p in m.cell.pools if not p.id.startswith("free")] for m in models()]
    columns = [[*(pool.id for pool in these), *RATES] for these in pools]
    theirs = in_libroadrunner([(text_of(i), these) for i, these in enumerate(columns)])
    moved = 0
    for model, these, mine, course in zip(models(), pools, ours(), theirs, strict=True):
        keys = [f"{pool.id.split('_')[0]} {pool.molecule[0]}" for pool in these]
        for key, column in zip([*keys, *RATES], course.T, strict=True):
            assert column == pytest.approx(mine[key], rel=1e-6, abs=0), (model.study.id, key)
            moved += key.startswith("protein") and np.ptp(column) > 1e-3
    assert moved > len(models())  # so there is something to compare; seen: 1.2e-8 apart at most


def test_a_file_says_who_claims_each_link_and_what_its_molecules_are():
    study = find_study("gallet-2017")
    model = mechanism_model(study, load_studies(), load_registry())
    text = sbml(model.cell, model.study, notes_on(model))
    assert text == sbml(model.cell, model.study, notes_on(model))
    root = Xml.fromstring(text)
    found = {one.get("id"): Xml.tostring(one, encoding="unicode") for one in root.iter()}
    for link in model.mechanism.links:
        site = found[f"half_{link.cargo}_on_{link.target}".replace("-", "_")]
        assert all(f"{claim}: " in site for claim in link.claims)
        assert "bioregistry.io/doi:10.3389/fcvm.2025.1634877" in site  # the review
    assert "isEncodedBy" in found["protein_SPRED1"]
    assert "bioregistry.io/hgnc:20249" in found["protein_SPRED1"]  # SPRED1
    assert "arm not stated" in found["argonaute_miR_210"]
    assert "Left out, cargo without a claim on a target: miR-130a, miR-146a." in text


def test_a_model_that_a_reader_would_have_to_guess_at_is_not_written():
    cell = models()[0].cell
    rule = replace(cell.rules[0], formula="nobody * competitor_sites")
    with pytest.raises(ValueError, match=re.escape("used and not declared: ['nobody']")):
        sbml(replace(cell, rules=(rule, *cell.rules[1:])), models()[0].study)
    with pytest.raises(ValueError, match=re.escape("declared twice: ['competitor_sites']")):
        sbml(replace(cell, constants=(*cell.constants, cell.constants[0])), models()[0].study)
    with pytest.raises(ValueError, match="has no MathML"):
        math("sqrt(a) if a else b")


def test_a_study_without_a_link_is_refused_with_the_reason():
    studies = load_studies()
    with pytest.raises(AngiosomeError) as refused:
        mechanism_model(find_study("zheng-b58"), studies, load_registry())
    assert str(refused.value) == (
        "zheng-b58: no miRNA of it lowers a known target, so there is no model to write (links "
        "without a rule, of cargo that is no miRNA or a target that is raised: "
        "miR-29b-3p raises ADAMTS16)"
    )


def test_cargo_whose_names_look_alike_as_identifiers_stays_apart():
    assert plain_ids(["miR-21", "miR 21", "miR_21", "α"]) == ["miR_21", "miR_21_2", "miR_21_3", "_"]
