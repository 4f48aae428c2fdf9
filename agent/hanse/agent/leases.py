"""What the agent says to the API service about attempts, and what the answer makes of its gangs.

In: reports of :mod:`hanse.agent.decide`, an answer, and when its request was *sent*. Out: what the next request says,
and gangs with new deadlines. A holder counts from when it sent the request and the hub from when it committed the
answer, which is later: the holder gives up first, whatever the clocks say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from uuid import UUID

from hanse.agent.decide import Report
from hanse.agent.gangs import Gang, Seat, Stop
from hanse.resources import Placement
from hanse.resources.protocol import Cancelled, Held, Lease, Outcome, Progress, SyncAnswer

DRIFT_THOUSANDTHS = 10
"""How much faster than ours the hub's clock may run: far more than any quartz is off."""


def held(reports: Iterable[Report], progress: Mapping[UUID, Progress] = MappingProxyType({})) -> tuple[Held, ...]:
    """Return the set of attempts to report, with how far they say that they have come."""
    return tuple(
        Held(
            attempt=report.attempt,
            fence=report.fence,
            phase=report.phase,
            outcome=report.outcome,
            detail=report.detail,
            simulated=report.simulated,
            progress=progress.get(report.attempt),
        )
        for report in reports
        if not (report.finished or report.blocked)
    )


def answered(
    gangs: Mapping[UUID, Gang], placements: Mapping[str, Placement], answer: SyncAnswer, sent_at: float
) -> dict[UUID, Gang]:
    """Return the gangs as the answer to the request that was sent at *sent_at* leaves them."""
    after = dict(gangs)
    by_attempt = {UUID(placement.spec.attempt): (name, placement) for name, placement in placements.items()}
    for lease in answer.leases:
        name, placement = by_attempt.get(lease.attempt, ("", None))
        gang = after.get(lease.attempt) or _taken_up(lease, name, placement, sent_at)
        if lease.attempt not in after and not lease.first:
            # It was granted before, to a process that is no more or has forgotten it: whoever is not there has been.
            gang = replace(gang, seen=gang.ranks)
        after[lease.attempt] = _renewed(gang, lease, sent_at)
    for cancelled in answer.cancelled:
        gang = after.get(cancelled.attempt) or _never_held(cancelled, sent_at)
        after[cancelled.attempt] = _cancelled(gang, cancelled, sent_at)
    for ended in answer.ended:
        if ended.attempt in after and after[ended.attempt].fence == ended.fence:
            after[ended.attempt] = replace(after[ended.attempt], ended=True)
    return after


def _taken_up(lease: Lease, name: str, placement: Placement | None, sent_at: float) -> Gang:
    """Return the gang of a first lease. Its placement may be gone meanwhile: then it ends as it began."""
    gang = Gang(lease.attempt, lease.fence, name, granted_at=sent_at, renewed_at=sent_at, deadline=sent_at)
    if placement is None:
        return gang
    spec = placement.spec
    return replace(
        gang,
        grace_seconds=spec.grace.total_seconds(),
        seats=tuple(Seat(worker.rank, worker.node, worker.gpus) for worker in spec.workers),
        guaranteed_mib=spec.gpu_memory.guaranteed_mib if spec.gpu_memory else None,
        milli_gpus=spec.milli_gpus,
        checkpoint=lease.checkpoint,
    )


def _renewed(gang: Gang, lease: Lease, sent_at: float) -> Gang:
    if gang.fence != lease.fence or gang.released:
        return gang
    deadline = sent_at + lease.lease_seconds * (1 - DRIFT_THOUSANDTHS / 1000)
    funded = None if lease.funded_seconds is None else sent_at + lease.funded_seconds
    gang = replace(
        gang, renewed_at=max(gang.renewed_at, sent_at), deadline=max(gang.deadline, deadline), funded_until=funded
    )
    return gang.stopping(Outcome.STOPPED, "it was decided that it stops") if lease.drain else gang


def _never_held(cancelled: Cancelled, sent_at: float) -> Gang:
    return Gang(cancelled.attempt, cancelled.fence, "", granted_at=sent_at, renewed_at=sent_at, deadline=sent_at)


def _cancelled(gang: Gang, cancelled: Cancelled, sent_at: float) -> Gang:
    """Return a gang that the hub does not count any more: nothing covers it, so it ends now."""
    if gang.fence != cancelled.fence:
        return gang
    stop = gang.stop or Stop(Outcome.STOPPED, f"the hub refuses it: {cancelled.reason}")
    return replace(gang, cancelled=True, stop=stop, deadline=min(gang.deadline, sent_at))
