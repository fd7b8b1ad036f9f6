"""Small-study effects: metafor's numbers, guards, and what a funnel stands on."""

import numpy as np
import pytest
from published import bcg, konstantopoulos, normand

from angiosome.evidence.synthesis.bias import (
    bias_report,
    egger_classic,
    egger_clustered,
    egger_mixed,
    funnel_predictor,
    one_per_cluster,
    selection_model,
    trim_and_fill,
)
from angiosome.evidence.synthesis.pool import pool

near = pytest.approx


def test_regressions_on_size_give_metafors_numbers():
    effects = bcg()
    y, v = effects.yi, effects.vi
    mixed = egger_mixed(y, v, np.sqrt(v), "se")
    assert (mixed.statistic, mixed.p, mixed.limit) == near((-0.8033, 0.4218, -0.5104), abs=5e-5)
    classic = egger_classic(y, v, np.sqrt(v), "se")
    assert (classic.statistic, classic.df, classic.p) == near((-1.4013, 11, 0.1887), abs=5e-5)
    by_n = egger_mixed(y, v, effects.n_t + effects.n_c, "n")
    assert (by_n.statistic, by_n.p) == near((2.0488, 0.0405), abs=5e-5)


@pytest.mark.parametrize(
    ("model", "missing", "estimate"),
    [("reml", 1, -0.657083), ("fixed", 4, -0.291026), ("dl", 1, -0.656073)],
)
def test_trim_and_fill_gives_metafors_numbers(model, missing, estimate):
    effects = bcg()
    filled = trim_and_fill(effects.yi, effects.vi, model)
    assert (filled.missing, filled.side) == (missing, "right")
    assert filled.estimate == near(estimate, abs=1e-6)
    if model == "reml":
        assert (filled.low, filled.high) == near((-1.006992, -0.307173), abs=1e-6)
    mirrored = trim_and_fill(-effects.yi, effects.vi, model)
    assert (mirrored.side, mirrored.estimate) == ("left", near(-filled.estimate))


@pytest.mark.parametrize(
    ("chance", "estimate", "tau2"),
    [  # metafor 3.8-1: selmodel(type = "stepfun", steps = c(0.025, 1), delta = c(1, chance))
        (1.0, -0.711199138954, 0.280028151158),
        (0.5, -0.570357205637, 0.297900188160),
        (0.2, -0.362545463269, 0.329124494406),
    ],
)
def test_selection_with_given_weights_gives_metafors_numbers(chance, estimate, tau2):
    effects = bcg()
    found = selection_model(effects.yi, effects.vi, chance, benefit=-1.0)
    assert found == near((estimate, tau2), abs=1e-6)  # BFGS there, Nelder-Mead here


def test_the_funnel_stands_on_size_where_size_is_known():
    effects = normand("smd")
    predictor, name = funnel_predictor(effects)
    assert name == "√(1/n_t + 1/n_c)"
    assert predictor[0] == near((1 / 155 + 1 / 156) ** 0.5)
    assert "n is not known" in funnel_predictor(konstantopoulos())[1]


def test_fewer_than_ten_studies_are_not_tested():
    assert bias_report(normand("smd")) == {
        "done": False,
        "why": "9 independent studies; tests of small-study effects need 10 or more",
    }
    # 56 effects, but of eleven districts only: clusters count, not effects
    effects = konstantopoulos()
    nine = effects.take([at for at in range(56) if effects.codes[at] < 9])
    assert not bias_report(nine)["done"]
    assert bias_report(effects)["done"]


def test_one_effect_per_cluster_is_the_mean_under_v():
    effects = konstantopoulos()
    single = one_per_cluster(effects, rho=0.4)
    rows = [at for at in range(56) if effects.codes[at] == 0]
    part = pool(effects.take(rows), "fixed", rho=None)
    assert one_per_cluster(effects).yi[0] == near(part.estimate)
    sd = np.sqrt(effects.vi[rows])
    same = effects.study_ids[rows[0]] == effects.study_ids[rows[1]]
    assert not same  # schools are studies: rho ties effects of one study only
    assert single.vi[0] == near(1 / np.sum(1 / sd**2))


def test_equal_sizes_leave_nothing_to_regress_on():
    effects = konstantopoulos()
    alike = type(effects)(**{**vars(effects), "n_t": np.full(56, 8.0), "n_c": np.full(56, 8.0)})
    report = bias_report(alike)
    assert report["asymmetry"] is None
    assert "is the same for every effect" in report["asymmetry_why_not"]


def test_dependence_weakens_the_regression():
    effects = konstantopoulos()
    naive = egger_mixed(effects.yi, effects.vi, np.sqrt(effects.vi), "se")
    robust = egger_clustered(effects)
    assert robust.df < 10 < naive.df
