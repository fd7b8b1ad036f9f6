"""The records obey their rules, and draws are streams that nothing else can move."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from angiosome.errors import AngiosomeError
from angiosome.parameters import Parameter, draw, load_registry, quantile

BASE = Parameter(
    id="x",
    value=3.0,
    unit="1",
    distribution="lognormal",
    spread=2.0,
    low=0.5,
    high=20.0,
    kind="assumed",
    source=None,
    locator=None,
    seen=None,
    context=None,
    why="a test",
    option=None,
    default=False,
)


def test_every_record_of_the_package_obeys_the_rules_and_every_source_is_used():
    registry = load_registry()  # raises on any record that breaks a rule
    assert len(registry.parameters) > 100
    assert all(parameter.why for parameter in registry.parameters if parameter.kind == "assumed")


def test_the_most_specific_record_is_found():
    registry = load_registry()
    assert registry.find("capillary_density", "heart", "pig").id == "capillary_density.heart.pig"
    assert registry.find("capillary_density", "heart", "human").id == "capillary_density.heart"
    assert registry.find("endogenous_copies", "mir-126").id == "endogenous_copies.mir-126"
    assert registry.find("endogenous_copies", "mir-9999").id == "endogenous_copies"


def test_an_unknown_parameter_names_what_was_tried():
    with pytest.raises(
        AngiosomeError, match=r"tried wings\.heart\.pig, wings\.heart, wings\.pig, w"
    ):
        load_registry().find("wings", "heart", "pig")


def test_a_conflict_is_a_switch_between_records_and_never_a_mean():
    registry = load_registry()
    default = registry.find("endosomal_escape").value
    low = registry.choose(["endosomal_escape=low"]).find("endosomal_escape").value
    assert (default, low) == (0.2, 0.002)
    with pytest.raises(AngiosomeError, match=r"'endosomal_escape=mean' is not a choice"):
        registry.choose(["endosomal_escape=mean"])


@pytest.mark.parametrize(
    ("distribution", "spread", "law"),
    [
        ("lognormal", 2.0, stats.lognorm(s=np.log(2.0), scale=3.0)),
        ("normal", 4.0, stats.norm(3.0, 4.0)),
        ("uniform", 0.0, stats.uniform(0.5, 19.5)),
        ("loguniform", 0.0, stats.loguniform(0.5, 20.0)),
    ],
)
def test_draws_follow_the_named_law_cut_at_its_range(distribution, spread, law):
    parameter = dataclasses.replace(BASE, distribution=distribution, spread=spread)
    drawn = draw(parameter, 4000, seed=7)
    assert drawn.min() >= 0.5
    assert drawn.max() <= 20.0

    def cut(x):
        return (law.cdf(x) - law.cdf(0.5)) / (law.cdf(20.0) - law.cdf(0.5))

    assert stats.kstest(drawn, cut).pvalue > 0.01  # 4000 draws; a wrong law gives p < 1e-6


def test_a_fixed_parameter_is_its_value():
    fixed = dataclasses.replace(BASE, distribution="fixed")
    assert np.all(quantile(fixed, np.array([0.0, 0.5, 1.0])) == 3.0)


def test_subject_seven_is_the_same_animal_in_any_cohort():
    assert np.array_equal(draw(BASE, 10, seed=3), draw(BASE, 10_000, seed=3)[:10])


def test_streams_are_apart_by_id_stream_and_seed():
    other = dataclasses.replace(BASE, id="y")
    one = draw(BASE, 500, seed=3)
    for another in (draw(other, 500, 3), draw(BASE, 500, 4), draw(BASE, 500, 3, stream="a")):
        assert abs(np.corrcoef(one, another)[0, 1]) < 0.15  # 3 standard errors of zero
