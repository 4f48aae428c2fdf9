"""An export of one period: all rows that its verification needs, from one snapshot of the database.

In: a period and an empty folder. Out: the folder of :mod:`hanse.ledger.bundle`. Rows of other periods come along where
those of the period refer to them: enrolments, rates, the decisions and leases of attempts that lived in it. It must not
judge: what is wrong in the database is wrong in the export, and named by :mod:`hanse.ledger.verify`.
"""

import contextlib
import dataclasses
import os
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import postgresql

from hanse.evidence.canonical import Json
from hanse.ledger import archive, bundle, charge, leaves, lines, openings, report, rules, verify
from hanse.ledger import credits as credits_
from hanse.ledger.archive import Archive
from hanse.ledger.bundle import Header
from hanse.ledger.errors import NoRoomLeftError, RefusedError
from hanse.ledger.lines import Line
from hanse.ledger.models import accounts, decisions, parties, settlements, slots, usages
from hanse.ledger.models.log import Leaf

_LINES_A_CHECK = 10_000
# At most: a leaf's entry and its part of the tiles' hashes.
_LEAF_BYTES = 70
_PERIOD = re.compile(r"(19[7-9]|[2-8]\d\d)\d-(0[1-9]|1[0-2])", re.ASCII)
_BALANCES = ("debits_posted", "credits_posted", "debits_pending", "credits_pending")


@dataclass(frozen=True)
class Room:
    """What may be written: *bytes_max* in all that lies in *folder*, 0 for as much as it takes."""

    folder: Path
    bytes_max: int

    def check(self, more: int = 0) -> None:
        """Check that there is room for so many bytes *more*.

        Raises:
            NoRoomLeftError: there is not.

        """
        if self.bytes_max and _size(self.folder) + more > self.bytes_max:
            raise NoRoomLeftError(f"the export takes more than {self.bytes_max} bytes")

    def checked(self, lines: Generator[Json, None, None]) -> Iterator[Json]:
        """Yield lines that are written as they come, as long as there is room; close what they come from."""
        with contextlib.closing(lines):
            for number, line in enumerate(lines):
                if number % _LINES_A_CHECK == 0:
                    self.check()
                yield line


def _size(folder: Path) -> int:
    """Return what lies in a folder; another export, which was sent, may go from there meanwhile."""
    size = 0
    for at, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                size += (Path(at) / name).stat().st_size
    return size


def export(engine: Engine, period: str, folder: Path, room: Room | None = None, archived: Path | None = None) -> bytes:
    """Export *period* (`YYYY-MM`, UTC) into *folder*, which must be new or empty; return the manifest's SHA-256.

    Days of slots that are no longer in the database are read from the folder *archived*.

    Raises:
        RefusedError: the period is none, the folder is not empty, or an archived day is not where it should be.
        NoRoomLeftError: it takes more than *room*.

    """
    start_seconds, end_seconds = bounds(period)
    room = room or Room(folder, 0)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise RefusedError(f"{folder} is not empty")
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        connection.execute(sa.text("SET TRANSACTION READ ONLY"))
        now = connection.execute(sa.text("SELECT slot_seconds, ledger.clock_seconds() AS at FROM ledger.setting")).one()
        gone = Archive(connection, archived)
        log = openings.Log.of(connection, gone, start_seconds, end_seconds)
        header = Header(period, start_seconds, end_seconds, now.at, now.slot_seconds, log.first, log.end)
        reader = _Reader(connection, header, log.size, gone)
        for name in bundle.READERS:
            bundle.write_lines(folder, name, room.checked(getattr(reader, name)()))
        for hour_seconds in reader.hours():
            bundle.write_lines(folder, bundle.slot_file(hour_seconds), room.checked(reader.slots(hour_seconds)))
        room.check(log.size * _LEAF_BYTES)
        log.write(folder)
    header = dataclasses.replace(header, slot_files=bundle.slot_files(folder))
    examined = verify.examine(folder, header)
    room.check((folder / "transfers.jsonl").stat().st_size)
    bundle.write_csv(folder)
    (folder / bundle.REPORT).write_text(report.render(examined))
    return bundle.write_manifest(folder, header)


def bounds(period: str) -> tuple[int, int]:
    """Return the first second of a period and the first after it (Unix time).

    Raises:
        RefusedError: it is no `YYYY-MM`.

    """
    # Not what strptime takes: 2026-1 is no period of the ledger's, and would be an export of nothing.
    if not _PERIOD.fullmatch(period):
        raise RefusedError(f"{period!r} is no period: write YYYY-MM")
    start = datetime(int(period[:4]), int(period[5:]), 1, tzinfo=UTC)
    end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    return int(start.timestamp()), int(end.timestamp())


@dataclass(frozen=True)
class _Reader:
    """The lines of each file, by its name."""

    connection: Connection
    header: Header
    log_size: int
    gone: Archive

    def members(self) -> Iterator[Json]:
        yield from self._all(parties.Member, lines.member)

    def keys(self) -> Iterator[Json]:
        yield from self._all(parties.MemberKey, lines.key)

    def enrolments(self) -> Iterator[Json]:
        table = parties.Enrolment
        yield from self._all(table, lines.enrolment, table.start_seconds < self.header.end_seconds)

    def levies(self) -> Iterator[Json]:
        yield from self._all(parties.Levy, lines.levy)

    def rates(self) -> Iterator[Json]:
        yield from self._all(parties.Rate, lines.rate)

    def entitlements(self) -> Iterator[Json]:
        table = parties.Entitlement
        start = datetime.fromtimestamp(self.header.start_seconds, UTC)
        held = sa.select(sa.func.max(table.sequence)).where(table.recorded_at < start)
        held = held.group_by(table.member, table.accelerator_class)
        yield from self._all(table, lines.entitlement, sa.or_(self._within(table), table.sequence.in_(held)))

    def cycles(self) -> Iterator[Json]:
        yield from self._all(decisions.Cycle, lines.cycle, self._within(decisions.Cycle))

    def decisions(self) -> Iterator[Json]:
        statement = self._opened(self._decisions(), decisions.Decision)
        for row in self._rows(statement.order_by(decisions.Decision.sequence)):
            yield {**lines.decision(row), **_opening(row), "carried": int(row.carried)}

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
                **lines.stamp(row),
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
                **lines.present(grantedAt=row.granted_at_seconds, endedAt=row.ended_at_seconds),
            }

    def effects(self) -> Iterator[Json]:
        wanted = self._decisions().with_only_columns(decisions.Decision.id)
        yield from self._all(decisions.Effect, lines.effect, decisions.Effect.decision.in_(wanted))

    def facts(self) -> Iterator[Json]:
        table = decisions.Fact
        always = ["CapSet", "TermTaken", archive.KIND, rules.KIND]
        also = sa.or_(self._within(table), table.attempt.in_(self._attempts()), table.kind.in_(always))
        # Who borrows before the period's first hour is posted does so by the credits of the period before.
        start = datetime.fromtimestamp(self.header.start_seconds, UTC)
        credited = table.kind == credits_.KIND
        last = sa.select(sa.func.max(table.at_seconds)).where(credited, table.recorded_at < start).scalar_subquery()
        yield from self._all(table, lines.remark, sa.or_(also, sa.and_(credited, table.at_seconds == last)))

    def violations(self) -> Iterator[Json]:
        table = decisions.Violation
        happened = table.at_seconds.between(self.header.start_seconds, self.header.end_seconds - 1)
        yield from self._all(table, lines.remark, sa.or_(self._within(table), happened))

    def hours(self) -> list[int]:
        """Return the hours of which there are slots (their starts, Unix time)."""
        hour = slots.Slot.start_seconds - slots.Slot.start_seconds % charge.HOUR_SECONDS
        statement = sa.select(hour.label("hour")).where(
            *self._starting(self.header.start_seconds, self.header.end_seconds)
        )
        here = self.connection.execute(statement.distinct().order_by("hour")).scalars()
        return sorted({*here, *self.gone.hours(self.header.start_seconds, self.header.end_seconds)})

    def slots(self, hour_seconds: int) -> Generator[Json, None, None]:
        """Yield the slots of an hour, in the order of start and node: so they are verified without being kept."""
        for slot in self.gone.slots_from(hour_seconds, hour_seconds + charge.HOUR_SECONDS):
            yield {**lines.slot(slot), **_opening(slot)}
        table = slots.Slot
        statement = self._opened(sa.select(table.__table__), table)
        statement = statement.where(*self._starting(hour_seconds, hour_seconds + charge.HOUR_SECONDS))
        for row in self._rows(statement.order_by(table.start_seconds, table.node.collate("C"))):
            yield {**lines.slot(row), **_opening(row)}

    def _starting(self, start_seconds: int, end_seconds: int) -> tuple[sa.ColumnElement[bool], ...]:
        return slots.Slot.start_seconds >= start_seconds, slots.Slot.start_seconds < end_seconds

    def cutoffs(self) -> Iterator[Json]:
        yield from self._all(accounts.Cutoff, lines.cutoff, self._hours(accounts.Cutoff))

    def postings(self) -> Iterator[Json]:
        yield from self._all(accounts.Posting, lines.posting, self._hours(accounts.Posting))

    def usage(self) -> Iterator[Json]:
        yield from self._all(usages.Usage, lines.usage, self._hours(usages.Usage))

    def acknowledgements(self) -> Iterator[Json]:
        table = usages.Acknowledgement
        yield from self._all(table, lines.acknowledgement, self._hours(table))

    def transfers(self) -> Iterator[Json]:
        table = accounts.Transfer
        mine = table.period == self.header.period
        referred = sa.select(table.reverses).where(mine, table.reverses.is_not(None)).union(
            sa.select(table.pending).where(mine, table.pending.is_not(None))
        )  # fmt: skip
        carried = (~mine).label("carried")
        # What was corrected of this period's hours since, in periods after it: a true-up adds it.
        later = sa.and_(table.kind == "correction", self._hours(table))
        # So is what rulings gave for them since: who was credited for lost work was not to have it back again.
        ruled = sa.and_(table.id.in_(self._ruled()), self._hours(table))
        statement = sa.select(table.__table__, carried).where(sa.or_(mine, table.id.in_(referred), later, ruled))
        for row in self._rows(self._opened(statement, table).order_by(table.sequence)):
            yield {**lines.transfer(row), **_opening(row), "carried": int(row.carried)}

    def _ruled(self) -> sa.Select[Any]:
        """Return what rulings name: corrections, and what the pool's adjustments bear."""
        table = settlements.Act
        said = sa.cast(sa.func.convert_from(table.body, "UTF8"), postgresql.JSONB)
        named = sa.func.jsonb_array_elements_text(said["transfers"])
        return sa.select(sa.cast(named, sa.Uuid)).where(table.kind == "Dispute")

    def settlements(self) -> Iterator[Json]:
        table = settlements.Settlement
        wanted = sa.or_(table.period == self.header.period, self._within(table))
        yield from self._all(table, lines.settlement, wanted)

    def acts(self) -> Iterator[Json]:
        yield from self._all(settlements.Act, lines.act)

    def accounts(self) -> Iterator[Json]:
        before, after = self._sums("<"), self._sums(">")
        none = ["0"] * len(_BALANCES)
        for row in self._rows(sa.select(accounts.Account.__table__).order_by(accounts.Account.name)):
            now: list[Json] = [str(getattr(row, name)) for name in _BALANCES]
            its: dict[str, Json] = {"name": row.name, "now": now}
            its |= {"before": before.get(row.name, [*none]), "after": after.get(row.name, [*none])}
            yield its | lines.present(ceiling=row.ceiling)

    def _sums(self, comparison: str) -> dict[str, list[Json]]:
        sums = ", ".join(f"sum({name}) AS {name}" for name in _BALANCES)
        statement = sa.text(
            f"SELECT name, {sums} FROM ledger.movement WHERE period {comparison} :period GROUP BY name"  # noqa: S608  # no input
        )
        found = self.connection.execute(statement, {"period": self.header.period})
        return {row.name: [str(getattr(row, name)) for name in _BALANCES] for row in found}

    def _all(self, table: Any, line: Callable[[Any], Line], *wanted: sa.ColumnElement[bool]) -> Iterator[Json]:
        statement = self._opened(sa.select(table.__table__).where(*wanted), table)
        for row in self._rows(statement.order_by(table.sequence)):
            yield {**line(row), **_opening(row)}

    def _opened(self, statement: sa.Select[Any], table: Any) -> sa.Select[Any]:
        """Return the statement with what opens each row's leaf, if the row is in the log as it was signed last."""
        own = (Leaf.sequence == table.sequence) & (Leaf.index < self.log_size)
        return statement.add_columns(Leaf.index.label("leaf"), Leaf.salt).outerjoin(Leaf, own)

    def _rows(self, statement: sa.Select[Any]) -> Iterator[Any]:
        with self.connection.execution_options(yield_per=1000).execute(statement) as rows:
            yield from rows

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


def _opening(row: Any) -> Line:
    return {} if row.leaf is None else {leaves.LEAF: row.leaf, leaves.SALT: row.salt.hex()}
