"""What a member's books say: usage by the hour, entitlement as it was, a period's statement in its first form.

In: members that the credential is for, hours or a period. Out: sums of what is posted, from the rollups that the
database keeps with each transfer; they follow from the rows that an auditor adds up, and can be made again from them.
What others used of a member's GPUs is one sum, never a line for each of them.
"""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.api import metered
from hanse.api.answers import EntitledSince, Hour, Line, MemberStatement, Statement
from hanse.api.metered import Did, Measured
from hanse.api.paging import Page, cut, number, page
from hanse.api.problems import InvalidError
from hanse.ledger import database, entitlements, export, transfers
from hanse.ledger.errors import RefusedError

HOUR_SECONDS = 3600
SECONDS_MAX = 253_370_764_800
"""The year 9999 begins."""
RANGE_SECONDS_MAX = 31 * 24 * HOUR_SECONDS

# Of an hour's runs the last has seen all slots.
# Corrections bear the hour of what they take back, and the period in which they were booked.
_HOURS = """
WITH own AS (SELECT m.name, m.name || '/use' AS use, m.name || '/contribution-used' AS lent
             FROM ledger.member m WHERE m.name = ANY (:members)),
booked AS (
  SELECT o.name AS member, r.hour_seconds,
         sum(CASE WHEN r.account = o.use THEN r.debits - r.credits ELSE 0 END) AS charged,
         sum(CASE WHEN r.account = o.lent AND NOT r.is_own THEN r.credits - r.debits ELSE 0 END) AS lent
  FROM own o JOIN ledger.rollup r ON r.account IN (o.use, o.lent)
  WHERE r.period >= :first AND r.hour_seconds >= :start AND r.hour_seconds < :end
  GROUP BY o.name, r.hour_seconds),
did AS (
  SELECT DISTINCT ON (member, hour_seconds) member, hour_seconds, used, idle, down, unknown
  FROM ledger.posting WHERE member = ANY (:members) AND hour_seconds >= :start AND hour_seconds < :end
  ORDER BY member, hour_seconds, run DESC)
SELECT member, hour_seconds, coalesce(charged, 0) AS charged, coalesce(lent, 0) AS lent, used, idle, down, unknown
FROM did LEFT JOIN booked USING (member, hour_seconds) ORDER BY member, hour_seconds
"""
_LINES = """
SELECT a.member, r.account, r.purpose, r.is_correction, sum(r.debits) AS debits, sum(r.credits) AS credits
FROM ledger.account a JOIN ledger.rollup r ON r.account = a.name
WHERE a.member = ANY (:members) AND a.kind <> 'cap' AND r.period = :period
GROUP BY a.member, r.account, r.purpose, r.is_correction ORDER BY 1, 2, 3, 4
"""
_POSTED = """
SELECT member, count(DISTINCT hour_seconds) AS hours FROM ledger.posting
WHERE member = ANY (:members) AND hour_seconds >= :start AND hour_seconds < :end GROUP BY member
"""

_SETTLED = "SELECT pair, array_agg(stage) AS stages FROM ledger.settlement WHERE period = :period GROUP BY pair"
STAGES = ("open", "initial", "final", "true-up")
"""How far a period is settled with all of a member's counterparties, whose number and names it is not told."""


def usage(engine: Engine, members: frozenset[str], bounds: tuple[int, int], limit: int, cursor: str) -> Page[Hour]:
    """Return a page of the hours of *members* that begin within *bounds* (Unix seconds, the second is excluded).

    Raises:
        InvalidError: the bounds are none, or too far apart.

    """
    start, end = checked(bounds)
    first = transfers.period(start)
    given = {"members": sorted(members), "start": start, "end": end, "first": first}
    rows = _rows(engine, _HOURS, given)
    return page(map(_hour, rows), lambda each: (each.member, each.hour_seconds), limit, cursor)


def _hour(row: dict[str, Any]) -> Hour:
    return Hour(
        member=row["member"],
        hour_seconds=row["hour_seconds"],
        charged=int(row["charged"]),
        lent=int(row["lent"]),
        used_milli_gpu_seconds=int(row["used"]),
        idle_milli_gpu_seconds=int(row["idle"]),
        down_milli_gpu_seconds=int(row["down"]),
        unknown_milli_gpu_seconds=int(row["unknown"]),
    )


def entitled(
    engine: Engine, members: frozenset[str], bounds: tuple[int, int], limit: int, cursor: str
) -> Page[EntitledSince]:
    """Return a page of what *members* were entitled to within *bounds*, beginning with what held at their start.

    Raises:
        InvalidError: the bounds are none, or too far apart; or the cursor is none of this list's.

    """
    after = number(cursor, 0)
    found = tuple(entitlements.history(engine, members, checked(bounds), after, limit + 1))
    shown = cut(found, lambda each: (each.sequence,), limit)
    return Page(items=tuple(map(_since, shown.items)), next=shown.next)


def _since(found: entitlements.Since) -> EntitledSince:
    its = found.entitled
    return EntitledSince.model_validate(
        {
            "member": its.member,
            "class": its.accelerator_class,
            "atSeconds": found.at_seconds,
            "milliGpus": its.milli_gpus,
            "milliH100e": its.milli_h100e,
        }
    )


def checked(bounds: tuple[int, int]) -> tuple[int, int]:
    """Return the bounds of a question.

    Raises:
        InvalidError: they are none, or too far apart.

    """
    start, end = bounds
    if not 0 < end - start <= RANGE_SECONDS_MAX:
        said = f"to is {end}, from is {start}: to must be later, by {RANGE_SECONDS_MAX} s (31 days) at most"
        raise InvalidError(said, field="query.to", value=str(end))
    return bounds


def statement(engine: Engine, members: frozenset[str], period: str) -> Statement:
    """Return the statement of *members* for a period (`YYYY-MM`, UTC).

    Raises:
        InvalidError: the period is none.

    """
    start, end = period_bounds(period)
    given = {"members": sorted(members), "period": period, "start": start, "end": end}
    hours = {row["member"]: int(row["hours"]) for row in _rows(engine, _POSTED, given)}
    lines = defaultdict[str, list[Line]](list)
    for row in _rows(engine, _LINES, given):
        lines[row["member"]].append(Line.model_validate(row))
    did, measured = metered.did(engine, given), metered.measured(engine, given)
    found = (_of_member(name, hours.get(name, 0), lines[name], did[name], measured[name]) for name in sorted(members))
    settled = {row["pair"]: row["stages"] for row in _rows(engine, _SETTLED, given)}
    own = [stages for pair, stages in settled.items() if set(pair.split("/")) & members]
    stage = "open" if not own else min((max(stages, key=STAGES.index) for stages in own), key=STAGES.index)
    is_final = stage in {"final", "true-up"}
    return Statement(period=period, stage=stage, is_final=is_final, members=tuple(found))


def period_bounds(period: str) -> tuple[int, int]:
    """Return the first second of a period that was asked for, and the first after it.

    Raises:
        InvalidError: it is none.

    """
    try:
        return export.bounds(period)
    except RefusedError as error:
        raise InvalidError(f"{period!r} is no period: write YYYY-MM", field="path.period", value=period) from error


def _of_member(name: str, hours: int, lines: list[Line], did: Did, measured: Measured) -> MemberStatement:
    accounts = {transfers.use(name), transfers.contribution_used(name)}
    standing = sum(line.credits - line.debits for line in lines if line.account in accounts)
    return MemberStatement(
        member=name, hours_posted=hours, lines=tuple(lines), standing=standing, did=did, measured=measured
    )


def _rows(engine: Engine, statement: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    with database.transaction(engine) as connection:
        return [dict(row) for row in connection.execute(sa.text(statement), given).mappings()]
