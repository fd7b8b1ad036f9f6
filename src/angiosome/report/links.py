"""Numbers as links: each leads to the place on the page where its record stands."""

from __future__ import annotations

import re

import markupsafe

from angiosome.report.numbers import typeset

_ONE = r"[−+-]?\d(?:[\d,]*\d)?(?:\.\d+)*(?: × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
NUMBER = re.compile(rf"(?<![\w.,-]){_ONE}(?: %)?(?: (?:±|to|of|and) {_ONE}(?: %)?)*(?![\w-])")
"""A number that stands alone, or several that belong together, as ``64.5 to 89.5`` or ``1 of 2``.

Digits that are part of a name, as in *miR-126*, are none.
"""


def linked(words: object, record: str) -> markupsafe.Markup:
    """Words with every number in them as a link to ``#record``; the rest is escaped."""
    text, done, place = typeset(str(words)), markupsafe.Markup(), 0
    for found in NUMBER.finditer(text):
        done += markupsafe.escape(text[place : found.start()]) + link(found.group(), record)
        place = found.end()
    return done + markupsafe.escape(text[place:])


def link(words: object, record: str) -> markupsafe.Markup:
    """Words as a link to a record that stands on the page."""
    return markupsafe.Markup('<a class="num" href="#{}">{}</a>').format(record, words)
