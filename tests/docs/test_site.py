"""The site: it builds without a warning, loads nothing from elsewhere, and its commands are those that there are."""

import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import typer

from hanse.cli import reference
from hanse.cli.main import app

ROOT = Path(__file__).parents[2]


def build(source, out):
    return subprocess.run(
        [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "-c", str(ROOT / "docs"),
         str(source), str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


class Loaded(HTMLParser):
    """What a browser fetches to show a page."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page.read_text())

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.found += [values[name] for name in ("src", "srcset", "data") if name in values]
        if tag == "link" and values.get("rel") in {"stylesheet", "icon", "preload", "manifest"}:
            self.found.append(values["href"])


@pytest.fixture(name="site", scope="module")
def _site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    built = build(ROOT, out)
    assert 0 == built.returncode, built.stderr
    return out


def test_all_pages_are_there_and_load_nothing_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert {"index.html", "docs/quickstart.html", "docs/interfaces/api.html", "CHANGELOG.html", "search.html"} <= {
        str(page.relative_to(site)) for page in pages
    }
    elsewhere = {link for page in pages for link in Loaded(page).found if "//" in link}
    style = "".join(sheet.read_text() for sheet in site.rglob("*.css"))
    elsewhere.update(re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", style))
    assert set() == elsewhere


def test_search_needs_no_server_but_the_sites_own_files(site):
    index = (site / "searchindex.js").read_text()
    assert [word for word in ("entitl", "reclaim", "wit") if f'"{word}' not in index] == []


def test_a_link_that_leads_nowhere_is_an_error(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# A page\n")
    dead = {"a_link": "nowhere.md", "an_anchor": "#nowhere", "an_anchor_of_a_page": "index.md#nowhere"}
    for name, link in dead.items():
        (tmp_path / f"docs/{name}.md").write_text(f"---\norphan: true\n---\n# A page\n\n[x]({link})\n")
    built = build(tmp_path, tmp_path / "out")
    warned = [name for name in dead if re.search(rf"/{name}\.md:\d+: WARNING: .*nowhere", built.stderr)]
    assert (1, list(dead)) == (built.returncode, warned), built.stderr


def test_the_references_are_as_the_programs_say():
    differing = [str(path) for path, text in reference.pages().items() if (ROOT / path).read_text() != text]
    assert [] == differing, "write them with `make docs`"


def written():
    """Yield each command of Hanse in the pages, from blocks and from within sentences, with its page."""
    pages = {*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs/decisions").glob("*.md")}
    for page in sorted(pages - {ROOT / "docs/critiques.md"}):  # which says what there is not
        text = page.read_text()
        blocks = "\n".join(re.findall(r"^```(?:console)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
        lines = re.findall(r"^(?:\$ )?((?:kubectl )?hanse .*)$", blocks, re.MULTILINE)
        for line in lines + re.findall(r"`((?:kubectl )?hanse [a-z][^`\n|]*)`", text):
            yield page.relative_to(ROOT), line


def mistake(line, command):
    """Return what is wrong with a line that names a command below *command*, or nothing."""
    words = shlex.split(line.removeprefix("kubectl "), comments=True)[1:]
    path = ["hanse"]
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        name, *words = words
        if name not in command.commands:
            return f"{' '.join(path)} has no command {name}"
        command, path = command.commands[name], [*path, name]
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help", "-h"}
    unknown = [word for word in words if word.startswith("-") and word.partition("=")[0] not in known]
    return f"{' '.join(path)} has no {', '.join(unknown)}" if unknown else ""


def test_each_command_in_the_pages_exists_with_its_options():
    found = list(written())
    assert len(found) > 50
    tree = typer.main.get_command(app)
    assert [] == [f"{page}: {line}: {wrong}" for page, line in found if (wrong := mistake(line, tree))]
