"""The mirror: the attempts as Postgres has them, in memory.

In: rows of the ledger, read when a leader begins and before each cycle. Out: live attempts, and what became of each
job's earlier ones; next is :mod:`hanse.operator.snapshot`. Truth is Postgres alone: nothing here changes but by reading
what was committed, by us or by the API service (which grants, renews and releases leases), so a COMMIT whose answer was
lost needs no guessing. Details of an attempt are read once; each poll reads only what can change.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, orm

from hanse.evidence import canonical
from hanse.ledger import database
from hanse.ledger.attempts import LIVE, State
from hanse.ledger.models.decisions import Attempt, Decision, Effect, Fact
from hanse.operator import checkpoints, sharing
from hanse.operator.checkpoints import Saved
from hanse.operator.resizing import Awaited, Size
from hanse.scheduler.records import Kept, Reservation

SUCCEEDED, FAILED, POOL_FAULT = "Succeeded", "Failed", "PoolFault"
REFUSED, PLACEMENT_REFUSED, NODES_RECALLED = "Refused", "PlacementRefused", "NodesRecalled"
START_DEADLINE_EXCEEDED = "StartDeadlineExceeded"
ADMIT, PREEMPT = "Admit", "Preempt"
RENEW, REFUSE = "Renew", "Refuse"
RESERVE, RELEASE = "Reserve", "Release"


@dataclass(frozen=True, slots=True)
class Live:
    """An attempt that may still hold GPUs."""

    id: uuid.UUID
    job: str
    fence: int
    member: str
    cluster: str
    accelerator_class: str
    precision: str
    tier: str
    milli_h100e: int
    tier_thousandths: int
    grace_seconds: int
    state: str
    funded_until_seconds: int | None
    granted_at_seconds: int | None
    admitted_at_seconds: int
    admitted_sequence: int
    """The place in the ledger of the decision that admitted it."""
    strength: Mapping[str, Any]
    placed: tuple[tuple[str, int, int], ...]
    """Node, workers and the mask of the GPUs, for each node."""
    awaits: frozenset[uuid.UUID]
    organisation: str
    job_name: tuple[str, str]
    last_decision: uuid.UUID
    stop_kind: str | None = None
    stop_reason: str | None = None
    failure: str | None = None
    """Why the decision that admitted it could not take effect."""
    refused_by: str | None = None
    """The cap that does not fund it any longer, of which its owner has had notice; a renewal takes that back."""

    awaits_workers: frozenset[Awaited] = frozenset()
    """Workers of elastic gangs that have to leave before it starts."""
    size: Size = field(default_factory=Size)
    """What it has beyond its core, `placed`."""
    part: sharing.Part = sharing.WHOLE
    """What it has of each of its GPUs."""

    @property
    def is_stopped(self) -> bool:
        """Whether a decision has told it to stop."""
        return self.stop_kind is not None

    @property
    def held(self) -> tuple[tuple[str, int], ...]:
        """The nodes and masks of the GPUs that it holds: also of workers that leave."""
        core = ((node, mask) for node, _, mask in self.placed)
        return (*core, *((one.node, one.gpus) for one in self.size.beyond))

    @property
    def gpus(self) -> int:
        """The GPUs that it is to have."""
        masks = (*(mask for *_, mask in self.placed), *(one.gpus for one in self.size.staying))
        return sum(mask.bit_count() for mask in masks)

    @property
    def workers(self) -> int:
        """The workers that it is to have."""
        return sum(workers for _, workers, _ in self.placed) + len(self.size.staying)


@dataclass(frozen=True, slots=True)
class Fault:
    """That the pool failed a job in a cluster: how often in a row there, and when last."""

    cluster: str
    times: int
    last_seconds: int
    is_refusal: bool = False
    """Whether it was the cluster's agent that refused it, by its member's rules, or a hand-over that failed there."""


@dataclass(frozen=True, slots=True)
class Past:
    """What became of a job's attempts that have ended."""

    attempts: int = 0
    failures: int = 0
    preemptions: int = 0
    run_seconds: int = 0
    last_ended_seconds: int = 0
    last_outcome: str = ""
    last_stop_reason: str | None = None
    last_decision: uuid.UUID | None = None
    last_is_expired: bool = False
    """Whether its cluster was lost, and the attempt was given up."""
    last_failure: str = ""
    """Why the decision that admitted it could not take effect."""
    faults: tuple[Fault, ...] = ()
    """One for each cluster in which the last attempt was the pool's fault."""


NEVER_RAN = Past()


@dataclass
class Mirror:
    """Live attempts by job, and the past of the jobs that were asked for."""

    now_seconds: int = 0
    live: dict[str, Live] = field(default_factory=dict)
    past: dict[str, Past] = field(default_factory=dict)
    saved: dict[str, Saved] = field(default_factory=dict)
    """Kept after an attempt's end: the next one starts from there."""
    ended_at: dict[uuid.UUID, int] = field(default_factory=dict)
    """When attempts ended whose GPUs a live attempt without a lease waits for; those that live are not here."""
    reservations: dict[str, Reservation] = field(default_factory=dict)
    """By job. An admission ends one, as a release does."""
    reserved_until: datetime | None = None
    """When the last decision was recorded that was there at the last look: leaders record one after another."""
    version: int = 0
    """Grows whenever something changed, but for checkpoints: by themselves they change nothing that is planned."""

    def leaving(self) -> set[Awaited]:
        """Return the workers that were told to leave their gangs, and may still hold their GPUs."""
        return {(each.id, one.worker) for each in self.live.values() for one in each.size.beyond if one.leaves_at}

    def poll(self, engine: Engine, jobs: Collection[str]) -> None:
        """Read what changed, and the past of those *jobs* that are new here."""
        with database.transaction(engine) as connection:
            self.now_seconds = int(connection.execute(sa.text("SELECT ledger.clock_seconds()")).scalar_one())
            rows = {row.id: row for row in connection.execute(_CHANGING)}
            known = {each.id: each for each in self.live.values()}
            fresh = [key for key, row in rows.items() if key not in known or _differs(known[key], row)]
            ended = {each.job for key, each in known.items() if key not in rows}
            self._take_live(connection, rows, known, fresh)
            self._take_awaited(connection)
            unknown = [job for job in jobs if job not in self.past]
            self.saved |= checkpoints.last(connection, [*self.live, *ended, *unknown])
            self._take_reservations(connection, unknown)
            self.reservations = {job: each for job, each in self.reservations.items() if job in jobs}
            if ended or unknown:
                self.past |= dict.fromkeys(unknown, NEVER_RAN) | _past(connection, [*ended, *unknown])
            if fresh or ended or unknown:
                self.version += 1

    def is_promised(self, live: Live) -> bool:
        """Return whether *live*, which has no lease, gets its GPUs only when others have ended, or left their gangs."""
        if live.granted_at_seconds is not None:
            return False
        leaves_first = bool(live.awaits_workers) and not live.awaits_workers.isdisjoint(self.leaving())
        return bool(live.awaits - self.ended_at.keys()) or leaves_first

    def drop(self) -> None:
        """Forget everything: the next poll reads it again."""
        self.live.clear()
        self.past.clear()
        self.saved.clear()
        self.reservations.clear()
        self.reserved_until = None
        self.version += 1

    def _take_live(
        self, connection: Connection, rows: Mapping[uuid.UUID, Any], known: Mapping[uuid.UUID, Live], fresh: list[Any]
    ) -> None:
        kept = {each.job: each for key, each in known.items() if key in rows}
        for each in _details(connection, fresh):
            kept[each.job] = each
        self.live = kept

    def _take_reservations(self, connection: Connection, unknown: list[str]) -> None:
        """Take the last decision on each of the *unknown* jobs, then all since the last look, in their order."""
        since = self.reserved_until
        # Of all decisions, not only of those looked for: else each look would go through all that came since.
        newest: datetime | None = connection.execute(sa.select(sa.func.max(Decision.recorded_at))).scalar()
        last = connection.execute(_LAST_ON_RESERVATIONS, {"jobs": unknown}) if unknown else ()
        newer = connection.execute(_ON_RESERVATIONS.where(Decision.recorded_at >= since)) if since else ()
        for row in (*last, *newer):
            self.reservations.pop(str(row.job), None)
            if row.kind == RESERVE:
                self.reservations[str(row.job)] = _reservation(str(row.job), row.body)
        self.reserved_until = newest or datetime.min.replace(tzinfo=UTC)

    def _take_awaited(self, connection: Connection) -> None:
        waiting = [live for live in self.live.values() if live.granted_at_seconds is None]
        awaited = {
            each for live in waiting for each in (*live.awaits, *(attempt for attempt, _ in live.awaits_workers))
        }
        self.ended_at = {each: at for each, at in self.ended_at.items() if each in awaited}
        if unknown := awaited - self.ended_at.keys() - {each.id for each in self.live.values()}:
            statement = sa.select(Attempt.id, Attempt.ended_at_seconds).where(
                Attempt.id.in_(unknown), Attempt.ended_at_seconds.is_not(None)
            )
            self.ended_at |= {row.id: row.ended_at_seconds for row in connection.execute(statement)}


_ON_RESERVATIONS = (
    sa.select(Decision.job, Decision.kind, Decision.body, Decision.recorded_at)
    .where(Decision.kind.in_((RESERVE, RELEASE, ADMIT)))
    .order_by(Decision.sequence)
)
_LAST_ON_RESERVATIONS = sa.text(
    "SELECT last.* FROM unnest(CAST(:jobs AS uuid[])) AS asked (job), LATERAL (SELECT job, kind, body, recorded_at"
    " FROM ledger.decision WHERE job = asked.job AND kind IN ('Reserve', 'Release', 'Admit')"
    " ORDER BY sequence DESC LIMIT 1) AS last"
)


def _reservation(job: str, body: bytes) -> Reservation:
    value: Any = canonical.decode(body)
    detail = value["detail"]
    kept = tuple(Kept(node, workers) for node, workers in detail["kept"])
    return Reservation(job, detail["class"], detail["cluster"], detail["start"], kept)


_CHANGING = sa.select(
    Attempt.id, Attempt.state, Attempt.funded_until_seconds, Attempt.granted_at_seconds, Attempt.last_decision
).where(Attempt.state.in_(LIVE))


def _differs(known: Live, row: Any) -> bool:
    seen = (known.state, known.funded_until_seconds, known.granted_at_seconds, known.last_decision)
    return seen != (row.state, row.funded_until_seconds, row.granted_at_seconds, row.last_decision)


def ended(engine: Engine, attempts: list[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of *attempts* that have ended, by what is committed now: an attempt that has ended stays so."""
    statement = sa.select(Attempt.id).where(Attempt.id.in_(attempts), Attempt.state.not_in(LIVE))
    with database.transaction(engine) as connection:
        return set(connection.execute(statement).scalars())


def _details(connection: Connection, attempts: list[uuid.UUID]) -> list[Live]:
    if not attempts:
        return []
    admitted, stopped = orm.aliased(Decision), orm.aliased(Decision)
    statement = (
        sa.select(
            Attempt.__table__,
            admitted.body,
            admitted.sequence.label("admitted_sequence"),
            stopped.kind.label("stop_kind"),
            stopped.reason.label("stop_reason"),
            Effect.detail.label("failure"),
        )
        .join(admitted, admitted.id == Attempt.admitted_by)
        .outerjoin(stopped, stopped.id == Attempt.stopped_by)
        .outerjoin(Effect, (Effect.decision == Attempt.admitted_by) & (Effect.outcome == "failed"))
        .where(Attempt.id.in_(attempts))
    )
    strengths, refused, sizes = _kept(connection, attempts)
    return [_live(row, strengths[row.id], refused.get(row.id), sizes[row.id]) for row in connection.execute(statement)]


def _kept(
    connection: Connection, attempts: list[uuid.UUID]
) -> tuple[dict[uuid.UUID, Mapping[str, Any]], dict[uuid.UUID, str], dict[uuid.UUID, Size]]:
    """Return what each attempt's last decision on its strength says, the cap that refuses it if one does, its size."""
    statement = (
        sa.select(Decision.attempt, Decision.kind, Decision.body, Decision.sequence)
        .where(Decision.attempt.in_(attempts), Decision.effect.in_(("admit", "keep")))
        .order_by(Decision.term, Decision.cycle, Decision.index)
    )
    strengths: dict[uuid.UUID, Mapping[str, Any]] = {}
    refused: dict[uuid.UUID, str] = {}
    sizes: dict[uuid.UUID, Size] = {}
    for row in connection.execute(statement):
        body: Any = canonical.decode(row.body)
        strengths[row.attempt] = body.get("strength") or strengths[row.attempt]
        sizes[row.attempt] = sizes.get(row.attempt, Size()).after(row.kind, body["detail"], row.sequence)
        if row.kind == REFUSE:
            refused[row.attempt] = body["detail"]["cap"]
        elif "fundedUntil" in body:
            refused.pop(row.attempt, None)
    return strengths, refused, sizes


def _live(row: Any, strength: Mapping[str, Any], refused_by: str | None, size: Size) -> Live:
    body: Any = canonical.decode(row.body)
    detail = body["detail"]
    return Live(
        id=row.id,
        job=str(row.job),
        fence=row.fence,
        member=row.member,
        cluster=row.cluster,
        accelerator_class=row.accelerator_class,
        precision=row.precision,
        tier=row.tier,
        milli_h100e=row.milli_h100e,
        tier_thousandths=row.tier_thousandths,
        grace_seconds=row.grace_seconds,
        state=row.state,
        funded_until_seconds=row.funded_until_seconds,
        granted_at_seconds=row.granted_at_seconds,
        admitted_at_seconds=detail["asOf"],
        admitted_sequence=row.admitted_sequence,
        strength=strength,
        placed=tuple((node, workers, int(mask)) for node, workers, mask in detail["placed"]),
        awaits=frozenset(uuid.UUID(each) for each in detail["awaits"]),
        awaits_workers=frozenset((uuid.UUID(attempt), worker) for attempt, worker in detail.get("awaitsWorkers", ())),
        organisation=detail["organisation"],
        job_name=(detail["namespace"], detail["name"]),
        last_decision=row.last_decision,
        stop_kind=row.stop_kind,
        stop_reason=row.stop_reason,
        failure=row.failure,
        refused_by=refused_by,
        size=size,
        part=sharing.part(detail),
    )


def _past(connection: Connection, jobs: list[str]) -> dict[str, Past]:
    """Return the past of those *jobs* that have one."""
    stopped = orm.aliased(Decision)
    released = sa.select(Fact.attempt, Fact.detail).where(Fact.kind == "LeaseReleased").subquery()
    statement = (
        sa.select(
            Attempt.job,
            Attempt.cluster,
            Attempt.granted_at_seconds,
            Attempt.ended_at_seconds,
            Attempt.last_decision,
            Attempt.state,
            Effect.detail.label("failure"),
            released.c.detail.label("outcome"),
            stopped.kind.label("stop_kind"),
            stopped.reason.label("stop_reason"),
        )
        .outerjoin(released, released.c.attempt == Attempt.id)
        .outerjoin(stopped, stopped.id == Attempt.stopped_by)
        .outerjoin(Effect, (Effect.decision == Attempt.admitted_by) & (Effect.outcome == "failed"))
        .where(Attempt.job.in_([uuid.UUID(job) for job in jobs]), Attempt.state.not_in(LIVE))
        .order_by(Attempt.job, Attempt.fence)
    )
    found: dict[str, Past] = {}
    for row in connection.execute(statement):
        found[str(row.job)] = _extended(found.get(str(row.job), NEVER_RAN), row)
    return found


def _extended(past: Past, row: Any) -> Past:
    # The agent reports an outcome, and may add why after a colon.
    outcome = (row.outcome or "").partition(":")[0]
    ran = row.ended_at_seconds - row.granted_at_seconds if row.granted_at_seconds is not None else 0
    return Past(
        attempts=past.attempts + 1,
        failures=past.failures + (outcome == FAILED),
        preemptions=past.preemptions + (row.stop_kind == PREEMPT),
        run_seconds=past.run_seconds + max(0, ran),
        last_ended_seconds=row.ended_at_seconds,
        last_outcome=outcome,
        last_stop_reason=row.stop_reason,
        last_decision=row.last_decision,
        last_is_expired=row.state == State.EXPIRED,
        last_failure=row.failure or "",
        faults=_faults(past, row, outcome),
    )


def _faults(past: Past, row: Any, outcome: str) -> tuple[Fault, ...]:
    elsewhere = tuple(each for each in past.faults if each.cluster != row.cluster)
    # What the API server refused never came to a cluster.
    is_refusal = outcome == REFUSED or (row.stop_reason == PLACEMENT_REFUSED and not row.failure)
    # Nor is it tried again at once where those did not leave in time whom it stopped: they have the space first.
    is_refusal |= row.stop_reason == START_DEADLINE_EXCEEDED
    if outcome != POOL_FAULT and not is_refusal:
        return elsewhere
    before = sum(each.times for each in past.faults if each.cluster == row.cluster)
    return (*elsewhere, Fault(row.cluster, before + 1, row.ended_at_seconds, is_refusal))
