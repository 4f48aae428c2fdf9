"""Logs: agents hand over sealed tails of their workers' logs, and the job's owner takes them.

In: tails that an agent sealed, and questions of members. Out: the keys to seal to, and the tails. The key of an attempt
is its owner's under a blind of its own, so that a host learns neither whose an attempt is nor which two are one
member's. Who keeps the tails cannot open them: that takes the owner's private key too. What is too old is deleted here,
a little with each request, and once in a while the oldest of clusters that have sent more than there is room for.
"""

import logging
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from uuid import UUID

from pydantic import Base64UrlBytes, Field
from sqlalchemy import Engine

from hanse.api.identity import Directory
from hanse.api.paging import number, written
from hanse.api.problems import ForbiddenError, InvalidError
from hanse.evidence import sealing
from hanse.evidence.errors import EvidenceError
from hanse.ledger import logs
from hanse.resources import MisconfiguredError
from hanse.resources.limits import WORKERS_MAX
from hanse.resources.model import Model
from hanse.resources.protocol import (
    INTEGER_MAX,
    LOG_ATTEMPT_BYTES_MAX,
    LogKey,
    LogKeysAnswer,
    LogKeysRequest,
    LogsAnswer,
    LogsRequest,
)

BOUND_SECONDS = 60.0
"""All tails are looked at each time; until the next, an agent can send 60 MiB more than it has room for."""
TAILS = 16
TAILS_MAX = 64
_LOG = logging.getLogger(__name__)
_ENDED = {"released", "expired", "withdrawn"}


class Room:
    """Sees to it, once in a while, that no cluster's tails take more room than they may."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock, self._due_at = clock, threading.Lock(), float("-inf")

    def keep(self, engine: Engine) -> None:
        """Delete the oldest tails where there are too many, if nobody has looked for a while."""
        with self._lock:
            if self._clock() < self._due_at:
                return
            self._due_at = self._clock() + BOUND_SECONDS
        if count := logs.bound(engine):
            _LOG.warning("%s tails of logs were deleted before their time: there is no room for them", count)


class KeptTail(Model):
    """The last lines of a worker's log. Who has the private half of spec.keys.encrypt opens them, with the *blind*."""

    rank: int
    key: Base64UrlBytes = Field(description="What it is sealed to: the member's key under the blind.")
    blind: Base64UrlBytes
    sealed: Base64UrlBytes
    stored_at_seconds: int


class Logs(Model):
    """Tails of an attempt's workers, in the order in which they changed."""

    attempt: UUID | None = None
    fence: int | None = Field(default=None, description="By which attempts of a job are told apart.")
    state: str = ""
    ended: bool = False
    items: tuple[KeptTail, ...] = ()
    next: str = Field(default="", description="Send it as `cursor` for what has changed since, and for the rest.")
    problem: str = Field(default="", description="Why there are none, and what to do.")


class Asked(Model):
    """What a member asks about the logs of a job."""

    attempt: int | None = Field(
        default=None, ge=0, le=INTEGER_MAX, description="An attempt's fence; absent, the newest attempt."
    )
    worker: int | None = Field(default=None, ge=0, lt=WORKERS_MAX, description="A worker's rank; absent, all workers.")
    limit: int = Field(default=TAILS, ge=1, le=TAILS_MAX, description="Most tails of an answer.")
    cursor: str = Field(default="", max_length=2048, description="`next` of the answer before.")


def keys(engine: Engine, directory: Directory, cluster: str, request: LogKeysRequest) -> LogKeysAnswer:
    """Return the keys to which logs of this cluster's attempts are sealed; of one without, none are taken."""
    owners = logs.owners(engine, cluster, request.attempts)
    key_by_owner = {member: _usable(directory, member) for member in sorted(set(owners.values()))}
    offered = []
    for attempt, member in sorted(owners.items()):
        key = key_by_owner[member]
        if key is not None:
            blind = secrets.token_bytes(sealing.BLIND_BYTES)
            offered.append(logs.Offered(attempt, key, blind, sealing.blinded(key, blind)))
    found = logs.open_keys(engine, cluster, offered) if offered else {}
    return LogKeysAnswer(
        keys=tuple(LogKey(attempt=attempt, key=urlsafe_b64encode(key)) for attempt, key in sorted(found.items()))
    )


def store(engine: Engine, cluster: str, request: LogsRequest, room: Room) -> LogsAnswer:
    """Keep tails of the cluster's workers."""
    sent = [logs.Sent(each.attempt, each.fence, each.rank, each.key, each.sealed) for each in request.tails]
    taken = logs.store(engine, cluster, sent, bytes_max=LOG_ATTEMPT_BYTES_MAX)
    logs.forget(engine)
    room.keep(engine)
    return LogsAnswer(taken=tuple(taken))


def kept(engine: Engine, directory: Directory, members: frozenset[str], job: tuple[str, str], asked: Asked) -> Logs:
    """Return tails of the newest attempt of a job (namespace, name), or of the one with this fence.

    Raises:
        ForbiddenError: the job is not theirs, or not there.
        InvalidError: the job has no such attempt, or the cursor is none of this list's.

    """
    after = number(asked.cursor, 0)
    uid = directory.own_job(members, *job)
    logs.forget(engine)
    attempt = logs.attempt(engine, uid, members, asked.attempt)
    if attempt is None:
        if asked.attempt is not None:
            said = f"the job has no attempt {asked.attempt}: hanse explain lists its attempts by their fence"
            raise InvalidError(said, field="query.attempt", value=str(asked.attempt))
        return Logs(problem="the job has not been admitted yet: hanse explain says why", next=asked.cursor)
    found = logs.tails(engine, attempt.id, rank=asked.worker, after=after, most=asked.limit)
    unusable = _usable(directory, attempt.member) is None
    return Logs(
        attempt=attempt.id,
        fence=attempt.fence,
        state=attempt.state,
        ended=attempt.state in _ENDED,
        items=tuple(_shown(found)),
        next=written((found[-1].version if found else after,)),
        problem=_no_key(attempt.member) if unusable else "",
    )


def _shown(found: Iterable[logs.Kept]) -> Iterable[KeptTail]:
    for each in found:
        sealed, key, blind = (urlsafe_b64encode(part) for part in (each.sealed, each.recipient, each.blind))
        yield KeptTail(rank=each.rank, key=key, blind=blind, sealed=sealed, stored_at_seconds=each.stored_at_seconds)


def _usable(directory: Directory, member: str) -> bytes | None:
    """Return a member's key, or None if nothing can be sealed to it."""
    try:
        key = directory.encrypt_key(member)
        sealing.blinded(key, secrets.token_bytes(sealing.BLIND_BYTES))
    except (EvidenceError, ForbiddenError, MisconfiguredError):
        # One Member that cannot be read is no reason to take nobody's logs.
        return None
    return key


def _no_key(member: str) -> str:
    return (
        f"spec.keys.encrypt of Member {member} is no key to which anything can be sealed, so no logs are taken: "
        "hanse cluster keys makes one, and the coordinator sets it with hanse member add --encrypt-key"
    )
