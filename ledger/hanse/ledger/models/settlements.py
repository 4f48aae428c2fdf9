"""How a period is closed, and what parties declare about it: settlements, disputes, trustees, caps that were raised."""

import uuid

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from hanse.ledger.models.base import Base, Recorded


class Settlement(Recorded, Base):
    """What the first of a *pair* of parties owes the second for a *period*, mH·s, at a *stage* of its settlement.

    The pair is two names in the order of their bytes, `alibaba/tencent`; the pool is a party. The other columns are
    the terms that were in force: which part of all slots, and of a member's, has to have come in, and for how long
    the initial statement may be disputed.
    """

    __tablename__ = "settlement"
    __table_args__ = (
        CheckConstraint("stage IN ('initial', 'final', 'true-up')", name="stage"),
        CheckConstraint("period ~ '^[0-9]{4}-[0-9]{2}$'", name="period"),
    )
    period: Mapped[str] = mapped_column(primary_key=True)
    pair: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    owed: Mapped[int]
    pool_thousandths: Mapped[int]
    member_thousandths: Mapped[int]
    window_seconds: Mapped[int]


class Act(Recorded, Base):
    """What somebody declares, as canonical JSON: a step of a dispute, who the trustees are, a cap that they raise.

    *subject* is what it is about: the dispute's id, the cap's account.
    """

    __tablename__ = "act"
    __table_args__ = (
        CheckConstraint("kind IN ('Dispute', 'Trustees', 'Override')", name="kind"),
        CheckConstraint("body_sha256 = sha256(body)", name="digest"),
        Index(None, "kind", "subject"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    body: Mapped[bytes]
    body_sha256: Mapped[bytes]
