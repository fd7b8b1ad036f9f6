"""Effect sizes: metafor's numbers, worked examples, and what gives no effect."""

import math

import pytest
from published import gleser, normand
from scipy import integrate, stats

from angiosome.evidence.synthesis.arms import (
    SCALES,
    Counts,
    Group,
    UnfitError,
    small_sample_factor,
)
from angiosome.evidence.synthesis.comparisons import Comparison, Report, effects_from
from angiosome.evidence.synthesis.moments import (
    pooled_sd_from_t,
    sd_from_quantiles,
    sd_from_range,
    t_from_p,
)

near = pytest.approx


def test_scales_give_metafors_numbers():
    g = normand("smd")
    assert (g.yi[0], g.vi[0]) == near((-0.355169641, 0.0130646755), rel=1e-8)
    assert (g.yi[2], g.vi[2]) == near((-2.317569160, 0.0458121103), rel=1e-8)
    ratio = normand("rom")
    assert ratio.yi[:4] == near((-0.3102, -0.0715, -0.6202, -0.7303), abs=5e-5)
    assert ratio.vi[:4] == near((0.0094, 0.0028, 0.0018, 0.0119), abs=5e-5)
    t, c = Group(10, 61.515, 19.475), Group(10, 51.015, 19.475)
    assert SCALES["rom"].effect(t, c) == near((0.187161, 0.024596), abs=1e-6)
    assert SCALES["rom-corrected"].effect(t, c)[0] == near(0.184886, abs=1e-6)  # metafor >= 5.0
    assert -gleser("rd").yi == near((0.0150, 0.0025, 0.0125, 0.0350, -0.0050, 0.0250))


def test_hedges_factor_and_the_worked_example_of_borenstein():
    assert small_sample_factor(145) == near(0.99481716, abs=1e-8)
    t, c = Group(50, 103, 5.5), Group(50, 100, 4.5)
    assert SCALES["smd"].effect(t, c) == near((0.592440, 0.041755), abs=1e-6)


def test_normalised_difference_whichever_way_is_better():
    lower = SCALES["nmd"].effect(Group(10, 30, 8), Group(12, 50, 10), 0.0)
    assert (lower[0], math.sqrt(lower[1])) == near((40.0, 7.676805), abs=1e-6)
    higher = SCALES["nmd"].effect(Group(10, 90, 8), Group(12, 80, 10), 100.0)
    assert (higher[0], math.sqrt(higher[1])) == near((50.0, 19.192012), abs=1e-6)
    halved = SCALES["nmd"].effect(Group(10, 30, 8), Group(6, 50, 10), 0.0)
    assert math.sqrt(halved[1]) == near(9.605554, abs=1e-6)  # the control served two arms


@pytest.mark.parametrize("scale", ["rom", "md", "smd", "logit"])
def test_the_covariance_of_a_shared_control_is_what_samples_show(scale):
    import numpy as np

    random = np.random.default_rng(4)
    n, draws, chosen = 40, 4000, SCALES[scale]
    means = {"c": 40.0, "one": 50.0, "two": 55.0}
    samples = {name: random.normal(mean, 8, (draws, n)) for name, mean in means.items()}
    arms = {
        name: [Group(n, row.mean(), row.std(ddof=1)) for row in sample]
        for name, sample in samples.items()
    }
    pairs = [
        (chosen.effect(one, c)[0], chosen.effect(two, c)[0])
        for one, two, c in zip(arms["one"], arms["two"], arms["c"], strict=True)
    ]
    seen = np.cov(np.array(pairs).T)[0, 1]
    g = [chosen.effect(Group(n, means[name], 8), Group(n, 40, 8))[0] for name in ("one", "two")]
    told = chosen.shared(Group(n, 40, 8), *g, 3 * n)
    assert told == near(seen, rel=0.12)  # 4000 draws know a covariance to some 3 %; seen: 5 %


def test_moments_from_quantiles_range_and_tests():
    # the SD of a normal sample from its expected range: n = 25, tabulated expectation 3.931
    assert sd_from_range(0.0, 3.931, 25) == near(1.0, abs=0.005)
    q = stats.norm.ppf(0.75)
    assert sd_from_quantiles(-q, q, 10**6) == near(1.0, abs=1e-5)
    q = stats.norm.ppf(0.95)
    assert sd_from_quantiles(-q, q, 10**6, enclosed=90) == near(1.0, abs=1e-5)
    t = t_from_p(0.03, 16)
    tail = integrate.quad(lambda x: stats.t.pdf(x, 16), t, math.inf)[0]
    assert 2 * tail == near(0.03, abs=1e-9)
    assert pooled_sd_from_t(6.0, 2.5, 9, 9) == near(6.0 / 2.5 / math.sqrt(2 / 9))


def comparison(treated, control, **more):
    return Comparison("row 1", "a", "a", "", treated, control, **more)


def test_p_stands_in_for_an_sd_and_gives_that_p_back():
    effects = effects_from(
        [comparison(Report(n=8, mean=50), Report(n=8, mean=60), p=0.01, better="lower")], "md"
    )
    assert effects.yi[0] == 10  # lower is better: above zero is a benefit
    t = effects.yi[0] / math.sqrt(effects.vi[0])
    assert 2 * stats.t.sf(t, 14) == near(0.01)
    assert effects.marks[0] == ("SD from p or t",)


@pytest.mark.parametrize(
    ("treated", "control", "scale", "reason"),
    [
        (Report(mean=5, sd=1), Report(n=8, mean=6, sd=1), "md", "n of the treated arm is missing"),
        (
            Report(n=8, mean=5, sd=0),
            Report(n=8, mean=6, sd=1),
            "md",
            "the SD of the treated arm is 0",
        ),
        (
            Report(n=8, mean=5, sd=1),
            Report(n=8, mean=6, sd=-2),
            "md",
            "the SD of the control arm is -2",
        ),
        (Report(n=1, mean=5, sd=1), Report(n=8, mean=6, sd=1), "md", "an SD needs 2 or more"),
        (
            Report(n=8, mean=5),
            Report(n=8, mean=6, sd=1),
            "md",
            "no SD, SEM, quartiles or range of the treated",
        ),
        (
            Report(n=8, mean=-5, sd=1),
            Report(n=8, mean=6, sd=1),
            "rom",
            "two means above zero, not -5 and 6",
        ),
        (
            Report(n=8, mean=100, sd=1),
            Report(n=8, mean=60, sd=1),
            "logit",
            "a mean of 100 % lies on a bound",
        ),
        (
            Report(n=8, mean=5, sd=1),
            Report(n=8, mean=6, sd=1),
            "nmd",
            "needs the mean of a sham group",
        ),
        (Report(n=8, events=9), Report(n=8, events=1), "rd", "more events than experimental units"),
    ],
)
def test_what_gives_no_effect_says_why(treated, control, scale, reason):
    good = comparison(Report(n=8, mean=5, sd=1), Report(n=8, mean=6, sd=1), sham=0.0)
    if scale == "rd":
        good = comparison(Report(n=8, events=3), Report(n=8, events=1))
    effects = effects_from([comparison(treated, control), good], scale)
    assert effects.k == 1  # the rest goes on
    assert len(effects.left_out) == 1
    assert reason in effects.left_out[0].reason


def test_an_sem_given_as_sd_is_doubted_and_an_unknown_spread_is_read_both_ways():
    tight = comparison(Report(n=9, mean=50, sd=1), Report(n=9, mean=60, sd=1.2))
    doubt = " ".join(effects_from([tight], "rom").warnings)
    assert "the SD is 2 % of the mean of the control" in doubt
    assert "if it is an SEM, the SD is 6 %" in doubt
    assert "g = -8.62 is very large" in " ".join(effects_from([tight], "smd").warnings)
    unknown = comparison(Report(n=9, mean=50, spread=4), Report(n=9, mean=60, spread=5))
    as_sem, as_sd = (effects_from([unknown], "md", spread_as=kind) for kind in ("SEM", "SD"))
    assert as_sem.vi[0] == near(16 + 25)
    assert as_sd.vi[0] == near((16 + 25) / 9)
    assert "it is read as SEM" in as_sem.warnings[-1]


def test_half_is_added_where_nothing_happened():
    a, b, e, d = 0.5, 8.5, 3.5, 5.5
    y, v = SCALES["log-or"].effect(Counts(8, 0), Counts(8, 3))
    assert (y, v) == near((math.log(a * d / (b * e)), 1 / a + 1 / b + 1 / e + 1 / d))
    with pytest.raises(UnfitError):
        SCALES["log-or"].effect(Counts(8, 9), Counts(8, 3))
