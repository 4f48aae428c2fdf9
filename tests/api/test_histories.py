"""What a decision says in words, and whom it names: one's own jobs, and nobody else's."""

import json
import uuid
from datetime import UTC, datetime

import pytest

from hanse.api import histories

A, B = (str(uuid.UUID(int=number)) for number in (1, 2))
ADMIT = {"kind": "Admit", "reason": "HOME", "nodes": {"n1": 8000, "n2": 8000}, "class": "h100", "cluster": "red-1"}
STOP = {"kind": "Preempt", "reason": "Preempted", "cause": B}
RESIZE = {"kind": "Resize", "nodes": {"n1": 8000, "n2": 8000}}
CAUSE = {"kind": "Admit", "detail": {"namespace": "red", "name": "urgent"}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (ADMIT, "16 h100 in red-1, covered by its organisation's entitlement, on its member's own or granted nodes"),
        (
            ADMIT | {"reason": "EXCHANGE", "strength": {"donors": {"ascend": 26667, "b200": 500}}},
            "16 h100 in red-1, covered by what its member leaves unused in other classes (26.667 ascend and 0.5 b200)",
        ),
        (STOP, "stopped to make room for another member's job"),
        ({"kind": "Fall", "reason": "BORROW"}, "borrowed, which those it belongs to may have back"),
        (
            {"kind": "Fall", "reason": "BORROW", "cause": B},
            "borrowed, which those it belongs to may have back; its entitlement went to another member's job",
        ),
        ({"kind": "Reserve", "reason": "Displaced"}, "places are kept for it: another job came before it there"),
        ({"kind": "Refuse", "reason": "FundingRefused", "detail": {"cap": "month"}}, "cap month does not fund it any"),
        ({"kind": "End", "reason": "Suspended"}, "its owner suspended it"),
        ({"kind": "Expire", "reason": "ClusterLost"}, "its cluster did not renew its lease, and it was given up there"),
        (
            RESIZE | {"reason": "Idle", "detail": {"grown": [[2, "n1", "3"]], "leaving": []}},
            "grows by 1 worker, into what nobody wants, and has 16 GPUs",
        ),
        (
            RESIZE | {"reason": "Preempted", "cause": B, "detail": {"grown": [], "leaving": [4, 5]}},
            "shrinks by 2 workers, to make room for another member's job, and has 16 GPUs",
        ),
        (
            RESIZE | {"reason": "FundingRefused", "detail": {"grown": [], "leaving": [4]}},
            "shrinks by 1 worker, as a cap does not fund it at its size any longer, and has 16 GPUs",
        ),
        ({"kind": "Left", "reason": "Left", "detail": {"left": [4, 5]}}, "2 workers have left it"),
        ({"kind": "Later", "reason": "Unheard"}, "Unheard"),
    ],
)
def test_each_decision_is_said_in_words(body, said):
    assert histories.sentence(body, {}).startswith(said)


def test_what_it_was_stopped_for_is_named_if_it_is_ones_own():
    assert "stopped to make room for its own member's job red/urgent" == histories.sentence(STOP, {B: CAUSE})


class Ledger:
    """Stands for the ledger: the rows of two members."""

    def __init__(self, cause_member):
        self._cause_member = cause_member

    def execute(self, statement, parameters):
        rows = []
        if "WHERE job" in str(statement) and "decision" in str(statement):
            named = {"id": A, "term": 1, "cycle": 1, "kind": "Preempt", "verdict": "Stopped", "reason": "Preempted"}
            rows = [named | {"attempt": None, "fence": 1, "recorded_at": datetime.now(UTC), "body": json.dumps(STOP)}]
        if "causes" in parameters and self._cause_member in parameters["members"]:
            return [(each, json.dumps(CAUSE)) for each in parameters["causes"]]
        return Rows(rows)


class Rows(list):
    def mappings(self):
        return self

    def all(self):
        return self


@pytest.mark.parametrize(
    ("member", "said"),
    [("red", "stopped to make room for its own member's job red/urgent"),
     ("blue", "stopped to make room for another member's job")],
)  # fmt: skip
def test_whose_the_cause_is_decides_what_is_said_of_it(member, said):
    ((decided,), ()) = histories.read(Ledger(member), uuid.UUID(int=3), frozenset({"red"}))
    assert said == decided.said
