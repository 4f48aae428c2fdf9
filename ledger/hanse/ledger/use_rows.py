"""Rows of an export about what attempts used: what slots come to, and what consumers say.

In: one decoded line. Out: a typed row, or an error that names the field, as in :mod:`hanse.ledger.rows`;
:mod:`hanse.ledger.verify.used` checks them.
"""

from dataclasses import dataclass

from hanse.evidence import acknowledgements, canonical
from hanse.evidence.acknowledgements import Acknowledgement
from hanse.evidence.shape import Fields
from hanse.ledger import rows
from hanse.ledger.metering import Use


@dataclass(frozen=True, slots=True)
class Used(rows.Row):
    """What an attempt used in an hour, as a run finds it."""

    hour_seconds: int
    run: int
    attempt: str
    member: str
    use: Use


@dataclass(frozen=True, slots=True)
class Acknowledged(rows.Row):
    """What a member says that its attempt used; *filed_under* is the hour that the database has instead, if it does."""

    said: Acknowledgement
    body: bytes
    signature: bytes
    member_key: bytes
    filed_under: int | None


def used(where: str, fields: Fields) -> Used:
    """Read a line of `usage`."""
    hour_seconds, run = fields.integer("hour"), fields.integer("run")
    attempt, whose = fields.identifier("attempt"), fields.text("member")
    use = Use(
        fields.integer("used"),
        _measured(fields, "mibSeconds"), fields.integer("mibSecondsOf"),
        _measured(fields, "millijoules"), fields.integer("millijoulesOf"),
        _measured(fields, "busyMilliseconds"), _measured(fields, "busyMillisecondsOf") or 0,
    )  # fmt: skip
    return Used(where, *rows.stamp(fields), hour_seconds, run, str(attempt), whose, use)


def _measured(fields: Fields, name: str) -> int | None:
    return fields.integer(name) if fields.has(name) else None


def acknowledged(where: str, fields: Fields) -> Acknowledged:
    """Read a line of `acknowledgements`."""
    body = canonical.again(fields.value("body"))
    said = acknowledgements.decode(body)
    filed_under = fields.integer("hour") if fields.has("hour") else None
    signature, key = fields.octets("signature"), fields.digest("memberKey")
    return Acknowledged(where, *rows.stamp(fields), said, body, signature, key, filed_under)
