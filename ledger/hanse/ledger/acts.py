"""The rows of an export that close its books, settlements and acts: from JSON and strictly.

In: one decoded line, as for :mod:`hanse.ledger.rows`. Out: a typed row, or an error that names the field.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from hanse.evidence import canonical
from hanse.evidence.canonical import Json
from hanse.evidence.errors import EvidenceError
from hanse.evidence.shape import Fields
from hanse.ledger import rows

STAGES = ("initial", "final", "true-up")


@dataclass(frozen=True, slots=True)
class Settled(rows.Row):
    """What the first of a pair owes the second for a period, at a stage, under terms (thousandths, seconds)."""

    period: str
    pair: str
    stage: str
    owed: int
    pool_thousandths: int
    member_thousandths: int
    window_seconds: int


@dataclass(frozen=True, slots=True)
class Act(rows.Row):
    """What somebody declared; *said* is its canonical bytes, *sha256* what the line says of them."""

    id: uuid.UUID
    kind: str
    subject: str
    body: Mapping[str, Json]
    said: bytes
    sha256: bytes


def settled(where: str, fields: Fields) -> Settled:
    """Read a line of `settlements`."""
    period, pair, stage = (fields.text(name) for name in ("period", "pair", "stage"))
    if stage not in STAGES:
        raise EvidenceError(f"settlements: stage is {stage!r}, not one of {', '.join(STAGES)}")
    owed = fields.integer("owed", -canonical.INTEGER_MAX)
    terms = (fields.integer(name) for name in ("pool", "member", "window"))
    return Settled(where, *rows.stamp(fields), period, pair, stage, owed, *terms)


def act(where: str, fields: Fields) -> Act:
    """Read a line of `acts`."""
    identifier, kind, body = fields.identifier("id"), fields.text("kind"), fields.value("body")
    subject = fields.text("subject") if fields.has("subject") else ""
    said = body if isinstance(body, dict) else {}
    return Act(
        where, *rows.stamp(fields), identifier, kind, subject, said, canonical.again(body), fields.digest("sha256")
    )
