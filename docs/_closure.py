"""Where the resolutions part: `validation.closure` writes it as JSON, this lays it out."""

from __future__ import annotations

from _bench import measured


def closure_and(kind: str, name: str) -> tuple[list[str], list[list[str]]]:
    """The closure beside slabs or blocks, as the file of this name has them."""
    found = measured(name)[kind]
    head = [
        "Measure",
        f"Day {found['last_day']:g}: well mixed, {found['count']} {kind} (mean ± SD)",
        f"Largest gap to the mean of the {kind} (± its standard error)",
    ]
    return head, [
        [
            row["measure"].replace("PO2", "PO₂"),
            f"{row['well_mixed']:.3g}, {row['mean']:.3g} ± {_two(row['sd'])}",
            f"{_sign(row['gap'])} ± {_two(row['gap_error'])} {_when(row['gap_day'])}",
        ]
        for row in found["rows"]
    ]


def _when(day: float) -> str:
    return f"on day {day:.3g}" if day >= 1 else f"{24 * day:.3g} h after injury"


def _sign(value: float) -> str:
    return f"{value:+.3g}".replace("-", "−")


def _two(value: float) -> str:
    """Two digits that count, never as a power of ten."""
    return f"{float(f'{value:.2g}'):g}"
