"""Machine code against the same method in JAX, exact solutions, and itself in other company."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from angiosome import delivery
from angiosome.bench import ev30
from angiosome.numerics import plan_stiff, solve_stiff
from angiosome.numerics.scalar_graph import OPERATIONS, Graph
from angiosome.numerics.status import DONE, NOT_FINITE, SHORT_STEP, STEP_LIMIT, TIMES
from angiosome.numerics.tracing import UntraceableError, trace

pytest.importorskip("numba", reason="numba is not installed: pip install 'angiosome[fast]'")
from angiosome.numerics.fast import compile_stiff, solve_fast

jax.config.update("jax_enable_x64", True)
KEY = jax.random.key(0)


def repeated(tree, subjects):
    return jax.tree.map(lambda leaf: np.broadcast_to(leaf, (subjects, *np.shape(leaf))), tree)


@pytest.fixture(scope="module")
def fast_ev30():
    solver = compile_stiff(ev30.rates, ev30.start(), ev30.CONSTANTS, ())

    def run(rows, times=ev30.TIMES_H, **options):
        return solve_fast(solver, repeated(ev30.START, len(rows)), rows, times, (), **options)

    return run


def test_ev30_takes_the_steps_of_the_other_path_and_ends_at_the_same_numbers(fast_ev30):
    rows = np.concatenate([ev30.CONSTANTS[None], ev30.constants(4)])
    plan = plan_stiff(ev30.rates, ev30.start(), rows[0], (), key=KEY)
    times = jnp.asarray(ev30.TIMES_H)
    run = jax.jit(jax.vmap(lambda k: solve_stiff(plan, ev30.start(), k, times, ())))
    slow, fast = run(jnp.asarray(rows)), fast_ev30(rows)
    assert fast.succeeded.all()
    np.testing.assert_array_equal(fast.steps, slow.steps)
    np.testing.assert_array_equal(fast.rejected, slow.rejected)
    for name in ev30.SPECIES:  # seen: 3e-12 apart; both are 2e-6 from what is right
        np.testing.assert_allclose(fast.states[name], slow.states[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("rtol", "bound"), [(1e-6, 1e-4), (1e-9, 1e-6)])
def test_ev30_agrees_with_radau(fast_ev30, rtol, bound):
    states = fast_ev30(ev30.CONSTANTS[None], rtol=rtol, atol=rtol / 1000).states
    for hour, row in ev30.REFERENCE.items():
        for name, value in row.items():
            if value > 1e-3:
                assert states[name][0, hour] == pytest.approx(value, rel=bound), (name, hour)


def test_a_subject_does_not_depend_on_its_place_its_neighbours_or_the_threads(fast_ev30):
    rows, times = ev30.constants(37), np.linspace(0.0, 12.0, 4)
    rows[5] = np.nan  # fails, and harms nobody
    whole = fast_ev30(rows, times)
    np.testing.assert_array_equal(np.flatnonzero(~whole.succeeded), [5])
    assert len(set(whole.steps.tolist())) > 5

    def same(part, index):
        for ours, theirs in zip(*map(jax.tree.leaves, (part, whole)), strict=True):
            np.testing.assert_array_equal(ours, theirs[index])

    same(fast_ev30(rows, times, threads=2), slice(None))
    order = np.random.default_rng(1).permutation(37)
    same(fast_ev30(rows[order], times), order)
    for part in (slice(0, 1), slice(3, 8), slice(10, 30)):
        same(fast_ev30(rows[part], times), part)


def test_doses_act_at_their_times_with_a_tolerance_for_each_state():
    """A drug infused for a while and eliminated: an exact solution, and a trace of it beside."""

    def rates(state, k, infusion):
        return {"drug": infusion - k * state["drug"], "trace": 1e-9 * state["drug"]}

    times, infusion = np.array([0.0, 1.0, 2.0, 2.5, 6.0]), np.array([[0.0, 1e6, 1e6, 0.0]] * 2)
    infusion[1] *= 2
    start, k = {"drug": 0.0, "trace": 0.0}, np.array([3.0, 0.5])
    solver = compile_stiff(rates, jax.tree.map(jnp.asarray, start), jnp.array(1.0), jnp.array(1.0))
    atol = {"drug": 1e-9, "trace": 1e-18}
    found = solve_fast(solver, repeated(start, 2), k, times, infusion, rtol=1e-8, atol=atol)
    for subject in range(2):
        level, area = [0.0], [0.0]
        for length, rate in zip(np.diff(times), infusion[subject], strict=True):
            rest, falls = rate / k[subject], np.exp(-k[subject] * length)
            area.append(area[-1] + rest * length + (level[-1] - rest) * (1 - falls) / k[subject])
            level.append(rest + (level[-1] - rest) * falls)
        np.testing.assert_allclose(found.states["drug"][subject], level, rtol=1e-7)
        np.testing.assert_allclose(found.states["trace"][subject], 1e-9 * np.array(area), rtol=1e-7)


def test_who_fails_is_marked_and_why_not_is_finished():
    solver = compile_stiff(lambda y, k, _: k * y**2, jnp.array(1.0), jnp.array(1.0), ())
    growth = np.array([-1.0, 1.0, np.nan, -0.5, -1.0])  # y = 1 / (1 - t): infinite at t = 1
    times = np.array([[0.0, 0.5, 0.9, 1.5]] * 4 + [[0.0, 0.5, 0.5, 1.5]])
    found = solve_fast(solver, np.ones(5), growth, times, ())
    np.testing.assert_array_equal(found.status, [DONE, NOT_FINITE, NOT_FINITE, DONE, TIMES])
    np.testing.assert_array_equal(found.succeeded, [True, False, False, True, False])
    np.testing.assert_allclose(found.states[1, :3], [1.0, 2.0, 10.0], rtol=1e-4)
    assert np.isnan(found.states[1, 3])
    assert np.isnan(found.states[[2, 4], 1:]).all()
    given_up = solve_fast(
        solver, np.ones(1), growth[:1], np.array([0.0, 0.1, 1e4]), (), max_steps=9
    )
    assert given_up.steps == 9
    assert given_up.status == STEP_LIMIT
    ends = compile_stiff(lambda y, k, _: -k / y, jnp.array(1.0), jnp.array(1.0), ())
    short = solve_fast(ends, np.ones(1), np.ones(1), np.array([0.0, 0.1, 1.0]), ())
    assert short.status == SHORT_STEP  # y = sqrt(1 - 2 t)


def test_delivery_of_a_dose_gives_the_same_numbers_on_both_paths():
    zones, half = 2, jnp.asarray(0.5)
    by_zone = {"endothelial_cells", "blood_flow_ml_per_h", "interstitium_ml", "fed_by_artery"}
    by_zone |= {"crossing_ml_per_h", "uptake_in_flow"}
    names = delivery.Uptake.__dataclass_fields__
    uptake = {n: jnp.full(zones, 0.5) if n in by_zone else half for n in names}
    organs = jnp.full(len(delivery.ORGANS), 0.5)
    body = delivery.Body(half, organs, organs, organs, half, organs, half, half)
    lane = body, delivery.Uptake(**uptake)
    once = jnp.array([10.0, 0.0, 0.0])
    never = 0 * once
    by_needle = once[:, None] * jnp.ones(zones)
    doses = delivery.Infusion(once, never, by_needle, never, never, never)
    start = delivery.no_vesicles(1, zones)

    def rates(state, lane, infusion):
        return delivery.rates(state, *lane, jnp.ones(1), infusion, jnp.ones(zones))

    one = jax.tree.map(lambda rows: rows[0], doses)
    times = jnp.array([0.0, 0.1, 1.0, 12.0])
    plan = plan_stiff(rates, jax.tree.map(lambda x: x + 1.0, start), lane, one, key=KEY)
    slow = jax.jit(lambda lane: solve_stiff(plan, start, lane, times, doses))(lane)
    solver = compile_stiff(rates, start, lane, one)
    states, lanes, given = (repeated(tree, 1) for tree in (start, lane, doses))
    fast = solve_fast(solver, states, lanes, np.asarray(times), given)
    assert fast.steps[0] == slow.steps
    for ours, theirs in zip(*(jax.tree.leaves(x.states) for x in (fast, slow)), strict=True):
        np.testing.assert_allclose(ours[0], theirs, rtol=1e-9, atol=1e-15)


def everything(y, p, u):
    """Of three numbers each; all that a trace knows."""
    a, b, c = y
    table = jnp.stack([y, p, u]).at[1].add(y).at[2, 0].multiply(b).at[0, 1:].set(u[1:])
    smooth = jnp.exp(-a) + jnp.log1p(b) * jnp.expm1(c) + jnp.tanh(a * b) - jax.nn.sigmoid(c)
    powers = a**2 + b**-3 + jnp.power(c, p[0]) + jnp.power(p[1], a) + jnp.sqrt(b) + jax.lax.rsqrt(c)
    waves = jnp.sin(a) * jnp.cos(b) / (1 + jnp.abs(jnp.log(c))) + jnp.sign(a - b) * c + jnp.exp2(a)
    branches = jnp.where((a > b) | ~(c >= p[2]) & (u[0] != 1), a * c, jnp.maximum(b, c))
    ends = jnp.clip(c, 0.1, 0.9) + jnp.minimum(a, jnp.max(y)) - jnp.prod(y) + (a > c) * b
    mixed = jnp.einsum("ij,jk,k->i", table, table.T[::-1], y) + jnp.pad(
        y[:1], (1, 1), constant_values=2.0
    )
    return mixed + jnp.stack([smooth, powers + waves, branches + ends])


def evaluated(graph, results, given):
    values = {}
    for node in graph.needed(results):
        if node in graph.inputs:
            name, place = graph.inputs[node]
            values[node] = given[name][place]
        elif node in graph.values:
            values[node] = graph.values[node]
        else:
            values[node] = OPERATIONS[graph.operations[node]](
                *(values[n] for n in graph.arguments[node])
            )
    return [values[node] for node in results]


def test_a_graph_has_the_values_and_the_derivatives_of_the_function():
    graph = Graph()
    nodes = trace(graph, everything, dict.fromkeys("ypu", (3,))).tolist()
    by = [graph.input("y", i) for i in range(3)]
    slopes = graph.derivatives(nodes, by)
    value, jacobian = jax.jit(everything), jax.jit(jax.jacfwd(everything))
    for seed in range(5):
        given = dict(zip("ypu", np.random.default_rng(seed).uniform(0.2, 2, (3, 3)), strict=True))
        np.testing.assert_allclose(evaluated(graph, nodes, given), value(**given), rtol=1e-13)
        exact = jacobian(*given.values())
        for row, entries in zip(exact, slopes, strict=True):
            ours = dict(zip(entries, evaluated(graph, list(entries.values()), given), strict=True))
            np.testing.assert_allclose([ours.get(i, 0) for i in range(3)], row, rtol=1e-11)


def test_machine_code_computes_all_that_a_trace_knows():
    """dy/dt = everything, for a moment: the slope is then the first difference."""
    y, p, u = np.random.default_rng(3).uniform(0.2, 2, (3, 3))
    solver = compile_stiff(everything, jnp.ones(3), jnp.ones(3), jnp.ones(3))
    found = solve_fast(solver, y[None], p[None], np.array([0.0, 1e-5]), u[None, None], rtol=1e-9)
    y, p, u = map(jnp.asarray, (y, p, u))
    plan = plan_stiff(everything, y, p, u, pattern=np.ones((3, 3), bool))
    exact = solve_stiff(plan, y, p, jnp.array([0.0, 1e-5]), u[None], rtol=1e-9).states
    np.testing.assert_allclose(found.states[0, 1] - y, exact[1] - y, rtol=1e-9)


def test_what_no_graph_can_hold_is_refused():
    def looked_up(y, p, u):
        return jnp.interp(y, jnp.arange(3.0), p)

    with pytest.raises(UntraceableError, match="is no arithmetic of single numbers"):
        compile_stiff(looked_up, jnp.ones(3), jnp.ones(3), ())
    with pytest.raises(UntraceableError, match="whole numbers or flags among the args"):
        compile_stiff(lambda y, p, u: y, jnp.ones(3), jnp.arange(3), ())
    solver = compile_stiff(lambda y, p, u: -y, jnp.ones(3), (), ())
    with pytest.raises(ValueError, match=r"shapes \[\(2, 4\)\], but the code was compiled for"):
        solve_fast(solver, np.ones((2, 4)), (), np.arange(3.0), ())
