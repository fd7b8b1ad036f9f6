"""Oxygen around given networks: exact cases, budgets, and the published run of AngioAdapt20."""

import re
from dataclasses import replace

import numpy as np
import pytest
from given_cases import network, shared
from scipy.integrate import solve_ivp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from angiosome.tissue.given.beds import BedTarget, mesh_bed
from angiosome.tissue.given.blood_oxygen import OxygenLaws
from angiosome.tissue.given.flow import solve_flow
from angiosome.tissue.given.network import Rheology
from angiosome.tissue.given.oxygen import solve_oxygen
from angiosome.tissue.given.tissue_grid import TissueGrid, pieces_of

MOUSE = OxygenLaws()


def numbers(file):
    words = file.read_text().split()
    return np.array([float(word) for word in words if re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", word)])


def table(file, columns):
    """The rows of a file that hold this many numbers and nothing else."""
    rows = [line.split() for line in file.read_text().splitlines()]
    kept = []
    for row in rows:
        try:
            found = [float(word) for word in row]
        except ValueError:
            continue
        if len(found) == columns:
            kept.append(found)
    return np.array(kept)


@pytest.fixture(scope="module")
def angioadapt():
    """The final network of the run, twice, in the rectangle that holds two of its hexagons.

    The hexagons repeat by (2a, 0) and (a, 225), a = 150 sin 60°. Stretched by 7e-4 along x, so
    that 260 um take cubic cells.
    """
    folder = shared("angioadapt20_o2/VesselSources.out").parent
    sources = table(folder / "VesselSources.out", 7)
    results = table(folder / "GreensRes.out", 6)[1:1163]  # under its line of counts
    assert len(sources) == len(results) == 1162
    nodes = (folder / "network200.exnode").read_text().split("Node:")[1:]
    values = np.array([[float(word) for word in node.split()[1:5]] for node in nodes])
    diameter = 2 * values[0::2, 3][results[:, 1].astype(int) - 1]
    start = sources[:, :3]
    end = start + sources[:, 3:6] * sources[:, 6:7]
    a = 150 * np.sin(np.pi / 3)
    points = np.concatenate([start, end])
    basis = np.array([[2 * a, 0], [a, 225.0]])
    turns = (points[:, :2] @ np.linalg.inv(basis)) % 1.0
    lattice = np.column_stack([turns * 300, points[:, 2]])
    tree = cKDTree(np.column_stack([lattice[:, :2] % 300, lattice[:, 2]]), boxsize=[300, 300, 1e6])
    pairs = tree.query_pairs(0.25, output_type="ndarray")
    size = len(points)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    count, label = connected_components(graph, directed=False)
    ends = label.reshape(2, -1).T
    place = np.zeros((count, 3))
    place[label] = points
    one = {
        int(label[0]): 100.0,
        int(label[np.argmin(np.linalg.norm(points - [275, 222.1, 500], axis=1))]): 20.0,
    }
    held = one | {node + count: value for node, value in one.items()}
    both = np.concatenate([place, place + np.array([a, 225, 0])]) * [130 / a, 1, 1]
    given = network(
        np.concatenate([ends, ends + count]),
        held,
        diameter_um=np.tile(diameter, 2),
        length_um=np.tile(sources[:, 6], 2),
    )
    entry = given.boundary.value > 50
    boundary = replace(
        given.boundary,
        haematocrit=np.full(4, 0.4),
        po2_mmhg=np.where(entry, 100.0, 18.0),
    )
    return folder, results, replace(given, position_um=both, boundary=boundary)


def tube(shape, cell_um, pressures, laws, *, length_um, diameter_um, entering_mmhg, at):
    """One straight vessel along x through a block of tissue, solved for flow and oxygen."""
    blood = Rheology(varying_viscosity=False, constant_viscosity_cp=3.0, phase_separation=False)
    given = network(
        [(0, 1)], pressures, diameter_um=diameter_um, length_um=length_um, rheology=blood
    )
    places = np.array([[0.0, at, at], [length_um, at, at]])
    po2 = np.full(2, entering_mmhg)
    given = replace(given, position_um=places, boundary=replace(given.boundary, po2_mmhg=po2))
    solved = solve_flow(given)
    return solved, solve_oxygen(solved, laws, TissueGrid(shape, cell_um))


def test_a_capillary_in_a_column_follows_krogh_and_erlang_in_second_order():
    """Wall to mean tissue, for a line in a square column of side s that uses M everywhere:

        (M s² / 2πK) [ln(s/r) + π/6 - ln 2π - 2 Σ ln(1 - exp(-2πn))]

    (the periodic Green's function of the square, in closed form). Krogh's circle of the same area
    has ln(R/r) - 3/4 in its place.
    """
    M, K, s, r = MOUSE.demand_per_s, MOUSE.krogh_coefficient * 1e8, 60.0, 1.5
    n = np.arange(1, 9)
    square = np.pi / 6 - np.log(2 * np.pi) - 2 * np.log1p(-np.exp(-2 * np.pi * n)).sum()
    exact = M * s**2 / (2 * np.pi * K) * (np.log(s / r) + square)
    R = s / np.sqrt(np.pi)
    krogh = M * R**2 / (2 * K) * (np.log(R / r) - 0.75)
    assert exact == pytest.approx(krogh, rel=0.01)  # a square is nearly a circle

    laws = replace(MOUSE, half_use_mmhg=1e-9)  # the same use at any PO2

    def error(cells, at):
        h = s / cells
        _, oxygen = tube(
            (2, cells, cells), h, {0: 1e7, 1: 0.0}, laws,
            length_um=2 * h, diameter_um=2 * r, entering_mmhg=95.0, at=at,
        )  # fmt: skip
        inside = M * s**2 * np.interp(2 * r, laws.resistance_diameter_um, laws.resistance)
        assert oxygen.tissue_mmhg.min() > 0
        return 95.0 - inside - oxygen.tissue_mmhg.mean() - exact

    between, along = (error(6, 30.0), error(12, 30.0)), (error(7, 30.0), error(13, 30.0))
    assert np.log2(between[0] / between[1]) == pytest.approx(2, abs=0.1)  # between four cells
    assert np.log(along[0] / along[1]) / np.log(13 / 7) == pytest.approx(2, abs=0.15)  # on one
    assert max(map(abs, between + along)) < 0.3  # mmHg, of 18.2
    # points around the wall, where cells are small: known to 4 %
    assert abs(error(24, 30.0)) < 0.04 * exact


def test_blood_and_tissue_meet_the_exact_balance_where_diffusion_is_fast():
    """With K → ∞ the tissue has one PO2 T, and with dissolved oxygen alone

        B(x) = T + (B0 - T) exp(-g x / Qα),   V (M0/P_c) T = Qα (B0 - B(L))

    for a use that is linear in PO2. Second order in the length of a piece.
    """
    laws = replace(
        MOUSE, cell_capacity=0.0, krogh_coefficient=1e-4, half_use_mmhg=1e7, demand_per_s=2e3,
        blood_solubility_per_mmhg=3e-3,
    )  # fmt: skip

    def error(cells):
        h = 100.0 / cells
        solved, oxygen = tube(
            (cells, cells, cells), h, {0: 0.3, 1: 0.0}, laws,
            length_um=100.0, diameter_um=6.0, entering_mmhg=90.0, at=50.0,
        )  # fmt: skip
        Qa = solved.flow_nl_min[0] * 1e6 / 60 * laws.blood_solubility_per_mmhg
        g = 1 / np.interp(6.0, laws.resistance_diameter_um, laws.resistance)
        gone = Qa * (1 - np.exp(-g * 100 / Qa))
        use = 1e6 * laws.demand_per_s / laws.half_use_mmhg
        T = 90 * gone / (gone + use)
        assert oxygen.settled
        return abs(oxygen.tissue_mmhg.mean() - T), T

    (coarse, T), (fine, _) = error(4), error(8)
    assert 5 < T < 85
    assert fine < 0.02 * T
    assert np.log2(coarse / fine) == pytest.approx(2, abs=0.35)


def test_an_anoxic_core_uses_nothing_and_all_that_is_brought_is_used():
    _, oxygen = tube(
        (10, 40, 40), 10.0, {0: 20.0, 1: 0.0}, replace(MOUSE, demand_per_s=0.02),
        length_um=100.0, diameter_um=6.0, entering_mmhg=90.0, at=200.0,
    )  # fmt: skip
    assert oxygen.settled
    assert oxygen.tissue_mmhg[:, :5, :5].max() < 1e-3
    assert oxygen.tissue_mmhg.min() >= 0
    assert oxygen.consumed_um3_per_s == pytest.approx(oxygen.delivered_um3_per_s, rel=1e-4)
    assert (oxygen.segment_mmhg >= 0).all()


def test_the_published_network_carries_the_published_blood(angioadapt):
    folder, _, given = angioadapt
    solved = solve_flow(given)
    final = (folder / "endnums.out").read_text()
    published = float(re.findall(r"Total flow = ([\d.]+)", final)[-1])
    assert published == 33.665215
    # it holds the feeding diameter of the law of separation above 6 um, which we do not
    inflow = np.maximum(solved.entering_nl_min, 0).sum() / 2
    assert inflow == pytest.approx(published, rel=0.005)


def test_oxygen_of_the_published_run_comes_out(angioadapt):
    folder, results, given = angioadapt
    solved = solve_flow(given)
    grid = TissueGrid((26, 45, 50), 10.0, (20.0, 0.0, 0.0), ("periodic", "periodic", "closed"))
    oxygen = solve_oxygen(solved, MOUSE, grid)
    assert oxygen.settled
    consumed = oxygen.consumed_um3_per_s / 2
    assert consumed == pytest.approx(oxygen.delivered_um3_per_s / 2, rel=1e-5)
    # its 3675 tissue points of (20 um)³ are 0.6 % more than the hexagons hold; the rest of the gap
    # is that of two discretisations, and its z borders are free where ours are closed
    volume = 3675 * 20.0**3 / (26 * 45 * 50 * 10.0**3 / 2)
    assert consumed * volume == pytest.approx(30136.05, rel=0.01)
    vessels = oxygen.segment_mmhg[:1162]
    assert np.corrcoef(vessels, results[:, 3])[0, 1] > 0.99
    assert np.abs(vessels - results[:, 3]).mean() < 1.5
    for name, ours in (("PO2t", oxygen.tissue_mmhg.ravel()), ("PO2v", vessels)):
        rows = table(folder / f"Histogram{name}.out", 3)
        weights = None
        if name == "PO2v":
            weights = given.length_um[:1162]  # the program counts its vessels by length
        order = np.argsort(ours)
        share = np.cumsum(np.ones(ours.size) if weights is None else weights[order])
        reached = np.interp(rows[:, 0], ours[order], 100 * share / share[-1])
        assert np.abs(reached - rows[:, 2]).max() < 8  # % of all tissue, all vessels


def test_a_solution_of_almost_the_same_network_saves_steps():
    bed = mesh_bed(BedTarget((300.0, 300.0, 300.0), 718.0, 5.2, 0.7, 60.0), 0)
    grid = TissueGrid((20, 20, 20), 15.0)
    solved = solve_flow(bed)
    oxygen = solve_oxygen(solved, MOUSE, grid)
    again = solve_oxygen(solved, MOUSE, grid, guess=oxygen)
    assert (again.steps, again.solves, again.settled) == (0, 1, True)
    # the same segments in another order, one of them wider
    order = np.random.default_rng(0).permutation(bed.segments)
    wider = bed.diameter_um.copy()
    wider[order[0]] *= 1.2
    changed = replace(
        bed,
        segment_names=tuple(bed.segment_names[at] for at in order),
        ends=bed.ends[order],
        diameter_um=wider[order],
        length_um=bed.length_um[order],
        haematocrit=bed.haematocrit[order],
        flow_nl_min=bed.flow_nl_min[order],
    )
    flow = solve_flow(changed, guess=solved)
    cold, warm = solve_oxygen(flow, MOUSE, grid), solve_oxygen(flow, MOUSE, grid, guess=oxygen)
    assert warm.steps < cold.steps
    assert warm.solves < 0.7 * cold.solves
    # both stop where some 2e-4 mmHg are left, by estimate
    assert warm.tissue_mmhg == pytest.approx(cold.tissue_mmhg, abs=1e-3)
    assert warm.segment_mmhg == pytest.approx(cold.segment_mmhg, abs=1e-3)
    other = solve_oxygen(flow, MOUSE, TissueGrid((10, 10, 10), 30.0), guess=oxygen)
    assert other.settled  # a guess on another grid is left aside
    held = replace(bed.boundary, value=np.full(bed.boundary.node.size, 20.0))
    still = solve_oxygen(solve_flow(replace(bed, boundary=held)), MOUSE, grid, guess=oxygen)
    assert not still.tissue_mmhg.any()  # nor one where no blood flows any more
    woken = solve_oxygen(solved, MOUSE, grid, guess=still)
    assert woken.tissue_mmhg == pytest.approx(oxygen.tissue_mmhg, abs=1e-3)


def test_blood_and_tissue_made_to_have_a_known_answer_meet_it_in_second_order():
    """A manufactured solution of both equations, with Hill's curve and use by Michaelis-Menten.

    One vessel along a column L long and s wide. In the tissue

        T = 30 + 10 cos(πx/L) [1 + 0.3 cos(2πy/s) cos(2πz/s)]   (no flux at the sides)

    and in the blood what follows from it,  Q dC(B)/dx = -g (B - T on the axis),  integrated by
    SciPy to 1e-10. The demand of each cell is what then balances the tissue's equation.
    """
    L, s, entering = 200.0, 100.0, 90.0
    K = MOUSE.krogh_coefficient * 1e8
    newtonian = Rheology(varying_viscosity=False, constant_viscosity_cp=3.0, phase_separation=False)
    given = network([(0, 1)], {0: 20.0, 1: 0.0}, diameter_um=6.0, length_um=L, rheology=newtonian)
    place, po2 = np.array([[0.0, s / 2, s / 2], [L, s / 2, s / 2]]), np.full(2, entering)
    given = replace(given, position_um=place, boundary=replace(given.boundary, po2_mmhg=po2))
    solved = solve_flow(given)
    Q, H = solved.flow_nl_min[0] * 1e6 / 60, solved.haematocrit[0]

    def errors(cells):
        h = L / cells
        grid = TissueGrid((cells, cells // 2, cells // 2), h)
        x, y, z = np.meshgrid(*((np.arange(n) + 0.5) * h for n in grid.shape), indexing="ij")
        ripple = 0.3 * np.cos(2 * np.pi * y / s) * np.cos(2 * np.pi * z / s)
        T = 30 + 10 * np.cos(np.pi * x / L) * (1 + ripple)
        bend = (np.pi / L) ** 2 * (1 + ripple) + 2 * (2 * np.pi / s) ** 2 * ripple
        pieces = pieces_of(given, solved.flow_nl_min, grid)
        inside = np.interp(6.0, MOUSE.resistance_diameter_um, MOUSE.resistance)
        g = 1 / (inside + pieces.beyond[0] / (2 * np.pi * K))

        def fall(at, B):
            power = (B / MOUSE.hill_p50_mmhg) ** MOUSE.hill_n
            slope = H * MOUSE.cell_capacity * MOUSE.hill_n * power / B / (1 + power) ** 2
            axis = 30 + 13 * np.cos(np.pi * at / L)
            return -g * (B - axis) / (Q * (slope + MOUSE.blood_solubility_per_mmhg))

        exact = solve_ivp(fall, (0, L), [entering], rtol=1e-10, atol=1e-10, dense_output=True)
        middles = (np.arange(cells) + 0.5) * h
        given_off = g * h * (exact.sol(middles)[0] - 30 - 13 * np.cos(np.pi * middles / L))
        wall = (given_off @ pieces.weights).reshape(grid.shape) / h**3
        demand = (wall - K * 10 * np.cos(np.pi * x / L) * bend) * (T + MOUSE.half_use_mmhg) / T
        oxygen = solve_oxygen(solved, replace(MOUSE, demand_per_s=demand), grid)
        assert oxygen.settled
        assert oxygen.consumed_um3_per_s == pytest.approx(oxygen.delivered_um3_per_s, rel=1e-4)
        return np.sqrt(np.mean((oxygen.tissue_mmhg - T) ** 2)), abs(
            oxygen.node_mmhg[1] - exact.y[0, -1]
        )

    (coarse, rough), (fine, close) = errors(16), errors(32)
    assert np.log2(coarse / fine) == pytest.approx(2, abs=0.1)  # 1.95 seen
    assert np.log2(rough / close) == pytest.approx(1.8, abs=0.15)  # 1.67, 1.77: nearing 2
    assert fine < 0.03  # mmHg
    assert close < 0.005
