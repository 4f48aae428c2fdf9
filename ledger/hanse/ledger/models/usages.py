"""What attempts used by the hour, as slots say it, and as those who used it say it."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from hanse.ledger.models.base import Base, Recorded


class Usage(Recorded, Base):
    """What an attempt of *member* used in an hour, as a run's slots say; a later run has a row if it says otherwise.

    Memory (MiB over seconds), energy and how long its GPUs computed are null where nothing measured them; *memory_of*,
    *energy_of* and *busy_of* are the milli-GPU-seconds for which something did.
    """

    __tablename__ = "usage"
    __table_args__ = (
        ForeignKeyConstraint(["hour_seconds", "run"], ["ledger.cutoff.hour_seconds", "ledger.cutoff.run"]),
        CheckConstraint("(memory_mib_seconds IS NULL) = (memory_of = 0)", name="memory"),
        CheckConstraint("(energy_millijoules IS NULL) = (energy_of = 0)", name="energy"),
        CheckConstraint("(busy_milliseconds IS NULL) = (busy_of = 0)", name="busy"),
        CheckConstraint(
            "memory_of <= milli_gpu_seconds AND energy_of <= milli_gpu_seconds AND busy_of <= milli_gpu_seconds",
            name="measured",
        ),
        Index(None, "attempt", "hour_seconds"),
        Index(None, "member", "hour_seconds"),
    )
    hour_seconds: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    run: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempt: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger.attempt.id"), primary_key=True)
    member: Mapped[str] = mapped_column(ForeignKey("ledger.member.name"))
    milli_gpu_seconds: Mapped[int]
    memory_mib_seconds: Mapped[int | None]
    memory_of: Mapped[int]
    energy_millijoules: Mapped[int | None]
    energy_of: Mapped[int]
    busy_milliseconds: Mapped[int | None]
    busy_of: Mapped[int]


class Acknowledgement(Recorded, Base):
    """What *member* says that its attempt used in an hour, signed with its key."""

    __tablename__ = "acknowledgement"
    __table_args__ = (
        ForeignKeyConstraint(["member", "member_key"], ["ledger.member_key.member", "ledger.member_key.verify_key"]),
        CheckConstraint("body_sha256 = sha256(body)", name="digest"),
        CheckConstraint("octet_length(signature) = 64", name="signature"),
        Index(None, "hour_seconds"),
    )
    attempt: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger.attempt.id"), primary_key=True)
    hour_seconds: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member: Mapped[str]
    member_key: Mapped[bytes]
    milli_gpu_seconds: Mapped[int]
    body: Mapped[bytes]
    body_sha256: Mapped[bytes]
    signature: Mapped[bytes]
