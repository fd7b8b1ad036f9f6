"""Each number on a page leads to its record in one click: every number is walked in a browser."""

import pytest
from browser import CHROMIUM, browser

from angiosome.report.comparison import read_run, write_comparison
from angiosome.report.links import linked
from angiosome.report.page import script

NAMES = ("MISEV2023", "ARRIVE 2.0", "ICH M15", "V&V 40")
"""What the page names that has digits in it; arms, titles and runs are added."""

# Texts with digits that stand in no link to a record, in no record and in no name: there are none.
LOOSE = """(names => {
  const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const at = node.parentElement, words = names.reduce((text, name) => text.replaceAll(name, ''), node.data);
    if (!/(?<![A-Za-z\\d._-])\\d/.test(words)) continue;
    const link = at.closest('a[href]');
    const target = link && document.getElementById(decodeURIComponent(link.getAttribute('href').slice(1)));
    if (target && (link.classList.contains('cite') || target.closest('tr[id], li[id], [data-record]'))) continue;
    if (at.closest('tr[id], li[id]')) continue;  // it is a record itself
    if (at.closest('.tick, thead, th[scope=row], .legend, output')) continue;  // axes and heads
    if (at.closest('cite, code, pre, script')) continue;  // sources and commands, as they are
    if (at.closest('summary')) continue;  // a click on it opens what it counts
    found.push(node.data.trim().slice(0, 80));
  }
  return found;
})(%s)"""

# Each link of a number is followed: what it leads to is then open and inside the window.
FOLLOWED = """(async () => {
  const wrong = [], seen = new Set();
  for (const link of document.querySelectorAll('main a.num, main svg a')) {
    const to = link.getAttribute('href');
    if (seen.has(to)) continue;
    seen.add(to);
    document.querySelectorAll('details').forEach(part => part.open = false);
    history.replaceState(null, '', '#');
    link.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
    await new Promise(done => setTimeout(done, 30));
    const box = document.getElementById(to.slice(1))?.getBoundingClientRect();
    if (!box || !box.height || box.top < 0 || box.top > innerHeight - 10) wrong.push(to);
  }
  return [seen.size, wrong];
})()"""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.skipif(not script(), reason="the page's script is not built (make web)"),
]


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def names(finished):
    study = finished.study
    labels = [arm.label for arm in study.arms]
    own = [study.title, study.products[0].cell, *(cargo.name for cargo in study.products[0].cargo)]
    runs = [finished.folder.name, *(f"{finished.folder.name} ({number})" for number in (1, 2))]
    return sorted([*NAMES, *labels, *own, *runs], key=len, reverse=True)


@pytest.fixture(scope="module")
def comparison(page, tmp_path_factory):
    run = read_run(page.parent)
    return write_comparison([run, run], tmp_path_factory.mktemp("both") / "comparison.html")


@pytest.mark.parametrize("which", ["run", "comparison"])
def test_every_number_is_a_record_or_leads_to_one_in_one_click(tab, page, comparison, names, which):
    tab.open(page if which == "run" else comparison)
    assert tab.js(LOOSE % names) == []
    followed, wrong = tab.js(FOLLOWED)
    assert wrong == []
    assert followed > 15


def test_numbers_inside_figures_are_reached_by_keyboard_and_left_out_of_the_saved_file(tab, page):
    tab.open(page)
    assert tab.js("document.querySelectorAll('#figure-chain .wide a').length") == 16
    tab.js("document.querySelector('#figure-chain .wide a').focus()")
    assert tab.js(
        "document.activeElement.querySelector('title').textContent.includes('particles given')"
    )
    tab.press("Tab")
    tab.settle()
    assert tab.js("document.activeElement.closest('svg') !== null")
    tab.call("Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", text="\r")
    tab.call("Input.dispatchKeyEvent", type="keyUp", key="Enter", code="Enter")
    tab.settle()
    assert tab.js("location.hash") == "#step-particles-given"
    tab.js(
        "window.saved = []; URL.createObjectURL = blob => { saved.push(blob); return '#' };"
        "document.querySelectorAll('figure[data-figure]').forEach(one =>"
        " one.querySelector('[aria-label$=\"as SVG\"]').click()); 0"
    )
    texts = tab.js("Promise.all(saved.map(blob => blob.text()))")
    assert len(texts) > 8
    assert not any("<a " in text or 'href="#' in text for text in texts)


def test_words_are_escaped_and_their_numbers_linked():
    assert linked("<b> 3.5e+12 of miR-126, ", "x") == (
        '&lt;b&gt; <a class="num" href="#x">3.5 × 10¹²</a> of miR-126, '
    )
    assert linked("37 ± 11 % in 64 pigs, v2", "x").count("<a ") == 2
