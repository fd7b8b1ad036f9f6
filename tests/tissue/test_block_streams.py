"""The random numbers of a block: they are Philox's, and follow from what they are for alone."""

import numpy as np
import pytest

from angiosome.tissue.block.streams import Purpose, Stream, philox


@pytest.mark.parametrize(  # the known answers that come with Random123 (salmon2011)
    ("counter", "key", "answer"),
    [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        (
            [0xFFFFFFFF] * 4,
            [0xFFFFFFFF] * 2,
            [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD],
        ),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_philox_gives_the_known_answers(counter, key, answer):
    words = philox(np.array([counter], np.uint32), np.array(key, np.uint32))
    assert words[0].tolist() == answer


def test_a_number_does_not_depend_on_the_order_of_the_vessels():
    stream, vessels = Stream(seed=7, step=3), np.arange(1000)
    order = np.random.default_rng(1).permutation(1000)
    straight = stream.uniform(Purpose.TURN, vessels)
    assert (stream.uniform(Purpose.TURN, vessels[order]) == straight[order]).all()


@pytest.mark.parametrize(
    "other",
    [(Stream(7, 3), Purpose.SPROUT), (Stream(8, 3), Purpose.TURN), (Stream(7, 4), Purpose.TURN)],
)
def test_seed_step_and_purpose_each_give_another_stream(other):
    stream, purpose = other
    vessels = np.arange(1000)
    first = Stream(7, 3).uniform(Purpose.TURN, vessels)
    second = stream.uniform(purpose, vessels)
    assert not (first == second).any()
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.1  # 4.5 sd of 2000 pairs


def test_the_numbers_are_uniform_and_normal():
    stream, vessels = Stream(1, 1), np.arange(100_000)
    u, z = stream.uniform(Purpose.TURN, vessels), stream.normal(Purpose.TURN, vessels)
    assert u.min() > 0
    assert u.max() < 1
    counts = np.histogram(u, bins=20, range=(0, 1))[0]
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 43.8  # 0.999 of chi-squared with 19
    assert z.mean() == pytest.approx(0, abs=0.01)  # 4.5 sd of 2e5 draws
    assert z.var() == pytest.approx(1, abs=0.015)
    assert (z**4).mean() == pytest.approx(3, abs=0.1)  # sd 0.022
