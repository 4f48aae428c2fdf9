"""Sums of what is posted, by account and hour: derived from the transfers, kept by a trigger."""

from sqlalchemy import ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from hanse.ledger.models.base import Base


class Rollup(Base):
    """What postings of one account, hour and purpose add up to; *is_own* where the other side is the member's as well.

    *transfers* and *digest* say of which transfers it was made: the digest is a sum of parts of their hashes.
    """

    __tablename__ = "rollup"
    account: Mapped[str] = mapped_column(ForeignKey("ledger.account.name"), primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    hour_seconds: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    is_correction: Mapped[bool] = mapped_column(primary_key=True)
    is_own: Mapped[bool] = mapped_column(primary_key=True)
    debits: Mapped[int] = mapped_column(Numeric)
    credits: Mapped[int] = mapped_column(Numeric)
    transfers: Mapped[int]
    digest: Mapped[int] = mapped_column(Numeric)
