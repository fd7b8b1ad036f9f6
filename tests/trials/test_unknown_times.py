"""What a paper leaves open cannot be simulated, and nothing else of the study suffers for it."""

import pytest

from angiosome.errors import AngiosomeError
from angiosome.evidence import find_study
from angiosome.study import Absent
from angiosome.subject.schedule import clock_of, hours


def test_an_outcome_at_an_unknown_time_is_left_out_of_the_clock():
    study = find_study("gallet-2017")
    unknown = tuple(o.model_copy(update={"at": Absent.NOT_REPORTED}) for o in study.outcomes)
    clock = clock_of(study.model_copy(update={"outcomes": unknown}), days=1.0)
    assert clock.times_h[-1] == pytest.approx(24)  # the outcomes of the file are at 48 h
    with pytest.raises(AngiosomeError, match="end before the last dose or outcome"):
        clock_of(study, days=1.0)


@pytest.mark.parametrize("times", [(), (Absent.NOT_REPORTED,)])
def test_a_dose_at_an_unknown_time_stops_the_run_with_a_reason(times):
    study = find_study("gallet-2017")
    arms = tuple(
        arm.model_copy(update={"regimen": arm.regimen.model_copy(update={"times": times})})
        for arm in study.arms
    )
    with pytest.raises(AngiosomeError, match="a time of arm 'vehicle' is not reported"):
        clock_of(study.model_copy(update={"arms": arms}))


def test_a_dose_counted_from_itself_is_refused_and_not_followed_for_ever():
    study = find_study("gowdak-limb")  # its first dose is given '0 days after first dose'
    arm = next(arm for arm in study.arms if arm.regimen and arm.regimen.times)
    with pytest.raises(AngiosomeError, match="does not say when after the injury"):
        hours(arm.regimen.times[0], study, arm)
