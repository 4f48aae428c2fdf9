"""An export of one period: all rows that its verification needs, from one snapshot of the database.

In: a period and an empty folder. Out: the folder of :mod:`hanse.ledger.bundle`. Rows of other periods come along where
those of the period refer to them: enrolments, rates, the decisions and leases of attempts that lived in it. It must not
judge: what is wrong in the database is wrong in the export, and named by :mod:`hanse.ledger.verify`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import canonical
from hanse.evidence.canonical import Json
from hanse.ledger import books, bundle, report, transfers, verify
from hanse.ledger.bundle import Header
from hanse.ledger.errors import RefusedError
from hanse.ledger.models import accounts, decisions, parties, slots

_BALANCES = ("debits_posted", "credits_posted", "debits_pending", "credits_pending")


def export(engine: Engine, period: str, folder: Path) -> bytes:
    """Export *period* (`YYYY-MM`, UTC) into *folder*, which must be new or empty; return the manifest's SHA-256.

    Raises:
        RefusedError: the period is none, or the folder is not empty.

    """
    start_seconds, end_seconds = bounds(period)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise RefusedError(f"{folder} is not empty")
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        connection.execute(sa.text("SET TRANSACTION READ ONLY"))
        now = connection.execute(sa.text("SELECT slot_seconds, ledger.clock_seconds() AS at FROM ledger.setting")).one()
        header = Header(period, start_seconds, end_seconds, now.at, now.slot_seconds)
        reader = _Reader(connection, header)
        for name in bundle.READERS:
            bundle.write_lines(folder, name, getattr(reader, name)())
    written = bundle.read(folder, header)
    bundle.write_csv(folder, written)
    (folder / bundle.REPORT).write_text(report.render(written, verify.check(written)))
    return bundle.write_manifest(folder, header)


def bounds(period: str) -> tuple[int, int]:
    """Return the first second of a period and the first after it (Unix time).

    Raises:
        RefusedError: it is no `YYYY-MM`.

    """
    try:
        start = datetime.strptime(period, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as error:
        raise RefusedError(f"{period!r} is no period: write YYYY-MM") from error
    end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    return int(start.timestamp()), int(end.timestamp())


@dataclass(frozen=True)
class _Reader:
    """The lines of each file, by its name."""

    connection: Connection
    header: Header

    def members(self) -> Iterator[Json]:
        keys = sa.select(parties.MemberKey.member, parties.MemberKey.verify_key).order_by(parties.MemberKey.sequence)
        known = list(self.connection.execute(keys))
        for row in self._rows(sa.select(parties.Member.__table__).order_by(parties.Member.sequence)):
            mine: list[Json] = [key.hex() for member, key in known if member == row.name]
            yield {**_stamp(row), "name": row.name, "keys": mine}

    def enrolments(self) -> Iterator[Json]:
        table = parties.Enrolment
        begun = sa.select(table.__table__).where(table.start_seconds < self.header.end_seconds)
        for row in self._rows(begun.order_by(table.sequence)):
            yield {
                **_stamp(row),
                "body": canonical.decode(row.body),
                "signature": row.signature.hex(),
                "memberKey": row.member_key.hex(),
            }

    def levies(self) -> Iterator[Json]:
        table = parties.Levy
        for row in self._rows(sa.select(table.__table__).order_by(table.sequence)):
            yield {**_stamp(row), "node": row.node, "start": row.start_seconds, "levied": int(row.levied)}

    def rates(self) -> Iterator[Json]:
        table = parties.Rate
        for row in self._rows(sa.select(table.__table__).order_by(table.sequence)):
            yield {**_stamp(row), "subject": row.subject, "version": row.version, "thousandths": row.thousandths}

    def cycles(self) -> Iterator[Json]:
        table = decisions.Cycle
        for row in self._rows(sa.select(table.__table__).where(self._within(table)).order_by(table.sequence)):
            yield {
                **_stamp(row),
                "term": row.term,
                "cycle": row.cycle,
                "asOf": row.as_of_seconds,
                "decisions": row.decisions,
                "digest": row.decisions_sha256.hex(),
                "base": row.base_snapshot.hex(),
                "state": row.state_sha256.hex(),
                "policy": row.policy_sha256.hex(),
                "code": row.code_sha256.hex(),
            }

    def decisions(self) -> Iterator[Json]:
        for row in self._rows(self._decisions().order_by(decisions.Decision.sequence)):
            yield {
                **_stamp(row),
                "id": str(row.id),
                "carried": int(row.carried),
                "body": canonical.decode(row.body),
                "sha256": row.body_sha256.hex(),
            }

    def attempts(self) -> Iterator[Json]:
        table, admitted = decisions.Attempt, decisions.Decision
        statement = (
            sa.select(table.__table__, admitted.sequence, admitted.recorded_at)
            .join(admitted, admitted.id == table.admitted_by)
            .where(table.id.in_(self._attempts()))
            .order_by(admitted.sequence)
        )
        for row in self._rows(statement):
            yield {
                **_stamp(row),
                "id": str(row.id),
                "job": str(row.job),
                "fence": row.fence,
                "member": row.member,
                "class": row.accelerator_class,
                "precision": row.precision,
                "tier": row.tier,
                "milliH100e": row.milli_h100e,
                "tierThousandths": row.tier_thousandths,
                "admittedBy": str(row.admitted_by),
                "state": row.state,
                **_present(grantedAt=row.granted_at_seconds, endedAt=row.ended_at_seconds),
            }

    def effects(self) -> Iterator[Json]:
        table = decisions.Effect
        wanted = self._decisions().with_only_columns(decisions.Decision.id)
        for row in self._rows(sa.select(table.__table__).where(table.decision.in_(wanted)).order_by(table.sequence)):
            its = {**_stamp(row), "decision": str(row.decision), "outcome": row.outcome}
            yield its | _present(detail=row.detail or None)

    def facts(self) -> Iterator[Json]:
        table = decisions.Fact
        also = sa.or_(self._within(table), table.attempt.in_(self._attempts()), table.kind.in_(["CapSet", "TermTaken"]))
        yield from self._remarks(table, also)

    def violations(self) -> Iterator[Json]:
        table = decisions.Violation
        happened = table.at_seconds.between(self.header.start_seconds, self.header.end_seconds - 1)
        yield from self._remarks(table, sa.or_(self._within(table), happened))

    def slots(self) -> Iterator[Json]:
        table = slots.Slot
        within = (table.start_seconds >= self.header.start_seconds) & (table.start_seconds < self.header.end_seconds)
        for row in self._rows(sa.select(table.__table__).where(within).order_by(table.sequence)):
            yield {
                **_stamp(row),
                "member": row.member,
                "body": canonical.decode(row.body),
                "signature": row.signature.hex(),
            }

    def cutoffs(self) -> Iterator[Json]:
        table = accounts.Cutoff
        for row in self._rows(sa.select(table.__table__).where(self._hours(table)).order_by(table.sequence)):
            yield {
                **_stamp(row),
                "hour": row.hour_seconds,
                "run": row.run,
                "slots": row.slots,
                "digest": row.slots_sha256.hex(),
            }

    def postings(self) -> Iterator[Json]:
        table = accounts.Posting
        for row in self._rows(sa.select(table.__table__).where(self._hours(table)).order_by(table.sequence)):
            its = {name: getattr(row, name) for name in ("run", "member", "used", "idle", "down", "unknown")}
            yield {**_stamp(row), **its, "hour": row.hour_seconds}

    def transfers(self) -> Iterator[Json]:
        table = accounts.Transfer
        mine = table.period == self.header.period
        referred = sa.select(table.reverses).where(mine, table.reverses.is_not(None)).union(
            sa.select(table.pending).where(mine, table.pending.is_not(None))
        )  # fmt: skip
        carried = (~mine).label("carried")
        statement = sa.select(table.__table__, carried).where(sa.or_(mine, table.id.in_(referred)))
        for row in self._rows(statement.order_by(table.sequence)):
            yield {
                **_stamp(row),
                "id": str(row.id),
                "carried": int(row.carried),
                "body": canonical.decode(transfers.body(books.read(row))),
                "sha256": row.payload_sha256.hex(),
            }

    def accounts(self) -> Iterator[Json]:
        before, after = self._sums("<"), self._sums(">")
        none = ["0"] * len(_BALANCES)
        for row in self._rows(sa.select(accounts.Account.__table__).order_by(accounts.Account.name)):
            now: list[Json] = [str(getattr(row, name)) for name in _BALANCES]
            its: dict[str, Json] = {"name": row.name, "now": now}
            its |= {"before": before.get(row.name, [*none]), "after": after.get(row.name, [*none])}
            yield its | _present(ceiling=row.ceiling)

    def _sums(self, comparison: str) -> dict[str, list[Json]]:
        sums = ", ".join(f"sum({name}) AS {name}" for name in _BALANCES)
        statement = sa.text(
            f"SELECT name, {sums} FROM ledger.movement WHERE period {comparison} :period GROUP BY name"  # noqa: S608  # no input
        )
        found = self.connection.execute(statement, {"period": self.header.period})
        return {row.name: [str(getattr(row, name)) for name in _BALANCES] for row in found}

    def _remarks(self, table: Any, wanted: sa.ColumnElement[bool]) -> Iterator[Json]:
        for row in self._rows(sa.select(table.__table__).where(wanted).order_by(table.sequence)):
            yield {
                **_stamp(row),
                "id": str(row.id),
                "kind": row.kind,
                "at": row.at_seconds,
                **_present(
                    member=row.member, cluster=row.cluster, node=row.node, fence=row.fence, account=row.account,
                    amount=row.amount, detail=row.detail or None, attempt=str(row.attempt) if row.attempt else None,
                ),
            }  # fmt: skip

    def _rows(self, statement: sa.Select[Any]) -> Iterator[Any]:
        return iter(self.connection.execution_options(yield_per=1000).execute(statement))

    def _within(self, table: Any) -> sa.ColumnElement[bool]:
        start, end = (datetime.fromtimestamp(at, UTC) for at in (self.header.start_seconds, self.header.end_seconds))
        within: sa.ColumnElement[bool] = (table.recorded_at >= start) & (table.recorded_at < end)
        return within

    def _hours(self, table: Any) -> sa.ColumnElement[bool]:
        between: sa.ColumnElement[bool] = table.hour_seconds.between(
            self.header.start_seconds, self.header.end_seconds - 1
        )
        return between

    def _decisions(self) -> sa.Select[Any]:
        """Return the decisions of the period's cycles, and those on attempts that lived in it."""
        table, cycle = decisions.Decision, decisions.Cycle
        within = self._within(cycle)
        joined = (cycle.term == table.term) & (cycle.cycle == table.cycle)
        wanted = sa.or_(within, table.attempt.in_(self._attempts()))
        return sa.select(table.__table__, (~within).label("carried")).join(cycle, joined).where(wanted)

    def _attempts(self) -> sa.Select[Any]:
        """Return the attempts that lived in the period."""
        table, admitted = decisions.Attempt, decisions.Decision
        end = datetime.fromtimestamp(self.header.end_seconds, UTC)
        lived = sa.or_(table.ended_at_seconds.is_(None), table.ended_at_seconds >= self.header.start_seconds)
        return (
            sa.select(table.id)
            .join(admitted, admitted.id == table.admitted_by)
            .where(lived, admitted.recorded_at < end)
        )


def _stamp(row: Any) -> dict[str, Json]:
    since_epoch = row.recorded_at - datetime.fromtimestamp(0, UTC)
    microseconds = (since_epoch.days * 86400 + since_epoch.seconds) * 10**6 + since_epoch.microseconds
    return {"sequence": row.sequence, "recorded": microseconds}


def _present(**values: Json | None) -> dict[str, Json]:
    return {name: value for name, value in values.items() if value is not None}
