"""The leader's term: a number that only rises, and that fences off every older leader.

In: the name of who leads. Out: a term. Each of the leader's transactions holds the term's row `FOR SHARE`, so that a
newer leader, who must write it, waits for it, and afterwards nothing of the old term commits. Who may lead is decided
by a Kubernetes Lease; that is only a hint.
"""

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.ledger import database


def take(engine: Engine, holder: str) -> int:
    """Begin a new term led by *holder*; return its number."""
    with database.transaction(engine) as connection:
        return int(connection.execute(sa.text("SELECT ledger.take_term(:holder)"), {"holder": holder}).scalar_one())


def current(engine: Engine) -> int:
    """Return the number of the term that is led now; 0 before the first."""
    with database.transaction(engine) as connection:
        return int(connection.execute(sa.text("SELECT term FROM ledger.term")).scalar_one())
