"""Traces: the steps of an attempt from its job's creation to its workers' start, under ids that follow from its own.

In: when a step began and ended, from whichever process saw it. Out: a :class:`Span`, handed to whoever asked for them
(:mod:`hanse.cli.process_traces`); while nobody did, nothing is done and nothing is imported. The trace's id is the
attempt's, and a span's follows from attempt and step: so all processes write into one trace without telling one another
anything, and a step that is told twice, by a process that began anew, is the same span. A span says nothing beside
opaque ids that must not be told to a member that hosts what it is about: that one's agent sends spans too.
"""

import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Attribute = str | int


class Step(StrEnum):
    """What is traced; all but the first are parts of it, whoever tells of them."""

    ATTEMPT = "attempt"
    """From the job's creation to the recorded decision; of an attempt after the first, from the plan on."""
    JOB_SEEN = "job seen"
    """From the job's creation until the operator's watch had it."""
    JOB_WAITED = "job waited"
    """Until the plan that admits it was begun."""
    DECISION_COMMITTED = "decision committed"
    """The plan, until it was recorded."""
    PLACEMENT_WRITTEN = "placement written"
    """The order, until the API server had the Placement."""
    PLACEMENT_SEEN = "placement seen"
    """From the Placement's creation until the cluster's agent had it."""
    LEASE_GRANTED = "lease granted"
    """From then until the agent had the lease."""
    LEASE_RECORDED = "lease recorded"
    """The ledger's part of that, as the API service saw it."""
    PODS_CREATED = "pods created"
    """Until all of the gang's pods were made."""
    PODS_BOUND = "pods bound"
    """Until all of them were seen with a node."""
    WORKERS_STARTED = "workers started"
    """Until all of them were ready at one time."""


_PARENTS = {Step.LEASE_RECORDED: Step.LEASE_GRANTED}


@dataclass(frozen=True, slots=True)
class Span:
    """A step that is over; times are nanoseconds of Unix time, by the clock of the process that tells of it."""

    attempt: uuid.UUID
    step: Step
    start_nanoseconds: int
    end_nanoseconds: int
    attributes: Mapping[str, Attribute]

    @property
    def trace_id(self) -> int:
        """The trace's id, 128 bits."""
        return self.attempt.int

    @property
    def span_id(self) -> int:
        """The span's id, 64 bits."""
        return _id(self.attempt, self.step)

    @property
    def parent_id(self) -> int | None:
        """The id of the span that it is a part of; of the first there is none."""
        return None if self.step is Step.ATTEMPT else _id(self.attempt, _PARENTS.get(self.step, Step.ATTEMPT))


_takers: list[Callable[[Span], None]] = []


def hand_to(taker: Callable[[Span], None]) -> Callable[[], None]:
    """Have all spans of this process handed to *taker*, which must neither wait nor raise; return what ends that."""
    _takers.append(taker)
    return lambda: _takers.remove(taker)


def are_wanted() -> bool:
    """Whether anybody asked for spans; without, nobody should remember anything for them."""
    return bool(_takers)


def tell(attempt: uuid.UUID, step: Step, start_nanoseconds: int, end_nanoseconds: int, **attributes: Attribute) -> None:
    """Tell of a step that is over; where two clocks differ, it took no time at all rather than less."""
    for taker in _takers:
        taker(Span(attempt, step, min(start_nanoseconds, end_nanoseconds), end_nanoseconds, attributes))


def nanoseconds(at: datetime) -> int:
    """Return a point in time, as objects of Kubernetes name it to the second, in nanoseconds of Unix time."""
    return int(at.timestamp()) * 1_000_000_000


def _id(attempt: uuid.UUID, step: Step) -> int:
    found = hashlib.sha256(attempt.bytes + step.encode()).digest()[:8]
    return int.from_bytes(found) or 1  # of all zeros there is no span
