"""The published data of metafor's worked examples, as effects; see data/SOURCES.md."""

from pathlib import Path

from angiosome.evidence.synthesis.table import read_effects

DATA = Path(__file__).parent / "data"


def bcg():
    return read_effects(DATA / "bcg.csv", "log-rr")


def normand(scale):
    return read_effects(DATA / "normand1999.csv", scale)


def konstantopoulos():
    return read_effects(DATA / "konstantopoulos2011.csv")


def gleser(scale):
    return read_effects(DATA / "gleser2009.csv", scale)


def bornmann():
    """Effects in studies in countries; the country stands where a laboratory would."""
    return read_effects(DATA / "bornmann2007.csv", "log-or")
