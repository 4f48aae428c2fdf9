"""The tables as SQLAlchemy models: the one description that migrations are compared with.

:mod:`~hanse.ledger.models.base` has what all share, the other modules one part of the ledger each. Triggers, functions
and grants are in `hanse.ledger.sql`. Nothing here is written through the ORM: the functions are the only way in.
"""

from hanse.ledger.models import (
    accounts,
    base,
    decisions,
    log,
    logs,
    parties,
    reports,
    rollups,
    sessions,
    settlements,
    slots,
    usages,
)

METADATA = base.Base.metadata

# Rows are added and never changed; triggers refuse UPDATE, DELETE and TRUNCATE, whoever asks.
APPEND_ONLY = tuple(
    sorted(
        str(model.__table__.name)  # type: ignore[attr-defined]  # the mapper says FromClause, it is a Table
        for model in base.Base.__subclasses__()
        if issubclass(model, base.Recorded)
    )
)

__all__ = [
    "APPEND_ONLY", "METADATA", "accounts", "base", "decisions", "log", "logs", "parties", "reports", "rollups",
    "sessions", "settlements", "slots", "usages",
]  # fmt: skip
