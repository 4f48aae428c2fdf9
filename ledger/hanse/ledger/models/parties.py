"""Who takes part: members, their keys, the nodes they contribute, what is levied, entitlements, what GPUs are worth."""

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from hanse.ledger.models.base import Base, Recorded


class Setting(Base):
    """One row: the metering interval, and how late after its end a slot may come without being marked late."""

    __tablename__ = "setting"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("slot_seconds > 0 AND 3600 % slot_seconds = 0", name="whole_slots_an_hour"),
        CheckConstraint("slot_grace_seconds >= 0", name="grace"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slot_seconds: Mapped[int]
    slot_grace_seconds: Mapped[int]


class Member(Recorded, Base):
    """A member of the pool; *login* is the database role that may read the member's own rows."""

    __tablename__ = "member"
    __table_args__ = (CheckConstraint("name <> 'pool' AND name !~ '/'", name="name"),)
    name: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str | None] = mapped_column(unique=True)


class MemberKey(Recorded, Base):
    """A public Ed25519 key with which a member signs enrolments."""

    __tablename__ = "member_key"
    __table_args__ = (CheckConstraint("octet_length(verify_key) = 32", name="length"),)
    member: Mapped[str] = mapped_column(ForeignKey("ledger.member.name"), primary_key=True)
    verify_key: Mapped[bytes] = mapped_column(primary_key=True)


class Enrolment(Recorded, Base):
    """A node's GPUs and key from *start_seconds* on, as its member signed it; the latest that began is in force.

    What the body says of cluster, key and revocation is in columns too, to be looked up by.
    """

    __tablename__ = "enrolment"
    __table_args__ = (
        ForeignKeyConstraint(["member", "member_key"], ["ledger.member_key.member", "ledger.member_key.verify_key"]),
        CheckConstraint("body_sha256 = sha256(body)", name="digest"),
        CheckConstraint("octet_length(signature) = 64", name="signature"),
        Index(None, "node_key"),
        Index(None, "cluster", "sequence"),
    )
    node: Mapped[str] = mapped_column(primary_key=True)
    start_seconds: Mapped[int] = mapped_column(primary_key=True)
    member: Mapped[str]
    member_key: Mapped[bytes]
    gpus: Mapped[int]
    body: Mapped[bytes]
    body_sha256: Mapped[bytes]
    signature: Mapped[bytes]
    cluster: Mapped[str]
    node_key: Mapped[bytes]
    revokes: Mapped[bool]


class Levy(Recorded, Base):
    """Whether a node's use is credited to the pool's levy, from *start_seconds* on."""

    __tablename__ = "levy"
    node: Mapped[str] = mapped_column(primary_key=True)
    start_seconds: Mapped[int] = mapped_column(primary_key=True)
    levied: Mapped[bool]


class Rate(Recorded, Base):
    """A factor in thousandths: `class/CLASS/PRECISION` of an H100, `tier/TIER` of the price; versions count up."""

    __tablename__ = "rate"
    __table_args__ = (CheckConstraint("thousandths > 0", name="positive"),)
    subject: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    thousandths: Mapped[int]


class Entitlement(Recorded, Base):
    """What a member is entitled to of a class from when it was recorded on, until its next row; in thousandths.

    What it was worth then, in milli-H100e of the precision in which the alliance compares classes, does not follow from
    rows of today.
    """

    __tablename__ = "entitlement"
    __table_args__ = (
        CheckConstraint("milli_gpus >= 0", name="milli_gpus"),
        CheckConstraint("milli_h100e >= 0", name="milli_h100e"),
        Index(None, "member", "at_seconds"),
    )
    member: Mapped[str] = mapped_column(ForeignKey("ledger.member.name"), primary_key=True)
    accelerator_class: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at_seconds: Mapped[int]
    milli_gpus: Mapped[int]
    milli_h100e: Mapped[int]
