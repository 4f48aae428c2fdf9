"""The outbox: decisions that are recorded and still have to be acted on.

In: what :mod:`hanse.ledger.decisions` left. Out: the decisions to act on, oldest first, at least once each; and for
each the record that it took effect or failed. Acting is idempotent, as names follow from the decision's id.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.evidence import canonical
from hanse.evidence.canonical import Json
from hanse.ledger import database
from hanse.ledger.models.decisions import Decision, Outbox


@dataclass(frozen=True)
class Order:
    """A decision to act on; of two on the same attempt, the one with the lower *sequence* is out of date."""

    decision: uuid.UUID
    sequence: int
    body: Json
    is_stop: bool


FIRST = 0
"""Before all sequences."""


def pending(engine: Engine, limit: int, after: int = FIRST) -> list[Order]:
    """Return up to *limit* decisions that have no recorded effect yet, in the order of their sequences.

    Those that have to wait stay pending; what comes behind them is read with *after*, the last one's sequence. Only one
    leader records at a time, so nothing that is committed later comes before what has been read.

    """
    statement = (
        sa.select(Outbox.decision, Outbox.sequence, Decision.body, (Decision.effect == "stop").label("is_stop"))
        .join(Decision, Decision.id == Outbox.decision)
        .where(Outbox.sequence > after)
        .order_by(Outbox.sequence)
        .limit(limit)
    )
    with database.transaction(engine) as connection:
        rows = connection.execute(statement).all()
    return [Order(row.decision, row.sequence, canonical.decode(row.body), row.is_stop) for row in rows]


def done(engine: Engine, term: int, decisions: Mapping[uuid.UUID, str | None]) -> None:
    """Record what came of decisions: None where it took effect, else why it failed; the first record of each stays.

    Raises:
        StaleTermError: another leader has taken over; it acts on what is left.

    """
    with database.transaction(engine) as connection:
        connection.execute(
            sa.text(
                "SELECT ledger.record_effects(:term, CAST(:ids AS uuid[]), CAST(:outcomes AS text[]), "
                "CAST(:details AS text[]))"
            ),
            {
                "term": term,
                "ids": list(decisions),
                "outcomes": ["done" if failure is None else "failed" for failure in decisions.values()],
                "details": [failure or "" for failure in decisions.values()],
            },
        )
