"""The one catalogue: both languages, nothing too much, and what the leader says in its own words."""

import ast
import re
from pathlib import Path

from hanse import operator, scheduler
from hanse.api.answers import Phrase
from hanse.api.dashboard import texts
from hanse.resources.training_job_status import Phase, Reason


def test_each_text_has_both_languages_and_the_same_figures():
    for key, said in texts.catalogue().items():
        assert set(said) == set(texts.LANGUAGES), key
        assert all(said.values()), key
        assert len({frozenset(re.findall(r"{(\w+)}", each)) for each in said.values()}) == 1, key


def test_each_text_is_used_and_each_that_is_used_is_there():
    folder = Path(texts.__file__).parent
    written = "".join(each.read_text() for each in [*folder.glob("*.py"), *folder.glob("templates/*.html")])
    keys = set(texts.catalogue())
    lists = {f"{kind}.{name}" for kind, names in (("phase", Phase), ("reason", Reason)) for name in names}
    lists |= {each for each in keys if each.startswith(("said.", "whatif.", "strength.", "offer."))}
    lists |= {f"range.{key}" for key in ("24h", "7d", "31d")} | {each for each in keys if each.startswith("fault.")}
    assert lists <= keys
    assert set() == {key for key in keys - lists if f'"{key}"' not in written and f"'{key}'" not in written}
    assert set(re.findall(r"""\bsay\(["']([\w.]+)["'][,)]""", written)) <= keys


def phrases():
    """Yield the code and the English of each phrase that the planner and the operator can say."""
    for package in (scheduler, operator):
        for file in sorted(Path(package.__file__).parent.glob("*.py")):
            words = {}
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                    words.setdefault(node.targets[0].id if hasattr(node.targets[0], "id") else "", []).append(
                        node.value.value
                    )
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "phrase":
                    code, said = node.args
                    yield code.value, [said.value] if isinstance(said, ast.Constant) else words[said.id]


def test_the_catalogue_says_in_english_what_the_leader_says():
    known = {
        key.removeprefix("said."): said["en"] for key, said in texts.catalogue().items() if key.startswith("said.")
    }
    said = dict(phrases())
    assert len(said) > 25
    assert [] == [code for code, english in said.items() if known.get(code) not in english]
    meanings = {f"meaning.{each}": each.meaning for each in Reason}
    assert meanings == {code: english for code, english in known.items() if code.startswith("meaning.")}
    assert known.keys() == said.keys() | meanings.keys() | {"and"}


def test_what_an_operator_of_another_version_says_stands_in_english():
    say = texts.in_("zh")
    assert "现在即可准入" == texts.told(say, [Phrase(code="whatif.admitted")])
    for unknown in (Phrase(code="brand.new"), Phrase(code="why.cap", values={"cap": "monthly"})):
        assert "" == texts.told(say, [Phrase(code="whatif.admitted"), unknown])
