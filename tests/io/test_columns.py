"""Tables as other programs write them: separators, quotes, marks, and what is no number."""

import codecs
import csv
import io

import pytest

from angiosome.errors import AngiosomeError, ProblemsError
from angiosome.io.networks import read_network

HEAD = ("segment", "from", "to", "diameter_um", "length_um")
ROWS = (("vein, small", "a;1", 'the "b"', "8.5", "100"), ("2", 'the "b"', "c\td", "6", "1e2"))


def written(separator, quoting=csv.QUOTE_MINIMAL):
    text = io.StringIO()
    csv.writer(text, delimiter=separator, quoting=quoting).writerows([HEAD, *ROWS])
    return text.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(b"", "utf-8"), (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")],
)
def test_what_the_csv_module_writes_is_read(tmp_path, separator, quoting, mark, encoding):
    file = tmp_path / "net.csv"
    file.write_bytes(mark + written(separator, quoting).encode(encoding))
    given = read_network(file)
    assert given.segment_names == ("vein, small", "2")
    assert given.node_names == ("a;1", 'the "b"', "c\td")
    assert given.diameter_um.tolist() == [8.5, 6]
    assert given.segment_line.tolist() == [2, 3]


def test_columns_parted_by_blanks_are_read(tmp_path):
    file = tmp_path / "net.txt"
    file.write_text(
        'measured in 1990\n segment  from  to \t diameter length\n"a b"  1   2  8  50\n'
    )
    given = read_network(file)
    assert (given.segment_names, given.length_um.tolist()) == (("a b",), [50])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,1,2,nan,5", "segment a: 'nan' under diameter_um is not a number; leave it empty"),
        ("a,1,2,8,inf", "segment a: 'inf' under length_um is not a number; leave it empty"),
        ("a,1,2,8,1e999", "segment a: '1e999' under length_um is not a number; leave it empty"),
        ('a,1,2,"8,5",5', "segment a: '8,5' under diameter_um is not a number; write 8.5"),
        ("a,1,2,8,5,100", "6 values under a head of 5 columns; put a value"),
        ("a,1,2,8", "4 values under a head of 5 columns"),
        ('a,1,2,"8,5', "a quote is opened and not closed on this line"),
        ("a,1,,8,5", "segment a: it lacks one of its nodes"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_its_line(tmp_path, row, message):
    file = tmp_path / "net.csv"
    file.write_text(f"{','.join(HEAD)}\nz,1,3,8,5\n{row}\n")
    with pytest.raises(ProblemsError) as caught:
        read_network(file)
    assert f"{file}, line 3: {message}" in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_condition_that_is_no_number_is_named_with_its_line(tmp_path):
    (tmp_path / "net.csv").write_text(f"{','.join(HEAD)}\na,1,2,8,5\n")
    (tmp_path / "net.nodes.csv").write_text("node,pressure_mmhg\n1,nan\n2,10\n")
    with pytest.raises(ProblemsError) as caught:
        read_network(tmp_path / "net.csv")
    assert "net.nodes.csv, line 2: node 1: 'nan' under pressure_mmhg" in str(caught.value)


def test_a_file_without_a_head_is_refused(tmp_path):
    (tmp_path / "net.csv").write_text("1,2,8,5\n")
    with pytest.raises(AngiosomeError, match="has no head that names its columns"):
        read_network(tmp_path / "net.csv")
