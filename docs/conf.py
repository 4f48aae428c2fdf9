"""Settings of the site, for `make docs`: the Markdown of the repository as it is, with nothing loaded from elsewhere.

In: the pages below, in their places, so that a link leads to the same page here, in a checkout and on a forge. Out:
build/site, which a browser shows from the disk too. Every warning is an error: dead links, anchors, pages in no list.
"""

import shutil
from importlib import metadata
from pathlib import Path

from sphinx.application import Sphinx

project = "Hanse"
copyright = "the authors of Hanse, Apache-2.0"
release = metadata.version("hanse")

extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "examples/README.md",
    "scheduler/README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
]
# Folders that are not even looked into.
exclude_patterns = [".*", "build", "dist", "tests"]
nitpicky = True

# The anchors of headings are those that forges make.
myst_heading_anchors = 4
highlight_language = "none"

html_theme = "furo"
html_title = f"Hanse {release}"
html_copy_source = False
html_show_sphinx = False
html_use_index = False


# Lists whose pages are below them; a forge would show the directive, so it is not in the file.
_LISTS = {"docs/decisions/README": "0*", "docs/reference/README": "[a-z]*"}


def _add_list(app: Sphinx, name: str, source: list[str]) -> None:
    """Put the pages of a list below it."""
    del app
    if name in _LISTS:
        source[0] += f"\n```{{toctree}}\n:hidden:\n:glob:\n\n{_LISTS[name]}\n```\n"


def _add_start(app: Sphinx, error: Exception | None) -> None:
    """Let the folder itself lead to the first page."""
    if error is None and app.builder.format == "html":
        shutil.copy(Path(app.confdir) / "start.html", Path(app.outdir) / "index.html")


def setup(app: Sphinx) -> None:
    """Do what settings cannot say."""
    app.connect("source-read", _add_list)
    app.connect("build-finished", _add_start)
