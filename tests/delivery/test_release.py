"""How a depot lets go, against the closed forms and their limits."""

import numpy as np
import pytest

from angiosome.delivery import by_decay, by_power


def test_a_gel_gives_its_burst_half_at_its_half_time_and_then_all():
    burst, half, power = 0.2, 168.0, 0.5
    whole = half * (0.8 / 0.3) ** 2  # 0.3 = 0.8 (168 / T)^0.5
    hours = np.array([0.0, half, whole, 2 * whole])
    assert by_power(hours, burst, half, power) == pytest.approx([0.2, 0.5, 1.0, 1.0], rel=1e-12)


def test_without_a_burst_release_is_a_power_of_time():
    found = by_power(np.array([1.0, 4.0, 9.0]), 0.0, 100.0, 0.5)
    assert found / found[0] == pytest.approx([1.0, 2.0, 3.0])  # Higuchi: the root of time


def test_diffusion_out_of_a_slab_has_the_exponent_of_one_half_early_on():
    """Crank's series for a slab with both faces open: its first 60 % go as the root of time."""
    n = np.arange(400)
    time = np.linspace(0.005, 0.04, 20)  # D t / thickness^2
    terms = 8 / ((2 * n + 1) ** 2 * np.pi**2)
    left = np.exp(-((2 * n + 1) ** 2) * np.pi**2 * time[:, None])
    out = 1 - np.sum(terms * left, axis=1)
    half = 0.0492  # where the series is one half
    assert by_power(time, 0.0, half, 0.5) == pytest.approx(out, rel=5e-3)


def test_what_decays_loses_half_of_the_rest_in_each_half_life():
    found = by_decay(np.array([0.0, 6.0, 12.0]), 0.3, 6.0)
    assert found == pytest.approx([0.3, 0.65, 0.825])


@pytest.mark.parametrize("law", [by_power, by_decay])
def test_release_never_goes_back_and_never_passes_one(law):
    hours = np.linspace(0, 1e4, 500)
    out = law(hours, 0.1, 50.0, *((0.6,) if law is by_power else ()))
    assert np.all(np.diff(out) >= 0)
    assert out[-1] <= 1
