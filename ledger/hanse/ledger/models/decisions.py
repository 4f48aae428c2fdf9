"""What was decided and what came of it: term, cycles, decisions, attempts, the outbox, effects, facts, violations."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hanse.ledger.models.base import Base, Recorded

LIVE = "state IN ('admitted', 'leased', 'draining', 'suspect')"


class Term(Base):
    """One row: the leader's number. It only rises, and each of the leader's transactions holds it `FOR SHARE`."""

    __tablename__ = "term"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    term: Mapped[int]
    holder: Mapped[str]


class Cycle(Recorded, Base):
    """One recorded plan: the digests of what it was made from, and of the decisions it holds, in their order.

    *base_snapshot* is the hash of its frame; of a cycle that was recorded before there were frames, it is its state's.
    """

    __tablename__ = "cycle"
    __table_args__ = (CheckConstraint("cycle > 0 AND decisions >= 0", name="counts"),)
    term: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cycle: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    as_of_seconds: Mapped[int]
    decisions: Mapped[int]
    decisions_sha256: Mapped[bytes]
    base_snapshot: Mapped[bytes]
    state_sha256: Mapped[bytes]
    policy_sha256: Mapped[bytes]
    code_sha256: Mapped[bytes]


class Frame(Base):
    """What a cycle saw: the bytes of `hanse.scheduler.frames`, whose hash the cycle's row has. For auditors only."""

    __tablename__ = "frame"
    __table_args__ = (ForeignKeyConstraint(["term", "cycle"], ["ledger.cycle.term", "ledger.cycle.cycle"]),)
    term: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cycle: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes]


class Decision(Recorded, Base):
    """One entry of a plan. The columns repeat what the canonical *body* says, for queries."""

    __tablename__ = "decision"
    __table_args__ = (
        ForeignKeyConstraint(["term", "cycle"], ["ledger.cycle.term", "ledger.cycle.cycle"]),
        UniqueConstraint("term", "cycle", "index"),
        CheckConstraint("body_sha256 = sha256(body)", name="digest"),
        CheckConstraint("effect IN ('none', 'admit', 'keep', 'stop', 'expire')", name="effect"),
        CheckConstraint("effect = 'none' OR (attempt IS NOT NULL AND fence IS NOT NULL)", name="attempt"),
        Index(None, "attempt"),
        Index(None, "job"),
        Index(None, "recorded_at"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    term: Mapped[int]
    cycle: Mapped[int]
    index: Mapped[int]
    kind: Mapped[str]
    effect: Mapped[str]
    verdict: Mapped[str]
    reason: Mapped[str]
    job: Mapped[uuid.UUID | None]
    member: Mapped[str | None] = mapped_column(ForeignKey("ledger.member.name"))
    attempt: Mapped[uuid.UUID | None]
    fence: Mapped[int | None]
    body: Mapped[bytes]
    body_sha256: Mapped[bytes]


class Placement(Recorded, Base):
    """How many milli-GPUs of a node a decision gives to an attempt; what a decision says replaces the one before."""

    __tablename__ = "placement"
    __table_args__ = (CheckConstraint("milli_gpus > 0", name="positive"), Index(None, "attempt"))
    decision: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger.decision.id"), primary_key=True)
    node: Mapped[str] = mapped_column(primary_key=True)
    attempt: Mapped[uuid.UUID]
    milli_gpus: Mapped[int]


class Attempt(Base):
    """One run of a job's gang, as decisions and leases left it; a projection that can be made again from both."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("job", "fence"),
        CheckConstraint("fence > 0 AND milli_h100e > 0 AND tier_thousandths > 0", name="positive"),
        CheckConstraint("lease_seconds > 0 AND grace_seconds >= 0", name="lease"),
        CheckConstraint(f"({LIVE}) = (ended_at_seconds IS NULL)", name="ended"),
        CheckConstraint("(granted_at_seconds IS NULL) = (lease_until_seconds IS NULL)", name="granted"),
        CheckConstraint("granted_to IS NULL OR granted_at_seconds IS NOT NULL", name="granted_to"),
        Index("attempt_one_live_a_job", "job", unique=True, postgresql_where=text(LIVE)),
        Index("attempt_live_lease", "lease_until_seconds", postgresql_where=text(LIVE)),
        Index("attempt_live_cluster", "cluster", postgresql_where=text(LIVE)),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    job: Mapped[uuid.UUID]
    fence: Mapped[int]
    member: Mapped[str] = mapped_column(ForeignKey("ledger.member.name"))
    cluster: Mapped[str]
    accelerator_class: Mapped[str]
    precision: Mapped[str]
    tier: Mapped[str]
    milli_h100e: Mapped[int]
    tier_thousandths: Mapped[int]
    lease_seconds: Mapped[int]
    grace_seconds: Mapped[int]
    admitted_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger.decision.id"))
    stopped_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("ledger.decision.id"))
    last_decision: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger.decision.id"))
    state: Mapped[str]
    funded_until_seconds: Mapped[int | None]
    granted_at_seconds: Mapped[int | None]
    lease_until_seconds: Mapped[int | None]
    ended_at_seconds: Mapped[int | None]
    granted_to: Mapped[uuid.UUID | None]
    """The agent's process that was granted the lease first. Last, as it came with a migration."""


class Outbox(Base):
    """A decision that still has to be acted on; the row goes when its :class:`Effect` is recorded."""

    __tablename__ = "outbox"
    decision: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger.decision.id"), primary_key=True)
    sequence: Mapped[int]


class Effect(Recorded, Base):
    """What came of a decision: it took effect, or failed and why."""

    __tablename__ = "effect"
    __table_args__ = (CheckConstraint("outcome IN ('done', 'failed')", name="outcome"),)
    decision: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger.decision.id"), primary_key=True)
    outcome: Mapped[str]
    detail: Mapped[str]


class _Remark(Recorded):
    """Something that happened, and whom it concerns."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    at_seconds: Mapped[int]
    member: Mapped[str | None]
    cluster: Mapped[str | None]
    node: Mapped[str | None]
    attempt: Mapped[uuid.UUID | None]
    fence: Mapped[int | None]
    account: Mapped[str | None]
    amount: Mapped[int | None]
    detail: Mapped[str]


class Fact(_Remark, Base):
    """What happened without a decision: leases, fences refused, what an agent did by itself, caps set, terms taken."""

    __tablename__ = "fact"
    __table_args__ = (
        Index(None, "attempt"),
        Index(None, "recorded_at"),
        Index("fact_credit", "at_seconds", postgresql_where=text("kind = 'Credit'")),
    )


class Violation(_Remark, Base):
    """A promise that was broken, or a document that contradicts another; never taken back."""

    __tablename__ = "violation"
    __table_args__ = (Index(None, "recorded_at"),)
