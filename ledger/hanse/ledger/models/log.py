"""The log: a leaf for each recorded row, and how large the tree was, with what root, each time it was sealed."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hanse.ledger.models.base import Base, Xid8


class Leaf(Base):
    """A row of the ledger in the log: by its *sequence*, what opens its leaf, and the *entry* that everybody sees.

    *parts* are the hashes of the parts of a row that has some, one after the other.
    """

    __tablename__ = "leaf"
    __table_args__ = (
        CheckConstraint("octet_length(salt) = 32", name="salt"),
        CheckConstraint("octet_length(entry) = 32", name="entry"),
        CheckConstraint("octet_length(parts) % 32 = 0", name="parts"),
    )
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(unique=True)
    xid: Mapped[int] = mapped_column(Xid8)
    salt: Mapped[bytes]
    entry: Mapped[bytes]
    parts: Mapped[bytes | None]


class TreeHead(Base):
    """The tree after its first *size* leaves: one root for each size, for ever."""

    __tablename__ = "tree_head"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("octet_length(root) = 32", name="root"),
    )
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes]
    frontier: Mapped[bytes]
    sealed_at: Mapped[datetime]


class SignedHead(Base):
    """The checkpoint of a tree head as the log has signed it."""

    __tablename__ = "signed_head"
    size: Mapped[int] = mapped_column(ForeignKey("ledger.tree_head.size"), primary_key=True, autoincrement=False)
    note: Mapped[bytes]


class Cosignature(Base):
    """A witness's line under a signed head; *key* is its key's name and id, as the line itself may be long."""

    __tablename__ = "cosignature"
    size: Mapped[int] = mapped_column(ForeignKey("ledger.signed_head.size"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[str]
