"""The figure of the chain: what its axes span."""

import itertools
import re

import pytest

from angiosome.report.chain_figure import Series, chain_figure
from angiosome.trials.arms import CHAIN


def chain(subjects, middle=20.0, spread=2.0):
    """A chain whose every step has the same interval."""
    ends = {"low": middle / spread, "median": middle, "high": middle * spread}
    return {step.name: {**ends, "subjects": subjects, "failed": 0} for step in CHAIN}


def labels(figure):
    """Powers of ten under the first step, and where they stand."""
    found = re.findall(r"<text([^>]*)>([^<]+)</text>", figure)
    ticks = [(attributes, words) for attributes, words in found if "middle" in attributes]
    first = re.search(r' y="([\d.]+)"', ticks[0][0]).group(1)
    return [
        (float(re.search(r' x="([\d.-]+)"', attributes).group(1)), words)
        for attributes, words in ticks
        if f' y="{first}"' in attributes
    ]


def test_the_axis_holds_the_interval_whatever_the_number_of_subjects():
    one, many = (
        chain_figure([Series("Vesicles", 0, chain(n))], None, str.lower) for n in (1, 100_000)
    )
    assert one == many
    assert [words for _, words in labels(one)] == ["10"]  # 20 / 2 to 20 * 2, and some room


@pytest.mark.parametrize("narrow", [False, True])
def test_powers_of_ten_do_not_run_into_each_other(narrow):
    wide = [Series("Vesicles", 0, chain(64, middle=1.0, spread=1e8))]
    at = [x for x, _ in labels(chain_figure(wide, None, str.lower, narrow=narrow))]
    assert len(at) >= 3
    assert min(b - a for a, b in itertools.pairwise(at)) >= 34
