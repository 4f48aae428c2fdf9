"""What members' attempts used by the hour, as the slots of those who ran them say, and what the members say of it.

In: members that the credential is for; acknowledgements that one of them signed. Out: pages of uses; what became of
each acknowledgement. Nothing is said of where an attempt ran: that is the host's, and the owner knows it by its job.
"""

from collections.abc import Iterator
from uuid import UUID

from pydantic import Base64UrlBytes, Field
from sqlalchemy import Engine

from hanse.api import books
from hanse.api.identity import Directory
from hanse.api.paging import Page, page
from hanse.api.problems import ForbiddenError, InvalidError
from hanse.evidence import acknowledgements
from hanse.evidence.errors import EvidenceError
from hanse.ledger import acknowledging
from hanse.resources.model import Model


class AttemptUse(Model):
    """What an attempt used in an hour that was posted; null is what nothing measured."""

    member: str
    attempt: UUID
    hour_seconds: int = Field(description="When the hour began, in Unix seconds.")
    used_milli_gpu_seconds: int
    leased_milli_gpu_seconds: int = Field(description="From its lease to its end, by the hub's clock: it used no more.")
    memory_mib_seconds: int | None
    memory_of_milli_gpu_seconds: int = Field(description="For so much of the time memory was measured.")
    energy_millijoules: int | None
    energy_of_milli_gpu_seconds: int
    busy_milliseconds: int | None = Field(description="For how long its GPUs computed; of shared ones, its part.")
    busy_of_milli_gpu_seconds: int
    acknowledged_milli_gpu_seconds: int | None = Field(description="What its member has said; null if nothing.")


class SignedAcknowledgement(Model):
    """Canonical bytes of an acknowledgement, and its member's signature."""

    body: Base64UrlBytes = Field(max_length=1024)
    signature: Base64UrlBytes = Field(max_length=128)


class AcknowledgementsRequest(Model):
    """What a member says of its attempts' use; all of one member."""

    acknowledgements: tuple[SignedAcknowledgement, ...] = Field(min_length=1, max_length=acknowledging.BATCH_MAX)


class Acknowledged(Model):
    """What became of one; *differs* is what the slots say beyond it, in milli-GPU-seconds, if that is on record."""

    attempt: UUID
    hour_seconds: int
    outcome: acknowledging.Outcome
    differs: int | None


class AcknowledgementsAnswer(Model):
    """One for each acknowledgement, in the order of the request."""

    acknowledged: tuple[Acknowledged, ...]


def uses(engine: Engine, members: frozenset[str], bounds: tuple[int, int], limit: int, cursor: str) -> Page[AttemptUse]:
    """Return a page of what the attempts of *members* used in the hours within *bounds* (Unix seconds).

    Raises:
        InvalidError: the bounds are none, or too far apart; or the cursor is none of this list's.

    """
    start, end = books.checked(bounds)

    def found() -> Iterator[AttemptUse]:
        for member in sorted(members):
            for each in acknowledging.posted(engine, member, start, end):
                yield _use(member, each)

    return page(found(), lambda each: (each.member, each.hour_seconds, str(each.attempt)), limit, cursor)


def _use(member: str, each: acknowledging.Posted) -> AttemptUse:
    return AttemptUse(
        member=member,
        attempt=UUID(each.attempt),
        hour_seconds=each.hour_seconds,
        used_milli_gpu_seconds=each.use.milli_gpu_seconds,
        leased_milli_gpu_seconds=each.leased_milli_gpu_seconds,
        memory_mib_seconds=each.use.memory_mib_seconds,
        memory_of_milli_gpu_seconds=each.use.memory_of,
        energy_millijoules=each.use.energy_millijoules,
        energy_of_milli_gpu_seconds=each.use.energy_of,
        busy_milliseconds=each.use.busy_milliseconds,
        busy_of_milli_gpu_seconds=each.use.busy_of,
        acknowledged_milli_gpu_seconds=each.acknowledged,
    )


def acknowledge(
    engine: Engine, directory: Directory, members: frozenset[str], request: AcknowledgementsRequest
) -> AcknowledgementsAnswer:
    """Keep what one of *members* says of its attempts' use.

    Raises:
        InvalidError: one of the acknowledgements is not well-formed, or not signed with the member's key.
        ForbiddenError: the credential is not for their member.

    """
    signed = [(each.body, each.signature) for each in request.acknowledgements]
    try:
        member = acknowledgements.decode(signed[0][0]).member
    except EvidenceError as error:
        raise InvalidError(f"an acknowledgement is refused: {error}; hanse ack makes them") from error
    if member not in members:
        raise ForbiddenError("the acknowledgements are not of a member that the credential is for")
    try:
        found = acknowledging.acknowledge(engine, member, directory.verify_key(member), signed)
    except EvidenceError as error:
        what = f"an acknowledgement is refused: {error}; sign with the key that is spec.keys.verify of Member {member}"
        raise InvalidError(what) from error
    return AcknowledgementsAnswer(
        acknowledged=tuple(
            Acknowledged(
                attempt=each.said.attempt, hour_seconds=each.said.hour_seconds, outcome=each.outcome,
                differs=each.differs,
            )
            for each in found
        )
    )  # fmt: skip
