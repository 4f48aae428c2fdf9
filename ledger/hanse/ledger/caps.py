"""The caps of one member in one hour: what was reserved is resolved, what ran is booked whatever it is.

In: what each attempt is charged. Out: transfers. A charge is taken first from the attempt's reservations of the hour,
then from what room the cap has left; what no cap holds is an overrun, which the pool bears, with a violation. Called by
:mod:`hanse.ledger.posting`.
"""

from collections import defaultdict
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import Connection

from hanse.evidence import identity
from hanse.ledger import books, metering, transfers
from hanse.ledger.models.accounts import Transfer
from hanse.ledger.slots import record_violation
from hanse.ledger.transfers import Purpose, Run


def settle(connection: Connection, run: Run, member: str, charged: Mapping[str, int]) -> list[transfers.Transfer]:
    """Return the entries for what *member*'s attempts are charged by a run, mH·s by attempt: resolutions first."""
    reserved = _reserved(connection, run, member)
    room = _rooms(connection, {account for by_account in reserved.values() for account in by_account})
    resolved = _resolved(connection, run)
    resolutions: list[transfers.Transfer] = []
    rest: dict[str, dict[str, int]] = {}
    for attempt, by_account in sorted(reserved.items()):
        rest[attempt] = dict.fromkeys(sorted(by_account), max(0, charged.get(attempt, 0)))
        for account in rest[attempt]:
            for each in by_account[account]:
                if each.id not in resolved:
                    taken = min(rest[attempt][account], each.amount)
                    resolutions.append(transfers.resolution(each, taken, run.number))
                    rest[attempt][account] -= taken
                    room[account] += each.amount - taken
    unfunded = sorted(charged.keys() - reserved.keys())
    overruns = {attempt: max(0, charged[attempt]) for attempt in _ever_funded(connection, unfunded)}
    taken_late = _take(run, rest, room, overruns)
    return resolutions + taken_late + _bear(connection, run, member, overruns)


def _take(
    run: Run, rest: Mapping[str, Mapping[str, int]], room: dict[str, int], overruns: dict[str, int]
) -> list[transfers.Transfer]:
    """Take from the caps' room what reservations did not hold; put what no room is left for among *overruns*."""
    entries = []
    for attempt, by_account in rest.items():
        for account, amount in by_account.items():
            taken = min(amount, room[account])
            if taken:
                room[account] -= taken
                sides = (account, transfers.RESERVED)
                entries.append(transfers.single(run, Purpose.CAP, sides, taken, metering.attempt_id(attempt)))
            overruns[attempt] = max(overruns.get(attempt, 0), amount - taken)
    return entries


def _bear(connection: Connection, run: Run, member: str, overruns: Mapping[str, int]) -> list[transfers.Transfer]:
    """Return what the pool bears, each with its violation on record."""
    entries = []
    for attempt, amount in sorted(overruns.items()):
        if amount:
            sides = (transfers.OVERRUN, transfers.use(member))
            entries.append(transfers.single(run, Purpose.OVERRUN, sides, amount, metering.attempt_id(attempt)))
            record_violation(
                connection, identity.violation_id("Overrun", attempt, run.hour_seconds, run.number), "Overrun",
                {"at": run.hour_seconds, "member": member, "attempt": metering.attempt_id(attempt), "amount": amount,
                 "account": transfers.OVERRUN, "detail": "ran beyond what its caps hold"},
            )  # fmt: skip
    return entries


def _reserved(connection: Connection, run: Run, member: str) -> dict[str, dict[str, list[transfers.Transfer]]]:
    """Return the reservations of the hour, resolved or not, by attempt and account."""
    statement = (
        sa.select(Transfer.__table__)
        .where(Transfer.kind == "pending", Transfer.hour_seconds == run.hour_seconds)
        .where(Transfer.debit.startswith(f"{member}/cap/", autoescape=True))
        .order_by(Transfer.sequence)
    )
    found: dict[str, dict[str, list[transfers.Transfer]]] = defaultdict(lambda: defaultdict(list))
    for row in connection.execute(statement):
        each = books.read(row)
        found[str(each.attempt)][each.debit].append(each)
    return found


def _rooms(connection: Connection, accounts: set[str]) -> dict[str, int]:
    """Return the room of each cap; their rows are locked first of all, in the order in which a plan locks them."""
    statement = sa.text("SELECT ledger.cap_room(:account)")
    return {account: connection.execute(statement, {"account": account}).scalar_one() for account in sorted(accounts)}


def _resolved(connection: Connection, run: Run) -> set[object]:
    statement = sa.select(Transfer.pending).where(
        Transfer.pending.is_not(None), Transfer.hour_seconds == run.hour_seconds
    )
    return set(connection.execute(statement).scalars())


def _ever_funded(connection: Connection, attempts: list[str]) -> list[str]:
    """Return those of *attempts* that have ever reserved: they run under caps, and none of it for this hour."""
    ids = [metering.attempt_id(attempt) for attempt in attempts]
    statement = sa.select(Transfer.attempt).distinct().where(Transfer.kind == "pending", Transfer.attempt.in_(ids))
    return sorted(str(attempt) for attempt in connection.execute(statement).scalars())
