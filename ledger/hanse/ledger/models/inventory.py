"""What the agents last reported of their nodes. A projection that each agent can send anew, and so no part of the log."""

from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hanse.ledger.models.base import Base


class Inventory(Base):
    """One node of one cluster, as its agent reported it at *reported_at_seconds* of the database's clock."""

    __tablename__ = "inventory"
    cluster: Mapped[str] = mapped_column(primary_key=True)
    node: Mapped[str] = mapped_column(primary_key=True)
    report: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reported_at_seconds: Mapped[int]
