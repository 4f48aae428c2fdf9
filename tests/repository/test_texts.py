"""The texts of the repository: links lead somewhere, and nothing tells of one particular machine."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:root|work|home|Users)/")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


@pytest.mark.parametrize("name", tracked("*.md"))
def test_each_relative_link_leads_to_a_file(name):
    page = ROOT / name
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    assert [] == [link for link in links if not (page.parent / link).exists()]


def test_no_file_names_a_path_of_somebodys_machine():
    found = []
    for name in tracked():
        text = (ROOT / name).read_bytes().decode(errors="ignore")
        found += [f"{name}: {match.group()}" for match in MACHINE_PATHS.finditer(text)]
    this_very_pattern = f"{Path(__file__).relative_to(ROOT)}: "
    assert [] == [entry for entry in found if not entry.startswith(this_very_pattern)]


def test_each_make_target_is_in_the_readme_or_in_help():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)
    without_help = [name for name in targets if not re.search(rf"^{name}:.*## .", makefile, re.MULTILINE)]
    assert [] == without_help
