"""Balances: who owes whom, as the account rows say, and whether the transfers say the same.

In: nothing but the books. Out: a :class:`Balance` an account. A member's standing is what others used of its GPUs less
what it used; over all accounts debits equal credits.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.ledger import database
from hanse.ledger.models.accounts import Account

_MISMATCHES = """
SELECT a.name FROM ledger.account a LEFT JOIN (
  SELECT name, sum(debits_posted) AS dp, sum(credits_posted) AS cp,
         sum(debits_pending) AS dw, sum(credits_pending) AS cw
  FROM ledger.movement GROUP BY name) m ON m.name = a.name
WHERE a.debits_posted <> coalesce(m.dp, 0) OR a.credits_posted <> coalesce(m.cp, 0)
   OR a.debits_pending <> coalesce(m.dw, 0) OR a.credits_pending <> coalesce(m.cw, 0)
ORDER BY a.name
"""


@dataclass(frozen=True)
class Balance:
    """An account's sums in mH·s."""

    name: str
    kind: str
    member: str | None
    ceiling: int | None
    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int


def read(engine: Engine) -> list[Balance]:
    """Return all accounts by name."""
    columns = [getattr(Account, name) for name in Balance.__dataclass_fields__]
    with database.transaction(engine) as connection:
        return [Balance(*row) for row in connection.execute(sa.select(*columns).order_by(Account.name))]


def mismatches(engine: Engine) -> list[str]:
    """Return the accounts whose rows differ from what all transfers add up to; there should be none."""
    with database.transaction(engine) as connection:
        return list(connection.execute(sa.text(_MISMATCHES)).scalars())
