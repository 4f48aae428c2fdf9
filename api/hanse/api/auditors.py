"""What an auditor asks: all accounts, what was broken, how far the log has come.

In: the ledger. Out: answers. Whole periods, to verify elsewhere, are :mod:`hanse.api.exporting`'s.
"""

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.api.answers import Balance
from hanse.api.overseeing import LogStanding, Violation
from hanse.api.paging import Page, cut, number, page
from hanse.ledger import balances, database

_VIOLATIONS = """
SELECT sequence, id, kind, at_seconds, member, node, attempt, account, amount, detail, recorded_at FROM ledger.violation
WHERE sequence > :after ORDER BY sequence LIMIT :most
"""
_LOG = """
SELECT coalesce(max(size), 0) AS rows, max(sealed_at) AS sealed_at,
       (SELECT coalesce(max(size), 0) FROM ledger.signed_head) AS signed_rows,
       (SELECT coalesce(max(size), 0) FROM ledger.cosignature) AS cosigned_rows,
       (SELECT count(*) FROM ledger.cosignature WHERE size = (SELECT max(size) FROM ledger.cosignature)) AS witnesses
FROM ledger.tree_head
"""


def all_balances(engine: Engine, limit: int, cursor: str) -> Page[Balance]:
    """Return a page of all accounts, by name."""
    found = sorted((Balance.model_validate(vars(each)) for each in balances.read(engine)), key=lambda each: each.name)
    return page(found, lambda each: (each.name,), limit, cursor)


def violations(engine: Engine, limit: int, cursor: str) -> Page[Violation]:
    """Return a page of what was broken, in the order in which it was recorded.

    Raises:
        InvalidError: the cursor is none of this list's.

    """
    after = number(cursor, 0)
    with database.transaction(engine) as connection:
        rows = connection.execute(sa.text(_VIOLATIONS), {"after": after, "most": limit + 1}).mappings().all()
    found = tuple(Violation.model_validate(dict(row)) for row in rows)
    return cut(found, lambda each: (each.sequence,), limit)


def log(engine: Engine) -> LogStanding:
    """Return how far the log has come."""
    with database.transaction(engine) as connection:
        return LogStanding.model_validate(dict(connection.execute(sa.text(_LOG)).mappings().one()))
