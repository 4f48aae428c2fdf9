"""Disputes: a member says that an hour's postings are wrong, and somebody rules on it.

In: what a member, or the ledger for it, finds wrong with an hour. Out: acts, one for each step, and with a ruling what
it gives back: a part of what was posted (:func:`give_back`), or an amount that the pool's adjustments bear.
:mod:`hanse.ledger.periods` keeps a pair's books open while one of its hours is disputed. The states:

    from    to                                      by
    (none)  opened                                  the member, or the ledger where consumer and provider disagree
    opened  withdrawn                               the member
    opened  accepted, refused                       who closes the books (`hanse_closer`)
    opened  expired                                 the leader, when nobody has ruled for as long as it may take

All but the first are ends. One matter, an attempt's postings of an hour or all of a member's, is disputed once.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import canonical, identity
from hanse.evidence.canonical import Json
from hanse.ledger import books, database, transfers
from hanse.ledger.errors import RefusedError
from hanse.ledger.models.accounts import Transfer as Posted
from hanse.ledger.models.settlements import Act

REASON_MAX = 1000


class State(StrEnum):
    """Where a dispute stands."""

    OPENED = "opened"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Matter:
    """What *member* disputes of the hour that starts then (Unix time); *attempt* is empty for all of the hour."""

    member: str
    hour_seconds: int
    attempt: str = ""

    @property
    def id(self) -> uuid.UUID:
        """The dispute's id."""
        return identity.dispute_id(self.member, self.hour_seconds, self.attempt)


@dataclass(frozen=True)
class Dispute:
    """A matter, what was said about it, when it was opened and what became of it (Unix time)."""

    matter: Matter
    state: State
    reason: str
    claimed: int
    opened_at_seconds: int
    answer: str = ""


def open_(engine: Engine, matter: Matter, *, claimed: int, reason: str, by: str = "member") -> uuid.UUID:
    """Open a dispute, or find it opened; return its id. *claimed* is what the hour should come to, mH·s.

    Raises:
        RefusedError: the hour is not posted, or is of a period that is trued up.

    """
    with database.transaction(engine) as connection:
        return record(connection, matter, claimed=claimed, reason=reason, by=by)


def record(connection: Connection, matter: Matter, *, claimed: int, reason: str, by: str) -> uuid.UUID:
    """Open it in the caller's transaction."""
    if not 0 < len(reason) <= REASON_MAX:
        raise RefusedError(f"the reason has {len(reason)} characters: say it in 1 to {REASON_MAX}")
    if matter.hour_seconds % 3600:
        raise RefusedError(f"{matter.hour_seconds} is no hour's start: name one that is")
    attempt: dict[str, Json] = {"attempt": matter.attempt} if matter.attempt else {}
    said: dict[str, Json] = {
        "member": matter.member, "hour": matter.hour_seconds, "claimed": claimed, "reason": reason, "by": by, **attempt,
    }  # fmt: skip
    given = {"dispute": matter.id, "id": _act(matter.id, State.OPENED), "body": _body(matter.id, State.OPENED, said)}
    connection.execute(sa.text("SELECT ledger.open_dispute(:dispute, :id, :body)"), given)
    return matter.id


def withdraw(engine: Engine, member: str, dispute: uuid.UUID) -> None:
    """Take a dispute of *member* back.

    Raises:
        RefusedError: it is not one of its own that is open.

    """
    with database.transaction(engine) as connection:
        given = {**_end(dispute, State.WITHDRAWN, {}), "member": member}
        connection.execute(sa.text("SELECT ledger.withdraw_dispute(:member, :dispute, :opened, :id, :body)"), given)


def refuse(engine: Engine, dispute: uuid.UUID, reason: str) -> None:
    """Rule that what was posted stands.

    Raises:
        RefusedError: it is not open.

    """
    with database.transaction(engine) as connection:
        _rule(connection, dispute, State.REFUSED, {"reason": reason}, [])


def accept(
    engine: Engine, dispute: uuid.UUID, given_back: Sequence[tuple[uuid.UUID, int]], granted: int, reason: str
) -> None:
    """Rule that the member is right: parts of postings go back, and *granted* mH·s come from the pool's adjustments.

    Raises:
        RefusedError: it is not open; or a posting is not of its hour, or less of it is left.

    """
    with database.transaction(engine) as connection:
        its = _opened(connection, dispute)
        entries = [give_back(connection, its.matter, original, amount, reason) for original, amount in given_back]
        if granted:
            entries.append(_grant(connection, its, granted, reason))
        # What the member gives back, a credit for lost work for instance, makes room for what it gets.
        entries.sort(key=lambda each: each.credit.startswith(f"{its.matter.member}/"))
        if not entries:
            raise RefusedError(f"nothing is given back: name postings of dispute {dispute}, or an amount, or refuse it")
        said: dict[str, Json] = {"reason": reason, "transfers": [str(each.id) for each in entries]}
        _rule(connection, dispute, State.ACCEPTED, said, entries)


def give_back(
    connection: Connection, matter: Matter, original: uuid.UUID, amount: int, reason: str
) -> transfers.Transfer:
    """Return the correction that takes back *amount* of a posting of the matter's hour."""
    row = connection.execute(sa.select(Posted.__table__).where(Posted.id == original)).one_or_none()
    if row is None or row.hour_seconds != matter.hour_seconds:
        raise RefusedError(f"there is no posting {original} in hour {matter.hour_seconds}: name one of the hour's")
    return books.correction_of(connection, books.read(row), amount, reason)


def _grant(connection: Connection, its: Dispute, amount: int, reason: str) -> transfers.Transfer:
    matter, account = its.matter, transfers.adjustments(its.matter.member)
    period = books.open_period(connection, matter.hour_seconds, transfers.ADJUSTMENTS, account)
    attempt = uuid.UUID(matter.attempt) if matter.attempt else None
    return transfers.Transfer(
        id=transfers.adjustment_id(matter.member, matter.hour_seconds, attempt), kind=transfers.Kind.SINGLE,
        purpose=transfers.Purpose.ADJUSTMENT, debit=transfers.ADJUSTMENTS, credit=account, amount=amount,
        hour_seconds=matter.hour_seconds, period=period, attempt=attempt, reason=reason,
    )  # fmt: skip


def expire(engine: Engine, term: int, seconds: int) -> list[uuid.UUID]:
    """End what nobody has ruled on for so many *seconds*; return which.

    Raises:
        StaleTermError: another leader has taken over.

    """
    with database.transaction(engine) as connection:
        now = int(connection.execute(sa.text("SELECT ledger.clock_seconds()")).scalar_one())
        over = [each for each in listed(connection) if each.state is State.OPENED]
        due = [each.matter.id for each in over if each.opened_at_seconds + seconds <= now]
        for dispute in due:
            given = {**_end(dispute, State.EXPIRED, {}), "term": term}
            connection.execute(sa.text("SELECT ledger.expire_dispute(:term, :dispute, :opened, :id, :body)"), given)
    return due


def listed(connection: Connection, member: str | None = None) -> list[Dispute]:
    """Return all disputes, or those of one member, in the order in which they were opened."""
    found: dict[str, Dispute] = {}
    statement = sa.select(Act.subject, Act.body, Act.recorded_at).where(Act.kind == "Dispute").order_by(Act.sequence)
    for subject, body, recorded_at in connection.execute(statement):
        value = canonical.decode(body)
        if not isinstance(value, dict):
            continue
        state = State(str(value["state"]))
        if state is State.OPENED:
            matter = Matter(str(value["member"]), _number(value["hour"]), str(value.get("attempt", "")))
            at = int(recorded_at.timestamp())
            found[subject] = Dispute(matter, state, str(value["reason"]), _number(value["claimed"]), at)
        else:
            its = found[subject]
            answer = str(value.get("reason", ""))
            found[subject] = Dispute(its.matter, state, its.reason, its.claimed, its.opened_at_seconds, answer)
    return [each for each in found.values() if member is None or each.matter.member == member]


@dataclass(frozen=True)
class Posting:
    """A posting that a dispute may be about, and how much of it corrections have left."""

    id: uuid.UUID
    purpose: str
    debit: str
    credit: str
    amount: int
    left: int


def postings(connection: Connection, dispute: uuid.UUID) -> list[Posting]:
    """Return what was posted to the member's accounts in the hour of a dispute, of its attempt if it names one."""
    its = next((each.matter for each in listed(connection) if each.matter.id == dispute), None)
    if its is None:
        raise RefusedError(f"there is no dispute {dispute}: list them, and name one of these")
    period = transfers.period(its.hour_seconds)
    statement = sa.select(Posted.__table__).where(
        Posted.period == period, Posted.hour_seconds == its.hour_seconds, Posted.kind == "single",
        Posted.purpose != "cap", sa.or_(*(side.startswith(f"{its.member}/") for side in (Posted.debit, Posted.credit))),
    )  # fmt: skip
    if its.attempt:
        statement = statement.where(Posted.attempt == uuid.UUID(its.attempt))
    back = sa.select(sa.func.coalesce(sa.func.sum(Posted.amount), 0))
    found = []
    for row in connection.execute(statement.order_by(Posted.sequence)).all():
        taken = connection.execute(back.where(Posted.reverses == row.id)).scalar_one()
        found.append(Posting(row.id, row.purpose, row.debit, row.credit, row.amount, row.amount - int(taken)))
    return found


def held_up(connection: Connection, period: str) -> frozenset[str]:
    """Return what open disputes keep from being settled: pairs, and members of whom a whole hour is disputed."""
    held: set[str] = set()
    for each in listed(connection):
        its = each.matter
        if each.state is State.OPENED and transfers.period(its.hour_seconds) == period:
            held |= _pairs(connection, its) if its.attempt else {its.member}
    return frozenset(held)


def _pairs(connection: Connection, matter: Matter) -> set[str]:
    statement = sa.select(Posted.debit, Posted.credit).where(
        Posted.attempt == uuid.UUID(matter.attempt), Posted.hour_seconds == matter.hour_seconds,
        Posted.kind == "single", Posted.purpose != "cap",
    )  # fmt: skip
    pairs = {transfers.pair(*sides) for sides in connection.execute(statement).tuples()}
    return {pair for pair in pairs if matter.member in pair.split("/")}


def _opened(connection: Connection, dispute: uuid.UUID) -> Dispute:
    its = [each for each in listed(connection) if each.matter.id == dispute]
    if not its or its[0].state is not State.OPENED:
        raise RefusedError(f"there is no open dispute {dispute}: list them, and name one that is open")
    return its[0]


def _rule(
    connection: Connection,
    dispute: uuid.UUID,
    state: State,
    said: dict[str, Json],
    entries: Sequence[transfers.Transfer],
) -> None:
    given = {
        **_end(dispute, state, said),
        "ids": [each.id for each in entries],
        "bodies": [transfers.body(each) for each in entries],
    }
    connection.execute(
        sa.text(
            "SELECT ledger.rule_dispute(:dispute, :opened, :id, :body, CAST(:ids AS uuid[]), CAST(:bodies AS bytea[]))"
        ),
        given,
    )


def _end(dispute: uuid.UUID, state: State, said: dict[str, Json]) -> dict[str, object]:
    return {
        "dispute": dispute,
        "opened": _act(dispute, State.OPENED),
        "id": _act(dispute, state),
        "body": _body(dispute, state, said),
    }


def _act(dispute: uuid.UUID, state: State) -> uuid.UUID:
    return identity.act_id("dispute", str(dispute), str(state))


def _body(dispute: uuid.UUID, state: State, said: dict[str, Json]) -> bytes:
    return canonical.encode({"v": 1, "dispute": str(dispute), "state": str(state), **said})


def _number(value: Json) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no number")
    return value
