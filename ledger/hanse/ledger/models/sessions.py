"""Sessions of the dashboard, and the codes that open them: the one table that is no record, and of which rows go."""

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hanse.ledger.models.base import Base


class Session(Base):
    """A code or a session, under the hash of its secret; *sealed* opens with that secret only, which is not here.

    *owner* is a hash of whoever it is for, so that one who opens many ends its own and nobody else's.
    """

    __tablename__ = "session"
    __table_args__ = (
        CheckConstraint("octet_length(digest) = 32", name="digest"),
        CheckConstraint("kind IN ('code', 'session')", name="kind"),
        CheckConstraint("octet_length(owner) = 32", name="owner"),
        CheckConstraint("octet_length(sealed) <= 32768", name="sealed"),
    )
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str]
    owner: Mapped[bytes]
    sealed: Mapped[bytes]
    ends_at_seconds: Mapped[int]
