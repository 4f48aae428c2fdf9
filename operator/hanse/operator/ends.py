"""Ends that others than the planner bring about: a job was deleted, suspended, refused, or has run its time.

Or its nodes are taken back by who contributes them. In: the world, the mirror, by when nodes have to be free. Out:
groups of entries that stop attempts, or say that workers have left an elastic gang, recorded in the same cycle as the
plan. Pure.

There is no finalizer on a TrainingJob. That its object is gone stops its attempt, which Postgres knows without it, so a
user's delete never hangs for want of the operator. It is safe because a leader begins only when a sweep has found the
cache whole: a job that is not there was deleted, and is not merely unseen.
"""

from collections.abc import Mapping
from types import MappingProxyType

from hanse.ledger.attempts import State
from hanse.operator.entries import Group, left, stopping
from hanse.operator.mirror import NODES_RECALLED, PLACEMENT_REFUSED, START_DEADLINE_EXCEEDED, Live, Mirror
from hanse.operator.world import World
from hanse.resources import TrainingJob

END = "End"
HEARING_SECONDS = 60
"""So long it may take until an agent has heard of a stop, beside what its workers are given to checkpoint and end."""


def groups(
    world: World,
    mirror: Mirror,
    without_storage: frozenset[str] = frozenset(),
    free_by: Mapping[str, int] = MappingProxyType({}),
) -> list[Group]:
    """Return a group for each attempt that has to end now, or that workers have left, in the order of the jobs' uids.

    *without_storage* are jobs whose attempts cannot be given what they reach their storage with. *free_by* is by when
    nodes have to be free (Unix time).

    """
    found = []
    kill_seconds = int(world.policy().kill_budget.total_seconds())
    for job, live in sorted(mirror.live.items()):
        if live.is_stopped:
            continue
        reason = _reason(world, mirror, live, without_storage)
        if reason is None and _is_taken_back(live, free_by, mirror.now_seconds + kill_seconds):
            reason = NODES_RECALLED
        if reason is not None:
            found.append(Group(job, (stopping(live, END, reason),)))
        elif gone := _left(world, live):
            found.append(Group(job, (left(live, gone, mirror.now_seconds),)))
    return found


def _left(world: World, live: Live) -> tuple[int, ...]:
    """Return the workers of which the agent says that they have left; it knows no other attempt by this id."""
    placement = world.placement_by_attempt.get(str(live.id))
    status = placement.status if placement else None
    return live.size.left_by(status.sequence) if status is not None and status.fence == live.fence else ()


def _reason(world: World, mirror: Mirror, live: Live, without_storage: frozenset[str]) -> str | None:
    job = world.jobs.get(live.job)
    if job is None:
        # An object that cannot be read is there all the same.
        return None if live.job in world.documents else "JobDeleted"
    if job.metadata.deletion_timestamp is not None:
        return "JobDeleted"
    if job.spec.suspend:
        return "Suspended"
    if live.failure is not None or _is_refused(world, live):
        return PLACEMENT_REFUSED
    if live.granted_at_seconds is None:
        return "StorageNotReady" if live.job in without_storage else _late(job, mirror, live)
    past = mirror.past.get(live.job)
    ran = mirror.now_seconds - live.granted_at_seconds + (past.run_seconds if past else 0)
    return "MaxRuntimeExceeded" if ran >= job.spec.max_runtime.total_seconds() else None


def _is_taken_back(live: Live, free_by: Mapping[str, int], now_seconds: int) -> bool:
    """Return whether it has to be stopped by now, to have checkpointed and gone when a node of its has to be free."""
    ends = [free_by[node] for node, _, _ in live.placed if node in free_by]
    return bool(ends) and now_seconds + live.grace_seconds + HEARING_SECONDS >= min(ends)


def _is_refused(world: World, live: Live) -> bool:
    """Return whether its cluster's agent says that nothing of it will run there."""
    placement = world.placement_by_attempt.get(str(live.id))
    status = placement.status if placement else None
    return status is not None and status.fence == live.fence and status.phase == "Refused"


def _late(job: TrainingJob, mirror: Mirror, live: Live) -> str | None:
    """Return why it is given up, if it had its GPUs for long enough to start, since the last it waits for ended.

    One that does not end may never do so: its cluster is silent, and its job says that it waits for it. Nothing runs of
    an attempt that has no lease, so that it can be given up safely, and its job tried elsewhere.

    """
    workers = live.awaits_workers & mirror.leaving() if live.awaits_workers else set()
    missing = (live.awaits - mirror.ended_at.keys()) | {attempt for attempt, _ in workers}
    if missing and not any(each.id in missing and _is_overdue(each, mirror, live) for each in mirror.live.values()):
        return None
    awaited = live.awaits | {attempt for attempt, _ in live.awaits_workers}
    ended = [mirror.ended_at[each] for each in awaited & mirror.ended_at.keys()]
    ended += [each.size.left_at_seconds for each in mirror.live.values() if each.id in awaited]
    waited = mirror.now_seconds - max([live.admitted_at_seconds, *ended])
    return START_DEADLINE_EXCEEDED if waited > job.spec.start_deadline.total_seconds() else None


def _is_overdue(awaited: Live, mirror: Mirror, by: Live) -> bool:
    """Return whether an attempt that was stopped for another should have ended by now, or is not heard of."""
    return awaited.state == State.SUSPECT or mirror.now_seconds - by.admitted_at_seconds > awaited.grace_seconds
