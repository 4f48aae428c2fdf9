"""What every GPU did, as nodes signed it; one partition a day."""

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hanse.ledger.models.base import Base, Recorded


class Slot(Recorded, Base):
    """One node in one metering interval: the primary key alone keeps a GPU's second from being attributed twice."""

    __tablename__ = "slot"
    __table_args__ = (
        CheckConstraint("body_sha256 = sha256(body)", name="digest"),
        CheckConstraint("octet_length(signature) = 64", name="signature"),
        Index(None, "sequence"),
        Index("slot_late", "start_seconds", postgresql_where=text("late")),
        {"postgresql_partition_by": "RANGE (start_seconds)"},
    )
    start_seconds: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    node: Mapped[str] = mapped_column(primary_key=True)
    member: Mapped[str]
    late: Mapped[bool]
    body: Mapped[bytes]
    body_sha256: Mapped[bytes]
    signature: Mapped[bytes]
