"""The bench of tissue names its peers, and they agree with ours on the same work."""

import json
import re

import numpy as np
import pytest

from angiosome.bench import tissue


def test_the_pressures_of_a_bench_are_those_of_scipys_direct_solve() -> None:
    rows = json.loads(tissue.run(json.dumps(["pressure", "sheet", 900])))
    ours, peer = rows[0], rows[1]
    assert ours["note"] == "ours"
    gap = re.fullmatch(r"SciPy spsolve, within (.*) mmHg", peer["note"])
    assert gap
    assert float(gap[1]) < 1e-8  # of 15 mmHg: two direct solves
    assert peer["ratio"] == peer["wall_s"] / ours["wall_s"]
    assert all(row["peak_mib"] > 20 for row in rows)
    assert "pyamg" in rows[2]["note"]


def test_parts_run_apart_and_sizes_stop_at_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str | int, ...]] = []

    def apart(*what: str | int) -> list[tissue.Row]:
        asked.append(what)
        return [{"what": "x", "note": "", "cpu_s": float(len(asked)), "n": 10.0 ** len(asked)}]

    monkeypatch.setattr(tissue, "_apart", apart)
    rows = [row for part in tissue.measure(10_000) for row in part]
    assert ("flow", "mesh", 10_000) in asked
    assert not [what for what in asked if 100_000 in what]
    assert sum("grows as n^" in row["note"] for row in rows) == 2
    assert ("growth", *tissue.WHOLE) not in asked
    assert list(tissue.measure(3000, whole=True))
    assert asked[-1] == ("growth", *tissue.WHOLE)


def test_the_power_of_growth_is_fitted_over_all_sizes() -> None:
    sizes = 10.0 ** np.arange(3, 7)
    scatter = np.array([1.1, 1 / 1.1, 1 / 1.1, 1.1])  # leaves the slope of the logarithms alone
    rows: list[tissue.Row] = [
        {"n": n, "cpu_s": cpu} for n, cpu in zip(sizes, 2e-5 * sizes**1.2 * scatter, strict=True)
    ]
    assert tissue.growth_power(rows) == pytest.approx(1.2)
    assert tissue.growth_power(rows[:2]) != pytest.approx(1.2, abs=0.05)
