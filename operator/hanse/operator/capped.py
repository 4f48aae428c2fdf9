"""What the ledger says of the caps' windows that are open: how much is taken, and how high each may be.

In: the windows, by the names of their accounts. Out: figures for :mod:`hanse.operator.capping`, which is pure. What
somebody put into the ledger that trustees have not signed raises nothing, and is told in the log when it changes.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa
import structlog
from sqlalchemy import Engine

from hanse.ledger import database, overrides
from hanse.ledger.models.accounts import Account
from hanse.ledger.overrides import Ceilings

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Capped:
    """What is posted and reserved by account, and what their ceilings may be."""

    taken: dict[str, int] = field(default_factory=dict)
    ceilings: Ceilings = field(default_factory=Ceilings)


class Reader:
    """Reads it for one leader."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._refused: tuple[str, ...] = ()

    def read(self, accounts: Collection[str]) -> Capped:
        """Return how the caps' *accounts* stand."""
        if not accounts:
            return Capped()
        statement = sa.select(Account.name, Account.debits_posted + Account.debits_pending)
        with database.transaction(self._engine) as connection:
            rows = connection.execute(statement.where(Account.name.in_(accounts))).tuples()
            taken = {name: int(amount) for name, amount in rows}
            ceilings = overrides.ceilings(connection, accounts)
        if ceilings.refused != self._refused:
            self._refused = ceilings.refused
            _log.error("overrides_refused", said=list(ceilings.refused))
        return Capped(taken, ceilings)
