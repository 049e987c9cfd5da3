"""Configuration of the documentation; "make docs" builds it."""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from tables import TABLES

project = "combkit"
author = "The combkit developers"
release = metadata.version("combkit")
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "index"
html_theme = "furo"
html_title = f"combkit {release}"
html_copy_source = False
html_show_sourcelink = False

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_preprocess_types = False


def _fill_tables(app, name, content):
    """Put the tables of the code where a page asks for them."""
    for table, text in TABLES.items():
        content[0] = content[0].replace(f"<!-- table: {table} -->", text)


def setup(app):
    """Connect the tables."""
    app.connect("source-read", _fill_tables)
