"""Replay: recorded cycles are planned again, and the first decision that differs is named.

In: cycles with their decisions and frames, from an export or the database, and something that plans, which this
package does not know. Out: for each cycle a :class:`Verdict`. A cycle's row, which is in the log, has the digest of
what it saw and the hash of its frame; so whoever changes a frame is found out, and whoever records another decision
than the rules demand is too. What users, time and agents end is no part of a plan: it is counted, not judged. Needs
neither the database nor a planner of a certain version; that the code was another one then is said.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hanse.evidence import canonical
from hanse.evidence.canonical import Json
from hanse.ledger import expecting

BY_OTHERS = frozenset({"End", "Expire", "Left"})
"""Decisions that no plan holds: a job was deleted or suspended or ran out of time, its cluster was lost, or workers
have left an elastic gang."""


@dataclass(frozen=True)
class Cycle:
    """A recorded cycle; *bodies* are its decisions by id, in their order, *where* says where it was read."""

    where: str
    term: int
    cycle: int
    as_of_seconds: int
    base: bytes
    state: bytes
    code: bytes
    bodies: Mapping[str, Mapping[str, Json]]

    @property
    def has_frame(self) -> bool:
        """Whether it was recorded with a frame: before there were any, its base was its own state."""
        return self.base != self.state


class Source(Protocol):
    """Where cycles and frames are read."""

    def cycles(self) -> Iterator[Cycle]:
        """Yield the cycles that are to be planned again, in their order."""

    def frame(self, term: int, cycle: int) -> bytes | None:
        """Return the frame of a cycle, also of one before the first; None if it is not there."""


class Planned(Protocol):
    """A plan made again: `hanse.scheduler.replaying.Planned`."""

    @property
    def state(self) -> bytes:
        """The digest of what it saw."""

    @property
    def decided(self) -> str:
        """The digest of what it decides."""

    @property
    def was_decided(self) -> str:
        """The digest of what was decided then, as the frame says."""

    @property
    def recorded(self) -> Sequence[Mapping[str, Any]]:
        """The decisions that the cycle recorded."""

    @property
    def count(self) -> int:
        """How many decisions the plan has."""

    def job(self, uid: str) -> Mapping[str, Any]:
        """Return what a decision says of its job."""


class Replaying(Protocol):
    """What plans again: `hanse.scheduler.replaying.Replayer`."""

    def is_key(self, frame: bytes) -> bool:
        """Return whether a frame follows no other."""

    def take(self, frame: bytes) -> None:
        """Take up a frame."""

    def planned(self) -> Planned:
        """Plan again for what the last frame saw."""


@dataclass(frozen=True)
class Verdict:
    """What came of one cycle: *difference* is empty if it decides the same again."""

    cycle: Cycle
    difference: str = ""
    planned: Any = None
    frames: int = 0
    """How many frames were read for it."""
    by_others: int = 0
    left: int = 0
    """Decisions that were planned and left to a later cycle."""

    @property
    def is_replayed(self) -> bool:
        """Whether there was a frame to plan from."""
        return self.cycle.has_frame


class Replay:
    """Plans cycles again, one after another or any."""

    def __init__(self, source: Source, replayer: Replaying) -> None:
        self._source, self._replayer = source, replayer
        self._at = (0, 0)

    def verdict(self, cycle: Cycle) -> Verdict:
        """Plan *cycle* again, and compare."""
        if not cycle.has_frame:
            return Verdict(cycle)
        try:
            frames = self._follow(cycle)
            planned = self._replayer.planned()
            difference = _difference(cycle, planned)
        except _DifferenceError as error:
            return Verdict(cycle, str(error))
        except ValueError as error:
            self._at = (0, 0)
            return Verdict(cycle, f"its frame: {error}")
        by_others = sum(body.get("kind") in BY_OTHERS for body in cycle.bodies.values())
        left = planned.count - len(planned.recorded) if not difference else 0
        return Verdict(cycle, difference, planned, frames, by_others, left)

    def _follow(self, cycle: Cycle) -> int:
        """Take up the frames that lead to *cycle*; return how many."""
        here = (cycle.term, cycle.cycle)
        chain = [self._frame(*here)]
        if canonical.sha256(chain[0]) != cycle.base:
            raise _DifferenceError("its frame is not the one that it was recorded with")
        before = cycle.cycle - 1
        while not self._replayer.is_key(chain[-1]) and self._at != (cycle.term, before):
            chain.append(self._frame(cycle.term, before))
            before -= 1
        self._at = (0, 0)
        for frame in reversed(chain):
            self._replayer.take(frame)
        self._at = here
        return len(chain)

    def _frame(self, term: int, cycle: int) -> bytes:
        frame = self._source.frame(term, cycle)
        if frame is None:
            raise _DifferenceError(f"the frame of cycle {cycle} of term {term} is not there")
        return frame


class _DifferenceError(Exception):
    """What differs."""


def _difference(cycle: Cycle, planned: Planned) -> str:
    """Return the first difference between what was recorded and what is planned again, or nothing."""
    if planned.state != cycle.state:
        return f"what its frame holds has the state {planned.state.hex()}, and not {cycle.state.hex()}"
    bodies = [(key, body) for key, body in cycle.bodies.items() if body.get("kind") not in BY_OTHERS]
    at = 0
    for decision in planned.recorded:
        cause = bodies[at][0] if at < len(bodies) else ""
        try:
            expected = expecting.entries(decision, planned.job, cause)
        except KeyError as error:
            return f"decision {cause or at}: {decision.get('kind')} cannot be compared: {error}"
        for entry in expected:
            if at == len(bodies):
                return f"{_named(entry)} is in the plan, and not recorded"
            key, body = bodies[at]
            if difference := _between(expecting.recorded(body), entry):
                return f"decision {key}: {difference}"
            at += 1
    if at < len(bodies):
        key, body = bodies[at]
        return f"decision {key}: {_named(body)} is not in the plan"
    return "" if planned.decided == planned.was_decided else "what it left out is not what the plan decides again"


def _between(recorded: Mapping[str, Any], planned: Mapping[str, Any]) -> str:
    if [recorded.get(name) for name in ("kind", "job")] != [planned.get(name) for name in ("kind", "job")]:
        return f"{_named(recorded)} is recorded, and {_named(planned)} is in the plan"
    for name in sorted(recorded.keys() | planned.keys()):
        if recorded.get(name) != planned.get(name):
            return f"{_named(recorded)}: {name} is {recorded.get(name)!r}, and {planned.get(name)!r} in the plan"
    return ""


def _named(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('kind')} of job {entry.get('job')}"
