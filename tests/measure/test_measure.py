"""Measures of networks against closed forms and against what others printed of theirs."""

from pathlib import Path

import numpy as np
import pytest

from angiosome.measure.perfusion import (
    distance_to_vessels,
    doppler_flux,
    hypoxic_fraction,
    perfused_fraction,
)
from angiosome.measure.sections import (
    isotropic_length_density,
    microvessel_density_per_mm2,
    profiles_per_mm2,
    section,
    sections,
    stained_fraction,
)
from angiosome.measure.skeleton import Skeleton, shape_of, tortuosity_of, vessels_of

NETWORKS = Path(__file__).parents[2].parent / "shared" / "data" / "networks"


def skeleton(points, ends, diameter_um=6.0, length_um=None, high_um=(100.0, 100.0, 100.0)):
    points, ends = np.array(points, float), np.array(ends)
    chord = np.linalg.norm(points[ends[:, 1]] - points[ends[:, 0]], axis=1)
    return Skeleton(
        points,
        ends,
        np.broadcast_to(np.asarray(diameter_um, float), len(ends)).copy(),
        chord if length_um is None else np.asarray(length_um, float),
        (0.0, 0.0, 0.0),
        high_um,
    )


def rows(n=5, spacing=20.0, length=100.0):
    """Cylinders along x on a square lattice of n by n."""
    at = (np.arange(n) + 0.5) * spacing
    y, z = (axis.ravel() for axis in np.meshgrid(at, at))
    left = np.column_stack([np.zeros(n * n), y, z])
    right = np.column_stack([np.full(n * n, length), y, z])
    ends = np.column_stack([np.arange(n * n), np.arange(n * n) + n * n])
    return skeleton(np.vstack([left, right]), ends, high_um=(length, n * spacing, n * spacing))


def lattice(n=4, spacing=25.0):
    """A cubic lattice of n³ nodes, half a spacing from the walls, in segments between nodes."""
    node = np.arange(n**3).reshape(n, n, n)
    at = (np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), -1) + 0.5) * spacing
    ends = [
        np.column_stack([np.delete(node, -1, a).ravel(), np.delete(node, 0, a).ravel()])
        for a in range(3)
    ]
    size = n * spacing
    return skeleton(at.reshape(-1, 3), np.vstack(ends), high_um=(size, size, size))


def random_lines(count, size=1000.0, seed=0):
    """Isotropic uniform random lines through a cube: each hits its enclosing ball at random."""
    random = np.random.default_rng(seed)
    direction = random.normal(size=(count, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    one = np.cross(direction, np.eye(3)[np.abs(direction).argmin(axis=1)])
    one /= np.linalg.norm(one, axis=1)[:, None]
    other = np.cross(direction, one)
    R = size * np.sqrt(3) / 2
    radius, turn = R * np.sqrt(random.uniform(size=count)), random.uniform(0, 2 * np.pi, count)
    point = size / 2 + radius[:, None] * (
        np.cos(turn)[:, None] * one + np.sin(turn)[:, None] * other
    )
    low = np.minimum(-point / direction, (size - point) / direction).max(axis=1)
    high = np.maximum(-point / direction, (size - point) / direction).min(axis=1)
    hit = high > low
    ends = [point[hit] + at[hit, None] * direction[hit] for at in (low, high)]
    number = int(hit.sum())
    pairs = np.column_stack([np.arange(number), np.arange(number) + number])
    return skeleton(np.vstack(ends), pairs, 8.0, high_um=(size, size, size))


def test_parallel_cylinders_have_as_many_profiles_as_length_and_their_own_area():
    found = rows()
    cut = sections(found, 0, 7)
    assert profiles_per_mm2(cut) == pytest.approx(2500.0)
    assert shape_of(found).length_density_mm_per_mm3 == pytest.approx(2500.0)
    assert stained_fraction(cut, found.diameter_um) == pytest.approx(np.pi * 9 / 400)
    wall = stained_fraction(cut, found.diameter_um, wall_um=1.0)
    assert wall == pytest.approx(np.pi * (9 - 4) / 400)
    assert profiles_per_mm2(sections(found, 1, 7)) == 0.0  # between the rows


def test_a_slanted_cylinder_makes_an_ellipse():
    found = skeleton([[0, 10, 50], [100, 70, 50]], [[0, 1]])
    cut = section(found, 0, 50.0)
    np.testing.assert_allclose(cut.place_um, [[40.0, 50.0]])
    slant = np.hypot(100, 60) / 100
    assert stained_fraction([cut], found.diameter_um) == pytest.approx(np.pi * 9 * slant / 1e4)


def test_isotropic_lines_show_half_their_length_density_and_all_of_their_volume():
    found = random_lines(6000)
    true = shape_of(found).length_density_mm_per_mm3
    for axis in range(3):
        cut = sections(found, axis, 40)
        # 3500 lines; the spread over axes and seeds is 1.5 %
        assert isotropic_length_density(profiles_per_mm2(cut)) == pytest.approx(true, rel=0.05)
        # Delesse: area over area is volume over volume
        share = true * 1e-6 * np.pi * 16
        assert stained_fraction(cut, found.diameter_um) == pytest.approx(share, rel=0.1)


def test_every_field_of_a_lattice_holds_the_same_and_a_hot_spot_more():
    found = rows(n=10)
    cut = sections(found, 0, 3)
    whole = microvessel_density_per_mm2(cut, found.diameter_um, field_um=100.0)
    assert whole == pytest.approx(2500.0)
    extra = rows(n=10)
    crowd = skeleton(
        np.vstack([extra.position_um, [[0, 3, 3], [100, 3, 3]]]),
        np.vstack([extra.ends, [[200, 201]]]),
        high_um=(100.0, 200.0, 200.0),
    )
    hot = microvessel_density_per_mm2(
        sections(crowd, 0, 3), crowd.diameter_um, field_um=100.0, hottest=1
    )
    assert hot == pytest.approx(2600.0)
    assert microvessel_density_per_mm2(cut, 0 * found.diameter_um + 120, field_um=100.0) == 0.0


def test_a_cubic_lattice_is_counted_as_it_is_built():
    n, found = 4, lattice()
    shape, volume = shape_of(found), 1e-3
    degree = np.bincount(found.ends.ravel())
    assert shape.length_density_mm_per_mm3 == pytest.approx(3 * n * n * (n - 1) * 25e-3 / volume)
    assert shape.branch_points_per_mm3 * volume == pytest.approx((degree > 2).sum())
    edges, nodes = 3 * n * n * (n - 1), n**3
    assert shape.loops_per_mm3 * volume == pytest.approx(edges - nodes + 1)
    assert shape.components == 1
    assert shape.mean_tortuosity == pytest.approx(1.0)


def test_pieces_between_branch_points_are_one_vessel_with_one_tortuosity():
    """A half circle of 30 pieces from a fork to an end: length over chord is π / 2."""
    turn = np.linspace(0, np.pi, 31)
    arc = np.column_stack([50 - 20 * np.cos(turn), 50 + 20 * np.sin(turn), np.full(31, 50.0)])
    points = np.vstack([arc, [[10, 50, 50], [30, 20, 50]]])
    ends = [[i, i + 1] for i in range(30)] + [[31, 0], [0, 32]]
    found = skeleton(points, ends)
    vessel = vessels_of(found)
    assert len(np.unique(vessel)) == 3
    assert len(np.unique(vessel[:30])) == 1
    # 30 chords of a half circle are shorter than it by π² / 24 / 30²
    assert tortuosity_of(found, vessel)[vessel[0]] == pytest.approx(np.pi / 2, rel=6e-4)
    shape = shape_of(found)
    assert shape.branch_points_per_mm3 == pytest.approx(1000.0)
    assert shape.blind_ends_per_mm3 == pytest.approx(3000.0)
    ring = skeleton(arc, [[i, (i + 1) % 31] for i in range(31)])
    assert np.isnan(tortuosity_of(ring, vessels_of(ring))).all()
    assert shape_of(ring).loops_per_mm3 == pytest.approx(1000.0)


def test_distance_to_rows_of_cylinders_is_that_of_a_square():
    """Mean distance to the middle of a square of side s: s (√2 + ln(1 + √2)) / 6."""
    found = rows(spacing=20.0)
    thin = Skeleton(**{**vars(found), "diameter_um": np.full(25, 1e-9)})
    at = (np.arange(100) + 0.5) * 1.0
    y, z = (axis.ravel() for axis in np.meshgrid(at, at))
    points = np.column_stack([np.full(y.size, 47.0), y, z])
    everywhere = np.ones(25, bool)
    away = distance_to_vessels(thin, everywhere, points)
    exact = 20 / 6 * (np.sqrt(2) + np.log1p(np.sqrt(2)))
    assert away.mean_um == pytest.approx(exact, rel=2e-3)
    # beyond the circle that touches the sides lies 1 - π/4: 95 % by its own integral
    r = np.linspace(10, 10 * np.sqrt(2), 4001)
    inside = (np.pi - 4 * np.arccos(10 / r)) * r**2 + 40 * np.sqrt(np.maximum(r**2 - 100, 0))
    assert away.p95_um == pytest.approx(np.interp(0.95, inside / 400, r), rel=5e-3)
    walls = distance_to_vessels(found, everywhere, points)
    assert np.all(walls.of_points_um <= away.of_points_um)
    np.testing.assert_allclose(walls.of_points_um, np.maximum(away.of_points_um - 3, 0), atol=1e-6)
    assert distance_to_vessels(found, ~everywhere, points).mean_um == np.inf
    # beyond the end of a vessel it is the distance to its end
    beyond = distance_to_vessels(thin, everywhere, np.array([[130.0, 10.0, 10.0]]))
    assert beyond.mean_um == pytest.approx(30.0)


def test_perfusion_and_hypoxia_are_shares():
    found = rows()
    carries = np.arange(25) < 10
    assert perfused_fraction(found, carries) == pytest.approx(0.4)
    assert profiles_per_mm2(sections(found, 0, 3), carries) == pytest.approx(1000.0)
    assert hypoxic_fraction(np.linspace(0, 99, 100).reshape(10, 10), 20.0) == pytest.approx(0.2)


def test_doppler_sees_cells_times_speed_near_the_surface():
    found = rows()
    flow, full = np.full(25, 0.6), np.full(25, 0.4)
    speed = 0.6e6 / 60 / (np.pi * 9)  # um/s
    share = 2500e-6 * np.pi * 9  # volume of vessels over tissue
    assert doppler_flux(found, flow, full) == pytest.approx(0.4 * speed * share)
    # only the row within 20 um of the surface; the others do not count
    deep = np.where(found.position_um[found.ends[:, 0], 2] > 20, 0.0, flow)
    near = doppler_flux(found, deep, full, depth_um=20.0)
    assert near == pytest.approx(0.4 * speed * share)
    assert doppler_flux(found, flow / 2, full) / doppler_flux(found, flow, full) == 0.5
    upright = skeleton([[50, 50, 0], [50, 50, 100]], [[0, 1]])
    one = np.ones(1)
    half = doppler_flux(upright, one, one, depth_um=50.0)
    assert half == pytest.approx(doppler_flux(upright, one, one, depth_um=100.0))


def test_the_demo_network_of_vesselvio_has_the_degrees_and_curveness_of_its_own_table():
    folder = NETWORKS / "vesselvio_demo"
    if not folder.exists():
        pytest.skip(f"{folder} is not here: third-party data are not part of the project")
    edges = np.genfromtxt(folder / "edges.csv", delimiter=";", names=True)
    points = np.genfromtxt(folder / "vertices.csv", delimiter=";", names=True)
    place = np.column_stack([points["pos_x"], points["pos_y"], points["pos_z"]])
    ends = np.column_stack([edges["node1id"], edges["node2id"]]).astype(int)
    place -= place.min(axis=0)
    found = Skeleton(
        place,
        ends,
        2 * edges["avgRadiusAvg"],
        edges["length"],
        (0.0,) * 3,
        tuple(np.ptp(place, axis=0) + 1.0),
    )
    degree = np.bincount(ends.ravel(), minlength=len(place))
    np.testing.assert_array_equal(degree[ends[:, 0]], edges["node1_degree"])
    shape = shape_of(found)
    assert shape.branch_points_per_mm3 * found.volume_mm3 == pytest.approx(
        (points["degree"] > 2).sum()
    )
    assert shape.blind_ends_per_mm3 * found.volume_mm3 == pytest.approx(
        (points["degree"] == 1).sum()
    )
    each = tortuosity_of(found, np.arange(len(ends)))
    outer = (edges["node1_degree"] != 2) & (edges["node2_degree"] != 2)
    there = outer & (edges["distance"] > 0)
    # positions and lengths of the table are rounded to a tenth of a voxel and less
    np.testing.assert_allclose(each[there], edges["curveness"][there], rtol=3e-4)
