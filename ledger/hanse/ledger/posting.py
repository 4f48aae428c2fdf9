"""An hour is posted: from its slots to the books.

In: an hour that is over. Out: the postings that :mod:`hanse.ledger.metering` says, the caps' reservations resolved,
what is over a cap booked to the pool, violations. A cut-off fixes which slots count; from there everything is a
function of rows that never change, so a poster that dies is simply called again. Slots that come late make another run,
which posts the difference. One transaction a member, so that admission never waits long for an account.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import enrolments, identity, slots
from hanse.ledger import acknowledging, books, caps, charge, compensating, database, errors, losses, metering, transfers
from hanse.ledger.metering import Attribution, Line, Measured, Terms
from hanse.ledger.models.accounts import Cutoff, Transfer
from hanse.ledger.models.decisions import Attempt, Placement
from hanse.ledger.models.parties import Enrolment, Levy, Member, Setting
from hanse.ledger.models.slots import Slot
from hanse.ledger.slots import record_violation
from hanse.ledger.transfers import Purpose, Run


@dataclass(frozen=True)
class Posted:
    """What a run of an hour posted: how many transfers were new, how much use nothing covered, whom it failed for."""

    run: Run
    transfers: int
    unaccepted: int
    failed: Mapping[str, Exception]


# A slot that an hour's first run did not see came after the grace, so it is marked late. Late ones are looked for
# before the next hour is posted, so what came before the cut-off of the hour before that is posted by then; ten minutes
# more are for a slot whose number was drawn long before its transaction ended.
_LATE = """
WITH watermark AS (
  SELECT coalesce(max(c.sequence), 0) AS sequence FROM ledger.cutoff c WHERE c.run = 0 AND c.recorded_at <
    (SELECT max(newest.recorded_at) - interval '10 minutes' FROM ledger.cutoff newest WHERE newest.run = 0))
SELECT DISTINCT s.start_seconds / 3600 * 3600 AS hour FROM ledger.slot s, watermark w
  WHERE s.sequence > w.sequence AND s.late AND s.sequence >
    (SELECT max(c.sequence) FROM ledger.cutoff c WHERE c.hour_seconds = s.start_seconds / 3600 * 3600)
"""
_USAGE = sa.text(
    "SELECT attempt FROM ledger.record_usage(:term, :hour, :run, :member, CAST(:attempts AS uuid[]), "
    "CAST(:milli_gpu_seconds AS bigint[]), CAST(:memory_mib_seconds AS bigint[]), CAST(:memory_of AS bigint[]), "
    "CAST(:energy_millijoules AS bigint[]), CAST(:energy_of AS bigint[]), CAST(:busy_milliseconds AS bigint[]), "
    "CAST(:busy_of AS bigint[]))"
)
RECENT_CUTOFFS = 24
_LEFT_HALFWAY = """
SELECT DISTINCT c.hour_seconds FROM (SELECT * FROM ledger.cutoff ORDER BY sequence DESC LIMIT :newest) c
  WHERE EXISTS (SELECT FROM ledger.member m WHERE m.sequence < c.sequence AND NOT EXISTS (
    SELECT FROM ledger.posting p WHERE (p.hour_seconds, p.run, p.member) = (c.hour_seconds, c.run, m.name)))
"""
# Whoever signs an enrolment says from when; that does not make hours from before it was recorded the pool's.
_NEXT = """
SELECT coalesce(
  (SELECT max(hour_seconds) + 3600 FROM ledger.cutoff),
  least((SELECT min(greatest(start_seconds, extract(epoch FROM recorded_at)::bigint)) FROM ledger.enrolment),
        (SELECT min(hour_seconds) FROM ledger.transfer WHERE kind = 'pending')) / 3600 * 3600) AS hour
"""
_OVER = "SELECT ledger.clock_seconds() - 3600 - slot_grace_seconds AS until FROM ledger.setting"


@dataclass(frozen=True)
class _Hour:
    """What one run posts, the same whenever it is computed."""

    run: Run
    members: tuple[str, ...]
    measured: Measured
    owed: Mapping[str, Mapping[Line, int]]
    uses: Mapping[str, Mapping[str, metering.Use]]
    lost: Mapping[str, Sequence[losses.Lost]]


def due(engine: Engine) -> list[int]:
    """Return the hours to post now: those left half-way or with late slots, and after them the next that is over.

    One new hour at a time, so that late slots are looked for between any two. An hour in which no slot came is posted
    too: its GPUs were UNKNOWN. Of those left half-way only recent ones are here; :func:`left_halfway` has them all.

    """
    with database.transaction(engine) as connection:
        again = _left_halfway(connection, RECENT_CUTOFFS)
        again |= {row.hour for row in connection.execute(sa.text(_LATE))}
        following = connection.execute(sa.text(_NEXT)).scalar_one()
        until = connection.execute(sa.text(_OVER)).scalar_one()
    is_over = following is not None and following <= until
    return [*sorted(again), *([int(following)] if is_over else [])]


def left_halfway(engine: Engine) -> list[int]:
    """Return all hours, however old, of which a member's part is missing; it reads every cut-off there ever was."""
    with database.transaction(engine) as connection:
        return sorted(_left_halfway(connection, None))


def _left_halfway(connection: Connection, newest: int | None) -> set[int]:
    return {row.hour_seconds for row in connection.execute(sa.text(_LEFT_HALFWAY), {"newest": newest})}


def post(engine: Engine, term: int, hour_seconds: int) -> Posted | None:
    """Post the hour that starts at *hour_seconds* (Unix time), or what came since; None if there is nothing new.

    A member whose part fails is told of in the answer, and keeps no other from its own; the hour stays due.

    Raises:
        StaleTermError: another leader has taken over.
        RefusedError: the hour and the grace for its slots are not over.

    """
    with database.transaction(engine) as connection:
        statement = sa.text("SELECT ledger.open_posting(:term, :hour)")
        number = connection.execute(statement, {"term": term, "hour": hour_seconds}).scalar_one_or_none()
    if number is None:
        return None
    with database.transaction(engine) as connection:
        hour = _load(connection, Run(hour_seconds, number))
    posted, failed = 0, {}
    for member in hour.members:
        try:
            with database.transaction(engine) as connection:
                new = _post_member(connection, term, hour, member)
        except errors.StaleTermError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one member's part
            failed[member] = error
        else:
            posted += new
    return Posted(hour.run, posted, len(hour.measured.unaccepted), failed)


def void_unused(engine: Engine, term: int) -> int:
    """Give back what ended attempts have reserved for hours after their end; return how many reservations.

    At most a batch of them, so that no plan waits long for the account; the rest is there when it is called again.
    Hours that have been cut off are left to their posting, which resolves all of theirs: only later ones are read.

    Raises:
        StaleTermError: another leader has taken over.

    """
    resolved = sa.select(Transfer.pending).where(Transfer.pending.is_not(None))
    cut_off = sa.select(sa.func.coalesce(sa.func.max(Cutoff.hour_seconds), 0)).scalar_subquery()
    statement = (
        sa.select(Transfer.__table__)
        .join(Attempt, Attempt.id == Transfer.attempt)
        .where(Transfer.kind == "pending", Attempt.ended_at_seconds <= Transfer.hour_seconds)
        .where(Transfer.hour_seconds > cut_off)
        .where(~sa.exists().where(resolved.subquery().c.pending == Transfer.id))
        .order_by(Transfer.sequence)
        .limit(books.BATCH_MAX)
    )
    with database.transaction(engine) as connection:
        unused = [books.read(row) for row in connection.execute(statement)]
    return books.post(engine, term, [transfers.resolution(each, 0) for each in unused])


def _load(connection: Connection, run: Run) -> _Hour:
    cutoff = sa.select(Cutoff.sequence).where(Cutoff.hour_seconds == run.hour_seconds, Cutoff.run == run.number)
    before = connection.execute(cutoff).scalar_one()
    bodies = connection.execute(
        sa.select(Enrolment.body).where(Enrolment.sequence < before, Enrolment.start_seconds < run.hour_seconds + 3600)
    ).scalars()
    levies = connection.execute(
        sa.select(Levy.node, Levy.start_seconds, Levy.levied).where(Levy.sequence < before)
    ).tuples()
    in_force = metering.InForce((enrolments.decode(body) for body in bodies), levies)
    terms = _terms(connection, run, before)
    slot_seconds = connection.execute(sa.select(Setting.slot_seconds)).scalar_one()
    measured = metering.measure(run.hour_seconds, slot_seconds, _slots(connection, run, before), in_force, terms)
    members = connection.execute(sa.select(Member.name).where(Member.sequence < before).order_by(Member.name)).scalars()
    owed = _owed(connection, run, metering.amounts(measured, terms))
    uses: dict[str, dict[str, metering.Use]] = defaultdict(dict)
    for attempt, use in measured.uses().items():
        uses[terms[attempt].member][attempt] = use
    lost = {} if run.number else compensating.of_hour(connection, run.hour_seconds)
    return _Hour(run, tuple(members), measured, owed, uses, lost)


def _slots(connection: Connection, run: Run, before: int) -> Iterator[slots.Slot]:
    statement = (
        sa.select(Slot.body)
        .where(Slot.start_seconds >= run.hour_seconds, Slot.start_seconds < run.hour_seconds + charge.HOUR_SECONDS)
        .where(Slot.sequence < before)
        .order_by(Slot.start_seconds, Slot.node)
    )
    for body in connection.execution_options(yield_per=1000).execute(statement).scalars():
        yield slots.decode(body)


def _terms(connection: Connection, run: Run, before: int) -> dict[str, Terms]:
    """Return the terms of attempts that may have run in the hour, by id, with what was placed before the cut-off."""
    in_hour = sa.or_(Attempt.ended_at_seconds.is_(None), Attempt.ended_at_seconds >= run.hour_seconds)
    placed: dict[uuid.UUID, dict[str, int]] = defaultdict(dict)
    statement = (
        sa.select(Placement.attempt, Placement.node, sa.func.max(Placement.milli_gpus))
        .join(Attempt, Attempt.id == Placement.attempt)
        .where(Placement.sequence < before, in_hour)
        .group_by(Placement.attempt, Placement.node)
    )
    for attempt, node, milli_gpus in connection.execute(statement):
        placed[attempt][node] = milli_gpus
    return {
        str(row.id): Terms(
            row.member,
            row.milli_h100e,
            row.tier_thousandths,
            row.granted_at_seconds,
            row.ended_at_seconds,
            placed[row.id],
        )
        for row in connection.execute(sa.select(Attempt.__table__).where(in_hour))
    }


def _post_member(connection: Connection, term: int, hour: _Hour, member: str) -> int:
    """Post a member's part of a run, once: what it used, what it held ready, what its GPUs did, what it lost."""
    its = hour.measured.by_member.get(member, Attribution())
    new = connection.execute(
        sa.text("SELECT ledger.record_part(:term, :hour, :run, :member, :used, :idle, :down, :unknown)"),
        {
            "term": term,
            "hour": hour.run.hour_seconds,
            "run": hour.run.number,
            "member": member,
            "used": its.used,
            "idle": its.idle,
            "down": its.down,
            "unknown": its.unknown,
        },
    ).scalar_one()
    if not new:
        return 0
    owed = {**hour.owed.get(transfers.use(member), {}), **hour.owed.get(transfers.contribution_offered(member), {})}
    entries = [_single(hour.run, line, amount) for line, amount in sorted(owed.items()) if amount]
    charged: dict[str, int] = defaultdict(int)
    for line, amount in owed.items():
        if line.attempt:
            charged[line.attempt] += amount
    entries += caps.settle(connection, hour.run, member, charged)
    _record_unaccepted(connection, hour, member)
    _record_usage(connection, term, hour, member)
    new = books.apply(connection, entries) if entries else 0
    lost = compensating.credited(connection, member, hour.run.hour_seconds, hour.lost.get(member, ()))
    return new + (books.apply(connection, lost) if lost else 0)


def _owed(connection: Connection, run: Run, amounts: Mapping[Line, int]) -> dict[str, dict[Line, int]]:
    """Return, by account, what the run adds to each line: what the hour comes to, less what earlier runs posted."""
    owed: dict[Line, int] = dict(amounts)
    statement = (
        sa.select(Transfer.purpose, Transfer.debit, Transfer.credit, Transfer.attempt, sa.func.sum(Transfer.amount))
        .where(Transfer.hour_seconds == run.hour_seconds, Transfer.kind == "single", Transfer.run < run.number)
        .where(Transfer.purpose.in_([Purpose.USE, Purpose.TIER, Purpose.OFFERED]))
        .group_by(Transfer.purpose, Transfer.debit, Transfer.credit, Transfer.attempt)
    )
    for purpose, debit, credit, attempt, amount in connection.execute(statement):
        line = Line(Purpose(purpose), debit, credit, str(attempt or ""))
        back = Line(Purpose(purpose), credit, debit, str(attempt or ""))
        for key, signed in ((line, -int(amount)), (back, int(amount))):
            if key in owed:
                owed[key] += signed
    by_account: dict[str, dict[Line, int]] = defaultdict(dict)
    for each, amount in owed.items():
        by_account[each.debit][each] = by_account[each.credit][each] = amount
    return by_account


def _single(run: Run, line: Line, amount: int) -> transfers.Transfer:
    """Return the posting of a line; one that became less, by rounding, goes the other way."""
    sides = (line.debit, line.credit) if amount > 0 else (line.credit, line.debit)
    return transfers.single(run, line.purpose, sides, abs(amount), metering.attempt_id(line.attempt))


def _record_usage(connection: Connection, term: int, hour: _Hour, member: str) -> None:
    """Record what each of the member's attempts used, beside what it owes."""
    its = hour.uses.get(member, {})
    columns = {each.name: [getattr(use, each.name) for use in its.values()] for each in fields(metering.Use)}
    given = {"term": term, "hour": hour.run.hour_seconds, "run": hour.run.number, "member": member, **columns}
    attempts = [uuid.UUID(attempt) for attempt in its]
    if disputed := connection.execute(_USAGE, {**given, "attempts": attempts}).scalars().all():
        acknowledging.dispute(connection, hour.run.hour_seconds, disputed)


def _record_unaccepted(connection: Connection, hour: _Hour, member: str) -> None:
    """Record, as violations, use of the member's GPUs that nothing covers."""
    for each in hour.measured.unaccepted:
        if each.member == member:
            record_violation(
                connection, identity.violation_id("UncoveredUse", each.node, each.start_seconds, each.attempt),
                "UncoveredUse",
                {"at": each.start_seconds, "member": member, "node": each.node, "attempt": uuid.UUID(each.attempt),
                 "amount": each.milli_gpu_seconds, "detail": each.reason},
            )  # fmt: skip
