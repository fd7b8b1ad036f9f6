"""What is printed for a person says what was found, letter for letter."""

from angiosome.cli.output import counted, print_table


def test_a_cell_is_printed_as_it_is(capsys):
    print_table("Two [of] :heart:", [{"id": "[red]a[/red]", "title": ":brain: [1] \\[x]"}])
    printed = capsys.readouterr().out
    for text in ("Two [of] :heart:", "[red]a[/red]", ":brain: [1] \\[x]"):
        assert text in printed


def test_one_thing_is_not_many():
    assert [counted(n, "study", "studies") for n in (0, 1, 2)] == [
        "0 studies",
        "1 study",
        "2 studies",
    ]
