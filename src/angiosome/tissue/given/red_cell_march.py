"""Red cells in one walk along the flow, in machine code (numba, the extra ``fast``).

At every node the law parts the cells that the walk has just brought there. The sparse way
(`haematocrit`) parts them by the haematocrit that the node had in the pass before; both have the
same fixed point, and this one comes to it in some tenth fewer passes.
"""

from __future__ import annotations

from typing import no_type_check

import numba
import numpy as np

in_machine_code = numba.njit(error_model="numpy", cache=True)
inlined = numba.njit(error_model="numpy", cache=True, inline="always")


@in_machine_code
@no_type_check
def _way(ends, flow, segment):
    """The nodes from which and to which blood flows."""
    if flow[segment] > 0:
        return ends[segment, 0], ends[segment, 1]
    return ends[segment, 1], ends[segment, 0]


@in_machine_code
@no_type_check
def follow(ends, diameter_um, flow, entering, lost, inside, law, fullest, least_left):
    """The haematocrit of every segment, for the flow in it; 0 where blood stands.

    Args:
        ends: node indices of each segment.
        diameter_um: of each segment.
        flow: of each segment, positive from its first end to its second. It must not run round.
        entering: flow into each node from outside; 0 where blood leaves.
        lost: plasma that each node loses through walls.
        inside: haematocrit of what enters at each node.
        law: threshold, steepness and asymmetry of the separation (um).
        fullest: the highest haematocrit of a segment.
        least_left: of what arrives at a node, what goes on at least.
    """
    start, out, waits, arriving, widths, leaving = _ways(ends, diameter_um, flow, entering.size)
    nodes = entering.size
    ready = np.empty(nodes, np.int32)
    last = 0
    for node in range(nodes):
        if waits[node] == 0 and leaving[node] > 0:
            ready[last] = node
            last += 1
    cells = entering * inside
    haematocrit = np.zeros(flow.size)
    held, room = np.empty(_most(start)), np.empty(_most(start))
    for at in range(nodes):
        if at >= last:
            break
        node = ready[at]
        first, end = start[node], start[node + 1]
        left = entering[node] + arriving[node]
        left = max(left - lost[node], least_left * left) if lost[node] > 0 else left
        mixed = cells[node] / max(left, leaving[node])
        if end - first < 2 or arriving[node] <= 0:
            for place in range(first, end):
                haematocrit[out[place]] = mixed
        else:
            feed_um = widths[node] / arriving[node]
            H = min(max(mixed, 0.0), fullest)
            all_leaving = leaving[node]
            _part(
                out,
                first,
                end,
                diameter_um,
                flow,
                all_leaving,
                feed_um,
                H,
                law,
                fullest,
                held,
                room,
            )
            for place in range(first, end):
                s = out[place]
                haematocrit[s] = held[place - first] * mixed * all_leaving / abs(flow[s])
        for place in range(first, end):
            s = out[place]
            _, down = _way(ends, flow, s)
            cells[down] += haematocrit[s] * abs(flow[s])
            waits[down] -= 1
            if waits[down] == 0 and leaving[down] > 0:
                ready[last] = down
                last += 1
    return haematocrit


@in_machine_code
@no_type_check
def _ways(ends, diameter_um, flow, nodes):
    """The segments that leave each node, how many arrive there, and the sums of their flows.

    Segments of node i stand in `out` from start[i] to start[i + 1].
    """
    start, waits = np.zeros(nodes + 1, np.int32), np.zeros(nodes, np.int32)
    arriving, widths, leaving = np.zeros(nodes), np.zeros(nodes), np.zeros(nodes)
    for s in range(flow.size):
        Q = abs(flow[s])
        if Q > 0:
            up, down = _way(ends, flow, s)
            start[up + 1] += 1
            waits[down] += 1
            leaving[up] += Q
            arriving[down] += Q
            widths[down] += Q * diameter_um[s]
    for node in range(nodes):
        start[node + 1] += start[node]
    out = np.empty(start[nodes], np.int32)
    filled = start[:-1].copy()
    for s in range(flow.size):
        if flow[s] != 0:
            up, _ = _way(ends, flow, s)
            out[filled[up]] = s
            filled[up] += 1
    return start, out, waits, arriving, widths, leaving


@inlined
@no_type_check
def _part(out, first, end, diameter_um, flow, leaving, feed_um, H, law, fullest, held, room):
    """The share of a node's red cells that each of these branches takes, into `held` (pries1989).

    As `haematocrit.shares` has it: what a full branch cannot hold goes where there is room.
    """
    per_feed = (1 - H) / feed_um
    B, X0 = 1 + law[1] * per_feed, min(law[0] * per_feed, 0.499)
    areas = 0.0
    for place in range(first, end):
        s = out[place]
        areas += abs(flow[s]) * diameter_um[s] ** 2
    areas /= leaving
    weights = 0.0
    for place in range(first, end):
        i, s = place - first, out[place]
        F, own = abs(flow[s]) / leaving, diameter_um[s] ** 2
        others = max(areas - F * own, 1e-12 * areas) / max(1 - F, 1e-12)
        A = law[2] * (own - others) / (own + others) * per_feed
        held[i] = 0.0
        if X0 < F:
            held[i] = np.exp(B * np.log(F - X0) + min(max(A / 2, -300.0), 300.0))
        weights += held[i]
    spilt, free = 1.0, 0.0
    for place in range(first, end):
        i, s = place - first, out[place]
        F = abs(flow[s]) / leaving
        taken = held[i] / weights if weights > 0 else F
        holds = F * fullest / max(H, 1e-9)
        held[i] = min(taken, holds)
        room[i] = holds - held[i]
        spilt -= held[i]
        free += room[i]
    spread = max(spilt, 0.0) / max(free, 1e-30)
    for i in range(end - first):
        held[i] += spread * room[i]


@in_machine_code
@no_type_check
def _most(start):
    """The most segments that leave one node."""
    most = 1
    for node in range(start.size - 1):
        most = max(most, start[node + 1] - start[node])
    return most
