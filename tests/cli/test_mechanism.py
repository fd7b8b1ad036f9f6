"""``angiosome mechanism``, as a person meets it."""

import json

from typer.testing import CliRunner

from angiosome.cli.application import application

runner = CliRunner()
app = application()


def test_show_prints_chains_with_the_claims_behind_them():
    shown = runner.invoke(app, ["mechanism", "show", "--cargo", "miR-31"])
    assert shown.exit_code == 0
    assert "miR-31  arm not stated\n" in shown.output
    assert "  miR-31 ⊣ HIF1AN ⊣ HIF-1α → angiogenesis\n      zhu-b50/" in shown.output
    assert "contested (≠). → raises, ⊣ lowers" in shown.output


def test_what_the_audit_found_at_a_place_stands_with_the_claim():
    shown = runner.invoke(app, ["mechanism", "show", "--study", "zheng-b58", "--json"])
    figure = [one for one in json.loads(shown.output)["links"] if one["claim"] == "figure"]
    assert any("target-differs" in finding for finding in figure[0]["findings"])
    text = runner.invoke(app, ["mechanism", "show", "--study", "zheng-b58"]).output
    assert "        audit: zheng-b58.target-differs" in text


def test_show_as_json_and_as_files(tmp_path):
    shown = runner.invoke(app, ["mechanism", "show", "--study", "pan-b78", "--json"])
    network = json.loads(shown.output)
    ids = {node["id"] for node in network["nodes"]}
    assert all({link["subject"], link["object"]} <= ids for link in network["links"])
    assert {link["study"] for link in network["links"]} == {"pan-b78"}
    for name, start in (("a.svg", "<svg"), ("a.dot", "digraph"), ("a.json", "{")):
        file = tmp_path / name
        done = runner.invoke(app, ["mechanism", "show", "--out", str(file)])
        assert (done.exit_code, done.output) == (0, f"Wrote {file}.\n")
        assert file.read_text("utf-8").startswith(start)


def test_export_says_what_it_left_out(tmp_path):
    file = tmp_path / "claims.json"
    done = runner.invoke(
        app,
        ["mechanism", "export", "--format", "indra", "--out", str(file), "--study", "zheng-b58"],
    )
    assert done.exit_code == 0
    assert done.output.startswith("Wrote ")
    assert "Left out" in done.output
    assert json.loads(file.read_text("utf-8"))


def test_a_filter_that_finds_nothing_or_is_no_word_is_refused():
    for arguments, message in (
        (["--organ", "hart"], "Error: 'hart' is not an organ; did you mean 'heart'?"),
        (["--cargo", "miR-99999"], "Error: no claim fits (cargo miR-99999, kind vesicle)."),
        (["--kind", "cells"], "Error: 'cells' is not a kind of evidence"),
        (["--study", "zhu-b5"], "Error: 'zhu-b5' is neither a study of the evidence base"),
        (["--out", "picture.pdf"], "Error: picture.pdf: name the file .svg, .dot or .json"),
    ):
        refused = runner.invoke(app, ["mechanism", "show", *arguments])
        assert refused.exit_code == 2
        assert refused.output.startswith(message)


def test_evidence_export_writes_the_same_files(tmp_path):
    one, other = tmp_path / "one.bel", tmp_path / "other.bel"
    for command, file in (("evidence", one), ("mechanism", other)):
        done = runner.invoke(app, [command, "export", "--format", "bel", "--out", str(file)])
        assert done.exit_code == 0, done.output
    assert one.read_bytes() == other.read_bytes()
    for arguments, message in (
        (["--format", "bel"], "Error: 'bel' goes to a file; give --out FILE"),
        (["--format", "cx2", "--table", "studies"], "Error: 'cx2' holds claims; the table studies"),
        (["--format", "bell"], "Error: 'bell' is no format; did you mean 'bel'?"),
    ):
        refused = runner.invoke(app, ["evidence", "export", *arguments])
        assert (refused.exit_code, refused.output.startswith(message)) == (2, True), refused.output


def test_the_model_of_a_study_is_written_as_sbml_or_refused(tmp_path):
    def export(*arguments):
        return runner.invoke(
            app, ["mechanism", "export", "--out", str(tmp_path / "a.xml"), *arguments]
        )

    done = export("--format", "sbml", "--study", "gallet-2017", "--copies", "500")
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"Wrote 5 links to {tmp_path / 'a.xml'}.\nLeft out 2: cargo")
    assert 'initialAmount="500.0"' in (tmp_path / "a.xml").read_text("utf-8")
    done = export("--format", "sbml", "--study", "hu-b73", "--held", "--json")
    twice = "pathways that a named target of the same cargo acts on"
    assert json.loads(done.output)["left_out"][twice] == 1  # Akt, through PTEN
    assert "listOfReactions" not in (tmp_path / "a.xml").read_text("utf-8")
    for arguments, message in (
        (["--format", "sbml"], "sbml holds the model of one study: give --study"),
        (
            ["--format", "sbml", "--study", "hu-b73", "--organ", "brain", "--kind", "vesicle"],
            "sbml holds the model of one study: give --study, without --organ, --kind",
        ),
        (
            ["--format", "bel", "--held"],
            "--copies, --held, --doses and --every belong to --format sbml",
        ),
        (
            ["--format", "sbml", "--study", "hu-b73", "--copies", "-1"],
            "-1 copies in a cell cannot be; give 0 or more",
        ),
        (
            ["--format", "sbml", "--study", "zheng-b58"],
            "zheng-b58: nothing that it carries acts on",
        ),
    ):
        refused = export(*arguments)
        assert refused.exit_code == 2
        assert refused.output.startswith(f"Error: {message}"), refused.output


def test_a_study_shows_what_of_its_cargo_the_model_holds_and_what_drives_nothing():
    """The named case: circDLGAP4 takes miR-320 away from KLF5 (Lai et al. 2025, section 5.2)."""

    def model_of(study):
        done = runner.invoke(app, ["mechanism", "show", "--study", study, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.output)["model"]

    (sponge,) = model_of("feng-b74")["in_force"]
    assert (sponge["cargo"], sponge["rule"], sponge["target"], sponge["frees"]) == (
        "circDLGAP4", "sponges", "miR-320", ["KLF5"],
    )  # fmt: skip
    told = runner.invoke(app, ["mechanism", "show", "--study", "yang-a105"]).output
    assert "miR-181b-5p silences TRPM7 and drives nothing" in told
    assert model_of("xu-b79")["in_force"] == []
    assert model_of("xu-b79")["left_out"] == {
        "cargo without a claim on a target or a pathway": ["miR-340-5p"]
    }
