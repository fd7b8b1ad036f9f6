"""The figures of the page: what their axes span."""

import pytest

from angiosome.report import marks
from angiosome.report.charts import strip_ends
from angiosome.report.numbers import short


@pytest.mark.parametrize(
    ("low", "high"), [(22.3, 22.3012), (793.0, 793.03), (-5.0, -5.0), (31, 81)]
)
def test_ticks_of_an_outcome_differ_in_print_however_alike_its_arms_are(low, high):
    rows = [{"low": value, "high": value, "reported_mean": None} for value in (low, high)]
    ends = strip_ends(rows, [None, None])
    assert ends[0] < low <= high < ends[1]
    assert ends[0] + ends[1] == pytest.approx(low + high)  # what is shown stands in the middle
    shown = [short(tick) for tick in marks.ticks(*ends, 4)]
    assert len(shown) == len(set(shown)) >= 2
