"""How Sphinx builds these pages: offline, and with the tables read from the package itself."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import _docstrings
import _tables

project = "angiosome"
author = "The angiosome authors"
copyright = "2026, the angiosome authors"
release = version = version_of("angiosome")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
language = "en_GB"

html_theme = "furo"
html_title = f"angiosome {release}"
html_copy_source = False

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80
napoleon_google_docstring = True
napoleon_numpy_docstring = False


def setup(app):
    _tables.setup(app)
    _docstrings.setup(app)
