"""The way that each vessel takes between its two nodes, where only its length is known."""

from __future__ import annotations

import numpy as np

from angiosome.tissue.given.network import GivenNetwork

PIECES = 12  # straight ones, of a vessel drawn as a wave
HALVINGS = 60  # of the interval of a wave's height; beyond the precision of a number
STRAIGHT = 1e-9  # of a length: a vessel that is no longer than its chord by more is straight


def courses(network: GivenNetwork, seed: int = 0) -> np.ndarray:
    """Points along each vessel (um), shape ``(segment, point, 3)``: one wave from node to node.

    Its direction is drawn from `seed`, its height is such that the straight pieces between the
    points together are as long as the vessel. A vessel of no more than its chord is straight.
    """
    start = network.position_um[network.ends[:, 0]]
    span = network.position_um[network.ends[:, 1]] - start
    chord = np.linalg.norm(span, axis=1)
    part = np.linspace(0.0, 1.0, PIECES + 1)
    wave = np.sin(2 * np.pi * part)
    low, high = np.zeros_like(chord), network.length_um.copy()
    for _ in range(HALVINGS):
        height = (low + high) / 2
        steps = np.hypot(chord[:, None] / PIECES, height[:, None] * np.diff(wave))
        longer = steps.sum(axis=1) > network.length_um
        low, high = np.where(longer, low, height), np.where(longer, height, high)
    height = np.where(network.length_um > chord * (1 + STRAIGHT), (low + high) / 2, 0.0)
    sideways = np.cross(span, np.random.default_rng(seed).normal(size=span.shape))
    long = np.linalg.norm(sideways, axis=1, keepdims=True)
    sideways = np.where(long > 0, sideways / np.where(long > 0, long, 1.0), [0.0, 0.0, 1.0])
    lines = start[:, None] + part[:, None] * span[:, None]
    lines += (height[:, None] * wave)[..., None] * sideways[:, None]
    lines[:, -1] = network.position_um[network.ends[:, 1]]  # the node itself, without rounding
    return lines
