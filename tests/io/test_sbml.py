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
from angiosome.signalling.behaviour import RATES
from angiosome.signalling.cell_model import plain_ids
from angiosome.subject.cell import NO_SITE, axes_of, cell_of, surroundings
from angiosome.trials.attachments import attachments_of
from angiosome.trials.dose.cases import named_cargo
from angiosome.trials.mechanism_model import mechanism_model, mechanism_of, notes_on

COPIES = 3000.0
AROUND = {"vegf": 0.02, "po2": 8.0, "bound_vesicles": 120.0}
HOURS = np.linspace(0.0, 168.0, 22)
AGAIN_H = 48.0
"""When the same copies come a second time, as an event of the file."""


def cargo_of(study):
    carried = {item.name: item for product in study.products for item in product.cargo}
    return [item for item, _ in named_cargo(study, tuple(carried.values()))]


@cache
def models():
    """Every study with a link, with a pulse of copies; every fifth with copies that stay, too."""
    studies = load_studies()
    linked = [s for s in studies if attachments_of(mechanism_of(s, studies))]
    cases = [(study, False) for study in linked] + [(study, True) for study in linked[::5]]
    registry = load_registry()
    return [
        mechanism_model(
            *(study, studies, registry), copies=COPIES, held=held, doses=2 - held, every_h=AGAIN_H
        )
        for study, held in cases
    ]


@cache
def text_of(index):
    model = models()[index]
    return sbml(model.cell, model.study, ["a note"])


def test_every_compiled_study_is_valid_sbml_with_units():
    libsbml = pytest.importorskip("libsbml", reason="python-libsbml is not installed")
    assert len(models()) >= 64  # 54 studies had a link when this was written
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


class Medians:
    """Hands out what the registry says, as `SubjectDraws` hands out draws of it."""

    def __call__(self, name, *where, stream=""):
        del stream
        return jnp.asarray(load_registry().find(name, *(where or ("heart", "pig"))).value)


def padded(array, shape, fill):
    whole = np.full(shape, fill)
    whole[tuple(slice(0, n) for n in np.shape(array))] = array
    return whole


def ours():
    """The same courses from the rates that `angiosome run` uses, on our own engine.

    All studies are integrated side by side: what a study lacks has no site, no copies, no sponge.
    """
    cells = []
    for model in models():
        acting = {edge.cargo for edge in model.attachments}
        cargo = [item for item in cargo_of(model.study) if item.name in acting]
        axes = axes_of([item.name for item in cargo], model.attachments)
        cells.append((model, cargo, axes, cell_of(Medians(), cargo, model.attachments)))
    width = max(len(axes.mirna) for _, _, axes, _ in cells)
    height = max(len(axes.targets) for _, _, axes, _ in cells)
    depth = max(len(axes.pools) for _, _, axes, _ in cells)
    median = Medians()

    def lane_of(model, cargo, axes, cell):
        silencing, delivered = cell.silencing, cell.delivered
        carried = set(model.cell.parts.carried)
        start = [COPIES * (item.name in carried) for item in cargo]
        return {
            "half": padded(silencing.target_half_copies, (width, height), NO_SITE),
            "own": padded(silencing.endogenous_copies, width, 0.0),
            "slow": padded(silencing.protein_decay_per_h, height, 1.0),
            "sites": padded(delivered.sponge_sites, (width, depth), 0.0),
            "lost": padded(delivered.decay_per_h, depth, 1.0),
            "held": padded(
                np.ones(1)
                if silencing.sponge_half_copies is None
                else silencing.sponge_half_copies,
                width,
                1.0,
            ),
            "start": padded(start, width, 0.0)[:, None],
            "inside": padded(np.full(len(axes.pools), COPIES), depth, 0.0)[:, None],
            "decays": np.array(1.0 if model.cell.reactions else 0.0),
        }

    lanes = jax.tree.map(lambda *rows: jnp.asarray(np.stack(rows)), *(lane_of(*x) for x in cells))
    zones, one = jnp.ones(1), jnp.ones(())

    def rates(state, lane, _):
        decays = lane["decays"]
        uptake = delivery.Uptake(
            *(zones,) * 4, *(one,) * 2, *(zones,) * 2, *(one,) * 5,
            argonaute_share=median("argonaute_share"),
            free_decay_per_h=np.log(2) / median("free_copy_half_life") * decays,
            argonaute_decay_per_h=np.log(2) / median("argonaute_copy_half_life") * decays,
        )  # fmt: skip
        free, loaded, targets, pools = state
        moved = delivery.copy_rates(uptake, free, loaded, jnp.zeros((width, 1)))
        how = signalling.Silencing(
            endogenous_copies=lane["own"],
            competitor_sites=median("competitor_sites"),
            competitor_half_copies=median("competitor_half_copies"),
            target_half_copies=lane["half"],
            max_mrna_loss=median("max_mrna_loss"),
            max_protein_loss=median("max_protein_loss"),
            mrna_decay_per_h=np.log(2) / median("mrna_half_life"),
            protein_decay_per_h=lane["slow"],
            sponge_half_copies=lane["held"],
        )
        inside = signalling.Delivered(
            tuple((i, None) for i in range(depth)), (), lane["lost"] * decays, jnp.ones(depth),
            lane["sites"], jnp.zeros(0),
        )  # fmt: skip
        return (
            *moved,
            signalling.target_rates(targets, loaded, how, lane["sites"] @ pools),
            signalling.pool_rates(pools, jnp.zeros((depth, 1)), inside),
        )

    def start_of(lane):
        start, decays = lane["start"], lane["decays"]
        return start * decays, start * (1 - decays), signalling.untouched(height, 1), lane["inside"]

    full = {**jax.tree.map(lambda part: part[0], lanes), "half": jnp.full((width, height), 76.0)}
    full["sites"] = jnp.ones((width, depth))
    plan = plan_stiff(rates, start_of(full), full, jnp.zeros(()), key=jax.random.key(0))
    again = int(np.searchsorted(HOURS, AGAIN_H))

    @jax.jit
    @jax.vmap
    def solve(state, lane, times):
        none = jnp.zeros(times.shape[0] - 1)
        return solve_stiff(plan, state, lane, times, none, rtol=1e-8, atol=1e-14)

    def go(state, times):
        # one length of time for both halves, so that it is compiled once
        spare = times[-1] + np.arange(1, 1 + len(HOURS) - len(times))
        found = solve(state, lanes, jnp.tile(jnp.asarray([*times, *spare]), (len(cells), 1)))
        assert bool(jnp.all(found.succeeded))
        return jax.tree.map(lambda course: course[:, : len(times)], found.states)

    early = go(jax.vmap(start_of)(lanes), HOURS[: again + 1])
    free, loaded, targets, pools = jax.tree.map(lambda course: course[:, -1], early)
    decays = lanes["decays"][:, None, None]
    free, pools = free + decays * lanes["start"], pools + decays * lanes["inside"]
    late = go((free, loaded, targets, pools), HOURS[again:])
    states = jax.tree.map(lambda a, b: np.concatenate([a[:, :-1], b], axis=1), early, late)
    return [
        courses_of(*these, jax.tree.map(lambda course, at=i: course[at], states))
        for i, these in enumerate(cells)
    ]


def courses_of(model, cargo, axes, cell, states):
    """Every quantity of one study over time, under the names of its file's pools and rates."""
    _, loaded, levels, pools = states
    course = {f"argonaute {item.name}": loaded[:, i, 0] for i, item in enumerate(cargo)}
    for i, name in enumerate(axes.targets):
        course[f"mrna {name}"] = levels.mrna[:, i, 0]
        course[f"protein {name}"] = levels.protein[:, i, 0]
    course |= {f"inside {edge.cargo}": pools[:, i, 0] for i, edge in enumerate(axes.pools)}
    vegf, po2, bound = (jnp.full(len(HOURS), value) for value in AROUND.values())
    protein = jnp.asarray(levels.protein[:, : len(axes.targets), 0].T)
    pool = jnp.asarray(pools[:, : len(axes.pools), 0].T)
    per_vesicle = load_registry().find("native_copies_per_particle", "protein").value
    on_one = jnp.full(len(cargo), per_vesicle)
    around = surroundings(vegf, po2, bound, protein, pool, on_one, cell)
    does = signalling.behaviour(around, cell.endothelium)
    course |= {name: np.broadcast_to(getattr(does, name), HOURS.shape) for name in RATES}
    return {key: np.asarray(values) for key, values in course.items()}


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
    # what the cargo of a study cannot change is a number in its file, and no quantity
    does = [[rule.id for rule in m.cell.rules if rule.id in RATES] for m in models()]
    columns = [[*(p.id for p in these), *rates] for these, rates in zip(pools, does, strict=True)]
    theirs = in_libroadrunner([(text_of(i), these) for i, these in enumerate(columns)])
    moved = 0
    for model, these, rates, mine, course in zip(
        models(), pools, does, ours(), theirs, strict=True
    ):
        keys = [f"{pool.id.split('_')[0]} {pool.molecule[0]}" for pool in these]
        for key, column in zip([*keys, *rates], course.T, strict=True):
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
    assert "Left out, cargo without a claim on a target or a pathway: miR-130a, miR-146a." in text


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
        "zheng-b58: nothing that it carries acts on a target or pathway that is known, so there is "
        "no model to write (links without a rule for this kind of cargo and effect: "
        "miR-29b-3p raises ADAMTS16)"
    )


def test_cargo_whose_names_look_alike_as_identifiers_stays_apart():
    assert plain_ids(["miR-21", "miR 21", "miR_21", "α"]) == ["miR_21", "miR_21_2", "miR_21_3", "_"]
