"""Edits of a block's network: length, identity and degree stay in order whatever is done."""

from dataclasses import replace

import numpy as np
import pytest
from block_cases import grid, line, vessels_of
from hypothesis import given, settings
from hypothesis import strategies as st

from angiosome.tissue.block.merging import MergingRules, join_straight, merge_nodes
from angiosome.tissue.block.vessels import (
    INLET,
    OUTLET,
    PER_NODE,
    PER_SEGMENT,
    across_um,
    degree,
    keep_segments,
    length_um,
    shortest_um,
    split_at,
)

HEXAGON_UM = np.array([[260.0, 0, 0], [130.0, 225.0, 0]])


def sound(vessels):
    """What holds of any network."""
    assert all(len(getattr(vessels, name)) == vessels.nodes for name in PER_NODE)
    assert all(len(getattr(vessels, name)) == vessels.segments for name in PER_SEGMENT)
    assert len(set(vessels.identity.tolist())) == vessels.segments
    assert vessels.identity.max(initial=-1) < vessels.next_identity
    assert vessels.ends.min(initial=0) >= 0
    assert vessels.ends.max(initial=0) < vessels.nodes
    assert degree(vessels).sum() == 2 * vessels.segments
    assert ((degree(vessels) > 0) | (vessels.node_kind > 0)).all()
    return True


@given(
    st.lists(st.tuples(st.integers(0, 40), st.floats(0.05, 0.95)), min_size=1, max_size=30),
    st.floats(1.0, 1.6),
)
@settings(max_examples=40, deadline=None)
def test_splitting_keeps_the_length_and_gives_the_points_asked_for(cuts, winding):
    mesh = grid()
    mesh = replace(mesh, winding=np.full(mesh.segments, winding))
    segment = np.array([one % mesh.segments for one, _ in cuts])
    part = np.array([at for _, at in cuts])
    wanted = mesh.position_um[mesh.ends[segment, 0]] + part[:, None] * across_um(mesh)[segment]
    # No piece may be shorter than a segment may be.
    apart = (
        np.abs(part[:, None] - part) * 60
        + 99 * (segment[:, None] != segment)
        + 99 * np.eye(len(part))
    )
    if apart.min() < 2:
        return
    divided, node = split_at(mesh, segment, part)
    assert sound(divided)
    assert divided.position_um[node] == pytest.approx(wanted)
    assert length_um(divided).sum() == pytest.approx(length_um(mesh).sum(), rel=1e-12)
    assert (degree(divided)[node] == 2).all()
    assert divided.segments == mesh.segments + len(cuts)


@given(st.lists(st.floats(0.1, 0.9), min_size=1, max_size=6, unique=True))
@settings(max_examples=25, deadline=None)
def test_what_was_split_is_one_again_with_its_length_and_identity(parts):
    parts = np.array(sorted(parts))
    if np.diff(parts, prepend=0, append=1).min() < 0.03:
        return
    whole = line(3, 90.0)
    divided, node = split_at(whole, np.full(len(parts), 1), parts)
    position = divided.position_um.copy()
    position[node, 1] += 0.1 * (-1.0) ** np.arange(len(node))  # nearly straight
    divided = replace(divided, position_um=position)
    joined = join_straight(divided, day=0.0, rules=MergingRules(longest_um=1000.0))
    assert sound(joined)
    # Nodes beside the ends of the block stay, so of three segments three are left.
    assert joined.segments == 3
    assert length_um(joined).sum() == pytest.approx(length_um(divided).sum(), rel=1e-12)
    assert length_um(joined).sum() > 270.0
    assert set(whole.identity) <= set(joined.identity)


@given(st.integers(0, 10_000), st.floats(2.0, 40.0))
@settings(max_examples=40, deadline=None)
def test_merging_short_segments_leaves_none_and_keeps_the_ends_of_the_block(seed, shortest):
    draws = np.random.default_rng(seed)
    mesh = grid(layers=2)
    moved = (
        mesh.position_um
        + draws.normal(0, 18, mesh.position_um.shape) * (mesh.node_kind == 0)[:, None]
    )
    mesh = keep_segments(replace(mesh, position_um=moved), draws.random(mesh.segments) < 0.8)
    merged = merge_nodes(mesh, MergingRules(shortest_um=shortest))
    assert sound(merged)
    held = merged.node_kind > 0
    assert held.sum() == (mesh.node_kind > 0).sum()
    chord = np.linalg.norm(across_um(merged), axis=1)
    fixed = held[merged.ends].all(axis=1)
    assert (chord[~fixed] >= shortest).all()
    assert (merged.ends[:, 0] != merged.ends[:, 1]).all()


def test_parallel_vessels_that_are_too_short_both_go_and_long_ones_stay():
    pair = vessels_of(
        [[0.0, 0, 0], [50, 0, 0], [56, 0, 0], [100, 0, 0], [160, 0, 0]],
        [[0, 1], [1, 2], [2, 1], [2, 3], [3, 4], [3, 4]], inlets=[0], outlets=[4],
    )  # fmt: skip
    merged = merge_nodes(pair, MergingRules())
    assert sound(merged)
    assert merged.segments == 4
    assert (merged.ends[:, 0] != merged.ends[:, 1]).all()
    at_inlet = replace(pair, node_kind=np.array([0, INLET, 0, 0, OUTLET]))
    at_inlet = keep_segments(at_inlet, np.arange(6) > 0)
    merged = merge_nodes(at_inlet, MergingRules())
    assert (merged.ends[:, 0] != merged.ends[:, 1]).all()
    assert merged.segments == 3
    kept = merge_nodes(pair, MergingRules(merge_parallel=True))
    assert kept.segments == 3


@given(st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_the_nearest_image_is_nearer_than_every_other(seed):
    vector = np.random.default_rng(seed).normal(0, 300, (20, 3))
    best = shortest_um(HEXAGON_UM, vector)
    turns = np.array([(i, j) for i in range(-9, 10) for j in range(-9, 10)])
    every = vector[:, None] - turns @ HEXAGON_UM
    assert np.linalg.norm(best, axis=1) == pytest.approx(np.linalg.norm(every, axis=2).min(axis=1))


def test_a_segment_across_the_side_of_a_repeating_block_is_as_long_as_inside():
    straight = line(1, 40.0)
    wrapped = replace(
        straight,
        position_um=np.array([[10.0, 0, 0], [-210.0, 0, 0]]),
        lattice_um=HEXAGON_UM,
    )
    assert length_um(wrapped) == pytest.approx(length_um(straight))
