"""Decisions: a plan is recorded before any of it acts.

In: a :class:`Cycle`, that is the plan's entries and the digests of what it was made from. Out: ONE transaction with the
cycle, its frame, its decisions, the attempts they admit, keep, stop or expire, the cap reservations and the outbox, or
nothing at all. Ids follow from (term, cycle, index): after a COMMIT whose answer was lost, :func:`lookup` says what
came of it. The outbox then leads to :mod:`hanse.ledger.outbox`. It must not judge a plan: whether it is right is
checked by :mod:`hanse.ledger.replaying`.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import canonical, identity
from hanse.evidence.canonical import Json
from hanse.ledger import books, charge, database, transfers


class Effect(StrEnum):
    """What a decision does to an attempt. Only `none` needs no acting."""

    NONE = "none"
    ADMIT = "admit"
    KEEP = "keep"
    STOP = "stop"
    EXPIRE = "expire"


class Label(StrEnum):
    """The rungs of strength, strongest first."""

    HOME = "HOME"
    AWAY = "AWAY"
    EXCHANGE = "EXCHANGE"
    BORROW = "BORROW"


@dataclass(frozen=True)
class Strength:
    """What decides who may stop whom: the label, then the depth of cover (-1 for none), then the tier's rank.

    *donors* are what other classes' entitlement gives for it, in milli-GPUs by class: on exchange only.
    """

    label: Label
    cover: int
    tier_rank: int
    donors: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Admission:
    """What is fixed about an attempt for as long as it lives; the lease's length and grace are seconds."""

    cluster: str
    accelerator_class: str
    precision: str
    tier: str
    milli_h100e: int
    tier_thousandths: int
    lease_seconds: int
    grace_seconds: int


@dataclass(frozen=True)
class Funding:
    """What an attempt needs of one of its member's caps in an interval (Unix time) within one window of the cap.

    *ceiling* is the whole cap in mH·s, *rate* the most that the attempt can use, mH·s a second.
    """

    cap: str
    window_start_seconds: int
    ceiling: int
    start_seconds: int
    end_seconds: int
    rate: int


@dataclass(frozen=True)
class Entry:
    """One entry of a plan.

    *job* and *fence* name the attempt. *nodes* is the whole placement, wherever it is decided: the most that the
    attempt may use, milli-GPUs by node. *cause_index* is, for a stop that makes room, the index of the entry it makes
    room for. *detail* is what else the plan says, kept as it is.
    """

    kind: str
    effect: Effect
    verdict: str
    reason: str
    member: str | None = None
    job: uuid.UUID | None = None
    fence: int | None = None
    admission: Admission | None = None
    nodes: Mapping[str, int] = field(default_factory=dict)
    strength: Strength | None = None
    cause_index: int | None = None
    funded_until_seconds: int | None = None
    funding: tuple[Funding, ...] = ()
    detail: Mapping[str, Json] = field(default_factory=dict)

    @property
    def attempt(self) -> uuid.UUID | None:
        """The attempt's id."""
        return identity.attempt_id(self.job, self.fence) if self.job and self.fence else None


@dataclass(frozen=True)
class Cycle:
    """One plan: its number, the logical time it was made at, the digests (32 bytes each) of what it was made from.

    *frame*, if there is one, is what the plan was made from, and *base_snapshot* its SHA-256.
    """

    term: int
    cycle: int
    as_of_seconds: int
    base_snapshot: bytes
    state_sha256: bytes
    policy_sha256: bytes
    code_sha256: bytes
    entries: tuple[Entry, ...]
    frame: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Recorded:
    """What is recorded of a cycle: the ids of its decisions in order, and the digest over all of them."""

    decisions: tuple[uuid.UUID, ...]
    decisions_sha256: bytes


def record(engine: Engine, cycle: Cycle) -> Recorded:
    """Record a plan in one transaction.

    Raises:
        StaleTermError: another leader has taken over.
        CycleConflictError: it is not the term's next cycle.
        AttemptConflictError: an attempt is not as the plan expects it.
        CapExceededError: a reservation would cross a cap.
        CommitUnknownError: the answer was lost; call :func:`lookup`.

    """
    documents = encode(cycle)
    with database.transaction(engine) as connection:
        connection.execute(
            sa.text(
                "SELECT ledger.record_cycle(:term, :cycle, :as_of, :base, :state, :policy, :code, "
                "CAST(:ids AS uuid[]), CAST(:bodies AS bytea[]))"
            ),
            {
                "term": cycle.term,
                "cycle": cycle.cycle,
                "as_of": cycle.as_of_seconds,
                "base": cycle.base_snapshot,
                "state": cycle.state_sha256,
                "policy": cycle.policy_sha256,
                "code": cycle.code_sha256,
                "ids": list(documents),
                "bodies": list(documents.values()),
            },
        )
        if cycle.frame:
            given = {"term": cycle.term, "cycle": cycle.cycle, "data": cycle.frame}
            connection.execute(sa.text("SELECT ledger.record_frame(:term, :cycle, :data)"), given)
        _reserve(connection, cycle)
    return Recorded(tuple(documents), digest(documents.values()))


def lookup(engine: Engine, term: int, cycle: int) -> Recorded | None:
    """Return what is recorded of a cycle, or None if nothing is and, by the same leader, nothing will be.

    It waits for the leader's transactions that are still under way on the server, such as one whose client has lost
    its connection.

    """
    with database.transaction(engine) as connection:
        connection.execute(sa.text("SELECT ledger.await_leader()"))
        key = {"term": term, "cycle": cycle}
        found = connection.execute(
            sa.text("SELECT decisions_sha256 FROM ledger.cycle WHERE term = :term AND cycle = :cycle"), key
        ).scalar_one_or_none()
        if found is None:
            return None
        ids = connection.execute(
            sa.text("SELECT id FROM ledger.decision WHERE term = :term AND cycle = :cycle ORDER BY index"), key
        ).scalars()
        return Recorded(tuple(ids), found)


def last_cycle(engine: Engine, term: int) -> int:
    """Return the number of the last cycle recorded in *term*; 0 if there is none."""
    with database.transaction(engine) as connection:
        statement = sa.text("SELECT coalesce(max(cycle), 0) FROM ledger.cycle WHERE term = :term")
        return int(connection.execute(statement, {"term": term}).scalar_one())


def encode(cycle: Cycle) -> dict[uuid.UUID, bytes]:
    """Return the canonical body of each decision by its id, in order."""
    return {
        identity.decision_id(cycle.term, cycle.cycle, index): canonical.encode(_value(cycle, index, entry))
        for index, entry in enumerate(cycle.entries)
    }


def digest(bodies: Iterable[bytes]) -> bytes:
    """Return the digest over decisions: SHA-256 of the SHA-256 of each body, in order."""
    return canonical.sha256(b"".join(canonical.sha256(body) for body in bodies))


def _value(cycle: Cycle, index: int, entry: Entry) -> Json:
    said: dict[str, Json] = {
        "v": 1,
        "term": cycle.term,
        "cycle": cycle.cycle,
        "index": index,
        "kind": entry.kind,
        "effect": str(entry.effect),
        "verdict": entry.verdict,
        "reason": entry.reason,
        "detail": dict(entry.detail),
    }
    if entry.member is not None:
        said["member"] = entry.member
    if entry.job is not None:
        said["job"] = str(entry.job)
    if entry.job is not None and entry.fence is not None:
        said |= {"fence": entry.fence, "attempt": str(identity.attempt_id(entry.job, entry.fence))}
    if entry.cause_index is not None:
        said["cause"] = str(identity.decision_id(cycle.term, cycle.cycle, entry.cause_index))
    if entry.funded_until_seconds is not None:
        said["fundedUntil"] = entry.funded_until_seconds
    if entry.nodes:
        said["nodes"] = dict(entry.nodes)
    if entry.strength is not None:
        said["strength"] = _strength(entry.strength)
    if entry.funding:
        said["funding"] = [_funding(funding) for funding in entry.funding]
    return said | _admission(entry.admission)


def _strength(strength: Strength) -> Json:
    said: dict[str, Json] = {"label": str(strength.label), "cover": strength.cover, "tierRank": strength.tier_rank}
    return said | ({"donors": dict(strength.donors)} if strength.donors else {})


def _funding(funding: Funding) -> Json:
    return {
        "cap": funding.cap,
        "windowStart": funding.window_start_seconds,
        "ceiling": funding.ceiling,
        "start": funding.start_seconds,
        "end": funding.end_seconds,
        "rate": funding.rate,
    }


def _admission(admission: Admission | None) -> dict[str, Json]:
    if admission is None:
        return {}
    return {
        "cluster": admission.cluster,
        "class": admission.accelerator_class,
        "precision": admission.precision,
        "tier": admission.tier,
        "milliH100e": admission.milli_h100e,
        "tierThousandths": admission.tier_thousandths,
        "leaseSeconds": admission.lease_seconds,
        "graceSeconds": admission.grace_seconds,
    }


def _reserve(connection: Connection, cycle: Cycle) -> None:
    """Take the plan's funding from the caps, an hour at a time, so that each hour's posting resolves its own."""
    caps: dict[str, tuple[str, int]] = {}
    reservations: list[transfers.Transfer] = []
    for index, entry in enumerate(cycle.entries):
        decision = identity.decision_id(cycle.term, cycle.cycle, index)
        for funding in entry.funding:
            if entry.member is None or entry.attempt is None:
                raise ValueError(f"entry {index} of the plan has funding but no member or attempt")
            account = transfers.cap(entry.member, funding.cap, funding.window_start_seconds)
            caps[account] = (entry.member, funding.ceiling)
            reservations += [
                transfers.reservation(decision, entry.attempt, account, hour, seconds * funding.rate)
                for hour, seconds in charge.hours(funding.start_seconds, funding.end_seconds)
            ]
    for account, (member, ceiling) in sorted(caps.items()):
        connection.execute(
            sa.text("SELECT ledger.open_cap(:term, :account, :member, :ceiling)"),
            {"term": cycle.term, "account": account, "member": member, "ceiling": ceiling},
        )
    if reservations:
        books.apply(connection, reservations)
