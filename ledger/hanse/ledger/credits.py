"""Credits: what each member has used of others' capacity less what it lent, decayed, as a row for each posted hour.

In: the use that was posted since the last rows, what classes are worth, who is related. Out: one fact a member and
hour, of kind `Credit`, with its debit in raw mH·s at the hour's end. Next is the operator's snapshot, and decisions on
borrowers name the row. The arithmetic is :mod:`hanse.quota.credit`'s.

Use is counted once, by the number of the transaction that posted it: each set of rows says up to which number it
counted, and only numbers below those of all open transactions are counted, so that none can still come. What is posted
late is counted by the next rows, decayed from the hour in which it ran.

Use of levied nodes is nobody's debit: what is levied was not lent. What a member keeps of its levy, as only whole nodes
are taken, is added to its debit hour by hour.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import canonical, identity
from hanse.ledger import database
from hanse.ledger.charge import HOUR_SECONDS
from hanse.quota import units
from hanse.quota.credit import Decay, Flow, Span, debits

KIND = "Credit"
_USED, _LENT = "/use", "/contribution-used"

_HOUR = sa.text("SELECT max(hour_seconds) + 3600 FROM ledger.cutoff WHERE run = 0")
_LAST = sa.text(
    "SELECT at_seconds, member, amount, detail FROM ledger.fact WHERE kind = 'Credit' AND at_seconds ="
    " (SELECT max(at_seconds) FROM ledger.fact WHERE kind = 'Credit') ORDER BY member"
)
_HORIZON = sa.text("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)")
_FLOWS = sa.text(
    "SELECT t.debit, t.credit, t.hour_seconds, a.accelerator_class, a.milli_h100e, CAST(sum(t.amount) AS bigint)"
    " FROM ledger.transfer t JOIN ledger.attempt a ON a.id = t.attempt"
    " WHERE t.purpose = 'use' AND t.kind IN ('single', 'correction')"
    " AND t.xid >= CAST(CAST(:since AS text) AS xid8) AND t.xid < CAST(CAST(:until AS text) AS xid8)"
    " GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
)
_RECORD = sa.text(
    "SELECT ledger.record_fact(:id, 'Credit', :at, :member, NULL, NULL, NULL, NULL, NULL, :amount, :detail)"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the alliance's objects say: classes' raw worth, legal parents, and what members keep of their levies.

    *kept_by_member* is raw milli-H100e.
    """

    half_life_seconds: int
    raw_by_class: Mapping[str, units.MilliH100e]
    parents: Mapping[str, str]
    kept_by_member: Mapping[str, units.MilliH100e] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Credits:
    """The last rows: the end of the hour they are as of (0: there are none), and debits by member."""

    as_of_seconds: int = 0
    debits: Mapping[str, units.MilliH100eSeconds] = field(default_factory=dict)


def read(connection: Connection) -> Credits:
    """Return the last rows."""
    rows = connection.execute(_LAST).all()
    return Credits(rows[0].at_seconds if rows else 0, {row.member: int(row.amount) for row in rows})


def row_id(member: str, as_of_seconds: int) -> uuid.UUID:
    """Return the id of a member's row as of the end of an hour."""
    return identity.fact_id(KIND, as_of_seconds, member)


def due(engine: Engine) -> int | None:
    """Return the end of the last posted hour, if there are no rows as of then yet; else None."""
    with database.transaction(engine) as connection:
        until = connection.execute(_HOUR).scalar_one()
        return int(until) if until is not None and until > read(connection).as_of_seconds else None


def record(engine: Engine, terms: Terms, until: int, *, term: int) -> None:
    """Record the rows as of *until*, the end of an hour after that of the last rows.

    Raises:
        StaleTermError: another leader has taken over.

    """
    with database.transaction(engine, term=term) as connection:
        rows = connection.execute(_LAST).all()
        last = int(rows[0].at_seconds) if rows else 0
        horizon = int(connection.execute(_HORIZON).scalar_one())
        counted = _number(rows[0].detail) if rows else 0
        before = {row.member: int(row.amount) for row in rows}
        span = Span((until - last) // HOUR_SECONDS if rows else 1, until)
        decay = Decay(terms.half_life_seconds)
        found = debits(before, _flows(connection, terms, counted, horizon), span, terms.parents, decay)
        for member in sorted(_members(connection)):
            amount = found.get(member, 0) + _kept(terms, member, span.hours, decay)
            _record(connection, member, until, amount, horizon)


def _members(connection: Connection) -> list[str]:
    return list(connection.execute(sa.text("SELECT name FROM ledger.member")).scalars())


def _flows(connection: Connection, terms: Terms, since: int, until: int) -> Iterator[Flow]:
    """Yield what members used of one another's GPUs, as they are worth without the job's precision."""
    rows = connection.execute(_FLOWS, {"since": since, "until": until})
    for debit, credit, hour_seconds, accelerator, milli_h100e, amount in rows:
        raw = amount * terms.raw_by_class.get(accelerator, 0) // milli_h100e
        if debit.endswith(_USED) and credit.endswith(_LENT):
            yield Flow(debit.removesuffix(_USED), credit.removesuffix(_LENT), hour_seconds, raw)
        elif credit.endswith(_USED) and debit.endswith(_LENT):
            yield Flow(credit.removesuffix(_USED), debit.removesuffix(_LENT), hour_seconds, -raw)


def _kept(terms: Terms, member: str, hours: int, decay: Decay) -> units.MilliH100eSeconds:
    """Return what a member owes for what it kept of its levy in the last *hours*, those that are over decayed."""
    an_hour = terms.kept_by_member.get(member, 0) * HOUR_SECONDS
    return sum(decay.after(an_hour, ago) for ago in range(hours)) if an_hour else 0


def _record(connection: Connection, member: str, at_seconds: int, amount: int, counted: int) -> None:
    # A number of PostgreSQL's may be too large for JSON, so it travels as a string.
    detail = canonical.encode({"counted": str(counted)}).decode()
    values = {"id": row_id(member, at_seconds), "at": at_seconds, "member": member}
    connection.execute(_RECORD, values | {"amount": amount, "detail": detail})


def _number(detail: str) -> int:
    value = canonical.decode(detail.encode())
    if not isinstance(value, dict):
        raise TypeError(f"a fact of kind {KIND} says {detail!r}, which is no object")
    return int(str(value["counted"]))
