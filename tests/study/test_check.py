"""A study file with something wrong gets one clear answer, with every problem in it."""

from pathlib import Path

import pytest

from angiosome.errors import AngiosomeError, ProblemsError
from angiosome.parameters import load_registry
from angiosome.study import Absent, Study, read_study, study_json_schema, write_template
from angiosome.study.plausible import WEIGHT_KG


@pytest.fixture
def plan(tmp_path):
    file = tmp_path / "plan.yaml"
    write_template(file)
    return file


def problems_after(plan: Path, *edits: tuple[str, str]) -> list[str]:
    text = plan.read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    plan.write_text(text)
    with pytest.raises(ProblemsError) as caught:
        read_study(plan, shown_as="plan.yaml")
    return [str(problem) for problem in caught.value.problems]


def line_of(plan: Path, words: str) -> int:
    return next(n for n, row in enumerate(plan.read_text().splitlines(), 1) if words in row)


def test_exosomes_are_called_so_where_their_origin_is_shown(plan):
    text = plan.read_text().replace("label: Vesicles, by needle", "label: Exosomes, by needle")
    shown = "characterisation:\n      biogenesis: Rab27a was needed, and buds were seen\n"
    plan.write_text(text.replace("characterisation:", shown + "      #", 1))
    assert read_study(plan).arm("needle").label == "Exosomes, by needle"


def test_the_template_is_a_study_without_problems(plan):
    study = read_study(plan)
    assert (study.kind, study.control.id, len(study.arms)) == ("planned", "control", 3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("weight: 250 g", "weight: 250", "'250' has no unit; give mass such as '35 kg'"),
        (
            "label: Vesicles, by needle",
            "label: Exosomes, by needle",
            (
                "'Exosomes, by needle' says exosome, but no product shows that its vesicles arise "
                "in endosomes; write vesicles or EVs, or enter characterisation.biogenesis"
            ),
        ),
        ("found: present", "found: seen", "'seen' is not a finding"),
        (
            "dose: 1e10 particles\n",
            "dose: -1e10 particles\n",
            "'-1e10 particles' is negative; give an amount of zero or more",
        ),
        (
            "weight: 250 g",
            "weight: 250 gg",
            "'250 gg' has the unknown unit 'gg' (did you mean 'g'?); give mass such as '35 kg'",
        ),
        (
            "[30 min after reperfusion]     #",
            "[30 min before reperfusion]     #",
            ("'30 min before reperfusion' lies before the reperfusion; times count forward from "
            "injury, reperfusion or first dose"),
        ),
        (
            "route: intravenous",
            "route: intranasal",
            ("'intranasal' is not a route to the heart; did you mean 'intravenous'? allowed: "
            "intramyocardial, intracoronary, epicardial patch, intravenous, intra-arterial, "
            "intraperitoneal, hydrogel depot, in culture medium"),
        ),
        ("control: true", "control: false", "no arm is the control; mark one with 'control: true'"),
        ("arm: vein", "arm: vien", ("no arm has the id 'vien'; did you mean 'vein'? allowed: control, "
         "needle, vein")),
        ("organ: heart", "organ: hart", ("'hart' is not an organ; did you mean 'heart'? allowed: "
         "heart, brain, kidney, limb, skin")),
        ("id: needle", "id: control", "the id 'control' is taken (line 52); every id is used once"),
        ("volume: 100 uL", "volum: 100 uL", ("unknown key; did you mean 'volume'? allowed: dose, "
         "duration, product, read, route, sites, times, volume")),
        ("injury: ischaemia-reperfusion", "injury: permanent occlusion",
         "'30 min after reperfusion', but the injury 'permanent occlusion' has no reperfusion"),
        ("dose: none", "dose: 1 mg", ("the vehicle has a dose of '1 mg'; write 'none', or name the "
         "product")),
        ("dose: 1e10 particles\n", "dose: none\n", ("'none' says that nothing was given; write 'not "
         "reported' if the source does not say how much, or name the vehicle as the product")),
        ("weight: 250 g", "weight: 250 kg", ("'250 kg' is outside what a rat weighs, 4 g to 1.2 kg; "
         "correct it")),
        ("diameter: 120 nm", "diameter: 120 um", ("'120 um' is outside what a vesicle measures, 20 nm "
         "to 20 um; correct it")),
        # a sphere of 100 nm is 5.236e-16 mL, so 1e20 of them 52.36 L: 209 rats of 250 g
        ("dose: 1e10 particles\n", "dose: 1e20 particles\n", ("'1e20 particles' would weigh 2.1e+04 % "
         "of the body of 250 g, and no dose is more than 1 %; correct the number or its unit")),
        ("dose: 1e10 particles\n", "dose: 1 oz\n", "'1 oz' would weigh 11 % of the body of 250 g"),
        ("dose: 1e10 particles\n", "dose: 20 g/kg\n", "'20 g/kg' would weigh 2 % of the body of 250 g"),
        ("species: rat", "species: Rats", "'Rats' is not a species; did you mean 'rat'? allowed: mouse"),
        ("route: intravenous,", "route: tail vein,",
         "'tail vein' is not a route; did you mean 'intravenous'? allowed:"),
        ("kind: planned", "evidence: cell therapy\nkind: planned",
         "'cell therapy' is not a kind of evidence; did you mean 'cells'? allowed:"),
        ("times: [30 min after reperfusion]     #", "times: 30 min after reperfusion     #",
         ("'30 min after reperfusion' stands where a list belongs; write [...], also around a single "
         "one")),
        ("label: Vehicle, by needle", "label: 5",
         "5 is no text; if it is meant as one, put it in quotes"),
        ("product: msc-ev\n", "product: msc-eV\n", ("no product has the id 'msc-eV'; did you mean "
         "'msc-ev'? allowed: msc-ev, vehicle")),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_line_and_what_is_allowed(plan, old, new, message):
    line = line_of(plan, old.strip().split("\n")[0])
    found = problems_after(plan, (old, new))
    assert any(message in problem for problem in found), found
    if "control" not in old and "injury" not in old:
        assert any(problem.startswith(f"plan.yaml, line {line}: ") for problem in found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weight: 250 g", "weight: 0.55 lb"),
        ("weight: 250 g", "weight: {value: not reported, assume: 6 g, because: newborn}"),
        ("diameter: 120 nm", "diameter: 4 um"),  # an apoptotic body
        ("dose: 1e10 particles\n", "dose: 5e14 particles/kg\n"),
        ("dose: 1e10 particles\n", "dose: 4e9 cells\n"),  # cells are not what is given
    ],
)
def test_what_is_rare_but_can_be_is_taken(plan, old, new):
    text = plan.read_text()
    assert old in text
    plan.write_text(text.replace(old, new, 1))
    read_study(plan)


@pytest.mark.parametrize("species", ["mouse", "rat", "pig", "human"])
def test_the_animals_that_the_model_draws_weigh_what_animals_weigh(species):
    drawn = load_registry().find(f"body_weight.{species}")
    low, high = WEIGHT_KG[species]
    # the newborn weighs less than a tenth, and no animal ten times what an adult does
    assert low < drawn.value / 10
    assert drawn.value * 1.5 < high <= 20 * drawn.value


def test_a_word_where_keys_belong_is_told_which_keys(plan):
    text = plan.read_text()
    start, end = text.index("source:"), text.index("condition:")
    plan.write_text(text[:start] + "source: our plan, 2026\n\n" + text[end:])
    with pytest.raises(ProblemsError) as caught:
        read_study(plan)
    assert (
        "source: 'our plan, 2026' stands where keys belong, each with its value; they are: citation, "
        in str(caught.value)
    )


def test_a_missing_word_is_told_with_the_list_it_comes_from(plan):
    basis = "        basis: carried   # how the source puts it; see the documentation\n"
    found = problems_after(plan, (basis, ""))
    assert any(
        "cargo[1].basis: missing; every cargo needs it; allowed: carried, loaded," in problem
        for problem in found
    ), found


def test_all_problems_come_in_one_pass_in_the_order_of_the_file(plan):
    found = problems_after(
        plan,
        ("organ: heart", "organ: hart"),
        ("weight: 250 g", "weight: heavy"),
        ("arm: vein", "arm: vien"),
        ("control: true", "control: 1"),
    )
    lines = [int(problem.split("line ")[1].split(":")[0]) for problem in found]
    assert lines == sorted(lines)
    fields = [problem.split(": ")[1] for problem in found]
    assert fields == [
        "condition.organ",
        "condition.subject.weight",
        "arms",
        "arms[1].control",
        "outcomes[3].arm",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id: a\n\tb: 2\n", "line 2: a tab indents this line; YAML allows only spaces"),
        ("a: &bomb [x]\nb: *bomb\n", ("line 1: the anchor or alias 'bomb' is refused; write the value "
         "out")),
        ("a: !!python/object:os.system 1\n", ("the tag 'tag:yaml.org,2002:python/object:os.system' is "
         "refused")),
        ("a: 1\nb: 2\na: 3\n", "line 3: a: the key is given twice (first on line 1); keep one"),
        ("[" * 40, "line 1: nested more than 24 deep"),
        ("a: [1, 2\n", "not valid YAML"),
        ("", "the file is empty; start with 'angiosome new'"),
        ("a: 1\n---\nb: 2\n", "line 2: a second document starts here; put one study in each file"),
        ("- a\n- b\n", "a study is a mapping of keys; start with 'angiosome new'"),
    ],
)  # fmt: skip
def test_yaml_that_is_not_plain_data_is_refused_before_it_expands(tmp_path, text, message):
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(ProblemsError) as caught:
        read_study(file)
    assert message in str(caught.value)


def test_a_file_in_another_encoding_says_where(tmp_path):
    file = tmp_path / "latin.yaml"
    file.write_bytes("id: a\ntitle: Ischämie\n".encode("latin-1"))
    with pytest.raises(ProblemsError, match=r"line 2: byte 0xe4 is not UTF-8; save the file with"):
        read_study(file)


def test_a_huge_file_is_refused_unread(tmp_path):
    file = tmp_path / "huge.yaml"
    with file.open("wb") as opened:
        opened.truncate(50_000_000)
    with pytest.raises(
        ProblemsError, match=r"50,000,000 bytes; a study file has at most 2,000,000"
    ):
        read_study(file)


def test_no_such_file_is_an_error_and_not_a_traceback(tmp_path):
    with pytest.raises(AngiosomeError, match="cannot be read"):
        read_study(tmp_path / "none.yaml")


def test_the_three_ways_to_have_no_value_stay_apart_through_a_round_trip(plan):
    text = plan.read_text().replace("strain: Sprague-Dawley", "strain: not done")
    plan.write_text(text)
    subject = read_study(plan).condition.subject
    assert (subject.strain.value, subject.comorbidity.value) == (Absent.NOT_DONE, Absent.NONE)
    study = read_study(plan)
    again = Study.model_validate_json(study.model_dump_json(by_alias=True, exclude_none=True))
    assert again == study
    assert again.products[0].particles_per_protein.value is Absent.NOT_REPORTED


def test_an_assumed_value_needs_its_reason_and_a_gap(plan):
    needs_reason = problems_after(
        plan, ("weight: 250 g", "weight: {value: not reported, assume: 1 g}")
    )
    assert "an assumed value needs 'because'" in needs_reason[0]


def test_a_study_cannot_pass_simulated_numbers_as_reported(plan):
    made = "kind: reported\nsimulation: {of: a, angiosome: '1', resolution: spatial, subjects: 1, seed: 1}"
    found = problems_after(plan, ("kind: planned ", f"{made} "))
    assert any("simulated results never pass as data" in problem for problem in found)


def test_an_existing_file_is_never_overwritten(plan):
    before = plan.read_text()
    with pytest.raises(AngiosomeError, match="exists; choose another name"):
        write_template(plan)
    assert plan.read_text() == before


def test_the_json_schema_lists_the_same_words_as_the_reader():
    schema = study_json_schema()
    assert "heart" in schema["$defs"]["Condition"]["properties"]["organ"]["enum"]
    assert schema["additionalProperties"] is False
