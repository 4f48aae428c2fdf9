"""What a cluster's agent asks: leases, and to be heard; slots; checkpoints of record.

In: messages of :mod:`hanse.resources.protocol`, and the cluster that the credential is for. Out: answers, and rows in
the ledger's database. Every request may be sent again: each part of it is a transaction of its own, and says the same
the second time. The ledger's functions are the fence; nothing here could let an old one pass.
"""

import logging
import time
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from hanse.api import clocks
from hanse.api.problems import AnotherAgentError, ConflictError
from hanse.evidence import traces
from hanse.ledger import attempts, database, facts, registry, reports, slots
from hanse.ledger.attempts import Renewal, Verdict
from hanse.ledger.errors import CommitUnknownError, LedgerError
from hanse.ledger.reports import Checkpoint
from hanse.resources.protocol import (
    Cancelled,
    CheckpointOfRecord,
    CheckpointRequest,
    Ended,
    Held,
    Lease,
    Outcome,
    Phase,
    SlotsAnswer,
    SlotsRequest,
    SlotVerdict,
    SyncAnswer,
    SyncRequest,
)

SILENCE_SECONDS = 30
"""How long an agent may be silent until another process may speak for its cluster: six of its rounds."""

_BY_ITSELF = {
    Outcome.LEASE_ENDED: facts.Kind.LEASE_RAN_OUT,
    Outcome.FUNDING_ENDED: facts.Kind.FUNDING_RAN_OUT,
    Outcome.START_DEADLINE_EXCEEDED: facts.Kind.START_DEADLINE_EXCEEDED,
    Outcome.FAILED: facts.Kind.POD_DEATH,
    Outcome.POOL_FAULT: facts.Kind.POD_DEATH,
    Outcome.REFUSED: facts.Kind.PLACEMENT_REFUSED,
}
"""What an agent does without a decision is recorded as a fact."""
_GRANTED_BEFORE = {"draining", "suspect"}
"""An attempt that was told to stop, or ran late, before its agent heard that it has the lease: the ledger counts it
until it is given back, so its agent must hear of it, and not that it is cancelled."""
_Answer: TypeAlias = Lease | Cancelled | Ended
_LOG = logging.getLogger(__name__)


def sync(engine: Engine, cluster: str, request: SyncRequest) -> SyncAnswer:
    """Answer for all that the agent of *cluster* holds, and store what changed among its nodes.

    Raises:
        AnotherAgentError: another agent speaks for the cluster.

    """
    refused = reports.admit_agent(
        engine,
        cluster,
        request.cluster_uid,
        request.instance,
        version=request.agent_version,
        silence_seconds=SILENCE_SECONDS,
    )
    if refused:
        raise AnotherAgentError(f"{refused} speaks for {cluster}: one credential is for one agent of one cluster")
    if reached := [
        (each.attempt, each.fence, each.progress.step, each.progress.steps) for each in request.held if each.progress
    ]:
        reports.report_progress(engine, cluster, reached)
    ahead_ms = clocks.compare(engine, cluster, request)
    inventory = request.inventory
    if inventory.whole or inventory.nodes or inventory.gone:
        nodes = [node.model_dump(mode="json") for node in inventory.nodes]
        reports.report_nodes(engine, cluster, nodes, gone=inventory.gone, whole=inventory.whole)
    answers = list(_attempts(engine, cluster, request))
    setting = _setting(engine, cluster)
    return SyncAnswer(
        leases=tuple(each for each in answers if isinstance(each, Lease)),
        cancelled=tuple(each for each in answers if isinstance(each, Cancelled)),
        ended=tuple(each for each in answers if isinstance(each, Ended)),
        slot_seconds=setting.slot_seconds,
        enrolled=setting.enrolled,
        send_inventory=not reports.has_inventory(engine, cluster),
        clock_ahead_ms=ahead_ms,
    )


def ingest(engine: Engine, member: str, request: SlotsRequest) -> SlotsAnswer:
    """Store slots of nodes that *member* has enrolled."""
    batch = [slots.Signed(each.body, each.signature) for each in request.slots]
    return SlotsAnswer(
        verdicts=tuple(
            SlotVerdict(verdict=each.outcome.value, reason=each.reason) for each in slots.ingest(engine, member, batch)
        )
    )


def commit_checkpoint(engine: Engine, cluster: str, request: CheckpointRequest) -> None:
    """Make a checkpoint one of record.

    Raises:
        ConflictError: its fence is not the one in force, or its attempt not live.

    """
    refused = reports.commit_checkpoint(
        engine, cluster, request.attempt, request.fence, step=request.step, uri=request.uri
    )
    if refused:
        raise ConflictError(f"this is no checkpoint of record: {refused}")


def _attempts(engine: Engine, cluster: str, request: SyncRequest) -> Iterator[_Answer]:
    """Yield an answer for each attempt: what ends first, so that its GPUs are free for what begins."""
    held = request.held
    _record_facts(engine, cluster, held)
    yield from _releases(engine, cluster, [each for each in held if each.phase == Phase.RELEASED])
    now = _now(engine)
    given = list(_leases(engine, cluster, request))
    resume = reports.last_checkpoints(engine, [each.attempt for each, _ in given if each.verdict != Verdict.CANCEL])
    for each, is_first in given:
        if each.verdict == Verdict.CANCEL or each.lease_seconds is None:
            why = "the attempt is not live, or not this cluster's"
            yield Cancelled(attempt=each.attempt, fence=each.fence, reason=why)
            continue
        funded_until = each.funded_until_seconds
        yield Lease(
            attempt=each.attempt,
            fence=each.fence,
            lease_seconds=each.lease_seconds,
            funded_seconds=None if funded_until is None else funded_until - now,
            drain=each.verdict == Verdict.DRAIN,
            first=is_first,
            checkpoint=_of_record(resume.get(each.attempt)),
        )


_Given: TypeAlias = tuple[Renewal, bool]
"""A lease as it is now, and whether nobody but the process that asks was granted it before."""


def _leases(engine: Engine, cluster: str, request: SyncRequest) -> Iterator[_Given]:
    """Yield what becomes of each lease: renewed in one go, granted in another."""
    held = request.held
    running = [
        (each.attempt, each.fence) for each in held if each.phase in {Phase.STARTING, Phase.RUNNING, Phase.DRAINING}
    ]
    if running:
        yield from ((each, False) for each in attempts.renew(engine, cluster, running))
    pending = [(each.attempt, each.fence) for each in held if each.phase == Phase.PENDING]
    begun_at = time.time_ns()
    for asked, grant in zip(pending, attempts.grant_all(engine, cluster, pending, request.process), strict=True):
        if not grant.granted and grant.reason in _GRANTED_BEFORE:
            yield from ((each, grant.first) for each in attempts.renew(engine, cluster, [asked]))
            continue
        verdict = Verdict.KEEP if grant.granted else Verdict.CANCEL
        _LOG.info("a lease was %s", "granted" if grant.granted else "refused", extra=_named(*asked, cluster))
        if grant.granted:
            attempt, fence = asked
            traces.tell(attempt, traces.Step.LEASE_RECORDED, begun_at, time.time_ns(), fence=fence, cluster=cluster)
        yield Renewal(*asked, verdict, grant.lease_seconds, grant.funded_until_seconds), grant.first


def _releases(engine: Engine, cluster: str, ended: list[Held]) -> Iterator[_Answer]:
    """Yield an answer for each attempt of which nothing runs any more; all are recorded in one go."""
    named = [(each.attempt, each.fence) for each in ended]
    outcomes = [str(each.outcome or Outcome.STOPPED) for each in ended]
    for each, is_recorded in zip(ended, attempts.release_all(engine, cluster, named, outcomes), strict=True):
        if is_recorded:
            yield Ended(attempt=each.attempt, fence=each.fence)
        else:
            yield Cancelled(attempt=each.attempt, fence=each.fence, reason="the attempt had ended before")


def _record_facts(engine: Engine, cluster: str, held: tuple[Held, ...]) -> None:
    for each in held:
        kind = _BY_ITSELF.get(each.outcome) if each.outcome else None
        if kind:
            _record_fact(engine, kind, cluster, each, f"{each.outcome}: {each.detail}")
        if each.simulated and each.phase == Phase.RELEASED:
            _record_fact(engine, facts.Kind.SIMULATED, cluster, each, "on simulated nodes")


def _record_fact(engine: Engine, kind: facts.Kind, cluster: str, of: Held, detail: str) -> None:
    """Record a fact, or log that it cannot be: what is told of one attempt never costs the others their leases."""
    try:
        facts.record_once(engine, kind, cluster, of.attempt, of.fence, detail=detail)
    except (OperationalError, InterfaceError, CommitUnknownError):
        raise  # nothing can be recorded now; all is told again
    except (DBAPIError, LedgerError):
        _LOG.exception("%s cannot be recorded", kind, extra=_named(of.attempt, of.fence, cluster))


def _named(attempt: object, fence: int, cluster: str) -> dict[str, object]:
    """Return the fields of a line of the log."""
    return {"attempt": str(attempt), "fence": fence, "cluster": cluster}


def _of_record(checkpoint: Checkpoint | None) -> CheckpointOfRecord | None:
    return CheckpointOfRecord(step=checkpoint.step, uri=checkpoint.uri) if checkpoint else None


def _now(engine: Engine) -> int:
    """Return the ledger's time, read after the request was sent: what is left of a funding is never too much."""
    with database.transaction(engine) as connection:
        return int(connection.execute(sa.text("SELECT ledger.clock_seconds()")).scalar_one())


class _Setting(NamedTuple):
    slot_seconds: int
    enrolled: int


def _setting(engine: Engine, cluster: str) -> _Setting:
    with database.transaction(engine) as connection:
        slot_seconds = int(connection.execute(sa.text("SELECT slot_seconds FROM ledger.setting")).scalar_one())
        return _Setting(slot_seconds, registry.newest_of(connection, cluster))
