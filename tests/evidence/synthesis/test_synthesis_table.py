"""Anybody's table: what is wrong with a row is said with its line, and the rest goes on."""

import numpy as np
import pytest

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.pool import pool
from angiosome.evidence.synthesis.table import read_effects


def written(tmp_path, text):
    file = tmp_path / "table.csv"
    file.write_text(text, "utf-8")
    return file


def test_every_bad_row_is_named_and_the_good_ones_are_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(
        tmp_path,
        "study,yi,vi,n_t,better,unit\n"
        "a,0.5,0.04,8,higher,mm\n"
        "b,,0.04,8,higher,mm\n"
        "c,0.2,0,8,higher,mm\n"
        "d,0.2,-1,8,higher,mm\n"
        "e,0.2,NA,8,higher,mm\n"
        "f,much,0.04,8,higher,mm\n"
        "g,0.2,0.04,0,higher,mm\n"
        "h,0.2,0.04,8,more,mm\n"
        "i,0.2,0.04,8,,mm\n"
        "j,0.2,0.04,8,higher,kg\n"
        "k,0.2,inf,8,higher,mm\n"
        "l,0.02,0.0004,6-8,lower,cm\n",
    )
    from pathlib import Path

    effects = read_effects(Path("table.csv"))
    assert [str(item) for item in effects.left_out] == [
        "table.csv, line 3: yi: missing",
        "table.csv, line 4: vi: 0; a sampling variance has to be above zero",
        "table.csv, line 5: vi: -1; a sampling variance has to be above zero",
        "table.csv, line 6: vi: missing",
        "table.csv, line 7: yi: 'much' is not a number",
        "table.csv, line 8: n_t: 0; it has to be 1 or more",
        "table.csv, line 9: better: 'more' is neither 'higher' nor 'lower'",
        "table.csv, line 10: better: not given, though other rows give it: its sign is unknown",
        "table.csv, line 11: unit: 'kg' does not convert to 'mm', the unit of the rows above",
        "table.csv, line 12: vi: 'inf' is not a finite number",
    ]
    assert effects.study == ("a", "l")
    assert effects.yi == pytest.approx([0.5, -0.2])  # 0.02 cm lower, where lower is better
    assert effects.vi == pytest.approx([0.04, 0.04])
    assert effects.n_t[1] == 6
    assert effects.marks[1] == ("n given as a range: the smaller counts",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("study,effect\na,1\n", "has neither the columns 'yi' and 'vi'"),
        ("yi,vi\n", "has a head but no rows"),
        ("yi;vi\n1;2\n", "not a table with commas"),
        ("yi,vi,yi\n1,2,3\n", "has the column 'yi' twice"),
        ("n_t,mean_t\n8,5\n", "holds arms; give --scale, one of rom, rom-corrected, smd"),
        (
            "yi,vi\n1,0\n2,NA\n",
            "no row of .* can be used:\n.*line 2: vi: 0;.*\n.*line 3: vi: missing",
        ),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_words(tmp_path, text, words):
    with pytest.raises(AngiosomeError, match=words):
        read_effects(written(tmp_path, text))


def test_a_byte_order_mark_spaces_and_standard_errors_are_read(tmp_path):
    file = written(tmp_path, "\ufeffyi , sei ,lab\n 0.5 ,0.2,x\n0.6, 0.1 ,x\n\n")
    effects = read_effects(file)
    assert effects.vi == pytest.approx([0.04, 0.01])
    assert effects.cluster == ("x", "x")
    assert effects.study == ("line 2", "line 3")


ARMS = "study,outcome,control,n_t,mean_t,sd_t,n_c,mean_c,sd_c\n"


def test_arms_that_share_a_control_covary_named_or_seen(tmp_path):
    named = read_effects(
        written(
            tmp_path, ARMS + "a,o,c1,8,50,8,9,60,9\na,o,c1,7,55,9,9,60,9\nb,o,c1,8,50,8,9,60,9\n"
        ),
        "md",
    )
    assert named.shared == {(0, 1): pytest.approx(81 / 9)}  # another study's c1 is another arm
    assert not named.warnings
    seen = read_effects(
        written(tmp_path, ARMS + "a,o,,8,50,8,9,60,9\na,o,,7,55,9,9,60,9\na,p,,8,50,8,9,60,9\n"),
        "md",
    )
    assert seen.shared == {(0, 1): pytest.approx(9.0)}  # another outcome is not the same number
    assert "a: 2 rows have the same control n, mean and SD" in seen.warnings[0]
    blind = pool(named, "reml")
    assert "share a control arm, which this model ignores" in " ".join(blind.warnings)
    y, v = named.yi, named.vi
    V = np.diag(v)
    V[0, 1] = V[1, 0] = 9.0
    weight = np.linalg.solve(V, np.ones(3))
    gls = pool(named, "fixed")
    assert gls.estimate == pytest.approx(weight @ y / weight.sum())
    assert gls.inference.se[0] == pytest.approx(weight.sum() ** -0.5)


def test_what_n_counts_is_asked_where_it_is_no_animal(tmp_path):
    text = "yi,vi,unit_of_n\n0.1,0.1,animal\n0.2,0.1,well\n0.3,0.1,\n"
    said = " ".join(read_effects(written(tmp_path, text)).warnings)
    assert "1 rows count 'well' as n" in said
    assert "1 rows do not say what n counts" in said


def test_quartiles_ranges_and_p_values_fill_in_for_an_sd(tmp_path):
    head = "study,n_t,median_t,q1_t,q3_t,min_t,max_t,mean_t,n_c,mean_c,sd_c,p\n"
    effects = read_effects(
        written(
            tmp_path,
            head
            + "a,20,50,45,55,,,,20,40,7,\nb,20,50,,,35,65,,20,40,7,\nc,20,,,,,,50,20,40,7,0.01\n",
        ),
        "md",
    )
    assert effects.yi == pytest.approx([10, 10, 10])
    assert ["SD from quantiles" in m for m in effects.marks] == [True, False, False]
    assert ["SD from the range" in m for m in effects.marks] == [False, True, False]
    assert ["SD from p or t" in m for m in effects.marks] == [False, False, True]


def test_a_benefit_is_claimed_only_where_the_table_says_which_way_is_better(tmp_path):
    plain = read_effects(written(tmp_path, "yi,vi\n0.1,0.1\n"))
    signed = read_effects(written(tmp_path, "yi,vi,better\n0.1,0.1,lower\n"))
    assert (plain.benefit, signed.benefit) == (False, True)
    arms = ARMS + "a,o,c,8,50,8,9,60,9\n"
    assert not read_effects(written(tmp_path, arms), "md").benefit
