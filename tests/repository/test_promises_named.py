"""Each test, and each check of one, that docs/fairness.md names for a promise is there."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = r"`((?:[a-z0-9]+_){3,}[a-z0-9]+)`"


def test_each_promise_names_tests_that_there_are():
    page = (ROOT / "docs" / "fairness.md").read_text()
    named = set(re.findall(NAMED, page))
    code = "\n".join(path.read_text() for path in ROOT.glob("tests/*/*.py"))
    said = Counter(re.findall(r"\w+", code))
    there = re.findall(r"^def (\w+)", code, re.MULTILINE)
    assert named
    assert named <= {name for name in there if name.startswith("test_") or said[name] > 1}, (
        "a check has to be asked for"
    )


def test_each_promise_names_one():
    page = (ROOT / "docs" / "fairness.md").read_text()
    promised = page.partition("## What is promised")[2].partition("Said, and tested by example only")[0]
    promises = re.split(r"^- ", promised, flags=re.MULTILINE)[1:]
    assert promises
    assert [each for each in promises if not re.search(NAMED, each)] == []
