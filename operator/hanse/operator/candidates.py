"""Candidates: each job as the planner's record, kept for as long as nothing that it is made from changes.

In: a job, its live attempt, its past, the pool it is judged in. Out: its record or why it cannot have one; next is
:mod:`hanse.operator.snapshot`. There may be a hundred thousand jobs, of which few change from cycle to cycle. What is
kept is a function of objects that are still the very same, so nothing can be kept wrongly; :class:`Memory` belongs to
one follower.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hanse import resources
from hanse.operator import credentials, retrying, shapes
from hanse.operator.fitness import Fitness, Verdict, organisation_name
from hanse.operator.mirror import NEVER_RAN, PLACEMENT_REFUSED, SUCCEEDED, Live, Mirror, Past
from hanse.operator.world import World
from hanse.quota.errors import QuotaError
from hanse.scheduler import catalogue, records, runtimes
from hanse.scheduler import pool as pools


@dataclass(frozen=True, slots=True)
class Candidate:
    """A job as of some objects."""

    job: resources.TrainingJob
    live: Live | None
    past: Past
    judged: "Verdict | Plannable"
    until_seconds: int | None
    """From then on it may run in a cluster that it is kept from, as the pool failed it there; None if there is none."""

    def holds(self, job: resources.TrainingJob, live: Live | None, past: Past, now_seconds: int) -> bool:
        """Return whether it is still that of these objects."""
        is_same = self.job is job and self.live is live and self.past is past
        return is_same and (self.until_seconds is None or now_seconds < self.until_seconds)


@dataclass(frozen=True, slots=True)
class Plannable:
    """Records of a job that can be planned for; *held* is the one while it is held back."""

    free: records.Job
    held: records.Job


class Memory:
    """What is kept of one world: its pool, and the candidates that were judged in it."""

    def __init__(self) -> None:
        self._known: dict[str, Candidate] = {}
        self._pool: tuple[int, pools.Pool] | None = None
        self._unsealable: frozenset[str] = frozenset()
        """Clusters whose agents cannot be given what a job's storage asks for."""
        self.problem = ""
        """Why the settings are refused, if they are: then those before them are in force."""
        self.fitness: Fitness
        """Judges in the pool that was made last."""

    def pool(self, world: World, made: Callable[[World], pools.Pool]) -> pools.Pool:
        """Return the pool, *made* anew if anything but jobs and placements changed; then all jobs are judged anew.

        Raises:
            QuotaError: the settings contradict one another, and no good ones are known.

        """
        if self._pool is None or self._pool[0] != world.pool_version:
            pool, self.problem = made(world), ""
            try:
                catalogue.Catalogue(pool)
            except QuotaError as error:
                if self._pool is None:
                    raise
                pool, self.problem = _at_rates_of(pool, self._pool[1]), str(error)
            self._known, self._pool, self.fitness = {}, (world.pool_version, pool), Fitness(world, pool)
            self._unsealable = unsealable(world)
        return self._pool[1]

    def candidates(self, world: World, mirror: Mirror) -> Mapping[str, Candidate]:
        """Return each job's candidate in the pool that was made last."""
        before, self._known = self._known, {}
        live, past = mirror.live, mirror.past
        for uid, job in world.jobs.items():
            known, own, ended = before.get(uid), live.get(uid), past.get(uid, NEVER_RAN)
            if known is None or not known.holds(job, own, ended, mirror.now_seconds):
                known = self._candidate(world, uid, own, ended, mirror.now_seconds)
            self._known[uid] = known
        return self._known

    def _candidate(self, world: World, uid: str, live: Live | None, past: Past, now_seconds: int) -> Candidate:
        job = world.jobs[uid]
        if (verdict := self.fitness.unfit(job)) is not None:
            return Candidate(job, live, past, verdict, None)
        shape, until = shapes.shape(job.spec), None
        if live is None:
            until = retrying.changes_at(past, now_seconds)
            excluded = retrying.excluded_clusters(past, now_seconds)
            excluded |= self._unsealable if job.spec.storage is not None else frozenset()
            shape = dataclasses.replace(shape, excluded_clusters=excluded) if excluded else shape
        free = _record(world, job, live, past, shape)
        held = free if free.suspended else dataclasses.replace(free, suspended=True)
        return Candidate(job, live, past, Plannable(free, held), until)


def _at_rates_of(new: pools.Pool, kept: pools.Pool) -> pools.Pool:
    """Return the *kept* pool at the *new* rates: they contradict nothing, and are published already.

    An attempt is charged what was published last; at other rates its caps would be reserved too little of.
    """
    worth = {each.name: each.h100_equivalents for each in new.accelerators}
    factor = {each.name: each.factor for each in new.tiers}
    return dataclasses.replace(
        kept,
        accelerators=tuple(
            dataclasses.replace(each, h100_equivalents={**each.h100_equivalents, **worth.get(each.name, {})})
            for each in kept.accelerators
        ),
        tiers=tuple(dataclasses.replace(each, factor=factor.get(each.name, each.factor)) for each in kept.tiers),
    )


def unsealable(world: World) -> frozenset[str]:
    """Return the clusters whose agents cannot be given what a job's storage asks for."""
    clusters = world.named("MemberCluster").items()
    return frozenset(name for name, each in clusters if not credentials.is_usable(each.spec.agent_key))


def newcomer(world: World, job: resources.TrainingJob, submitted_seconds: int) -> records.Job:
    """Return the record of a job that is fit, and that nobody has submitted, as if it were submitted then."""
    shape = shapes.shape(job.spec)
    if job.spec.storage is not None:
        shape = dataclasses.replace(shape, excluded_clusters=unsealable(world))
    record = _record(world, job, None, NEVER_RAN, shape)
    return dataclasses.replace(record, submitted_seconds=submitted_seconds, suspended=False)


def has_ended(job: resources.TrainingJob, past: Past) -> bool:
    """Return whether nothing will run of the job any more."""
    return past.last_outcome == SUCCEEDED or failed(job, past) is not None


def failed(job: resources.TrainingJob, past: Past) -> str | None:
    """Return why the job has failed for good, in one word, or None."""
    if past is NEVER_RAN:
        return None  # as most that wait
    if past.failures > job.spec.restart.limit:
        return "RestartLimitExceeded"
    if past.run_seconds >= _seconds(job.spec.max_runtime):
        return "MaxRuntimeExceeded"
    if past.last_is_expired and job.spec.on_cluster_lost == "Fail":
        return "ClusterLost"
    # The API server would refuse it again; another cluster's agent, or the same one later, may not.
    return PLACEMENT_REFUSED if past.last_stop_reason == PLACEMENT_REFUSED and past.last_failure else None


def _record(world: World, job: resources.TrainingJob, live: Live | None, past: Past, shape: pools.Shape) -> records.Job:
    created = job.metadata.creation_timestamp
    is_leaving = job.metadata.deletion_timestamp is not None
    if past.run_seconds:
        left = max(1, _seconds(job.spec.max_runtime) - past.run_seconds)
        shape = dataclasses.replace(shape, run_seconds=runtimes.rounded_up(left))
    return records.Job(
        uid=job.metadata.uid or "",
        organisation=organisation_name(world.leaves[job.metadata.namespace or ""]),
        tier=job.spec.tier,
        shape=shape,
        submitted_seconds=int(created.timestamp()) if created else 0,
        preemptions=past.preemptions,
        attempts=live.fence if live else past.attempts,
        suspended=is_leaving or job.spec.suspend or has_ended(job, past),
    )


def _seconds(duration: Any) -> int:
    return int(duration.total_seconds())
