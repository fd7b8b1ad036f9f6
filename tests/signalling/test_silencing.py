"""Silencing, and what sponges free, against numbers worked out outside this code."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate
from scipy.optimize import brentq

from angiosome import signalling
from angiosome.numerics import plan_stiff, solve_stiff
from angiosome.signalling import Silencing

TARGETS = ("SPRED1", "PTEN", "DLL4")

SITES, HALF = jnp.asarray(5e4), jnp.asarray(3000.0)


def silencing(target="PTEN", site=24.0, own=0.0, protein_decay=0.0288811):  # 24 h
    half = jnp.full((1, len(TARGETS)), 1e30).at[0, TARGETS.index(target)].set(site)
    return Silencing(
        endogenous_copies=jnp.array([own]),
        competitor_sites=SITES,
        competitor_half_copies=HALF,
        target_half_copies=half,
        max_mrna_loss=jnp.asarray(0.3),
        max_protein_loss=jnp.asarray(0.5),
        mrna_decay_per_h=jnp.asarray(np.log(2) / 9),
        protein_decay_per_h=jnp.full(len(TARGETS), protein_decay),
    )


@pytest.mark.parametrize(
    ("copies", "occupied"), [(10.0, 0.0230), (100.0, 0.1911), (1000.0, 0.7060), (1e4, 0.9662)]
)
def test_occupancy_of_an_eight_mer_site_is_that_of_the_hand_calculation(copies, occupied):
    free = signalling.free_copies(jnp.asarray(copies), SITES, HALF)
    assert float(free / (free + 24)) == pytest.approx(occupied, rel=4e-3)  # given to 3 digits


def test_free_copies_solve_the_balance_they_come_from():
    copies = jnp.logspace(-6, 7, 60)
    x = signalling.free_copies(copies, SITES, HALF)
    assert np.asarray(x + SITES * x / (HALF + x)) == pytest.approx(np.asarray(copies), rel=1e-12)


@pytest.mark.parametrize(("site", "needed"), [(24.0, 420.8), (240.0, 3943.7)])
def test_half_silencing_needs_hundreds_of_copies(site, needed):
    found = signalling.half_occupancy_copies(jnp.asarray(site), SITES, HALF)
    assert float(found) == pytest.approx(needed, rel=2e-4)


def steady(delivered, how, hours=2000.0):
    def rates(state, copies, _):
        return signalling.target_rates(state, copies, how)

    start = signalling.untouched(len(TARGETS), 1)
    copies = jnp.full((1, 1), delivered)
    plan = plan_stiff(rates, start, copies, jnp.zeros(()), key=jax.random.key(0))
    run = solve_stiff(plan, start, copies, jnp.array([0.0, hours]), jnp.zeros(1), rtol=1e-9)
    return np.asarray(run.states.protein[-1])[:, 0]


def test_a_cell_without_delivery_stays_as_it_is_whatever_it_makes_itself():
    assert steady(0.0, silencing(own=10_000.0)) == pytest.approx(np.ones(len(TARGETS)), abs=1e-9)


def test_saturation_takes_what_a_full_site_can_take_and_only_from_the_target():
    level = dict(zip(TARGETS, steady(1e9, silencing()), strict=True))
    assert level.pop("PTEN") == pytest.approx(0.5, rel=1e-3)  # max_protein_loss
    assert list(level.values()) == pytest.approx([1.0] * 2, abs=1e-6)


@pytest.mark.parametrize("delivered", [0.004, 0.6, 60.0, 600.0, 1e4])
def test_steady_protein_is_the_closed_form_of_its_two_equations(delivered):
    free = brentq(lambda x: x + 5e4 * x / (3000 + x) - delivered, 0, delivered, xtol=1e-15)
    theta = free / (free + 24)
    r, q = 0.3 / 0.7, 1 - 0.5 / 0.7
    exact = (1 - q * theta) / (1 + r * theta)
    assert steady(delivered, silencing())[TARGETS.index("PTEN")] == pytest.approx(exact, rel=1e-8)


def test_protein_follows_with_its_own_half_life_and_not_with_that_of_its_message():
    half_life = 48.0
    early = steady(1e9, silencing(protein_decay=np.log(2) / half_life), hours=half_life)
    level = early[TARGETS.index("PTEN")]
    assert level > 0.5 + 0.5 * 0.5  # later than a protein that would follow at once


def test_more_average_sites_free_a_target_only_when_they_are_very_many():
    """Denzler et al. 2014: derepression needs more than 1.5e5 added sites, at an abundant miRNA."""
    found = []
    for added in (0.0, 5e4, 1.5e5, 3e5):
        free = signalling.free_copies(jnp.asarray(1e5), SITES + added, HALF)
        found.append(float(free / (free + 240)))
    # worked out by hand from the balance of the sites, to four digits
    assert found == pytest.approx([0.9955, 0.9851, 0.9219, 0.8310], abs=2e-4)


@pytest.mark.parametrize(
    ("copies", "added", "occupied"),
    [(5e3, 0, 0.5640), (5e3, 3000, 0.3745), (1e5, 3000, 0.9952), (1e5, 10_000, 0.9945)],
)
def test_strong_sites_free_a_target_of_a_rare_mirna_and_not_of_an_abundant_one(
    copies, added, occupied
):
    """Bosson et al. 2014; the occupancies are worked out by hand, to four digits."""
    sites, half = jnp.array([5e4, added]), jnp.array([3000.0, 24.0])
    free = signalling.free_copies_among(jnp.asarray(copies), sites, half)
    assert float(free / (free + 240)) == pytest.approx(occupied, abs=2e-4)


@pytest.mark.parametrize(
    ("copies", "added", "occupied"),
    [(5e3, 0, 0.5640), (5e3, 3000, 0.3745), (1e5, 3000, 0.9952), (1e5, 10_000, 0.9945)],
)
def test_a_sponge_frees_as_those_strong_sites_do(copies, added, occupied):
    """The same numbers, by the steps that a simulation takes and a file of equations holds."""
    free = signalling.sponged_copies(copies, 5e4, 3000.0, added, 24.0)
    assert float(free / (free + 240)) == pytest.approx(occupied, abs=2e-4)


def test_a_sponge_leaves_the_root_of_the_balance_wherever_that_lies():
    rng = np.random.default_rng(1)
    copies, sites, half, sponge, strong = 10 ** rng.uniform(
        [[-3], [4], [3], [-2], [1.3]], [[6], [5.5], [4], [6], [2.4]], (5, 300)
    )
    x = np.asarray(
        signalling.sponged_copies(*map(jnp.asarray, (copies, sites, half, sponge, strong)))
    )
    held = x + sites * x / (half + x) + sponge * x / (strong + x)
    assert held == pytest.approx(copies, rel=1e-9)


def test_a_sponge_lets_a_target_rise_and_without_copies_of_it_nothing_happens():
    """circDLGAP4, miR-320, KLF5: Feng et al. 2023; and silencing the sponge abolishes it."""
    how = one_target(endogenous_copies=jnp.array([1000.0]), sponge_half_copies=jnp.array([76.0]))
    one = signalling.untouched(1, 1)
    for sites, rises in ((0.0, False), (1e5, True)):
        now = signalling.target_rates(one, jnp.zeros((1, 1)), how, jnp.full((1, 1), sites))
        assert bool(now.mrna[0, 0] > 1e-6) == rises
        assert bool(now.protein[0, 0] > 1e-6) == rises
    # no copy of miR-320 left: the message of the target is all it can be, 1 + r θ0
    x = brentq(lambda x: x + 5e4 * x / (3000 + x) - 1000, 0, 1000)
    most = 1 + 0.3 / 0.7 * x / (x + 24)
    ended = signalling.TargetState(jnp.full((1, 1), most), jnp.ones((1, 1)))
    now = signalling.target_rates(ended, jnp.zeros((1, 1)), how, jnp.full((1, 1), 1e8))
    assert float(now.mrna[0, 0]) == pytest.approx(0.0, abs=1e-4)


def test_one_pool_among_several_is_the_closed_form_of_one():
    copies = jnp.logspace(-6, 7, 30)
    alone = signalling.free_copies(copies, SITES, HALF)
    among = signalling.free_copies_among(copies, jnp.array([5e4, 0.0]), jnp.array([3000.0, 24.0]))
    assert np.asarray(among) == pytest.approx(np.asarray(alone), rel=1e-12)


def test_only_an_abundant_mirna_is_active():
    """Mullokandov et al. 2012: most detected miRNA do nothing; those that do are the abundant."""
    copies = jnp.array([10.0, 100.0, 1000.0, 1e4, 1e5])
    free = signalling.free_copies(copies, SITES, HALF)
    seven_mer = np.asarray(free / (free + 240))
    assert np.all(seven_mer[:2] < 0.05)
    assert seven_mer[2] == pytest.approx(0.1940, abs=2e-3)
    assert np.all(seven_mer[3:] > 0.7)


def one_target(**changes):
    settings = {
        "endogenous_copies": jnp.array([300.0]),
        "competitor_sites": SITES,
        "competitor_half_copies": HALF,
        "target_half_copies": jnp.array([[24.0]]),
        "max_mrna_loss": jnp.asarray(0.3),
        "max_protein_loss": jnp.asarray(0.5),
        "mrna_decay_per_h": jnp.asarray(np.log(2) / 9),
        "protein_decay_per_h": jnp.array([np.log(2) / 24]),
    }
    return Silencing(**(settings | changes))


def test_the_course_of_a_protein_converges_to_another_integrator_with_order_two():
    how, hours = one_target(), 200.0

    def copies(t):
        return 2000 * t / 10 * np.exp(1 - t / 10)

    def rates(t, y):
        state = signalling.TargetState(jnp.array([[y[0]]]), jnp.array([[y[1]]]))
        now = signalling.target_rates(state, jnp.array([[copies(t)]]), how)
        return [float(now.mrna[0, 0]), float(now.protein[0, 0])]

    exact = integrate.solve_ivp(
        rates, (0, hours), [1.0, 1.0], method="LSODA", rtol=1e-9, atol=1e-12
    )

    def error(intervals):
        times = np.linspace(0, hours, intervals + 1)
        found = signalling.protein_course(jnp.array(times), jnp.array(copies(times))[None], how)
        return abs(float(found[0, -1]) - exact.y[1, -1])

    coarse, fine = error(100), error(200)
    assert np.log2(coarse / fine) == pytest.approx(2.0, abs=0.2)
    assert fine < 2e-4


def test_the_course_of_a_freed_protein_is_that_of_its_rates():
    """A sponge that comes and goes: SciPy's Radau on `target_rates`, and the order in the steps."""
    how = one_target(endogenous_copies=jnp.array([1000.0]), sponge_half_copies=jnp.array([76.0]))
    hours, none = 72.0, jnp.zeros((1, 1))

    def sites(t):
        return 4e3 * (1 - np.exp(-t / 6)) * np.exp(-t / 24)

    @jax.jit
    def rates(y, now):
        state = signalling.TargetState(y[:1, None], y[1:, None])
        change = signalling.target_rates(state, none, how, jnp.full((1, 1), now))
        return jnp.concatenate([change.mrna[:, 0], change.protein[:, 0]])

    exact = integrate.solve_ivp(
        lambda t, y: np.asarray(rates(jnp.asarray(y), sites(t))),
        (0, hours), [1.0, 1.0], "Radau", rtol=1e-10, atol=1e-12,
    ).y[1, -1]  # fmt: skip
    assert exact > 1.01

    def error(intervals):
        times = np.linspace(0, hours, intervals + 1)
        course = jnp.asarray(sites(times))[None]
        found = signalling.protein_course(jnp.array(times), jnp.zeros_like(course), how, course)
        return abs(float(found[0, -1]) - exact)

    coarse, fine = error(100), error(200)
    assert np.log2(coarse / fine) == pytest.approx(2.0, abs=0.2)
    assert fine < 2e-4


@pytest.mark.parametrize("apart", [0.0, 1e-9, 1e-4])
def test_the_course_is_exact_where_message_and_protein_decay_alike(apart):
    """At full occupancy from the start: m to m∞ = 0.7 at rate λ, the protein after it at rate λ.

    P = κ m∞ (1 - e^-λt) + e^-λt + κ (1 - m∞) λ t e^-λt,   κ = 0.5 / 0.7
    """
    rate = np.log(2) / 9 / 0.7  # of the message: d (1 + r) with 1 + r = 1 / 0.7
    how = one_target(
        endogenous_copies=jnp.zeros(1), protein_decay_per_h=jnp.array([rate * (1 + apart)])
    )
    times = np.linspace(0.0, 50.0, 6)
    found = signalling.protein_course(jnp.array(times), jnp.full((1, 6), 1e12), how)[0]
    gone, kappa = np.exp(-rate * times), 0.5 / 0.7
    exact = kappa * 0.7 * (1 - gone) + gone + kappa * 0.3 * rate * times * gone
    assert np.asarray(found) == pytest.approx(exact, abs=max(1e-8, apart))
