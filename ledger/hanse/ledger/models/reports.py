"""What agents report: themselves, their nodes, and the checkpoints of attempts."""

import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hanse.ledger.models.base import Base, Recorded


class Agent(Base):
    """The one agent that speaks for a cluster: of which cluster it is for good, and which process of it for now."""

    __tablename__ = "agent"
    cluster: Mapped[str] = mapped_column(primary_key=True)
    cluster_uid: Mapped[uuid.UUID]
    instance: Mapped[uuid.UUID]
    version: Mapped[str]
    seen_at_seconds: Mapped[int]
    inventory_at_seconds: Mapped[int | None]


class Node(Base):
    """A node as its cluster's agent last reported it."""

    __tablename__ = "node"
    cluster: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[Any] = mapped_column(JSONB)
    reported_at_seconds: Mapped[int]


class Progress(Base):
    """How far an attempt's workers have last said that they have come; nothing is decided by it, it is no record."""

    __tablename__ = "progress"
    attempt: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger.attempt.id"), primary_key=True)
    step: Mapped[int]
    steps: Mapped[int | None]
    told_at_seconds: Mapped[int]


class Checkpoint(Recorded, Base):
    """A checkpoint of record: one that was committed under the fence that was in force."""

    __tablename__ = "checkpoint"
    __table_args__ = (CheckConstraint("step >= 0", name="step"), Index(None, "job", "sequence"))
    attempt: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger.attempt.id"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    job: Mapped[uuid.UUID]
    fence: Mapped[int]
    uri: Mapped[str]
