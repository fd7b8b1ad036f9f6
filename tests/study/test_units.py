"""Amounts: pint decides the conversions, our rules decide what is an amount at all."""

import pytest

from angiosome.units import UnitError, parse_amount


@pytest.mark.parametrize(
    ("text", "kind", "unit", "value"),
    [
        ("7.5 mg", "vesicle protein", "ug", 7500),
        ("2e9 particles", "particles", "particle", 2e9),
        ("4 weeks", "time", "day", 28),
        ("25 %", "share", "dimensionless", 0.25),
        ("0.25", "share", "dimensionless", 0.25),
        ("2900 / mm^2", "areal density", "1/cm^2", 290_000),
        ("5e9 particles/ug", "particles per mass", "particle/mg", 5e12),
        ("0.008 copies/particle", "copies per particle", "copy/particle", 0.008),
        ("100 µL", "volume", "mL", 0.1),
    ],
)
def test_an_amount_converts(text, kind, unit, value):
    assert parse_amount(text, kind).to(unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("5", "time"),
        ("3 mg", "time"),
        ("2 cells", "particles"),  # counted things are not one another
        ("1e400 min", "time"),
        ("nan min", "time"),
        ("1 mg/(", "mass"),
        ("7 mg of it", "mass"),
        ("__import__('os') min", "time"),
        ("2 mg/mg", "vesicle protein per body weight"),
    ],
)
def test_what_is_no_such_amount_is_refused(text, kind):
    with pytest.raises(UnitError):
        parse_amount(text, kind)
