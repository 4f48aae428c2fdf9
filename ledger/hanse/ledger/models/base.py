"""What all tables share: names of constraints, PostgreSQL's xid8, and the stamp of append-only rows.

Times that mean something in the pool are integers, seconds of Unix time; only `recorded_at` is the database's clock.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, MetaData, types
from sqlalchemy.dialects.postgresql import base as dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "ledger"


class Xid8(types.UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id, by which the sealer knows that no earlier row can still come."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in DDL."""
        return "xid8"


# So that reflection, and with it `alembic check`, knows the type.
dialect.ischema_names["xid8"] = Xid8


class Base(DeclarativeBase):
    """The base of all models."""

    metadata = MetaData(
        schema=SCHEMA,
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        },
    )
    type_annotation_map = {int: BigInteger, datetime: DateTime(timezone=True)}  # noqa: RUF012  # SQLAlchemy's own way


class Recorded:
    """The stamp of a row that is never changed; a trigger sets it, whatever was sent.

    *sequence* orders all append-only rows of the ledger; where a row lock orders writers, as for one account, it is
    the order of their commits.
    """

    sequence: Mapped[int]
    recorded_at: Mapped[datetime]
    xid: Mapped[int] = mapped_column(Xid8, index=True)
