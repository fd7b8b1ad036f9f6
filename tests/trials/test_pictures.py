"""Red cells of a pictured slab: they part at the nodes as the law says, and none is lost."""

import jax.numpy as jnp
import numpy as np
import pytest

from angiosome.tissue.network import INLET, INNER, OUTLET
from angiosome.tissue.rheology import red_cell_share
from angiosome.tissue.values import Blood
from angiosome.trials.red_cells import part_red_cells

BLOOD = Blood(*map(jnp.asarray, (95.0, 27.0, 2.7, 0.2, 3e-5, 0.4, 1.2e-3, 60.0)))

# one capillary that parts in two at node 1 (a wide and a narrow way) and joins at node 2
POSITION = np.array([[0, 0], [50, 0], [100, 0], [150, 0], [75, 40], [75, -40], [75, 80]], float)
KIND = np.array([INLET, INNER, INNER, OUTLET, INNER, INNER, INNER])
ENDS = np.array([[0, 1], [1, 4], [2, 4], [1, 5], [5, 2], [2, 3], [4, 6]])
DIAMETER = np.array([8, 7, 7, 5, 5, 8, 6], float)
OPEN = np.ones(len(ENDS), bool)


def parted(is_open=OPEN):
    return part_red_cells(POSITION, KIND, ENDS, DIAMETER, is_open, BLOOD, 5000.0)


def test_red_cells_part_by_the_law_of_two_daughters_and_are_conserved_at_every_node():
    found = parted()
    flow, H = found.flow_um3_per_s, found.haematocrit
    assert flow[0] == pytest.approx(5000.0, rel=1e-9)
    assert H[0] == pytest.approx(0.4)
    assert H[5] == pytest.approx(0.4, rel=1e-9)  # all that parted has come together again
    share = red_cell_share(*(np.array([v]) for v in (flow[1] / flow[0], 8.0, 7.0, 5.0, 0.4)))
    # the viscosities are those of the pass before: a thousandth of the share, at most
    assert H[1] * flow[1] / (0.4 * flow[0]) == pytest.approx(share[0], rel=1e-3)
    assert H[1] > 0.4 > H[3]  # the fast way takes more than its share of cells
    cells, blood = np.zeros(len(KIND)), np.zeros(len(KIND))
    for side, sign in ((0, 1), (1, -1)):
        np.add.at(cells, ENDS[:, side], sign * H * flow)
        np.add.at(blood, ENDS[:, side], sign * flow)
    assert np.abs(cells[KIND == INNER]).max() < 1e-9 * 0.4 * 5000
    assert np.abs(blood[KIND == INNER]).max() < 1e-9 * 5000
    assert flow[2] == pytest.approx(-flow[1])  # drawn from node 2 to 4: the sign follows the ends
    assert (flow[6], H[6]) == (0, 0)  # a sprout that ends blind


def test_what_no_open_vessel_feeds_holds_no_moving_blood():
    cut = OPEN.copy()
    cut[[0, 5]] = False  # the middle is cut off from both ends
    assert not parted(cut).flow_um3_per_s.any()
    cut = OPEN.copy()
    cut[[2, 3]] = False  # no way leads through, though both ends are joined to something
    assert not parted(cut).haematocrit.any()
