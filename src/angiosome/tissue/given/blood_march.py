"""Oxygen in blood by one walk along the flow, in machine code (numba, the extra ``fast``).

What `BloodOxygen` solves for as a sparse system is triangular along the flow: piece after piece
and node after node it is one equation with one unknown. The results agree to 1e-4 mmHg, which is
how far the sparse way goes.
"""

from __future__ import annotations

from typing import no_type_check

import numba
import numpy as np

SETTLED_MMHG = 1e-5  # last step of Newton's method for one unknown: the next would be some 1e-10
MOST_STEPS = 60

in_machine_code = numba.njit(error_model="numpy", cache=True)


@in_machine_code
@no_type_check
def along_the_flow(up, down, nodes):
    """Segments, each after all that bring blood to it; some are missing where flow runs round."""
    count = up.size
    start = np.zeros(nodes + 1, np.int64)
    waits = np.zeros(nodes, np.int64)
    for segment in range(count):
        start[up[segment] + 1] += 1
        waits[down[segment]] += 1
    for node in range(nodes):
        start[node + 1] += start[node]
    leaving = np.empty(count, np.int64)
    filled = start[:-1].copy()
    for segment in range(count):
        leaving[filled[up[segment]]] = segment
        filled[up[segment]] += 1
    ready = np.empty(nodes, np.int64)
    last = 0
    for node in range(nodes):
        if waits[node] == 0:
            ready[last] = node
            last += 1
    order = np.empty(count, np.int64)
    first = done = 0
    while first < last:
        node = ready[first]
        first += 1
        for at in range(start[node], start[node + 1]):
            segment = leaving[at]
            order[done] = segment
            done += 1
            waits[down[segment]] -= 1
            if waits[down[segment]] == 0:
                ready[last] = down[segment]
                last += 1
    return order[:done]


@in_machine_code
@no_type_check
def _curve(po2, capacity, p50, n, solubility):
    """Oxygen content and its slope."""
    P = max(po2, 1e-9)
    x = (P / p50) ** n
    S = x / (1 + x)
    return capacity * S + solubility * P, capacity * n * S * (1 - S) / P + solubility


@in_machine_code
@no_type_check
def _root(a, b, c, capacity, P, content, slope, highest, p50, n, solubility):
    """P from 0 to `highest` with  a C(P) + b P = c,  a and b ≥ 0: the left side rises with P.

    From a P with its content and slope; returns the root with its own.
    """
    low, high = 0.0, highest
    for _ in range(MOST_STEPS):
        over = a * content + b * P - c
        if over > 0:
            high = P
        else:
            low = P
        following = P - over / max(a * slope + b, 1e-300)
        if not low <= following <= high:
            following = (low + high) / 2
        moved = following - P
        P = following
        if abs(moved) < SETTLED_MMHG:
            content += slope * moved  # to 1e-12 of it
            break
        content, slope = _curve(P, capacity, p50, n, solubility)
    return P, content, slope


@in_machine_code
@no_type_check
def follow(order, first, up, down, flow, capacity, exchange, tissue, at_nodes, law):
    """PO2 of the blood at each node and at the outlet of each piece, for this tissue."""
    brought, node_flow, node_capacity = at_nodes
    p50, n, solubility, highest = law
    nodes = brought.size
    found = np.empty(nodes + flow.size)
    arrives = brought.copy()
    known = np.zeros(nodes, np.bool_)
    for at in range(order.size):
        segment = order[at]
        node = up[segment]
        if not known[node]:
            known[node] = True
            found[node] = _mixed(
                arrives[node], node_flow[node], node_capacity[node], highest, p50, n, solubility
            )
        P, C = found[node], capacity[first[segment]]  # the same all along a segment
        content, slope = _curve(P, C, p50, n, solubility)
        for piece in range(first[segment], first[segment + 1]):
            Q, g, T = flow[piece], exchange[piece], tissue[piece]
            steepness = min(slope, content / max(P, 1e-9))
            theta = max(0.5, 1 - Q * steepness / max(g, 1e-30))
            right = Q * content - (1 - theta) * g * P + g * T
            P, content, slope = _root(
                Q, theta * g, right, C, P, content, slope, highest, p50, n, solubility
            )
            found[nodes + piece] = P
        arrives[down[segment]] += flow[first[segment + 1] - 1] * content
    for node in range(nodes):
        if not known[node]:
            found[node] = _mixed(
                arrives[node], node_flow[node], node_capacity[node], highest, p50, n, solubility
            )
    return found


@in_machine_code
@no_type_check
def _mixed(held, flow, capacity, highest, p50, n, solubility):
    if flow <= 0:
        return 0.0
    start = min(p50, highest)
    content, slope = _curve(start, capacity, p50, n, 0.0)
    b = flow * solubility
    P, _, _ = _root(1.0, b, held, capacity, start, content, slope, highest, p50, n, 0.0)
    return P


@in_machine_code
@no_type_check
def respond(order, first, up, down, slope_in, slope_out, theta, mixing, flow, exchange, tissue):
    """By how much more each piece gives off where its tissue's PO2 is higher by this."""
    arrives = np.zeros(mixing.size)
    given = np.empty(flow.size)
    for at in range(order.size):
        segment = order[at]
        node = up[segment]
        P = arrives[node] / mixing[node] if mixing[node] > 0 else 0.0
        carried = 0.0
        for piece in range(first[segment], first[segment + 1]):
            Q, g, part = flow[piece], exchange[piece], theta[piece]
            before = P
            gained = (Q * slope_in[piece] - (1 - part) * g) * before + g * tissue[piece]
            P = gained / (Q * slope_out[piece] + part * g)
            given[piece] = g * (part * P + (1 - part) * before - tissue[piece])
            carried = Q * slope_out[piece] * P
        arrives[down[segment]] += carried
    return given
