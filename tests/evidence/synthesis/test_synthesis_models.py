"""Two-level models give metafor's numbers on metafor's own examples.

metafor 3.8-1 in R 4.2.2. It stops its searches for tau² early by default (REML at a step of 1e-5,
Paule-Mandel and the Q-profile at uniroot's 1e-4). Where that shows within 1e-6, the numbers here are
those it gives with control = list(threshold = 1e-12) or list(tol = 1e-14), and a line says so.
"""

import numpy as np
import pytest
from published import bcg, normand
from scipy import stats

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.effects import Effects
from angiosome.evidence.synthesis.fit import prediction_intervals
from angiosome.evidence.synthesis.models import weighted_least_squares
from angiosome.evidence.synthesis.pool import pool

near = pytest.approx


def table(y, v):
    names = tuple(f"s{at}" for at in range(len(y)))
    blank = np.full(len(y), np.nan)
    return Effects(np.array(y), np.array(v), names, names, ("",) * len(y), blank, blank)


@pytest.mark.parametrize(
    ("model", "estimate", "se", "low", "high", "tau2", "i2"),
    [
        ("fixed", -0.4302851637, 0.0404987517, -0.5096612584, -0.3509090689, 0, 92.117347),
        ("dl", -0.7141172221, 0.1787420895, -1.0644452801, -0.3637891641, 0.3087602629, 92.117347),
        ("reml", -0.7145323484, 0.1797815318, -1.0668976757, -0.362167021, 0.313243326, 92.221386),
        # with tol = 1e-14; by default metafor stops at tau² 0.3180937
        ("pm", -0.7149681535, None, None, None, 0.3180684522, None),
    ],
)
def test_bcg_under_every_two_level_model(model, estimate, se, low, high, tau2, i2):
    pooled = pool(bcg(), model, "z")
    fit, found = pooled.fit, pooled.inference
    assert pooled.estimate == near(estimate, abs=1e-8 if model != "reml" else 1e-6)
    assert fit.between == near(tau2, abs=1e-6)
    assert fit.q == near(152.2330081, abs=1e-6)
    assert (fit.q_df, fit.q_p) == (12, near(1.996765e-26, rel=1e-5))
    if se is not None:
        assert (found.se[0], found.low[0], found.high[0]) == near((se, low, high), abs=1e-6)
        assert sum(fit.i2) == near(i2, abs=1e-4)  # REML's moves by 5e-6 with the stopping rule


def test_bcg_knapp_hartung_and_its_tau2_interval():
    pooled = pool(bcg(), "reml", "knha")
    found = pooled.inference
    assert (found.se[0], found.low[0], found.high[0]) == near(
        (0.180792, -1.108444, -0.320621), abs=1e-6
    )
    assert (found.statistic[0], found.p[0]) == near((-3.95224, 0.001920), abs=1e-5)
    # Q-profile with tol = 1e-14; by default metafor stops at 0.119695 and 1.111486
    assert pooled.variance_intervals()[0] == near((0.1197183611, 1.1114790841), abs=1e-8)
    assert pooled.fit.tau2_se == near(0.1664257831, abs=1e-6)


def test_four_conventions_give_four_prediction_intervals():
    fit = pool(bcg(), "reml").fit
    found = prediction_intervals(fit)
    assert found["z"] == near((-1.866692, 0.437628), abs=1e-6)
    assert found["knha"] == near((-1.996017, 0.566952), abs=1e-6)
    assert found["higgins"] == near((-2.008376, 0.579311), abs=1e-6)
    assert found["higgins-knha"] == near((-2.009058, 0.579993), abs=1e-6)
    assert pool(bcg(), "reml", "z").prediction == found["z"]
    assert pool(bcg(), "reml", "knha").prediction == found["knha"]


def test_bcg_regressed_on_latitude_and_on_allocation():
    latitude = pool(bcg(), "reml", "z", moderators=("latitude",))
    # with threshold = 1e-12
    assert latitude.fit.beta == near((0.251468210007, -0.0291017250116), abs=1e-9)
    assert latitude.inference.se == near((0.249095396618, 0.00719532722), abs=1e-9)
    assert latitude.fit.between == near(0.0763479639559, abs=1e-9)
    assert latitude.fit.q == near(30.7330900101, abs=1e-8)
    assert latitude.inference.joint == near(
        {"statistic": 16.3582321471, "df1": 1, "p": 5.2428e-05}, abs=1e-8
    )
    by_f = pool(bcg(), "reml", "knha", moderators=("latitude",)).inference
    assert by_f.se[1] == near(0.00820141741105, abs=1e-9)
    assert (by_f.joint["statistic"], by_f.joint["p"]) == near((12.5909828844, 0.00456505154))
    factor = pool(bcg(), "reml", "z", moderators=("allocation",))
    assert factor.fit.names == ("intercept", "allocation: random", "allocation: systematic")
    assert factor.fit.beta == near((-0.5179557772, -0.4478184014, 0.0890382162), abs=1e-9)
    assert factor.inference.joint["statistic"] == near(1.7675114019, abs=1e-8)
    assert factor.inference.joint["p"] == near(0.4132280328, abs=1e-8)


def test_stroke_stay_is_significant_for_one_estimator_and_not_for_the_other():
    moments = pool(normand("md"), "dl")
    assert (moments.estimate, moments.inference.se[0]) == near((-13.981722, 5.126698), abs=1e-6)
    assert moments.fit.between == near(205.409375, abs=1e-6)
    likelihood = pool(normand("md"), "reml", "knha")
    assert likelihood.estimate == near(-15.10602747348, abs=1e-9)
    assert likelihood.fit.between == near(684.64615192967, abs=1e-7)
    found = likelihood.inference
    assert (found.se[0], found.low[0], found.high[0]) == near(
        (9.19890874663, -36.31874908256, 6.10669413561), abs=1e-9
    )
    smd = pool(normand("smd"), "reml", "knha")
    assert (smd.estimate, smd.fit.between) == near((-0.537108258433, 0.790842913751), abs=1e-9)
    assert sum(smd.fit.i2) == near(95.494937073, abs=1e-7)
    assert (smd.inference.low[0], smd.inference.high[0]) == near(
        (-1.250322209065, 0.176105692199), abs=1e-9
    )


def test_knapp_hartung_says_when_it_narrows_and_the_modified_one_does_not():
    effects = table([0.5, 0.51, 0.49], [0.04, 0.05, 0.06])
    wald, narrow, wide = (pool(effects, "reml", test) for test in ("z", "knha", "adhoc"))
    assert (wald.inference.low[0], wald.inference.high[0]) == near((0.250953, 0.750128), abs=1e-6)
    assert (narrow.inference.low[0], narrow.inference.high[0]) == near(
        (0.477138, 0.523943), abs=1e-6
    )
    assert any("narrower than Wald's" in warning for warning in narrow.warnings)
    assert (wide.inference.low[0], wide.inference.high[0]) == near((-0.047372, 1.048453), abs=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_paule_mandel_meets_its_equation_and_reml_the_top_of_its_likelihood(seed):
    random = np.random.default_rng(seed)
    v = random.uniform(0.01, 2.0, 12)
    effects = table(random.normal(0, np.sqrt(v + 0.5)), v)
    pm = pool(effects, "pm").fit
    q = weighted_least_squares(pm.y, 1 / (v + pm.between), pm.X)[2]
    assert q == near(11.0, abs=1e-9) or (pm.between == 0 and q < 11)
    reml = pool(effects, "reml").fit

    def height(tau2):  # of a normal sample after one mean is taken out, from its contrasts
        contrasts = np.linalg.svd(np.ones((1, 12)))[2][1:]
        return stats.multivariate_normal.logpdf(
            contrasts @ effects.yi, cov=contrasts @ np.diag(v + tau2) @ contrasts.T
        )

    best = height(reml.between)
    assert reml.loglik == near(best + 0.0, abs=1e-9)
    assert all(height(t) <= best + 1e-12 for t in np.geomspace(1e-4, 10, 200))


def test_one_study_equal_effects_and_a_column_of_years():
    one = pool(table([0.4], [0.04]), "reml", "knha")
    assert (one.estimate, one.inference.se[0], one.fit.between) == near((0.4, 0.2, 0.0))
    assert one.prediction is None
    assert "nothing is pooled" in one.warnings[0]
    for model in ("dl", "reml", "pm", "three-level"):
        same = pool(table([0.3] * 5, [0.01, 0.02, 0.03, 0.04, 0.05]), model)
        assert (same.estimate, same.fit.between) == near((0.3, 0.0), abs=1e-12)
        assert any("all effects are equal" in warning for warning in same.warnings)
    random = np.random.default_rng(1)
    years = np.arange(2000, 2020)
    effects = table(random.normal(0.02 * (years - 2010), 0.6), random.uniform(0.02, 0.1, 20))
    seconds = years + 10**8  # any number may be a moderator; squared, it fills a double
    far = Effects(**{**vars(effects), "moderators": {"year": tuple(map(str, seconds))}})
    close = Effects(**{**vars(effects), "moderators": {"year": tuple(map(str, years - 2010))}})
    for model in ("reml", "three-level"):
        slopes = [pool(each, model, moderators=("year",)).fit.beta[1] for each in (far, close)]
        assert slopes[0] == near(slopes[1], rel=1e-6)


def test_what_does_not_go_together_is_said():
    effects = bcg()
    for arguments, words in (
        (("remel", "z"), "'remel' is not a model; choose one of fixed, dl, reml"),
        (("reml", "zed"), "'zed' is not a test; choose one of z, t, knha"),
        (("three-level", "knha"), "for three-level choose z, t or cr2"),
    ):
        with pytest.raises(AngiosomeError, match=words.replace("'", ".")):
            pool(effects, *arguments)
    with pytest.raises(AngiosomeError, match="no column 'dose' to regress on"):
        pool(effects, moderators=("dose",))
    with pytest.raises(AngiosomeError, match="repeat each other"):
        pool(effects, moderators=("latitude", "latitude"))
    with pytest.raises(AngiosomeError, match="--rho goes with --model three-level or fixed"):
        pool(effects, "reml", rho=0.5)
