"""Replicates of a block: each as if it ran alone, whatever the others and the cores do."""

import multiprocessing
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tissue_blocks import block, course

from angiosome.errors import AngiosomeError
from angiosome.tissue.block.block import follow
from angiosome.tissue.block.growing import growing
from angiosome.tissue.block.laws import Arm
from angiosome.tissue.block.rates import at_rest
from angiosome.tissue.block.replicates import (
    each_replicate,
    measures,
    replicate_seeds,
    replicates,
    stacked,
)
from angiosome.tissue.block.vessels import Capacity

COUNT, HOURS = 3, 10


@pytest.fixture(scope="module")
def start():
    return block()


@pytest.fixture(scope="module")
def alone(start):
    """One after the other in this process."""
    return replicates(course(HOURS, start=start), COUNT, workers=1)


def same(one, other):
    return one.keys() == other.keys() and all(
        np.array_equal(one[name], other[name], equal_nan=True) for name in one
    )


def test_replicates_are_the_same_bit_by_bit_on_one_worker_and_on_two(start, alone):
    """On two, with neighbours that are left behind: no process outlives the generator."""
    seeds = replicate_seeds(start.seed, COUNT + 2)
    runs = each_replicate(course(HOURS, start=start), seeds, workers=2)
    found = stacked([next(runs) for _ in range(COUNT)])
    runs.close()
    assert not multiprocessing.active_children()
    assert same(found.measured, alone.measured)
    assert found.seeds == alone.seeds
    assert found.measured["tips"].shape == (COUNT, HOURS + 1)
    assert found.times_day == pytest.approx(np.arange(HOURS + 1) / 24)


def test_a_replicate_is_the_run_with_its_seed_whoever_its_neighbours_are(start, alone):
    of = course(HOURS, start=start)
    seed = alone.seeds[2]
    steps = follow(replace(start, seed=seed), of.until_day, laws=of.laws, arm=of.arm,
                   grow=growing(of.rules))  # fmt: skip
    *_, last = steps
    for name, value in measures(last, of.laws).items():
        assert alone.measured[name][2, -1] == value
    (only,) = each_replicate(of, [seed], workers=1)
    assert same(only.measured, {name: rows[2] for name, rows in alone.measured.items()})


def test_replicates_differ_and_the_first_are_the_same_for_any_count(alone):
    assert len(set(alone.measured["length_density_mm_per_mm3"][:, -1].tolist())) == COUNT
    assert replicate_seeds(1, 1000)[:COUNT] == alone.seeds
    assert len(set(replicate_seeds(1, 1000))) == 1000
    assert not set(replicate_seeds(1, 1000)) & set(replicate_seeds(2, 1000))


def test_one_overflow_stops_its_own_replicate_and_alters_no_other(start, alone):
    """A limit between what they grow to: half of them hit it."""
    of = course(HOURS, start=start, read=with_segments)
    free = replicates(of, COUNT, workers=1)
    segments = free.measured["segments"].max(axis=1)
    most = int(np.sort(segments)[1])
    limited = replicates(replace(of, capacity=Capacity(segments=most)), COUNT, workers=1)
    np.testing.assert_array_equal(limited.overflowed, segments > most)
    assert limited.overflow == tuple("segments" if n > most else "" for n in segments)
    assert set(limited.stopped) == set(np.flatnonzero(segments > most).tolist())
    for at in range(COUNT):
        here = {name: rows[at] for name, rows in limited.measured.items()}
        there = {name: rows[at] for name, rows in free.measured.items()}
        hit = int(np.argmax(there["segments"] > most)) if segments[at] > most else HOURS + 1
        assert same({name: row[:hit] for name, row in here.items()},
                    {name: row[:hit] for name, row in there.items()})  # fmt: skip
        assert all(np.isnan(row[hit:]).all() for row in here.values())
    # What stopped goes on with more room, and becomes what it would have been.
    at, state = next(iter(limited.stopped.items()))
    (goes_on,) = each_replicate(replace(of, start=state), [state.seed], workers=1)
    assert goes_on.measured["tips"][-1] == free.measured["tips"][at, -1]
    assert goes_on.measured["mean_po2_mmhg"][-1] == free.measured["mean_po2_mmhg"][at, -1]
    few = Capacity(nodes=3)
    assert replicates(replace(of, capacity=few), 1, workers=1).overflow == ("nodes",)


def with_segments(state, laws):
    return {**measures(state, laws), "segments": state.vessels.segments}


def test_a_run_can_be_broken_off_by_whoever_is_told_of_its_progress(start):
    told = []

    def leave(done, count):
        told.append((done, count))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replicates(course(1, start=start), 3, workers=1, progress=leave)
    assert told == [(1, 3)]


def test_what_goes_wrong_in_a_replicate_says_in_which(start):
    def none(day, vegf_nm, po2_mmhg):
        return replace(at_rest(day, vegf_nm, po2_mmhg), vegf_secretion=np.nan * vegf_nm)

    of = replace(course(2, start=start), rules=None)
    wrong = replace(of, arm=Arm(respond=none))
    seed = replicate_seeds(start.seed, 1)[0]
    with pytest.raises(
        AngiosomeError, match=f"the replicate with seed {seed}: on day 0, vegf_secretion is"
    ):
        replicates(wrong, 1, workers=1)
    with pytest.raises(AngiosomeError, match=r"use functions of a module .* or ask for one worker"):
        replicates(wrong, 2, workers=2)
    with pytest.raises(AngiosomeError, match="an ensemble of 0 replicates: ask for 1 or more"):
        replicates(of, 0)


GROWN = """
import hashlib, os, sys
cores = int(sys.argv[1])
allowed = sorted(os.sched_getaffinity(0))
os.sched_setaffinity(0, allowed[:cores])
sys.path.insert(0, sys.argv[2])
import jax
jax.config.update("jax_enable_x64", True)
from angiosome.numerics import steady_diffusion
steady_diffusion.THREADS = cores
from tissue_blocks import course
from angiosome.tissue.block.block import follow
from angiosome.tissue.block.growing import growing
of = course(8)
*_, last = follow(of.start, of.until_day, laws=of.laws, arm=of.arm, grow=growing(of.rules))
parts = [*vars(last.vessels).values(), *vars(last.fields).values(), *vars(last.cells).values()]
said = hashlib.sha256(b"".join(part.tobytes() for part in parts if hasattr(part, "tobytes")))
print(said.hexdigest(), last.vessels.next_identity > of.start.vessels.next_identity)
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen here")
def test_one_seed_gives_one_network_on_one_core_and_on_two():
    """With as many threads for BLAS, the transforms and XLA as there are cores: equal bit by bit."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is one core only")
    found = set()
    for cores in ("1", "2"):
        threads = {"OPENBLAS_NUM_THREADS": cores, "OMP_NUM_THREADS": cores}
        command = [sys.executable, "-c", GROWN, cores, str(Path(__file__).parent)]
        done = subprocess.run(command, env=os.environ | threads, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1
    assert found.pop().split()[1] == "True"  # vessels did grow
