"""Tails of workers' logs, sealed: kept for days, deleted, and no part of what is signed or audited."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from hanse.ledger.models.base import Base


class LogKey(Base):
    """A key to which an attempt's logs are sealed: the *recipient* is the owner's key under the *blind*."""

    __tablename__ = "log_key"
    __table_args__ = (
        CheckConstraint("octet_length(recipient) = 32", name="recipient"),
        CheckConstraint("octet_length(blind) = 32", name="blind"),
        Index("log_key_one_an_owner_key", "attempt", "owner_key", unique=True),
        Index(None, "made_at_seconds"),
    )
    attempt: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger.attempt.id"), primary_key=True)
    recipient: Mapped[bytes] = mapped_column(primary_key=True)
    owner_key: Mapped[bytes]
    blind: Mapped[bytes]
    made_at_seconds: Mapped[int]


class LogTail(Base):
    """The newest tail of a worker's log; *version* rises with each that is stored."""

    __tablename__ = "log_tail"
    __table_args__ = (
        ForeignKeyConstraint(["attempt", "recipient"], ["ledger.log_key.attempt", "ledger.log_key.recipient"]),
        Index(None, "attempt", "version"),
        Index(None, "stored_at_seconds"),
    )
    attempt: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recipient: Mapped[bytes]
    sealed: Mapped[bytes]
    version: Mapped[int]
    stored_at_seconds: Mapped[int]
