import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from angiosome.bench import ev30
from angiosome.numerics import in_chunks, plan_stiff, solve_stiff
from angiosome.numerics.rosenbrock import GAMMA, A, C, step
from angiosome.numerics.sparse_lu import plan_lu
from angiosome.numerics.sparsity import colours, jacobian
from angiosome.numerics.status import DONE, NOT_FINITE, SHORT_STEP, STEP_LIMIT, TIMES

jax.config.update("jax_enable_x64", True)
KEY = jax.random.key(0)


# The method: coefficients in the form of Hairer & Wanner II, (7.4), and (7.25) the other way.
COUPLING = np.linalg.inv(np.eye(6) / GAMMA - C)  # their Gamma
ALPHA = A @ COUPLING
BETA = ALPHA + COUPLING
WEIGHTS = (A[5] + np.eye(6)[5]) @ COUPLING
EMBEDDED = A[5] @ COUPLING


def order_conditions(b):
    """Left and right sides up to order 4, for autonomous systems: table 7.1 of section IV.7."""
    a, beta = ALPHA.sum(axis=1), BETA.sum(axis=1)
    return {
        1: [(b.sum(), 1)],
        2: [(b @ beta, 1 / 2)],
        3: [(b @ a**2, 1 / 3), (b @ BETA @ beta, 1 / 6)],
        4: [
            (b @ a**3, 1 / 4),
            (b @ (a * (ALPHA @ beta)), 1 / 8),
            (b @ BETA @ a**2, 1 / 12),
            (b @ BETA @ BETA @ beta, 1 / 24),
        ],
    }


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_the_coefficients_meet_the_order_conditions(order):
    for left, right in order_conditions(WEIGHTS)[order]:
        assert left == pytest.approx(right, abs=1e-14)
    for left, right in order_conditions(EMBEDDED)[order]:
        if order < 4:
            assert left == pytest.approx(right, abs=1e-14)
    if order == 4:  # were the embedded solution as good, it would say nothing of the error
        assert any(abs(left - right) > 1e-3 for left, right in order_conditions(EMBEDDED)[order])


def test_the_method_is_stiffly_accurate_and_l_stable():
    np.testing.assert_allclose(WEIGHTS, BETA[5], atol=1e-14)
    assert pytest.approx(0, abs=1e-13) == 1 - WEIGHTS @ np.linalg.inv(BETA) @ np.ones(6)
    for z in 1j * np.logspace(-2, 6, 200):  # the imaginary axis bounds the left half plane
        r = 1 + z * WEIGHTS @ np.linalg.solve(np.eye(6) - z * BETA, np.ones(6))
        assert abs(r) <= 1 + 1e-12


def with_fixed_steps(rates, y, end, steps):
    """The end of a solution in equal steps; every state may depend on every other."""
    pattern = np.ones((len(y), len(y)), bool)
    lu, h = plan_lu(pattern), jnp.array([end / steps])

    def advance(_, y):
        return step(lu, rates, y, *jacobian(rates, y, colours(pattern), lu.rows, lu.columns), h)[0]

    return jax.jit(lambda y: jax.lax.fori_loop(0, steps, advance, y))(y[:, None])[:, 0]


def order_of(rates, start, end, exact, steps):
    def worst(steps):
        return np.max(np.abs(with_fixed_steps(rates, jnp.array(start), end, steps) - exact))

    return math.log2(worst(steps) / worst(2 * steps))


def kaps(stiffness):
    """Nonlinear, with the solution exp(-2 t), exp(-t) at any stiffness (H&W II, IV.15)."""

    def rates(y):
        a, b = y
        return jnp.stack([stiffness * (b**2 - a) - 2 * a, a - b * (1 + b)])

    return rates


def test_the_order_on_a_nonlinear_problem_is_four():
    exact = np.exp([-2.0, -1.0])
    assert order_of(kaps(1.0), [1.0, 1.0], 1.0, exact, 16) == pytest.approx(4.0, abs=0.2)
    assert order_of(kaps(1e6), [1.0, 1.0], 1.0, exact, 16) == pytest.approx(4.0, abs=0.2)


def test_little_order_is_lost_when_a_stiff_equilibrium_moves():
    # Prothero and Robinson, made autonomous by a clock. RODASP has order 3 there (Steinebach
    # 1995); Rodas4, of the same size and cost, has order 1 to 2.
    def rates(y):
        a, clock = y
        return jnp.stack([-1e5 * (a - jnp.sin(clock)) + jnp.cos(clock), jnp.ones_like(clock)])

    order = order_of(rates, [0.0, 0.0], 1.0, np.array([math.sin(1.0), 1.0]), 16)
    assert order > 2.8


def test_one_long_step_goes_to_the_equilibrium():
    end = with_fixed_steps(lambda y: -1e8 * (y - 1), jnp.array([0.0]), 1.0, 1)
    assert end[0] == pytest.approx(1.0, abs=1e-6)  # R(z) falls off like 1/z


def test_a_stiff_start_takes_few_steps():
    relax = lambda y, args, inputs: -1e8 * (y - 1)  # noqa: E731
    plan = plan_stiff(relax, jnp.array(0.0), (), (), key=KEY)
    solution = solve_stiff(plan, jnp.array(0.0), (), jnp.array([0.0, 1e-8, 10.0]), ())
    assert solution.states[1] == pytest.approx(1 - math.exp(-1), rel=1e-5)
    assert solution.states[2] == pytest.approx(1.0, abs=1e-9)
    assert solution.steps < 150


def test_steps_that_miss_the_tolerance_are_taken_again():
    def rates(state, args, inputs):
        _, clock = state  # a pulse after a long rest
        return jnp.exp(-(((clock - 5.3) / 0.1) ** 2)), jnp.ones_like(clock)

    start = jnp.array(0.0), jnp.array(0.0)
    plan = plan_stiff(rates, start, (), (), pattern=np.array([[True, True], [False, True]]))
    solution = solve_stiff(plan, start, (), jnp.arange(8.0), (), rtol=1e-6)
    assert solution.states[0][-1] == pytest.approx(0.1 * math.sqrt(math.pi), rel=2e-6)
    assert solution.rejected > 0


# EV30, with its uptake counted in one more state.
CONSERVED = [
    (40.0, ("Akt", "Aktp")),
    (30.0, ("Enos", "Enosp")),
    (10.0, ("Pi3k", "PtPi")),
    (20.0, ("Phd", "HifPhd")),
    (5.0, ("Ago", "Risc", "RmT")),
    (20.0, ("Rf", "VR")),
]
VESICLES = ("Vb", "Vliv", "Vspl", "Vlun", "Vkid", "Vtgt", "Vcl", "VR", "Vint")
RELEASE = 16  # the reaction that takes a vesicle inside apart


def rates_and_release(state, constants, inputs):
    species, _ = state
    return ev30.rates(species, constants, inputs), constants[RELEASE] * species["Vint"]


@pytest.fixture(scope="module")
def ev30_plan():
    start = ev30.start(), jnp.array(0.0)
    return plan_stiff(rates_and_release, start, jnp.asarray(ev30.CONSTANTS), (), key=KEY)


@pytest.fixture(scope="module")
def solve_ev30(ev30_plan):
    @eqx.filter_jit
    def run(constants, rtol, atol):
        start, times = (ev30.start(), jnp.array(0.0)), jnp.asarray(ev30.TIMES_H)
        return solve_stiff(ev30_plan, start, constants, times, (), rtol=rtol, atol=atol)

    return run


@pytest.mark.parametrize(("rtol", "bound"), [(1e-6, 1e-4), (1e-9, 1e-6)])
def test_ev30_agrees_with_radau(solve_ev30, rtol, bound):
    solution = solve_ev30(jnp.asarray(ev30.CONSTANTS), jnp.array(rtol), jnp.array(rtol / 1000))
    assert solution.succeeded
    species, released = solution.states
    for hour, row in ev30.REFERENCE.items():
        for name, value in row.items():
            if value > 1e-3:  # the reference gives nine digits
                assert species[name][hour] == pytest.approx(value, rel=bound), (name, hour)
    for total, names in CONSERVED:
        np.testing.assert_allclose(sum(species[n] for n in names), total, rtol=1e-11)
    vesicles = sum(species[name] for name in VESICLES)
    np.testing.assert_allclose(vesicles + released, 100.0, rtol=1e-11)


def test_the_pattern_and_its_factors_stay_sparse(ev30_plan):
    assert len(ev30_plan.lu.rows) == 100 + 2  # ecosystem notes; and two of the release
    assert sum(len(level.source) for level in ev30_plan.lu.levels) < 120
    assert max(ev30_plan.colours) < 8


def test_the_slopes_by_colours_are_the_jacobian_where_no_rate_depends_on_its_own_state():
    def ring(y, args, inputs):
        return jnp.roll(y, 1) * jnp.roll(y, 2)

    y = jnp.arange(1.0, 8.0)
    plan = plan_stiff(ring, y, (), (), key=KEY)
    rows, columns = plan.lu.rows, plan.lu.columns
    field = jax.vmap(lambda y: ring(y, (), ()), -1, -1)
    value, nonzeros = jacobian(field, y[:, None], plan.colours, rows, columns)
    dense = jax.jacfwd(ring)(y, (), ())
    np.testing.assert_array_equal(value[:, 0], ring(y, (), ()))
    np.testing.assert_allclose(nonzeros[:, 0], dense[rows, columns], rtol=1e-15)


def test_a_random_network_agrees_with_radau():
    rng = np.random.default_rng(7)
    n, m = 9, 20
    before, after = rng.integers(n, size=(2, m, 2))
    constants = 10 ** rng.uniform(-2, 4, m)
    change = np.zeros((n, m))
    for j in range(m):  # a + b -> c + d: the sum of all states stays
        np.add.at(change[:, j], before[j], -1)
        np.add.at(change[:, j], after[j], 1)
    start, times = rng.uniform(0.1, 2, n), np.array([0.0, 1e-4, 1e-2, 1.0, 30.0])

    def rates(y, constants, inputs):
        return change @ (constants * y[before[:, 0]] * y[before[:, 1]])

    plan = plan_stiff(rates, jnp.asarray(start), jnp.asarray(constants), (), key=KEY)
    ours = solve_stiff(plan, jnp.asarray(start), jnp.asarray(constants), jnp.asarray(times), (),
                       rtol=1e-8, atol=1e-11)  # fmt: skip
    flux = lambda _, y: change @ (constants * y[before[:, 0]] * y[before[:, 1]])  # noqa: E731
    radau = solve_ivp(flux, times[[0, -1]], start, "Radau", times, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(ours.states, radau.y.T, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(ours.states.sum(axis=1), start.sum(), rtol=1e-12)


def test_inputs_hold_over_their_interval_and_may_jump():
    def rates(y, elimination_per_h, infusion):
        return {"drug": infusion - elimination_per_h * y["drug"]}

    times, infusion = np.array([0.0, 1.0, 2.0, 2.5, 6.0]), np.array([0.0, 1e6, 1e6, 0.0])
    start, k = {"drug": jnp.array(0.0)}, 3.0
    plan = plan_stiff(rates, start, k, jnp.array(1.0), key=KEY)
    solution = solve_stiff(plan, start, k, jnp.asarray(times), jnp.asarray(infusion), rtol=1e-8)

    exact = [0.0]
    for length, rate in zip(np.diff(times), infusion, strict=True):
        exact.append(rate / k + (exact[-1] - rate / k) * math.exp(-k * length))
    np.testing.assert_allclose(solution.states["drug"], exact, rtol=1e-7)


def test_each_lane_has_its_own_clock_and_meets_its_own_inputs_and_those_of_all():
    def rates(y, k, inputs):
        infusion, faster = inputs
        return infusion - k * faster * y

    times = np.array([[0.0, 1.0, 2.0, 2.5, 6.0], [0.0, 1e-3, 0.1, 5.0, 5.5], [1.0, 9, 20, 21, 22]])
    infusion = np.array([[0.0, 1e3, 1e3, 0.0], [1e6, 0.0, 0.0, 10.0], [7.0, 0.0, 2.0, 0.0]])
    faster, k = np.array([1.0, 2.0, 0.5, 1.0]), np.array([3.0, 0.2, 50.0])
    plan = plan_stiff(rates, jnp.array(1.0), 1.0, (jnp.array(1.0), jnp.array(1.0)), key=KEY)

    def run(k, times, infusion):
        inputs = infusion, jnp.asarray(faster)
        return solve_stiff(plan, jnp.array(0.0), k, times, inputs, rtol=1e-8, atol=1e-12)

    solution = jax.jit(jax.vmap(run))(jnp.asarray(k), jnp.asarray(times), jnp.asarray(infusion))
    assert len(set(solution.steps.tolist())) == 3  # no two go together
    exact = np.zeros(times.shape)
    for i, length in enumerate(np.diff(times).T):
        decay, equilibrium = k * faster[i], infusion[:, i] / (k * faster[i])
        exact[:, i + 1] = equilibrium + (exact[:, i] - equilibrium) * np.exp(-decay * length)
    np.testing.assert_allclose(solution.states, exact, rtol=1e-6, atol=1e-10)


def decay(y, args, inputs):
    return inputs - args["rate"][args["which"]] * y


@pytest.fixture(scope="module")
def decay_plan():
    args = {"rate": jnp.array([1.0, 2.0]), "which": jnp.array(0)}
    return plan_stiff(decay, jnp.array(1.0), args, jnp.array(0.0), pattern=np.ones((1, 1), bool))


def decayed(plan, rate, which, inputs):
    """After 1 and 2 units of time."""
    times, args = jnp.array([0.0, 1.0, 2.0]), {"rate": rate, "which": which}
    return solve_stiff(plan, jnp.array(1.0), args, times, inputs, rtol=1e-9, atol=1e-13).states[1:]


def test_batches_of_batches_map_any_argument(decay_plan):
    rate = jnp.arange(1.0, 13.0).reshape(3, 2, 2) / 2  # subject, rule, choice
    which, none = jnp.array([0, 1]), jnp.zeros(2)
    one = lambda rate, which: decayed(decay_plan, rate, which, none)  # noqa: E731
    both = jax.vmap(jax.vmap(one), (0, None))(rate, which)
    chosen = np.stack([rate[:, 0, 0], rate[:, 1, 1]], axis=1)
    np.testing.assert_allclose(both, np.exp(-chosen[..., None] * [1.0, 2.0]), rtol=1e-7)


def test_forward_derivatives_are_exact_ones_also_in_a_batch(decay_plan):
    rate, none = jnp.array([[1.0, 2.0], [3.0, 4.0]]), jnp.zeros(2)
    slope = jax.vmap(jax.jacfwd(lambda rate: decayed(decay_plan, rate, jnp.array(1), none)))(rate)
    t, k = np.array([1.0, 2.0]), np.asarray(rate)[:, 1:]
    np.testing.assert_allclose(slope[..., 1], -t * np.exp(-k * t), rtol=1e-6)
    np.testing.assert_array_equal(slope[..., 0], 0)


def robertson(y, k, inputs):
    a, b, c = y
    first, second, third = k[0] * a, k[1] * b**2, k[2] * b * c
    return jnp.stack([third - first, first - second - third, second])


def test_forward_derivatives_agree_with_differences():
    k, start = jnp.array([0.04, 3e7, 1e4]), jnp.array([1.0, 0.0, 0.0])
    plan = plan_stiff(robertson, start + 0.1, k, (), key=KEY)
    times = jnp.array([0.0, 0.4, 40.0, 4000.0])

    @jax.jit
    def logs(factors):
        solution = solve_stiff(plan, start, k * factors, times, (), rtol=1e-9, atol=1e-14)
        return jnp.log(solution.states[1:])

    slope = jax.jit(jax.jacfwd(logs))(jnp.ones(3))
    for i, one in enumerate(np.eye(3)):
        central = (logs(1 + 1e-4 * one) - logs(1 - 1e-4 * one)) / 2e-4
        np.testing.assert_allclose(slope[..., i], central, rtol=0, atol=2e-6)


@pytest.fixture(scope="module")
def chunk_of_ev30(ev30_plan):
    @eqx.filter_jit
    @jax.vmap
    def run(constants):
        start, times = (ev30.start(), jnp.array(0.0)), jnp.linspace(0.0, 12.0, 4)
        return solve_stiff(ev30_plan, start, constants, times, ())

    return run


def test_a_row_does_not_depend_on_its_place_its_neighbours_or_the_partition(chunk_of_ev30):
    rows = ev30.constants(37)
    seen: list[tuple[int, int]] = []
    whole = in_chunks(
        chunk_of_ev30, rows, width=16, after_chunk=lambda *counts: seen.append(counts)
    )
    assert seen == [(16, 37), (32, 37), (37, 37)]
    assert whole.succeeded.all()
    assert len(set(whole.steps.tolist())) > 5  # the lanes do go their own ways

    order = np.random.default_rng(1).permutation(37)
    assert eqx.tree_equal(
        in_chunks(chunk_of_ev30, rows[order], width=16), jax.tree.map(lambda x: x[order], whole)
    )
    for part in (slice(0, 1), slice(3, 5), slice(10, 30)):
        alone = in_chunks(chunk_of_ev30, rows[part], width=16)
        assert eqx.tree_equal(alone, jax.tree.map(lambda x, part=part: x[part], whole))


def test_all_chunks_have_one_width():
    widths: list[int] = []

    def double(batch):
        widths.append(len(batch["x"]))
        return 2 * batch["x"], batch["y"].sum(axis=1)

    batch = {"x": np.arange(7), "y": np.arange(14.0).reshape(7, 2)}
    twice, total = in_chunks(double, batch, width=3)
    assert widths == [3, 3, 3]
    np.testing.assert_array_equal(twice, 2 * batch["x"])
    np.testing.assert_array_equal(total, batch["y"].sum(axis=1))


def test_chunks_refuse_arrays_of_unequal_or_no_rows():
    message = (
        "The arrays of the batch have [(2,), (3,)] rows: give all of them one row or more, "
        "and the same number."
    )
    with pytest.raises(ValueError) as error:
        in_chunks(lambda batch: batch, (np.ones(2), np.ones((3, 1))))
    assert str(error.value) == message
    with pytest.raises(ValueError, match="one row or more"):
        in_chunks(lambda batch: batch, np.ones((0, 4)))


def squared(y, args, inputs):
    return args * y**2


@pytest.fixture(scope="module")
def squared_plan():
    return plan_stiff(squared, jnp.array([1.0]), jnp.array(1.0), (), key=KEY)


def test_a_lane_that_blows_up_is_marked_and_leaves_its_neighbours_alone(squared_plan):
    times = jnp.array([0.0, 0.5, 0.9, 1.5, 2.0])

    @eqx.filter_jit
    @jax.vmap
    def run(growth):
        return solve_stiff(squared_plan, jnp.array([1.0]), growth, times, ())

    calm = run(jnp.array([-1.0, -2.0, 0.3, -0.5]))
    mixed = run(jnp.array([-1.0, 1.0, jnp.nan, -0.5]))  # y = 1 / (1 - t): infinite at t = 1
    assert calm.succeeded.all()
    np.testing.assert_array_equal(mixed.status, [DONE, NOT_FINITE, NOT_FINITE, DONE])
    np.testing.assert_array_equal(mixed.succeeded, [True, False, False, True])
    np.testing.assert_allclose(mixed.states[1, :3, 0], [1.0, 2.0, 10.0], rtol=1e-4)
    assert np.isnan(mixed.states[1, 3:]).all()
    assert np.isnan(mixed.states[2, 1:]).all()
    for lane in (0, 3):
        pair = [jax.tree.map(lambda x, lane=lane: x[lane], s) for s in (calm, mixed)]
        assert eqx.tree_equal(*pair)


def test_a_lane_that_needs_too_many_steps_is_given_up(squared_plan):
    solution = solve_stiff(
        squared_plan, jnp.array([1.0]), jnp.array(-1.0), jnp.array([0.0, 0.1, 1e4]), (), max_steps=9
    )
    assert not solution.succeeded
    assert solution.status == STEP_LIMIT
    assert solution.steps == 9
    assert np.isnan(solution.states[-1, 0])


def test_a_lane_whose_solution_ends_before_the_last_time_says_that_its_steps_became_too_short():
    """y' = -1 / y: y = sqrt(1 - 2 t), which ends at t = 1/2 with a finite state."""
    start, times = jnp.array([1.0]), jnp.array([0.0, 0.1, 1.0])
    plan = plan_stiff(lambda y, k, _: -k / y, start, jnp.array(1.0), (), key=KEY)
    solution = solve_stiff(plan, start, jnp.array(1.0), times, ())
    assert solution.status == SHORT_STEP
    assert solution.states[1, 0] == pytest.approx(math.sqrt(0.8), rel=1e-5)
    assert np.isnan(solution.states[2, 0])


def test_times_that_do_not_increase_fail(squared_plan):
    solution = solve_stiff(
        squared_plan, jnp.array([1.0]), jnp.array(-1.0), jnp.array([0.0, 1.0, 1.0]), ()
    )
    assert not solution.succeeded
    assert solution.status == TIMES
    assert np.isnan(solution.states[1:]).all()


def test_atol_may_differ_between_states():
    def rates(state, args, inputs):
        return {"big": -state["big"], "small": -1e3 * state["small"] + 1e-6 * state["big"]}

    start = {"big": jnp.array(1.0), "small": jnp.array(0.0)}
    plan = plan_stiff(rates, start, (), (), key=KEY)
    times = jnp.array([0.0, 0.002])
    solve = jax.jit(lambda atol: solve_stiff(plan, start, (), times, (), rtol=1e-9, atol=atol))
    exact = 1e-6 / 999 * (math.exp(-0.002) - math.exp(-2.0))
    error = lambda solution: abs(solution.states["small"][1] / exact - 1)  # noqa: E731
    assert error(solve({"big": 1e-6, "small": 1e-6})) > 1e-6
    assert error(solve({"big": 1e-6, "small": 1e-15})) < 1e-6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"state": (jnp.ones(2),)},
            (
                "The state is of structure PyTreeDef((*,)) and shapes ((2,),), but the plan was "
                "made for one of structure PyTreeDef(*) and shapes ((1,),): plan again."
            ),
        ),
        ({"times": jnp.ones(1)}, "times has the shape (1,): give two times or more."),
        (
            {"inputs": jnp.ones(5)},
            (
                "The inputs have [(5,)] rows, but 3 times bound 2 intervals: give every input one "
                "row for each interval."
            ),
        ),
    ],
)
def test_misfits_are_refused(squared_plan, change, message):
    fits: dict[str, Any] = {
        "state": jnp.ones(1),
        "args": 1.0,
        "times": jnp.arange(3.0),
        "inputs": (),
    }
    with pytest.raises(ValueError) as error:
        solve_stiff(squared_plan, **{**fits, **change})
    assert str(error.value) == message


def test_a_plan_wants_rates_like_the_state_and_something_to_find_the_pattern_with():
    with pytest.raises(ValueError) as error:
        plan_stiff(lambda y, args, inputs: (y, y), jnp.ones(1), (), (), key=KEY)
    assert str(error.value) == (
        "The rates are of structure PyTreeDef((*, *)) and shapes ((1,), (1,)), but the state is "
        "of structure PyTreeDef(*) and shapes ((1,),): they must have the same structure and "
        "shapes."
    )
    with pytest.raises(ValueError, match="a key to probe the rates with, or their pattern"):
        plan_stiff(squared, jnp.ones(1), 1.0, ())
    with pytest.raises(ValueError, match=r"give plan_stiff a pattern of shape \(1, 1\)"):
        plan_stiff(squared, jnp.ones(1), 1.0, (), pattern=np.ones((2, 2), bool))
