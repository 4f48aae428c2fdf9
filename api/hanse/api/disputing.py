"""Disputes, as members open, see and withdraw them; and all of them, as auditors see them.

In: what the member says is wrong with an hour. Out: an act in the ledger, and how its disputes stand. A dispute of
another member and one that does not exist are refused with the same words. Nobody rules here: that takes a login of its
own to the database (`hanse ledger accept`).
"""

from uuid import UUID

from pydantic import Field
from sqlalchemy import Engine

from hanse.api.paging import Page, page
from hanse.api.problems import ForbiddenError, InvalidError
from hanse.ledger import database, disputes
from hanse.ledger.errors import RefusedError
from hanse.resources.model import Model
from hanse.resources.protocol import INTEGER_MAX


class DisputeRequest(Model):
    """What a member finds wrong with an hour."""

    member: str = Field(default="", max_length=63, description="Which of yours, if you act for several.")
    hour_seconds: int = Field(ge=0, le=INTEGER_MAX, description="When the hour began, in Unix seconds.")
    attempt: UUID | None = Field(default=None, description="One attempt's postings; absent, all of the hour.")
    claimed: int = Field(ge=0, le=INTEGER_MAX, description="What the hour should have come to, mH·s.")
    reason: str = Field(min_length=1, max_length=disputes.REASON_MAX)


class Dispute(Model):
    """A dispute of a member's, and what became of it."""

    dispute: UUID
    member: str
    hour_seconds: int
    attempt: UUID | None
    claimed: int
    reason: str
    state: str = Field(description="opened, accepted, refused, withdrawn or expired.")
    answer: str = Field(description="Why it was accepted or refused.")
    opened_at_seconds: int


def own(engine: Engine, members: frozenset[str], limit: int, cursor: str) -> Page[Dispute]:
    """Return a page of the disputes of *members*, by when they were opened."""
    return page(_listed(engine, members), _key, limit, cursor)


def every(engine: Engine, limit: int, cursor: str) -> Page[Dispute]:
    """Return a page of all disputes."""
    return page(_listed(engine, None), _key, limit, cursor)


def open_(engine: Engine, members: frozenset[str], asked: DisputeRequest) -> Dispute:
    """Open a dispute of one of *members*.

    Raises:
        ForbiddenError: the member is none of these.
        InvalidError: the hour is not posted, or is settled for good.

    """
    member = asked.member or (next(iter(members)) if len(members) == 1 else "")
    if member not in members:
        said = f"{asked.member!r} is no member that you act for: name one of {', '.join(sorted(members))}"
        raise ForbiddenError(said, field="body.member", value=asked.member)
    matter = disputes.Matter(member, asked.hour_seconds, str(asked.attempt or ""))
    try:
        found = disputes.open_(engine, matter, claimed=asked.claimed, reason=asked.reason)
    except RefusedError as error:
        raise InvalidError(str(error), field="body.hourSeconds", value=str(asked.hour_seconds)) from error
    return _one(engine, members, found)


def withdraw(engine: Engine, members: frozenset[str], dispute: UUID) -> Dispute:
    """Take a dispute of one of *members* back.

    Raises:
        ForbiddenError: it is none of theirs, or not there.
        InvalidError: it has ended.

    """
    its = _one(engine, members, dispute)
    try:
        disputes.withdraw(engine, its.member, dispute)
    except RefusedError as error:
        raise InvalidError(str(error), field="path.dispute", value=str(dispute)) from error
    return _one(engine, members, dispute)


def _one(engine: Engine, members: frozenset[str], dispute: UUID) -> Dispute:
    found = [each for each in _listed(engine, members) if each.dispute == dispute]
    if not found:
        raise ForbiddenError(f"there is no dispute {dispute} of yours", field="path.dispute", value=str(dispute))
    return found[0]


def _listed(engine: Engine, members: frozenset[str] | None) -> list[Dispute]:
    with database.transaction(engine) as connection:
        found = disputes.listed(connection)
    shown = [_shown(each) for each in found if members is None or each.matter.member in members]
    return sorted(shown, key=_key)


def _shown(each: disputes.Dispute) -> Dispute:
    its = each.matter
    return Dispute(
        dispute=its.id,
        member=its.member,
        hour_seconds=its.hour_seconds,
        attempt=UUID(its.attempt) if its.attempt else None,
        claimed=each.claimed,
        reason=each.reason,
        state=str(each.state),
        answer=each.answer,
        opened_at_seconds=each.opened_at_seconds,
    )


def _key(each: Dispute) -> tuple[int, str]:
    return each.opened_at_seconds, str(each.dispute)
