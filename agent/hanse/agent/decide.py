"""What the agent does next, decided from what is there; the whole of its behaviour, without I/O or a clock.

In: :class:`World` (placements, gangs, pods) and the time. Out: :class:`Plan`: the gangs to remember, what to do, what
to report. Deciding again after any part of a plan was carried out, and the rest lost, comes to the same end.
:mod:`hanse.agent.loop` carries plans out; leases come in through :mod:`hanse.agent.leases`.

An attempt goes Pending -> Starting -> Running -> Draining -> Released, or ends at Refused. No pod before a lease: a
placement is only a hint. Nothing of an older fence beside a newer one. Whole or not at all: one lost worker stops all.
No worker of an attempt is made twice: one that may have been there, and is not, is lost.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from uuid import UUID

from hanse.agent.gangs import Gang, Seat, Stop, Worker
from hanse.resources import Placement
from hanse.resources.protocol import Outcome, Phase

GRACE_SECONDS_MIN = 1
"""A pod deleted with no grace at all is forgotten by the API server before its kubelet has stopped it."""
STALE_PART = 3
"""A holder that could not renew for this part of its lease starts nothing more under it."""


@dataclass(frozen=True)
class Limits:
    """*kill_budget_seconds*: how long a pod whose grace has ended may take to be gone."""

    kill_budget_seconds: float = 30.0


@dataclass(frozen=True)
class World:
    """All that is there: placements by name, why the member's own rules refuse some, pods, Services, gangs."""

    placements: Mapping[str, Placement] = field(default_factory=dict)
    refusals: Mapping[str, str] = field(default_factory=dict)
    workers: tuple[Worker, ...] = ()
    services: frozenset[UUID] = frozenset()
    gangs: Mapping[UUID, Gang] = field(default_factory=dict)
    confirmed: frozenset[UUID] = frozenset()
    """Attempts of which a fresh look has shown that nothing is left; what is watched may be late."""
    made: Mapping[UUID, Collection[int]] = field(default_factory=dict)
    """The ranks whose pods this process has made; one may be gone again before it was ever watched."""
    left: Mapping[UUID, Collection[int]] = field(default_factory=dict)
    """The ranks taken away from their gangs of which a fresh look has shown that their pods are gone."""
    faulty: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """The GPUs (node, index) that no work may run on, with what is wrong with each."""

    @cached_property
    def workers_by_attempt(self) -> Mapping[UUID, tuple[Worker, ...]]:
        """The workers of each attempt that has some."""
        found: dict[UUID, list[Worker]] = defaultdict(list)
        for worker in self.workers:
            found[worker.attempt].append(worker)
        return {attempt: tuple(workers) for attempt, workers in found.items()}

    @cached_property
    def placements_of_workers(self) -> frozenset[str]:
        """The names of the placements that workers are there of, under whichever fence."""
        return frozenset(worker.placement for worker in self.workers)

    @cached_property
    def held_gpus(self) -> frozenset[tuple[str, int]]:
        """The GPUs (node, index) where workers of gangs still are."""
        return frozenset(
            (seat.node, gpu)
            for attempt, workers in self.workers_by_attempt.items()
            if (gang := self.gangs.get(attempt))
            for ranks in [{worker.rank for worker in workers}]
            for seat in gang.seats
            if seat.rank in ranks
            for gpu in seat.gpus
        )


@dataclass(frozen=True)
class CreateGang:
    """Make what the gang's workers share, if it is not there: Service, Secret, NetworkPolicy."""

    gang: Gang


@dataclass(frozen=True)
class CreateWorker:
    """Make one worker's pod."""

    gang: Gang
    seat: Seat


@dataclass(frozen=True)
class DeleteWorker:
    """Stop one worker; it has so long to save its state."""

    worker: Worker
    grace_seconds: int


@dataclass(frozen=True)
class DeleteGang:
    """Remove what the gang's workers shared."""

    attempt: UUID


@dataclass(frozen=True)
class ConfirmGone:
    """Ask the API server itself whether anything of the attempt is left, before the hub is told that nothing is."""

    attempt: UUID


@dataclass(frozen=True)
class ConfirmLeft:
    """Ask the API server itself which of these workers, which were taken away from a gang, are gone."""

    attempt: UUID
    ranks: frozenset[int]


Action = CreateGang | CreateWorker | DeleteWorker | DeleteGang | ConfirmGone | ConfirmLeft


@dataclass(frozen=True)
class Report:
    """What to say of an attempt, to its placement's status and to the API service."""

    attempt: UUID
    fence: int
    phase: Phase
    outcome: Outcome | None = None
    detail: str = ""
    ready: int = 0
    failed: int = 0
    succeeded: int = 0
    simulated: bool = False
    blocked: bool = False
    """Its place is not free yet: the hub is not asked for the lease."""
    finished: bool = False
    """The hub knows; only the placement's status still has to say it."""
    acted: int = 0
    """The last decision that is carried out: whoever it took away from the gang has left."""


@dataclass(frozen=True)
class Plan:
    """Remember the gangs first, then act, then report."""

    gangs: Mapping[UUID, Gang]
    actions: tuple[Action, ...]
    reports: tuple[Report, ...]


def desired(world: World, now: float, limits: Limits) -> Plan:
    """Return what to remember, do and report, given what is there."""
    gangs: dict[UUID, Gang] = {}
    actions: list[Action] = []
    reports: list[Report] = []
    wanted = {UUID(placement.spec.attempt): placement for placement in world.placements.values()}
    for attempt, before in world.gangs.items():
        workers = world.workers_by_attempt.get(attempt, ())
        placement = wanted.get(attempt)
        gang = replace(before, seen=before.seen.union(world.made.get(attempt, ())))
        gang = _observed(gang, placement, workers, world.left.get(attempt, ()))
        stop = gang.stop or _stops(gang, placement, workers, now, limits) or _lost_gpu(gang, world.faulty)
        gang = replace(gang, stop=stop)
        if gang.stop is None:
            actions += _confirm_left(gang, workers)
            starts = tuple(_start(gang, workers, now))
            begun = {action.seat.rank for action in starts if isinstance(action, CreateWorker)}
            gang = replace(gang, begun=(gang.begun & gang.ranks) | begun)
            actions += starts
        else:
            actions += _stop(gang, workers, now, limits)
            if attempt in world.services and not workers:
                actions.append(DeleteGang(attempt))
            gone = not workers and attempt not in world.services
            if gone and not gang.released and attempt not in world.confirmed:
                actions.append(ConfirmGone(attempt))
                gone = False
            gang = replace(gang, released=gang.released or gone, ended=gang.ended or (gone and gang.cancelled))
        if placement is not None or not gang.ended:
            gangs[attempt] = gang
        reports.append(_report(gang, workers))
    actions += _strays(world)
    reports += _newcomers(world)
    return Plan(gangs, tuple(sorted(actions, key=_order)), tuple(reports))


def drain_at(gang: Gang, limits: Limits) -> float:
    """Return when the gang must begin to stop unless its lease is renewed, so that it is gone at the deadline.

    A lease that is short beside the grace leaves half of itself for work.

    """
    room = gang.deadline - gang.renewed_at - limits.kill_budget_seconds
    return gang.deadline - limits.kill_budget_seconds - max(0.0, min(gang.grace_seconds, room / 2))


def _order(action: Action) -> int:
    """Make room before taking it."""
    return (DeleteWorker, DeleteGang, ConfirmGone, ConfirmLeft, CreateGang, CreateWorker).index(type(action))


def _observed(gang: Gang, placement: Placement | None, workers: tuple[Worker, ...], left: Collection[int]) -> Gang:
    """Return the gang with what its placement and its workers now show."""
    if gang.stop is not None:
        return gang
    if placement is not None:
        seats = _seats(gang, placement, workers, left)
        is_done = {worker.rank for worker in workers} <= {seat.rank for seat in seats if not seat.leaving}
        sequence = placement.spec.sequence
        acted = sequence if is_done and not any(seat.leaving for seat in seats) else gang.acted
        gang = replace(gang, seats=seats, sequence=sequence, acted=acted)
    members = _members(gang, workers)
    there = {worker.rank for worker in members}
    return replace(
        gang,
        seen=(gang.seen & gang.ranks) | there,
        ran=gang.ran or (there == gang.ranks and all(worker.ready or worker.succeeded for worker in members)),
        simulated=gang.simulated or any(worker.simulated for worker in members),
        succeeded=frozenset(worker.rank for worker in members if worker.succeeded),
    )


def _members(gang: Gang, workers: tuple[Worker, ...]) -> list[Worker]:
    return [worker for worker in workers if worker.rank in gang.ranks]


def _stops(
    gang: Gang, placement: Placement | None, workers: tuple[Worker, ...], now: float, limits: Limits
) -> Stop | None:
    """Return the reason to stop, if there is one."""
    members = _members(gang, workers)
    return (
        _ended_by_itself(gang, members)
        or _called_off(placement)
        or _lost_worker(gang, members)
        or _ran_out(gang, placement, now, limits)
    )


def _seats(gang: Gang, placement: Placement, workers: tuple[Worker, ...], left: Collection[int]) -> tuple[Seat, ...]:
    """Return the seats of the placement, and those that it took away and whose workers have not left yet.

    Who was never begun leaves at once; of who was, a fresh look has to show that it is gone.

    """
    seats = tuple(Seat(worker.rank, worker.node, worker.gpus) for worker in placement.spec.workers)
    ranks, there = {seat.rank for seat in seats}, {worker.rank for worker in workers}
    begun = there | ((gang.begun | gang.seen) - set(left))
    leaving = (
        seat
        for seat in gang.seats
        if seat.rank not in ranks and (seat.rank in begun or (seat.leaving and seat.rank not in left))
    )
    return seats + tuple(replace(seat, leaving=True) for seat in leaving)


def _confirm_left(gang: Gang, workers: tuple[Worker, ...]) -> Iterator[Action]:
    """Yield the look at those who were taken away, and do not seem to be there any more."""
    gone = {seat.rank for seat in gang.seats if seat.leaving} - {worker.rank for worker in workers}
    if gone:
        yield ConfirmLeft(gang.attempt, frozenset(gone))


def _ended_by_itself(gang: Gang, members: list[Worker]) -> Stop | None:
    done = {worker.rank for worker in members if worker.succeeded}
    return Stop(Outcome.SUCCEEDED) if members and done == gang.ranks else None


def _called_off(placement: Placement | None) -> Stop | None:
    if placement is None:
        return Stop(Outcome.STOPPED, "its placement is gone, or is another attempt's now")
    if placement.spec.wanted == "Stopped":
        return Stop(Outcome.STOPPED, "its placement says so")
    return None


def _lost_worker(gang: Gang, members: list[Worker]) -> Stop | None:
    for worker in sorted(members, key=lambda each: each.rank):
        if worker.deleting:
            return Stop(Outcome.POOL_FAULT, f"worker {worker.rank} was deleted by somebody else")
        if worker.fault is not None:
            return Stop(worker.fault.outcome, f"worker {worker.rank}: {worker.fault.detail}")
    vanished = gang.seen - {worker.rank for worker in members}
    return Stop(Outcome.POOL_FAULT, f"worker {min(vanished)} has vanished") if vanished else None


def _lost_gpu(gang: Gang, faulty: Mapping[tuple[str, int], str]) -> Stop | None:
    for seat in gang.seats:
        for gpu in seat.gpus if not seat.leaving else ():
            if fault := faulty.get((seat.node, gpu)):
                return Stop(Outcome.POOL_FAULT, f"worker {seat.rank}: GPU {gpu} of its node has a fault: {fault}")
    return None


def _ran_out(gang: Gang, placement: Placement | None, now: float, limits: Limits) -> Stop | None:
    if now >= drain_at(gang, limits):
        return Stop(Outcome.LEASE_ENDED, "its lease could not be renewed in time")
    if gang.funded_until is not None and now >= gang.funded_until - limits.kill_budget_seconds - gang.grace_seconds:
        return Stop(Outcome.FUNDING_ENDED, "its funding ends")
    if placement and not gang.ran and now >= gang.granted_at + placement.spec.start_deadline.total_seconds():
        return Stop(Outcome.START_DEADLINE_EXCEEDED, "not all of its workers were ready in time")
    return None


def _start(gang: Gang, workers: tuple[Worker, ...], now: float) -> Iterator[Action]:
    """Yield what brings the workers that are there to those that are wanted."""
    for worker in workers:
        if worker.rank not in gang.ranks and not worker.deleting:
            yield DeleteWorker(worker, max(GRACE_SECONDS_MIN, int(gang.grace_seconds)))
    missing = gang.ranks - {worker.rank for worker in workers}
    stale = now - gang.renewed_at > (gang.deadline - gang.renewed_at) / STALE_PART
    if missing and not stale:
        yield CreateGang(gang)
        yield from (CreateWorker(gang, seat) for seat in gang.seats if seat.rank in missing)


def _stop(gang: Gang, workers: tuple[Worker, ...], now: float, limits: Limits) -> Iterator[Action]:
    """Yield the end of each worker, with as much of the gang's grace as its lease and its funding leave."""
    ends = gang.deadline if gang.funded_until is None else min(gang.deadline, gang.funded_until)
    left = ends - limits.kill_budget_seconds - now
    grace = max(GRACE_SECONDS_MIN, int(min(gang.grace_seconds, left)))
    yield from (DeleteWorker(worker, grace) for worker in workers if not worker.deleting)


def _strays(world: World) -> Iterator[Action]:
    """Yield the end of what nobody here has a lease for: when that ends or ended is not known, so it ends now."""
    strays = [worker for worker in world.workers if worker.attempt not in world.gangs]
    yield from (DeleteWorker(worker, GRACE_SECONDS_MIN) for worker in strays if not worker.deleting)
    left = {worker.attempt for worker in strays}
    yield from (DeleteGang(attempt) for attempt in sorted(world.services - world.gangs.keys() - left))


def _newcomers(world: World) -> Iterator[Report]:
    """Yield what to say of placements that have no lease yet: Pending asks for one."""
    for name, placement in world.placements.items():
        attempt = UUID(placement.spec.attempt)
        if attempt in world.gangs:
            continue
        ranks = {worker.rank for worker in world.workers_by_attempt.get(attempt, ())}
        acted = placement.spec.sequence if ranks <= {worker.rank for worker in placement.spec.workers} else 0
        report = Report(attempt, placement.spec.fence, Phase.PENDING, detail="waits for its lease", acted=acted)
        if name in world.refusals:
            yield replace(report, phase=Phase.REFUSED, outcome=Outcome.REFUSED, detail=world.refusals[name])
        elif placement.spec.wanted == "Stopped" or _is_over(placement):
            yield replace(report, phase=Phase.RELEASED, outcome=Outcome.STOPPED, detail="never ran here", finished=True)
        elif attempt in world.workers_by_attempt:
            yield replace(report, phase=Phase.STARTING, detail="found running; asks whether it may")
        else:
            yield replace(report, blocked=_is_blocked(name, placement, world))


def _is_over(placement: Placement) -> bool:
    """Whether the status tells of the end of this very attempt; the hub's refusal of its lease would say the same."""
    status = placement.status
    return status is not None and status.fence == placement.spec.fence and status.phase in {"Released", "Refused"}


def _is_blocked(name: str, placement: Placement, world: World) -> bool:
    """Whether workers of another attempt are still where this one's are to be, or are of its own older fence."""
    if name in world.placements_of_workers:
        return True
    seats = ((worker.node, gpu) for worker in placement.spec.workers for gpu in worker.gpus)
    return placement.spec.gpu_memory is None and any(seat in world.held_gpus for seat in seats)


def _report(gang: Gang, workers: tuple[Worker, ...]) -> Report:
    if gang.released:
        phase = Phase.RELEASED
    elif gang.stop:
        phase = Phase.DRAINING
    else:
        phase = Phase.RUNNING if gang.ran else Phase.STARTING
    return Report(
        gang.attempt,
        gang.fence,
        phase,
        outcome=gang.stop.outcome if gang.stop else None,
        detail=gang.stop.detail if gang.stop else "",
        ready=sum(worker.ready for worker in workers),
        failed=sum(worker.fault is not None for worker in workers),
        succeeded=sum(worker.succeeded for worker in workers),
        simulated=gang.simulated,
        finished=gang.ended,
        acted=gang.acted,
    )
