"""Data of the package: studies, reviews, lexicon, parameters, references, templates. No code."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""Where they lie."""
