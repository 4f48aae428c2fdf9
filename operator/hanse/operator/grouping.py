"""Which of a cycle's groups can be recorded now: each rests on those before it, and some of these may be missing.

In: groups of entries in the plan's order, and which of them are held back. Out: those that are recorded. Pure. What is
left out is decided again from what is recorded by then, so it is never caught up with out of its order.
"""

from collections.abc import Collection, Iterable
from typing import Any

from hanse.ledger.decisions import Entry
from hanse.operator.entries import Group
from hanse.operator.mirror import REFUSE, RENEW


class Missing:
    """The attempts that are not as the plan's later decisions take them to be."""

    def __init__(self) -> None:
        self._attempts: set[str] = set()

    def leave_out(self, group: Group) -> None:
        """Take note that a group is not recorded. Nothing rests on a renewal or its refusal: they only take funding."""
        self._attempts |= {
            str(entry.attempt) for entry in group.entries if entry.attempt and entry.kind not in {RENEW, REFUSE}
        }

    def concerns(self, group: Group) -> bool:
        """Return whether a group changes one of them, with a strength that it may not have, or waits for its end."""
        return any(not self._attempts.isdisjoint(_rests_on(entry)) for entry in group.entries)


def _rests_on(entry: Entry) -> list[str]:
    awaits: Any = entry.detail.get("awaits", ())
    workers: Any = entry.detail.get("awaitsWorkers", ())
    own = [str(entry.attempt)] if entry.attempt else []
    return [*own, *awaits, *(attempt for attempt, _ in workers)]


def key(group: Group) -> tuple[str, str]:
    """Return what a group is held back as: that a job's funding is refused must not keep its owner from ending it."""
    return group.job, group.entries[0].kind


def standing(groups: Iterable[Group], held_back: Collection[tuple[str, str]]) -> list[Group]:
    """Return the groups without those that are held back, and without what rests on these."""
    missing, kept = Missing(), []
    for group in groups:
        if key(group) in held_back or missing.concerns(group):
            missing.leave_out(group)
        else:
            kept.append(group)
    return kept


def once_each(groups: Iterable[Group]) -> list[Group]:
    """Return the groups up to the first about a job that an earlier one is about: a cycle changes an attempt once.

    Decisions rest on those before them, so what is left over is planned again, and not recorded out of its order.
    """
    named: set[str] = set()
    kept = []
    for group in groups:
        jobs = {str(entry.job) for entry in group.entries}
        if named & jobs:
            break
        named |= jobs
        kept.append(group)
    return kept
