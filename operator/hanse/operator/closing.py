"""Closing: periods that are over are settled, and disputes that nobody ruled on end, as the PoolPolicy says.

In: the policy's settlement, and the time. Out: what :mod:`hanse.ledger.periods` and :mod:`hanse.ledger.disputes`
record. Called by :mod:`hanse.operator.settling` after it has posted what is due, once a minute: it reads a month of
postings. It decides nothing: what is due follows from rows and terms.
"""

import time

import structlog
from sqlalchemy import Engine

from hanse.ledger import disputes, periods
from hanse.ledger.periods import Terms
from hanse.resources.pool_policy import Settlement

LOOK_SECONDS = 60.0
_log = structlog.get_logger(__name__)


class Closer:
    """Closes for one leader."""

    def __init__(self, engine: Engine, term: int) -> None:
        self._engine, self._term = engine, term
        self._looked_at = float("-inf")

    def look(self, settlement: Settlement) -> None:
        """Do what is due, unless it was looked at just now.

        Raises:
            StaleTermError: another leader has taken over.

        """
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        terms = terms_of(settlement)
        for dispute in disputes.expire(self._engine, self._term, terms.window_seconds):
            _log.info("dispute_expired", dispute=str(dispute))
        for each in periods.settle(self._engine, self._term, terms):
            _log.info("settled", period=each.period, stage=str(each.stage), pairs=len(each.pairs))


def terms_of(settlement: Settlement) -> Terms:
    """Return the terms that a policy says."""
    return Terms(
        settlement.pool_slots_thousandths,
        settlement.member_slots_thousandths,
        int(settlement.dispute_window.total_seconds()),
        int(settlement.true_up.total_seconds()),
    )
