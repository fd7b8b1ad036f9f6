"""What can be said of a product: size, separation, markers, words, and what MISEV asks for."""

import numpy as np
import pytest
from scipy import integrate, stats

from angiosome.errors import AngiosomeError
from angiosome.evidence import find_study
from angiosome.product import (
    Method,
    SizeClass,
    class_of,
    class_probabilities,
    in_sequence,
    is_exosome,
    markers_found,
    misev_items,
    operational_term,
    preparation_of,
    read_panels,
    shares_between,
)
from angiosome.study import Product
from angiosome.study.misev import CHARACTERISED

CLASSES = (
    SizeClass("small", 120.0, 1.35, 0.85),
    SizeClass("large", 350.0, 1.7, 0.14),
    SizeClass("apoptotic", 2000.0, 1.6, 0.01),
)


def test_a_size_gives_probabilities_that_add_up_to_one_and_are_those_of_bayes():
    sizes = np.array([60.0, 200.0, 700.0, 3000.0])
    found = class_probabilities(sizes, CLASSES)
    assert sum(found.values()) == pytest.approx(np.ones(4), abs=1e-12)
    density = [
        k.share * stats.lognorm(np.log(k.gsd), scale=k.median_nm).pdf(sizes) for k in CLASSES
    ]
    assert found["small"] == pytest.approx(density[0] / sum(density), rel=1e-9)


@pytest.mark.parametrize(("nm", "name"), [(90.0, "small"), (450.0, "large"), (5000.0, "apoptotic")])
def test_a_size_that_only_one_class_has_names_it(nm, name):
    assert class_of(nm, CLASSES) == name


def test_a_size_in_the_overlap_names_no_class():
    with pytest.raises(AngiosomeError) as refused:
        class_of(220.0, CLASSES)
    assert str(refused.value).startswith(
        "a diameter of 220 nm does not name one class of vesicles (small "
    )
    assert "large" in str(refused.value)


def test_a_filter_leaves_the_share_of_each_class_inside_it():
    shares = shares_between(40.0, 220.0, CLASSES)
    inside = [
        integrate.quad(
            lambda d, k=k: k.share * stats.lognorm(np.log(k.gsd), scale=k.median_nm).pdf(d), 40, 220
        )[0]
        for k in CLASSES
    ]
    assert list(shares.values()) == pytest.approx(np.array(inside) / sum(inside), rel=1e-6)
    assert shares["apoptotic"] < 1e-6


def test_terms_are_operational_and_need_a_size():
    assert operational_term(150.0) == "small EVs"  # MISEV2023, Table 2: below 200 nm
    assert operational_term(250.0) == "large EVs"
    assert operational_term(None) == "EVs (size not reported)"


def test_steps_of_a_separation_multiply_their_yields_and_the_purest_sets_the_purity():
    filtered = Method("ultrafiltration", 0.7, 5e9, 20.0, 220.0)
    column = Method("size-exclusion", 0.5, 2e10, 70.0, 400.0)
    both = in_sequence([filtered, column])
    assert (both.recovered, both.particles_per_ug) == (pytest.approx(0.35), 2e10)
    assert (both.low_nm, both.high_nm) == (70.0, 220.0)
    assert in_sequence([column, filtered]) == both  # the order of the steps changes nothing


def test_markers_speak_for_a_panel_against_it_or_not_at_all():
    reading = {
        panel.name: panel for panel in read_panels({"cd63": True, "CD45": True, "CD90": False})
    }
    assert reading["vesicles"].agree == ("CD63",)
    assert reading["mesenchymal origin"].contradict == ("CD90", "CD45")
    assert "CD9" in reading["vesicles"].not_reported
    assert reading["purity"].agree == ()


@pytest.mark.parametrize(
    ("modification", "isolation", "found"),
    [
        (
            "no modification; UCB cells",
            "differential ultracentrifugation",
            (("ultracentrifugation",), (), None, ()),
        ),
        (
            "hypoxia, 1 % O2, 48 h",
            "TFF, then SEC",
            (("ultrafiltration", "size-exclusion"), ("hypoxia",), None, ()),
        ),
        (
            "miR-210 mimic; c(RGDyK)",
            "ExoQuick",
            (("precipitation",), ("overexpression",), "crgd", ()),
        ),
        ("kept on NO-releasing polymer", "", ((), ("nitric-oxide",), None, ())),
        ("siRab27a", "", ((), (), None, ("rab",))),
        ("", "", ((), (), None, ())),
    ],
)
def test_plain_words_are_recognised_and_no_others(modification, isolation, found):
    said = preparation_of(modification, isolation)
    assert (said.isolation, said.enrichment, said.ligand, said.blocked) == found


def test_misev_items_tell_what_the_source_does_not_say_from_what_nobody_looked_up():
    study = find_study("gallet-2017")
    items = {i.name: i for i in misev_items(study, study.products[0], study.arms[1].regimen)}
    assert items["source cell"].value == "cardiosphere-derived cell"
    # an assumed dose is not a reported one
    assert (items["dose"].status, items["dose"].place) == ("not reported", "abstract")
    assert items["storage"].status == "not assessed"
    assert {i.status for i in misev_items(study, None, None)} == {"not assessed"}


def characterised(**known):
    study = find_study("gallet-2017")
    product = {**study.products[0].model_dump(mode="json", exclude_none=True)}
    product = Product.model_validate({**product, "characterisation": known})
    return product, {i.name: i for i in misev_items(study, product, None)}


def test_a_study_file_states_each_item_and_where_it_was_read():
    read = {"place": "Methods, p 3", "seen": "full text"}
    facts = {
        name: {"value": value, "read": read}
        for name, value in zip(
            CHARACTERISED,
            ["shown", "not reported", "not done", "none", "by hand", *["said"] * 5],
            strict=True,
        )
    }
    _, items = characterised(**facts)
    told = [items[words] for words in CHARACTERISED.values()]
    statuses = ["reported", "not reported", "not done", "none", *["reported"] * 6]
    assert [item.status for item in told] == statuses
    assert {item.place for item in told} == {"Methods, p 3"}


def test_markers_of_a_study_file_are_held_against_every_panel():
    product, items = characterised(
        markers=[
            {"name": "CD63", "found": "present"},
            {"name": "calnexin", "found": "not done"},
            {"name": "CD45", "found": "present"},
        ]
    )
    assert items["markers: vesicles"].value == "CD63 present"
    assert items["markers: purity"].status == "not done"
    readings = {panel.name: panel for panel in read_panels(markers_found(product))}
    assert readings["vesicles"].agree == ("CD63",)
    assert readings["mesenchymal origin"].contradict == ("CD45",)


def test_vesicles_are_exosomes_only_where_their_origin_is_shown():
    shown, _ = characterised(biogenesis="budding into multivesicular bodies seen, Rab27a needed")
    said, _ = characterised(biogenesis="not done")
    assert (is_exosome(shown), is_exosome(said), is_exosome(None)) == (True, False, False)
    assert operational_term(100.0, origin_shown=True) == "exosomes"
    assert operational_term(100.0) == "small EVs"
