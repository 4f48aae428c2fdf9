"""Who owes whom: accounts, transfers between them, and which hours were posted from which slots."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hanse.ledger.models.base import Base, Recorded


class Account(Base):
    """A balance in mH·s, kept by the transfers; an auditor adds them up again.

    *ceiling* is a cap: what is posted and reserved together may not rise above it. *ceiling_max* is the highest it
    ever was, so that the CHECK still holds when a cap is lowered below what is in use. *ceiling_agreed* is the
    most it was set to without trustees: where there are some, more than that takes their signatures.
    """

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("(kind = 'cap') = (ceiling IS NOT NULL)", name="cap"),
        CheckConstraint("(ceiling IS NULL) = (ceiling_max IS NULL) AND ceiling <= ceiling_max", name="ceiling"),
        CheckConstraint("(ceiling IS NULL) = (ceiling_agreed IS NULL)", name="agreed"),
        CheckConstraint("ceiling_max IS NULL OR debits_posted + debits_pending <= ceiling_max", name="never_crossed"),
        CheckConstraint("least(debits_posted, credits_posted, debits_pending, credits_pending) >= 0", name="positive"),
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    member: Mapped[str | None] = mapped_column(ForeignKey("ledger.member.name"))
    ceiling: Mapped[int | None]
    ceiling_max: Mapped[int | None]
    debits_posted: Mapped[int] = mapped_column(server_default=text("0"))
    credits_posted: Mapped[int] = mapped_column(server_default=text("0"))
    debits_pending: Mapped[int] = mapped_column(server_default=text("0"))
    credits_pending: Mapped[int] = mapped_column(server_default=text("0"))
    ceiling_agreed: Mapped[int | None]
    """Last, as it came with a migration."""


class Transfer(Recorded, Base):
    """An amount in mH·s from one account's debit to another's credit; *hour_seconds* is when it was incurred."""

    __tablename__ = "transfer"
    __table_args__ = (
        CheckConstraint("debit <> credit", name="two_accounts"),
        CheckConstraint("kind IN ('single', 'pending', 'post', 'void', 'correction')", name="kind"),
        CheckConstraint("amount >= 0 AND (amount = 0) = (kind = 'void')", name="amount"),
        CheckConstraint("(pending IS NOT NULL) = (kind IN ('post', 'void'))", name="pending"),
        CheckConstraint("(reverses IS NOT NULL) = (kind = 'correction')", name="reverses"),
        CheckConstraint("kind <> 'correction' OR purpose <> 'cap'", name="corrections_leave_caps_alone"),
        CheckConstraint("hour_seconds % 3600 = 0", name="hour"),
        Index("transfer_one_resolution", "pending", unique=True, postgresql_where=text("pending IS NOT NULL")),
        Index("transfer_pending_hour", "hour_seconds", postgresql_where=text("kind = 'pending'")),
        Index(None, "attempt", "hour_seconds"),
        Index(None, "reverses", postgresql_where=text("reverses IS NOT NULL")),
        Index("transfer_correction_hour", "hour_seconds", postgresql_where=text("kind = 'correction'")),
        Index(None, "period", "sequence"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    payload_sha256: Mapped[bytes]
    kind: Mapped[str]
    purpose: Mapped[str]
    debit: Mapped[str] = mapped_column(ForeignKey("ledger.account.name"))
    credit: Mapped[str] = mapped_column(ForeignKey("ledger.account.name"))
    amount: Mapped[int]
    hour_seconds: Mapped[int]
    period: Mapped[str]
    run: Mapped[int | None]
    attempt: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("ledger.attempt.id"))
    decision: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("ledger.decision.id"))
    pending: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("ledger.transfer.id"))
    reverses: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("ledger.transfer.id"))
    reason: Mapped[str | None]


class Cutoff(Recorded, Base):
    """Which slots a posting of an hour is made from: those of the hour with a lower sequence than this row."""

    __tablename__ = "cutoff"
    hour_seconds: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    run: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slots: Mapped[int]
    slots_sha256: Mapped[bytes]


class Posting(Recorded, Base):
    """One member's part of a posted hour, and what its GPUs did in it, in milli-GPU-seconds."""

    __tablename__ = "posting"
    __table_args__ = (
        ForeignKeyConstraint(["hour_seconds", "run"], ["ledger.cutoff.hour_seconds", "ledger.cutoff.run"]),
    )
    hour_seconds: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    run: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member: Mapped[str] = mapped_column(ForeignKey("ledger.member.name"), primary_key=True)
    used: Mapped[int]
    idle: Mapped[int]
    down: Mapped[int]
    unknown: Mapped[int]
