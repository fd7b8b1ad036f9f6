"""Subjects in blocks, each in a process of its own: the same numbers, failures and files."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from angiosome.evidence import find_study
from angiosome.parameters import load_registry
from angiosome.subject.animal import draw_cohort
from angiosome.subject.schedule import Clock
from angiosome.subject.well_mixed import Trajectory, untreated
from angiosome.trials.blocks import measures_of_blocks


def untouched(cohort, clock):
    """A cohort to which nothing ever happens, well mixed."""
    one = jax.vmap(untreated)(cohort.animals)
    over_time = jax.tree.map(lambda leaf: jnp.stack([leaf] * len(clock.times_h), axis=1), one)
    flow = jnp.ones((cohort.subjects, len(clock.times_h), 3))
    return Trajectory(over_time, flow, flow, jnp.zeros(cohort.subjects, int))


def test_subjects_are_the_same_bit_by_bit_on_one_worker_and_on_two(tmp_path):
    cohort = draw_cohort(find_study("gallet-2017"), load_registry(), (), subjects=3, seed=1)
    clock = Clock(np.array([0.0, 0.5, 2.0]), 1.0)
    animals = cohort.animals
    share = animals.tissue.bed.upstream_resistance_share
    wrong = share.at[1].set(0.95)  # more than all with the veins: no animal has that
    cohort = replace(
        cohort,
        animals=eqx.tree_at(lambda of: of.tissue.bed.upstream_resistance_share, animals, wrong),
    )

    def measure(folder, workers):
        told = []
        found = measures_of_blocks(
            folder, "vehicle", cohort, untouched(cohort, clock), clock,
            seed=1, failed={}, progress=lambda *done: told.append(done), workers=workers,
        )  # fmt: skip
        assert told == [(1, 3), (2, 3), (3, 3)]
        return found

    one, two = measure(tmp_path / "one", 1), measure(tmp_path / "two", 2)
    again = measure(tmp_path / "two", 1)  # taken up: what is finished or failed is only read
    assert list(one[1]) == [1]
    assert "upstream with it 0.95" in one[1][1]
    assert one[1] == two[1] == again[1]
    for name, values in one[0].items():
        np.testing.assert_array_equal(two[0][name], values)
        np.testing.assert_array_equal(again[0][name], values)
    assert not np.array_equal(one[0]["viable tissue"][0], one[0]["viable tissue"][2])
