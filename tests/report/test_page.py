"""The page: one file, no network, no script, and a study's words never become markup."""

import re
from html.parser import HTMLParser

import pytest

from angiosome.evidence import find_study
from angiosome.report.page import render, write_report
from angiosome.trials.run import Request, finish, start

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    study = find_study("gallet-2017")
    arms = tuple(arm.model_copy(update={"label": f"{arm.label} {EVIL}"}) for arm in study.arms)
    study = study.model_copy(update={"title": EVIL, "arms": arms})
    request = Request("gallet-2017", 6, 1, "well-mixed", 3.0, ())
    finished = finish(start(request, study, tmp_path_factory.mktemp("runs")))
    return write_report(finished), finished


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def test_words_of_a_study_are_shown_and_not_run(page):
    text = page[0].read_text()
    tags = Tags()
    tags.feed(text)
    names = {tag for tag, _ in tags.seen}
    assert not names & {"script", "img", "iframe", "object", "link"}
    assert not any(key.startswith("on") for _, attrs in tags.seen for key in attrs)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_nothing_is_asked_of_a_network_and_a_policy_says_so(page):
    text = page[0].read_text()
    assert "default-src 'none'" in text
    addresses = re.findall(r"""(?:href|src)\s*=\s*["']([^"']+)""", text)
    assert all(address.startswith(("#", "data:image/png")) for address in addresses)
    assert "@import" not in text
    assert "url(http" not in text


def test_the_page_is_small_and_holds_every_number_of_the_comparison(page):
    file, finished = page
    assert file.stat().st_size < 5_000_000
    text = file.read_text()
    for row in finished.summary["comparison"]:
        assert row["measure"] in text
    for name in finished.cohort.draws:
        assert name in text


def test_the_same_run_gives_the_same_page(page):
    file, finished = page
    assert render(finished) == file.read_text()
