"""The one catalogue: both languages, nothing too much, and what the leader says in its own words."""

import ast
import re
from pathlib import Path
from typing import get_args

import scene

from hanse import ledger, operator, scheduler
from hanse.api import books, coordinators
from hanse.api.answers import Phrase
from hanse.api.dashboard import rendering, texts
from hanse.api.dashboard.usage_pictures import RANGES
from hanse.ledger.attempts import State
from hanse.ledger.decisions import Label
from hanse.ledger.transfers import Purpose
from hanse.operator import ends, mirror, resizing, suspects
from hanse.resources.contribution import ContributionStatus
from hanse.resources.training_job_status import Phase, Reason, TrainingJobStatus


def test_each_text_has_both_languages_and_the_same_figures():
    for key, said in texts.catalogue().items():
        assert set(said) == set(texts.LANGUAGES), key
        assert all(said.values()), key
        assert len({frozenset(re.findall(r"{(\w+)}", each)) for each in said.values()}) == 1, key


def violations():
    """Return the kinds of violations that the ledger's functions and the hub record."""
    folder = Path(ledger.__file__).parent
    written = "".join(each.read_text() for each in [*folder.glob("*.py"), *folder.glob("sql/*.sql")])
    in_sql = re.findall(r"INSERT INTO (?:ledger\.)?violation\b[^;]*?'([A-Z]\w+)'", written)
    return {*in_sql, *re.findall(r'violation_id\(\s*"(\w+)"', written)}


def offers():
    """Return the phases of an offer."""
    return {each for part in get_args(ContributionStatus.model_fields["phase"].annotation) for each in get_args(part)}


def decisions():
    """Return the kinds of decisions; a label that goes up or down is one of two that stand in a sentence."""
    rest = re.findall(r'"(Rise|Fall)"', (Path(operator.__file__).parent / "entries.py").read_text())
    assert {"Rise", "Fall"} == set(rest)
    named = (mirror.ADMIT, mirror.PREEMPT, mirror.RENEW, mirror.REFUSE, mirror.RESERVE, mirror.RELEASE)
    return {*named, *rest, resizing.RESIZE, resizing.LEFT, ends.END, suspects.EXPIRE}


def test_each_text_is_used_and_each_that_is_used_is_there():
    folder = Path(texts.__file__).parent
    written = "".join(each.read_text() for each in [*folder.glob("*.py"), *folder.glob("templates/*.html")])
    keys = set(texts.catalogue())
    closed = {
        "phase": Phase, "reason": Reason, "purpose": Purpose, "violation": violations(), "fault": coordinators.FAULTS,
        "attempt": State, "decision": decisions(), "stage": books.STAGES, "strength": Label,
        "offer": offers(), "range": RANGES, "refused.status": rendering.SAID,
    }  # fmt: skip
    lists = {f"{kind}.{name}" for kind, names in closed.items() for name in names}
    assert {"Overrun", "SlotConflict", "SlotRefused", "UncoveredUse"} <= violations()
    assert lists <= keys
    beside = {each for each in keys - lists if each.startswith(tuple(f"{kind}." for kind in closed))}
    assert beside == {"range.label"}, "nothing else is in a closed list"
    lists |= {each for each in keys if each.startswith(("said.", "whatif."))}
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


def test_the_made_up_leader_says_of_jobs_what_statuses_have():
    """Else a page would show of it what no real one tells."""
    fields = {field.alias for field in TrainingJobStatus.model_fields.values()}
    for job in scene.TOLD["jobs"]:
        assert job["status"].keys() <= fields, job["name"]
