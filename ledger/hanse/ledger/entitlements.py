"""What each member was entitled to, per class, as it changed.

In: what the leader's snapshot says of all members. Out: an append-only row where it is not what the last one said; the
history of some members. It judges nothing: entitlement is computed by the planner's arithmetic, from rows and objects.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.ledger import database

_RECORD = sa.text(
    "SELECT ledger.record_entitlements(CAST(:members AS text[]), CAST(:classes AS text[]), CAST(:gpus AS bigint[]), "
    "CAST(:h100e AS bigint[]))"
)
# What holds at the start was recorded before it: the last row of each class, found by the index.
_HISTORY = sa.text("""
WITH RECURSIVE pair AS (
  (SELECT member, accelerator_class AS class FROM ledger.entitlement WHERE member = ANY (:members)
   ORDER BY 1, 2 LIMIT 1)
  UNION ALL
  SELECT n.member, n.accelerator_class FROM pair p CROSS JOIN LATERAL (
    SELECT member, accelerator_class FROM ledger.entitlement
    WHERE member = ANY (:members) AND (member, accelerator_class) > (p.member, p.class) ORDER BY 1, 2 LIMIT 1) AS n),
held AS (
  SELECT l.* FROM pair p CROSS JOIN LATERAL (
    SELECT * FROM ledger.entitlement WHERE member = p.member AND accelerator_class = p.class AND at_seconds < :start
    ORDER BY sequence DESC LIMIT 1) AS l)
SELECT member, accelerator_class, at_seconds, milli_gpus, milli_h100e, sequence FROM (
  SELECT * FROM held UNION ALL
  SELECT * FROM ledger.entitlement
  WHERE member = ANY (:members) AND at_seconds >= :start AND at_seconds < :end) AS found
WHERE sequence > :after ORDER BY sequence LIMIT :most
""")


@dataclass(frozen=True, slots=True, order=True)
class Entitled:
    """What a member may use and not lose of a class, in thousandths of a GPU, and what these are worth."""

    member: str
    accelerator_class: str
    milli_gpus: int
    milli_h100e: int


@dataclass(frozen=True, slots=True)
class Since:
    """What a member was entitled to from *at_seconds* (Unix time) on, until its next row of the class."""

    sequence: int
    at_seconds: int
    entitled: Entitled


def record(engine: Engine, found: Iterable[Entitled], *, term: int) -> int:
    """Record what is not as it was; *found* is all that anybody is entitled to now. Return how many rows that took.

    Raises:
        StaleTermError: another leader has taken over.

    """
    rows = sorted(found)
    given = {
        "members": [each.member for each in rows],
        "classes": [each.accelerator_class for each in rows],
        "gpus": [each.milli_gpus for each in rows],
        "h100e": [each.milli_h100e for each in rows],
    }
    with database.transaction(engine, term=term) as connection:
        return int(connection.execute(_RECORD, given).scalar_one())


def history(engine: Engine, members: Iterable[str], within: tuple[int, int], after: int, most: int) -> list[Since]:
    """Return what *members* were entitled to from one time to another, in the order in which it was recorded.

    At most so many rows, of those that come *after* a sequence.
    """
    asked = {"members": sorted(members), "start": within[0], "end": within[1], "after": after, "most": most}
    with database.transaction(engine) as connection:
        found = connection.execute(_HISTORY, asked)
        return [Since(row[5], row[2], Entitled(row[0], row[1], row[3], row[4])) for row in found]
