"""The page: one file, no network, and a study's words never become markup."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from angiosome.report import page as page_module
from angiosome.report.page import render, script
from angiosome.report.tables import as_csv

built = pytest.mark.skipif(not script(), reason="the page's script is not built (make web)")


class Tags(HTMLParser):
    """Every tag with its attributes, and the raw text of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.seen, self.raw, self._inside = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._inside = (tag, dict(attrs), [])

    def handle_data(self, data):
        if self._inside:
            self._inside[2].append(data)

    def handle_endtag(self, tag):
        if self._inside and self._inside[0] == tag:
            self.raw.append((tag, self._inside[1], "".join(self._inside[2])))
            self._inside = None


@pytest.fixture(scope="module")
def tags(page):
    return Tags(page.read_text())


def test_words_of_a_study_are_shown_and_not_run(page, tags):
    names = [tag for tag, _ in tags.seen]
    assert not set(names) & {"img", "iframe", "object", "link", "base", "form"}
    assert not any(key.startswith("on") for _, attrs in tags.seen for key in attrs)
    for tag, attrs, text in tags.raw:
        ours = tag == "style" or attrs.get("type") == "application/json" or text == script()
        assert ours, text[:80]
    assert "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in page.read_text()


def test_the_policy_allows_what_the_page_holds_and_nothing_else(tags):
    policy = next(
        attrs["content"]
        for tag, attrs in tags.seen
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    closed = {name: rules[name] for name in ("default-src", "base-uri", "form-action")}
    assert set(closed.values()) == {"'none'"}
    assert rules["img-src"] == "data:"
    assert set(rules) - set(closed) <= {"img-src", "style-src", "script-src"}
    assert "unsafe" not in policy
    for tag, attrs, text in tags.raw:
        if attrs.get("type") != "application/json":
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
    # a style attribute would be refused by that policy
    assert not any("style" in attrs for _, attrs in tags.seen)


def test_nothing_is_asked_of_a_network(page, tags):
    for tag, attrs in tags.seen:
        for key in ("src", "href", "srcset", "data", "poster", "action"):
            address = attrs.get(key)
            if address and not address.startswith(("#", "data:image/png;base64,")):
                assert (tag, key) == ("a", "href")  # a reader may follow it; nothing is loaded
                assert address.startswith(
                    ("https://doi.org/10.", "https://pubmed.ncbi.nlm.nih.gov/")
                )
    style = next(text for tag, _, text in tags.raw if tag == "style")
    assert "@import" not in style
    assert "url(" not in style


def test_ids_are_unique_and_every_link_resolves(tags):
    ids = [attrs["id"] for _, attrs in tags.seen if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [attrs["href"] for tag, attrs in tags.seen if tag == "a"]
    inside = {link[1:] for link in links if link.startswith("#")}
    assert inside
    assert inside <= set(ids)


def test_every_number_leads_to_its_record(page, tags, finished):
    text = page.read_text()
    ids = {attrs["id"] for _, attrs in tags.seen if "id" in attrs}
    for name in finished.cohort.draws:
        assert page_module.anchor("p", name) in ids
    for item in finished.summary["assumptions"]:
        assert page_module.anchor("assumed", item["field"]) in ids
    for link in finished.summary["mechanism"]["links"]:
        assert {page_module.anchor("claim", claim) for claim in link["claims"]} <= ids
    for row in page_module.outcome_rows(finished.study, finished.summary):
        if row["reported"]:
            assert f'href="#{row["record"]}"' in text
    for item in finished.summary["not_modelled"]:
        assert item in text
    assert finished.summary["repeat"] in text


def test_the_page_is_small_and_the_same_run_gives_the_same_page(page, finished):
    assert page.stat().st_size < 5_000_000
    assert render(finished) == page.read_text()


@built
def test_data_cannot_end_its_element_and_neither_can_the_script(tags):
    islands = [text for _, attrs, text in tags.raw if attrs.get("type") == "application/json"]
    assert len(islands) == 3
    for text in islands:
        assert "<" not in text
        assert json.loads(text)
    assert not re.search(r"</script|<!--", script(), re.IGNORECASE)


def test_without_its_script_the_page_stands_still_and_says_so(finished, monkeypatch):
    monkeypatch.setattr(page_module, "script", lambda: "")
    text = render(finished)
    still = Tags(text)
    assert "script" not in {tag for tag, _ in still.seen}
    assert "script-src" not in text
    assert "made without its script" in text
    assert sum(attrs.get("class") == "chart" for tag, attrs in still.seen if tag == "svg") > 15


def test_a_cell_of_a_saved_table_is_never_a_formula():
    assert as_csv(["a"], [["=1+1"], ["@x"], [-2.5], ["a,b"]]) == "a\n'=1+1\n'@x\n-2.5\n\"a,b\"\n"
