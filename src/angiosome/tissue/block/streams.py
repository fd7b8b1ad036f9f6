"""Random numbers that depend on what they are for, and on nothing else.

A number follows from the seed, the step, its purpose and the identity of the vessel that it is
drawn for: not from the order of an array, the number of cores, or what was drawn before. So a run
that is resumed or branched goes on with the same stream, and a step can be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from jaxtyping import Float, Int, UInt32

# Philox4x32-10: multipliers, key increments and rounds; salmon2011, the constants of Random123
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


class Purpose(IntEnum):
    """What a number is drawn for. Numbers are kept for ever: a run's stream depends on them."""

    SPROUT = 1
    SPROUT_PLACE = 2
    TURN = 3
    UNLIKENESS = 4
    OBSTRUCTION = 5
    RECANALISATION = 6
    REGRESSION = 7
    SPLITTING = 8
    WITHDRAWAL = 9
    NO_REFLOW = 64
    REPLICATE = 65


def philox(
    counter: UInt32[np.ndarray, "draw 4"], key: UInt32[np.ndarray, " 2"]
) -> UInt32[np.ndarray, "draw 4"]:
    """Philox4x32-10 of salmon2011: four random words for each counter under this key."""
    c0, c1, c2, c3 = (counter[:, i].astype(np.uint64) for i in range(4))
    k0, k1 = int(key[0]), int(key[1])
    for _ in range(ROUNDS):
        first, second = c0 * np.uint64(MULTIPLIERS[0]), c2 * np.uint64(MULTIPLIERS[1])
        c0, c1, c2, c3 = (
            (second >> HALF) ^ c1 ^ np.uint64(k0),
            second & LOW,
            (first >> HALF) ^ c3 ^ np.uint64(k1),
            first & LOW,
        )
        k0, k1 = (k0 + WEYL[0]) & 0xFFFFFFFF, (k1 + WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)


@dataclass(frozen=True)
class Stream:
    """The random numbers of one step of one run."""

    seed: int
    step: int

    def uniform(
        self, purpose: Purpose, identity: Int[np.ndarray, " vessel"], part: int = 0
    ) -> Float[np.ndarray, "vessel 2"]:
        """Two independent numbers above 0 and below 1 for each vessel."""
        count = len(identity)
        counter = np.empty((count, 4), np.uint32)
        whole = identity.astype(np.uint64)
        counter[:, 0], counter[:, 1] = whole & LOW, whole >> HALF
        counter[:, 2] = self.step & 0xFFFFFFFF
        counter[:, 3] = (int(purpose) << 16) | (part & 0xFFFF)
        key = np.array([self.seed & 0xFFFFFFFF, (self.seed >> 32) & 0xFFFFFFFF], np.uint32)
        words = philox(counter, key).astype(np.uint64)
        high = words[:, ::2] >> np.uint64(5)
        low = words[:, 1::2] >> np.uint64(6)
        return (high * 67108864.0 + low + 0.5) / 9007199254740992.0

    def normal(
        self, purpose: Purpose, identity: Int[np.ndarray, " vessel"], part: int = 0
    ) -> Float[np.ndarray, "vessel 2"]:
        """Two independent standard normal numbers for each vessel (Box and Muller)."""
        u = self.uniform(purpose, identity, part)
        radius, turn = np.sqrt(-2 * np.log(u[:, 0])), 2 * np.pi * u[:, 1]
        return radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
