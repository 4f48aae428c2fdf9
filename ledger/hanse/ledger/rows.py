"""The rows of an export: each kind of line as a type, from JSON and strictly.

In: one decoded line. Out: a typed row, or an error that names the field. The exporter writes what is read here, and
:mod:`hanse.ledger.verify` checks it. Times are Unix time, in seconds, `recorded` in microseconds; hashes are
hexadecimal.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from hanse.evidence import canonical, enrolments
from hanse.evidence.canonical import Json
from hanse.evidence.enrolments import Enrolment
from hanse.evidence.errors import EvidenceError
from hanse.evidence.shape import Fields
from hanse.evidence.slots import Slot
from hanse.ledger import leaves
from hanse.ledger.transfers import Kind, Purpose, Transfer


@dataclass(frozen=True, slots=True)
class Row:
    """What all rows have: where they are in the export, their sequence and time in the ledger."""

    where: str
    sequence: int
    recorded_us: int


@dataclass(frozen=True, slots=True)
class Member(Row):
    """A member."""

    name: str


@dataclass(frozen=True, slots=True)
class MemberKey(Row):
    """A public key with which a member signs enrolments."""

    member: str
    key: bytes


@dataclass(frozen=True, slots=True)
class Enrolled(Row):
    """An enrolment with the member's signature on it."""

    enrolment: Enrolment
    body: bytes
    signature: bytes
    member_key: bytes


@dataclass(frozen=True, slots=True)
class Levied(Row):
    """Whether a node is levied from a time on."""

    node: str
    start_seconds: int
    levied: bool


@dataclass(frozen=True, slots=True)
class Rated(Row):
    """A version of a rate."""

    subject: str
    version: int
    thousandths: int


@dataclass(frozen=True, slots=True)
class Entitled(Row):
    """What a member is entitled to of a class, from *at_seconds* on."""

    member: str
    accelerator_class: str
    at_seconds: int
    milli_gpus: int
    milli_h100e: int


@dataclass(frozen=True, slots=True)
class Cycle(Row):
    """A recorded plan."""

    term: int
    cycle: int
    decisions: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Decision(Row):
    """A decision; *carried* if it was recorded outside the period, and is here for an attempt that lived in it."""

    id: uuid.UUID
    carried: bool
    body: Mapping[str, Json]
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Attempt(Row):
    """An attempt as the ledger left it; *sequence* is that of the decision that admitted it."""

    id: uuid.UUID
    job: uuid.UUID
    fence: int
    member: str
    accelerator_class: str
    precision: str
    tier: str
    milli_h100e: int
    tier_thousandths: int
    admitted_by: uuid.UUID
    state: str
    granted_at_seconds: int | None
    ended_at_seconds: int | None


@dataclass(frozen=True, slots=True)
class Effect(Row):
    """What came of a decision."""

    decision: uuid.UUID


@dataclass(frozen=True, slots=True)
class Remark(Row):
    """A fact or a violation."""

    kind: str
    at_seconds: int
    attempt: str
    fence: int | None
    account: str
    amount: int | None
    member: str = ""


@dataclass(frozen=True, slots=True)
class Metered(Row):
    """A signed slot, and the member that passed it on."""

    slot: Slot
    member: str
    body: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Cutoff(Row):
    """Which slots a run of an hour was posted from."""

    hour_seconds: int
    run: int
    slots: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Posting(Row):
    """A member's part of a run."""

    hour_seconds: int
    run: int
    member: str
    milli_gpu_seconds: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Booked(Row):
    """A transfer; *carried* if it is booked in another period, and is here because one of this period refers to it.

    *sha256* is what the line says, *said_sha256* the hash of what the transfer says.
    """

    transfer: Transfer
    said_sha256: bytes
    sha256: bytes
    carried: bool


@dataclass(frozen=True, slots=True)
class Account(Row):
    """An account: what other periods add up to, before and after this one, and what its row says now."""

    name: str
    ceiling: int | None
    before: tuple[int, ...]
    after: tuple[int, ...]
    now: tuple[int, ...]


def member(where: str, fields: Fields) -> Member:
    """Read a line of `members`."""
    return Member(where, *_stamp(fields), fields.text("name"))


def member_key(where: str, fields: Fields) -> MemberKey:
    """Read a line of `keys`."""
    return MemberKey(where, *_stamp(fields), fields.text("member"), fields.digest("key"))


def enrolled(where: str, fields: Fields) -> Enrolled:
    """Read a line of `enrolments`."""
    body = _canonical(fields.value("body"))
    return Enrolled(
        where, *_stamp(fields), enrolments.decode(body), body, fields.octets("signature"), fields.digest("memberKey")
    )


def levied(where: str, fields: Fields) -> Levied:
    """Read a line of `levies`."""
    return Levied(
        where, *_stamp(fields), fields.text("node"), fields.integer("start"), bool(fields.integer("levied", 0, 1))
    )


def rated(where: str, fields: Fields) -> Rated:
    """Read a line of `rates`."""
    subject, version = fields.text("subject"), fields.integer("version", 1)
    return Rated(where, *_stamp(fields), subject, version, fields.integer("thousandths", 1))


def entitled(where: str, fields: Fields) -> Entitled:
    """Read a line of `entitlements`."""
    whose, accelerator_class = fields.text("member"), fields.text("class")
    numbers = (fields.integer(name) for name in ("at", "milliGpus", "milliH100e"))
    return Entitled(where, *_stamp(fields), whose, accelerator_class, *numbers)


def cycle(where: str, fields: Fields) -> Cycle:
    """Read a line of `cycles`."""
    for name in ("base", "state", "policy", "code"):
        fields.digest(name)
    fields.integer("asOf")
    return Cycle(
        where, *_stamp(fields), fields.integer("term"), fields.integer("cycle", 1), fields.integer("decisions"),
        fields.digest("digest"),
    )  # fmt: skip


def decision(where: str, fields: Fields) -> Decision:
    """Read a line of `decisions`."""
    body = fields.value("body")
    return Decision(
        where, *_stamp(fields), fields.identifier("id"), bool(fields.integer("carried", 0, 1)),
        body if isinstance(body, dict) else {}, fields.digest("sha256"),
    )  # fmt: skip


def attempt(where: str, fields: Fields) -> Attempt:
    """Read a line of `attempts`."""
    return Attempt(
        where, *_stamp(fields), fields.identifier("id"), fields.identifier("job"), fields.integer("fence", 1),
        fields.text("member"), fields.text("class"), fields.text("precision"), fields.text("tier"),
        fields.integer("milliH100e", 1), fields.integer("tierThousandths", 1), fields.identifier("admittedBy"),
        fields.text("state"), _optional(fields, "grantedAt"), _optional(fields, "endedAt"),
    )  # fmt: skip


def effect(where: str, fields: Fields) -> Effect:
    """Read a line of `effects`."""
    if fields.has("detail"):
        fields.text("detail")
    outcome = fields.text("outcome")
    if outcome not in {"done", "failed"}:
        raise EvidenceError(f"effects: outcome is {outcome!r}, not done or failed")
    return Effect(where, *_stamp(fields), fields.identifier("decision"))


def remark(where: str, fields: Fields) -> Remark:
    """Read a line of `facts` or `violations`."""
    fields.identifier("id")
    member = fields.text("member") if fields.has("member") else ""
    for name in ("cluster", "node", "detail"):
        if fields.has(name):
            fields.text(name)
    return Remark(
        where, *_stamp(fields), fields.text("kind"), fields.integer("at"),
        fields.text("attempt") if fields.has("attempt") else "", _optional(fields, "fence"),
        fields.text("account") if fields.has("account") else "",
        # Who lent more than it borrowed has less than nothing of a debit.
        fields.integer("amount", -canonical.INTEGER_MAX) if fields.has("amount") else None,
        member,
    )  # fmt: skip


def cutoff(where: str, fields: Fields) -> Cutoff:
    """Read a line of `cutoffs`."""
    return Cutoff(
        where,
        *_stamp(fields),
        fields.integer("hour"),
        fields.integer("run"),
        fields.integer("slots"),
        fields.digest("digest"),
    )


def posting(where: str, fields: Fields) -> Posting:
    """Read a line of `postings`."""
    hour_seconds, run, whose = fields.integer("hour"), fields.integer("run"), fields.text("member")
    used, idle, down, unknown = (fields.integer(name) for name in ("used", "idle", "down", "unknown"))
    return Posting(where, *_stamp(fields), hour_seconds, run, whose, (used, idle, down, unknown))


def booked(where: str, fields: Fields) -> Booked:
    """Read a line of `transfers`."""
    identifier = fields.identifier("id")
    value = fields.value("body")
    said = Fields(value, "transfer")
    its = Transfer(
        id=identifier, kind=Kind(said.text("kind")), purpose=Purpose(said.text("purpose")), debit=said.text("debit"),
        credit=said.text("credit"), amount=said.integer("amount"), hour_seconds=said.integer("hour"),
        period=said.text("period"), run=_optional(said, "run"), attempt=_reference(said, "attempt"),
        decision=_reference(said, "decision"), pending=_reference(said, "pending"),
        reverses=_reference(said, "reverses"), reason=said.text("reason") if said.has("reason") else None,
    )  # fmt: skip
    said.done()
    return Booked(
        where, *_stamp(fields), its, canonical.sha256(_canonical(value)), fields.digest("sha256"),
        bool(fields.integer("carried", 0, 1)),
    )  # fmt: skip


def account(where: str, fields: Fields) -> Account:
    """Read a line of `accounts`; sums are decimal texts, as they may go beyond what JSON's integers hold exactly."""
    name, ceiling = fields.text("name"), _optional(fields, "ceiling")
    before, after, now = (
        tuple(int(each) for each in fields.items(part) if isinstance(each, str)) for part in ("before", "after", "now")
    )
    return Account(where, 0, 0, name, ceiling, before, after, now)


def stamp(fields: Fields) -> tuple[int, int]:
    """Take what all rows have, for those of :mod:`hanse.ledger.acts`."""
    return _stamp(fields)


def _stamp(fields: Fields) -> tuple[int, int]:
    """Take sequence and time; what opens the row's leaf is for :mod:`hanse.ledger.verify.sealed` to check."""
    for name in (leaves.LEAF, leaves.SALT):
        if fields.has(name):
            fields.value(name)
    return fields.integer("sequence"), fields.integer("recorded")


def _optional(fields: Fields, name: str) -> int | None:
    return fields.integer(name) if fields.has(name) else None


def _reference(fields: Fields, name: str) -> uuid.UUID | None:
    return fields.identifier(name) if fields.has(name) else None


def _canonical(value: Json) -> bytes:
    return canonical.again(value)
