"""Which rule a claim compiles to, by the class of its cargo; judged by what the claims say."""

from angiosome.evidence import find_study, load_studies
from angiosome.signalling.roles import stages_of
from angiosome.study import Cargo, Claim
from angiosome.trials.attachments import attachments_of, drives, explained, mechanism_for


def claim(number, cargo, **said):
    read = {"place": "here", "seen": "abstract"}
    return Claim.model_validate(
        {"id": f"c{number}", "cargo": cargo, "behaviour": "angiogenesis", "read": read, **said}
    )


def compiled(item, *claims):
    base = find_study("gallet-2017")
    study = base.model_copy(update={"id": "says", "claims": claims})
    return mechanism_for([item], study, [study])


def test_a_pathway_without_a_target_attaches_with_its_sign_through_an_unnamed_target():
    mirna = Cargo(name="miR-999", kind="miRNA", basis="carried")
    for effect, whom in (("raises", "inhibitor"), ("lowers", "activator")):
        found = compiled(mirna, claim(1, "miR-999", pathway=["PI3K/Akt"], pathway_effect=effect))
        (edge,) = attachments_of(found)
        assert (edge.rule, edge.target) == ("silences", f"unnamed {whom} of Akt")
        assert drives(edge) == ("Akt",)
    none = compiled(mirna, claim(1, "miR-999", pathway=["PI3K/Akt"]))
    assert attachments_of(none) == ()
    assert [link.target for link in none.unsigned] == ["PI3K/Akt"]


def test_two_claims_that_contradict_each_other_on_a_pathway_leave_it():
    claims = [
        claim(number, "miR-999", pathway=["ERK"], pathway_effect=effect)
        for number, effect in enumerate(("raises", "lowers"))
    ]
    found = compiled(Cargo(name="miR-999", kind="miRNA", basis="carried"), *claims)
    assert attachments_of(found) == ()
    assert len(found.contested) == 2


def test_a_pathway_that_a_named_target_acts_on_is_not_counted_twice():
    found = compiled(
        Cargo(name="miR-999", kind="miRNA", basis="carried"),
        claim(1, "miR-999", target="PTEN", effect="lowers"),
        claim(2, "miR-999", pathway=["Akt"], pathway_effect="raises"),
    )
    assert [edge.target for edge in attachments_of(found)] == ["PTEN"]
    assert [one.target for one in explained(found)] == ["PTEN"]


def test_a_new_target_drives_the_pathway_of_its_claim_and_else_nothing():
    mirna = Cargo(name="miR-999", kind="miRNA", basis="carried")
    for pathway, stages in ((["Hedgehog"], ("Hedgehog",)), ([], ())):
        said = {"pathway": pathway, "pathway_effect": "raises"} if pathway else {}
        found = compiled(mirna, claim(1, "miR-999", target="GATA4", effect="lowers", **said))
        (edge,) = attachments_of(found)
        assert (edge.rule, edge.target, drives(edge)) == ("silences", "GATA4", stages)


def test_a_protein_presents_or_adds_by_what_it_is():
    for name, rule, target in (
        ("VEGF", "presents", "VEGFR2"),
        ("Shh", "presents", "Hedgehog"),
        ("HIF-1α", "adds", "HIF1A"),
    ):
        (edge,) = attachments_of(compiled(Cargo(name=name, kind="protein", basis="carried")))
        assert (edge.rule, edge.target) == (rule, target)
    assert compiled(Cargo(name="IL-6", kind="protein", basis="carried")).idle == ("IL-6",)


def test_every_signed_claim_of_the_evidence_base_attaches_or_is_listed_with_a_reason():
    studies = load_studies()
    for study in studies:
        cargo = [item for product in study.products for item in product.cargo]
        found = mechanism_for(cargo, study, studies)
        told = {
            link.cargo for part in (found.links, found.others, found.contested) for link in part
        }
        told |= {link.cargo for part in (found.unmodelled, found.unsigned) for link in part}
        assert {item.name for item in cargo} == told | set(found.idle), study.id


def test_the_named_proteins_act_where_the_reviews_have_them():
    for protein, stage in (
        ("SPRED1", "ERK"), ("PTEN", "Akt"), ("HIF1AN", "HIF-1α"), ("EGLN1", "HIF-1α"),
        ("DLL4", "tip"), ("SUFU", "Hedgehog"), ("CTNNB1", "Wnt"), ("ANGPT1", "Tie2"),
        ("COL4A1", "balance"),
    ):  # fmt: skip
        assert stage in stages_of(protein)
