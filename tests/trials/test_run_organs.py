"""Limb, brain, kidney and a wound of the skin in blocks, from the command to the report."""

import json

import duckdb
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from typer.testing import CliRunner

from angiosome.cli.application import application
from angiosome.delivery import no_infusion
from angiosome.evidence import find_study
from angiosome.io.checkpoint import read_checkpoint
from angiosome.parameters import load_registry
from angiosome.subject import block_bed
from angiosome.subject.animal import draw_cohort
from angiosome.subject.block_bed import BlockSize
from angiosome.subject.well_mixed import Inputs, Trajectory, rates, untreated
from angiosome.tissue.block.laws import ScarLaw
from angiosome.tissue.values import ZONES
from angiosome.tissue.well_mixed import Supply
from angiosome.trials.blocks import checkpoint_file

SMALL = {
    "limb": BlockSize((540.0, 180.0, 180.0), 30.0),
    "brain": BlockSize((200.0, 180.0, 180.0), 20.0),
    "kidney": BlockSize((160.0, 120.0, 120.0), 20.0),
    "skin": BlockSize((240.0, 1520.0, 320.0), 40.0),
}
SETTINGS = {
    "limb": {"injury": "permanent occlusion", "route": "intramuscular"},
    "brain": {"injury": "ischaemia-reperfusion", "occlusion": "1 h", "route": "intravenous"},
    "kidney": {"injury": "ischaemia-reperfusion", "occlusion": "30 min", "route": "intravenous"},
    "skin": {"injury": "wound", "route": "wound edge"},
}
MEASURE = {
    "limb": {"measure": "perfusion", "of": "contralateral side", "unit": "%"},
    "brain": {"measure": "infarct volume", "of": "hemisphere", "unit": "%"},
    "kidney": {"measure": "peritubular capillary density", "unit": "1/mm^2"},
    "skin": {"measure": "wound closure", "unit": "%"},
}
OPENED_H = {"brain": 1.0, "kidney": 0.5}
COUNTED = {"limb": "core", "brain": "border", "kidney": "core", "skin": "core"}
LOOK_H = 12.0


def planned(organ, **more):
    """A study with a control alone, and a look at the end."""
    setting = SETTINGS[organ] | more
    given = {"route": setting.pop("route"), "dose": "none", "times": ["2 h after injury"]}
    condition = {"organ": organ, "subject": {"species": "mouse", "weight": "25 g"}, **setting}
    control = {"id": "control", "label": "Buffer", "control": True}
    return {
        "schema": "angiosome.study/1",
        "id": f"plan-{organ}",
        "kind": "planned",
        "title": f"A plan for the {organ}",
        "evidence": "vesicles",
        "source": {"citation": "our plan"},
        "condition": condition,
        "products": [{"id": "ev", "cell": "mesenchymal stem cell"}],
        "arms": [{**control, "regimen": {"product": "vehicle", **given}}],
        "outcomes": [{**MEASURE[organ], "arm": "control", "at": f"{LOOK_H:g} h after injury"}],
    }


def nothing_given(animals, supply, times_h):
    """The control's course of vesicles: none. To compile its rates for each organ takes 20 s."""

    def integrate(animals, infusion):
        one = jax.vmap(untreated)(animals)
        states = jax.tree.map(lambda leaf: jnp.stack([leaf] * len(times_h), axis=1), one)
        ones = jnp.ones((len(animals.organ.area_at_risk), len(times_h), len(ZONES)))
        return Trajectory(states, ones, ones, jnp.zeros(len(ones), int))

    return integrate


def invoke(study, folder, *more):
    file = folder / f"{study['id']}.yaml"
    file.write_text(json.dumps(study), encoding="utf-8")
    asked = ["run", str(file), "--subjects", "1", "--runs", str(folder), "--json", *more]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("angiosome.cli.run.use_cache", lambda: None)
        patch.setattr("angiosome.trials.run.integrator", nothing_given)
        for organ, size in SMALL.items():
            patch.setitem(block_bed.SIZES, organ, size)
        return CliRunner().invoke(application(), asked)


@pytest.fixture(scope="module", params=list(SMALL))
def run(request, tmp_path_factory):
    """The organ, the folder of its run, and what the command printed."""
    organ, folder = request.param, tmp_path_factory.mktemp(request.param)
    shown = invoke(
        planned(organ), folder, "--resolution", "block", "--days", "0.5", "--workers", "1"
    )
    assert shown.exit_code == 0, shown.output
    return organ, folder / f"plan-{organ}-1", json.loads(shown.stdout)


def course(folder, zone):
    with np.load(folder / "blocks" / "control" / f"0-{zone}.npz") as stored:
        return {name: stored[name] for name in stored.files}


def drawn(folder):
    """Every number of the subject, by the id of its record."""
    rows = duckdb.sql(f"SELECT parameter, value FROM '{folder}/tables/draws.parquet'").fetchall()
    return dict(rows)


def of(numbers, name, organ):
    """The record of this organ, or of it and the mouse."""
    return next(numbers[key] for key in (f"{name}.{organ}.mouse", f"{name}.{organ}", name)
                if key in numbers)  # fmt: skip


def measured(printed, name):
    return next(row["median"] for row in printed["comparison"] if row["measure"] == name)


def test_a_block_starts_with_the_density_of_its_organ_and_closes_its_budgets(run):
    organ, folder, printed = run
    assert not printed["failed"]
    density = of(drawn(folder), "capillary_density", organ)
    kept = course(folder, COUNTED[organ])
    if organ in ("brain", "kidney"):  # counted as length
        assert kept["length_density_mm_per_mm3"][0] == pytest.approx(density, rel=1e-9)
    elif organ == "limb":
        assert kept["capillary_density_per_mm2"][0] == pytest.approx(density, rel=1e-9)
    else:  # a wound is cut: the area of the hole is missing, give or take the vessels of its rim
        rim = 1 - 1128 / 1520
        # some ten vessels on a section of the rim, so a third of them by chance
        assert kept["capillary_density_per_mm2"][0] == pytest.approx(density * rim, rel=0.5)
        state = read_checkpoint(checkpoint_file(folder, "control", 0, "core", 0.0))
        whole = state.healthy.length_density_per_um2 * 1e6  # mm in a mm3, before the cut
        assert 1.3 * density < whole < 2.3 * density  # π/2 in a sheet, and windings
    # an edit may leave that much at a node before blood is solved again
    assert np.abs(kept["blood_imbalance"]).max() < 1e-4
    # and oxygen stand while its budget closes to 0.005 of what all tissue could use
    assert np.abs(kept["oxygen_imbalance"]).max() < 0.01
    assert (folder / "report.html").exists()


def test_what_is_left_of_the_flow_is_what_was_measured_there(run):
    organ, folder, printed = run
    numbers, kept = drawn(folder), course(folder, "core")
    first = kept["flow_ratio"][1]
    if organ == "skin":  # nothing is shut: blood passes the rim, a quarter of the block
        rim = 1 - 1128 / 1520
        assert rim / 2 < kept["flow_ratio"][1:].min()  # its share of the vessels, by chance
        assert kept["flow_ratio"][1:].max() < 2 * rim
        assert kept["inlet_mmhg"].max() < 120  # no more than an artery has
        return
    assert first == pytest.approx(numbers[f"residual_flow_core.{organ}"], rel=0.02)
    if organ == "limb":  # its artery stays shut, and collaterals widen
        assert kept["flow_ratio"][-1] < 1.5 * first
        assert (np.diff(kept["collateral_width"]) >= 0).all()
        assert kept["collateral_width"][-1] > 1.0
        seen = measured(printed, "perfusion, of contralateral side")
        assert seen == pytest.approx(100 * kept["flow_ratio"][-1], rel=1e-9)
    else:  # opened again; some vessels stay shut
        last = kept["flow_ratio"][-1]
        # 1.01 where vessels that were dead and empty have gone, so that others carry more
        assert (10 if organ == "kidney" else 1) * first < last < 1.05


def test_cells_die_as_long_without_oxygen_as_the_law_of_death_says(run):
    organ, folder, printed = run
    if organ not in OPENED_H:
        return
    numbers, kept = drawn(folder), course(folder, "core")
    shape, half = numbers["death_shape"], of(numbers, "half_death", organ)
    most = 1 - np.exp(-np.log(2) * (60 * OPENED_H[organ] / half) ** shape)
    dead = 1 - kept["viable_fraction"][-1]
    assert dead < most + 0.02  # no cell is worse off than without any oxygen
    if organ == "kidney":  # a clamp leaves hardly any: four fifths of the clock at least
        assert dead > 1 - np.exp(-np.log(2) * (0.8 * 60 * OPENED_H[organ] / half) ** shape) - 0.1
    else:
        border = 1 - course(folder, "border")["viable_fraction"][-1]
        assert border <= dead
        rim, injured = numbers["border_share"], numbers["injured_share.brain"]
        infarct = 100 * 2 * injured * (dead * (1 - rim) + border * rim)  # of one of two halves
        seen = measured(printed, "infarct volume, of hemisphere")
        assert seen == pytest.approx(min(infarct, 100), rel=1e-6)


def test_a_wound_closes_from_its_edge_and_starts_without_vessels(run):
    organ, folder, printed = run
    kept = course(folder, "core")
    if organ != "skin":
        assert (kept["wound_density_per_mm2"] == 0).all()
        assert "wound closure" not in {row["measure"] for row in printed["comparison"]}
        return
    assert (np.diff(kept["wound_closed"]) >= 0).all()
    radius, speed = drawn(folder)["wound_radius.skin"], ScarLaw().closing_um_per_day
    left = (1 - speed * LOOK_H / 24 / radius) ** 2  # of 4 mm² in 12 days: skinchamber2007
    # on cells of 40 um a front is sharp to half a cell: 20 of 1128 um, twice, for it is a square
    assert measured(printed, "wound closure") == pytest.approx(100 * (1 - left), abs=3.5)
    healthy = of(drawn(folder), "capillary_density", organ)
    assert kept["wound_density_per_mm2"][0] < 0.2 * healthy  # ends that reach over the edge
    assert measured(printed, "new vessel density") == kept["wound_density_per_mm2"][-1]


@pytest.mark.parametrize("organ", SMALL)
def test_the_healthy_organ_is_a_fixed_point(tmp_path, organ):
    file = tmp_path / "plan.yaml"
    file.write_text(json.dumps(planned(organ)), encoding="utf-8")
    cohort = draw_cohort(find_study(str(file)), load_registry(), (), subjects=1, seed=5)
    animal = jax.tree.map(lambda leaf: leaf[0], cohort.animals)
    nothing = jax.tree.map(lambda leaf: 0.0 * leaf, no_infusion(len(ZONES)))
    state = untreated(animal)
    change = rates(state, animal, Inputs(nothing, Supply(jnp.asarray(0.0)))).zones
    for name in ("vegf_nm", "tips_per_mm3", "capillaries_mm_per_mm3", "shut", "tissue_po2_mmhg"):
        per_h = np.abs(getattr(change, name))
        assert per_h.max() < 1e-6 * max(np.abs(getattr(state.zones, name)).max(), 1e-3), name
    assert np.asarray(animal.organ.zone_ml).sum() > 0


@pytest.mark.parametrize(
    ("organ", "changed", "resolution", "told"),
    [
        ("limb", {}, "well-mixed", "the limb cannot be simulated at the resolution 'well-mixed'"),
        ("skin", {}, "regions", "add --resolution block"),
        ("kidney", {"injury": "nephrotoxin"}, "block", "only a lack of oxygen kills cells here"),
        ("skin", {"injury": "flap"}, "block", "a block has one supply; modelled there: wound"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(tmp_path, organ, changed, resolution, told):
    shown = invoke(planned(organ, **changed), tmp_path, "--resolution", resolution)
    assert shown.exit_code == 2
    assert told in " ".join(shown.output.split())
    assert not list(tmp_path.glob("plan-*-1"))
