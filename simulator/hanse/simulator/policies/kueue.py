"""B7: quotas, one cohort, borrowing and reclaim, as Kueue does it.

Each member is a ClusterQueue with its own nodes' GPUs as nominal quota, all in one cohort, borrowing without limit,
`reclaimWithinCohort: Any`. Fillers have one of their own, of no quota, so that all that they have is borrowed, up to a
borrowing limit if there is one. In each cycle the head of each queue is considered: first those within nominal quota,
then by priority, then by submit time; one that does not fit lets the next of its queue be tried (BestEffortFIFO) or
blocks its queue (StrictFIFO). To admit a head within its nominal quota, gangs of queues that borrow are stopped:
fillers first, then the newest, and who turns out not to be needed is spared. With `borrowWithinCohort: LowerPriority` a
head that would borrow may have gangs of a lower priority stopped as well, which here are fillers; without it, the
default, it stops nobody.

Kueue counts quota, and kube-scheduler then finds nodes: a gang for which there is quota but no place is not admitted
here, which is kinder than Kueue without topology. Source: Kueue's documentation of ClusterQueue, Cohort and Preemption,
v0.10 and later; written from its description.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hanse.simulator.engine import States, World
from hanse.simulator.queues import Queue
from hanse.simulator.runs import Run
from hanse.simulator.workload import Job

_FILLERS = ""
"""The name of the fillers' queue."""
LOOKED_AT_MAX = 2000
"""So many waiting jobs of one queue are looked at before a cycle is over."""


@dataclass
class _ClusterQueue:
    """One member's queue: its nominal quota, what it uses of the cohort, and who waits."""

    nominal_gpus: int
    used_gpus: int = 0
    waiting: Queue = field(default_factory=lambda: Queue(fillers_last=True))

    @property
    def borrows(self) -> bool:
        """Whether it uses more than its own."""
        return self.used_gpus > self.nominal_gpus


class Kueue:
    """ClusterQueues of one cohort, with *nominal* GPUs each; fillers may borrow *fillers_gpus*.

    Queues are StrictFIFO, or BestEffortFIFO; *stops_to_borrow* is `borrowWithinCohort: LowerPriority`, or Never.
    """

    def __init__(
        self, nominal: dict[str, int], fillers_gpus: int, *, is_strict: bool, stops_to_borrow: bool = False
    ) -> None:
        self._queues = {name: _ClusterQueue(gpus) for name, gpus in ({_FILLERS: 0} | nominal).items()}
        self._fillers_gpus = fillers_gpus
        self._is_strict = is_strict
        self._stops_to_borrow = stops_to_borrow
        self._has_changed = False

    def arrived(self, job: Job) -> None:
        """Put *job* into its queue."""
        self._queues[_queue(job)].waiting.add(job)
        self._has_changed = True

    def ended(self, run: Run) -> None:
        """Give its quota back."""
        self._queues[_queue(run.job)].used_gpus -= run.job.gpus
        self._has_changed = True

    def nodes_changed(self, states: States) -> None:
        """Look again: quotas stay what they are, as Kueue does not watch nodes for them."""
        del states
        self._has_changed = True

    def schedule(self, world: World) -> None:
        """Consider the head of each queue, again and again until nobody is left to be tried."""
        if not self._has_changed:
            return
        heads = {name: queue.waiting.heads(LOOKED_AT_MAX) for name, queue in self._queues.items()}
        while True:
            entries = [job for each in heads.values() if (job := next(each, None)) is not None]
            if not entries:
                break
            for job in sorted(entries, key=self._turn):
                if not self._admit(world, job) and self._is_strict:
                    heads[_queue(job)] = iter(())
        self._has_changed = False

    def _turn(self, job: Job) -> tuple[bool, bool, int]:
        """Return when *job* is considered: those within nominal quota first, then by priority, then the oldest."""
        return not self._is_nominal(job), job.is_filler, job.order

    def _is_nominal(self, job: Job) -> bool:
        queue = self._queues[_queue(job)]
        return queue.used_gpus + job.gpus <= queue.nominal_gpus

    def _admit(self, world: World, job: Job) -> bool:
        """Start *job* if it fits, or if stopping those whom it may stop makes it fit."""
        if job.is_filler and self._queues[_FILLERS].used_gpus + job.gpus > self._fillers_gpus:
            return False
        place = world.room.find(job)
        victims: list[Run] = []
        if place is None and (self._is_nominal(job) or self._stops_to_borrow):
            victims = self._victims(world, job)
            for victim in victims:
                self._queues[_queue(victim.job)].used_gpus -= victim.job.gpus
                world.stop(victim)
            place = world.room.find(job) if victims else None
        if place is None:
            return False
        world.start(job, place, is_handed_over=bool(victims))
        queue = self._queues[_queue(job)]
        queue.used_gpus += job.gpus
        queue.waiting.remove(job)
        return True

    def _victims(self, world: World, job: Job) -> list[Run]:
        """Return whom to stop so that *job* fits: few, in the order of `_candidates`; none if nothing helps."""
        room, chosen = world.room.copy(), []
        used = {name: queue.used_gpus for name, queue in self._queues.items()}
        for run in self._candidates(world, job):
            name = _queue(run.job)
            if used[name] <= self._queues[name].nominal_gpus:
                continue
            used[name] -= run.job.gpus
            room.give_back(run.place)
            chosen.append(run)
            if room.find(job) is not None:
                break
        else:
            return []
        for run in chosen[-2::-1]:
            room.take(run.place)
            if room.find(job) is not None:
                chosen.remove(run)
            else:
                room.give_back(run.place)
        return chosen

    def _candidates(self, world: World, job: Job) -> Iterator[Run]:
        """Yield who may be stopped for *job*: of other queues that borrow, fillers first, then the newest.

        If it would borrow itself, these are fillers, and none for a filler.
        """
        is_nominal, own = self._is_nominal(job), _queue(job)
        may = [
            run
            for run in world.running.values()
            if _queue(run.job) != own and self._borrows(run) and (is_nominal or run.job.is_filler)
        ]
        yield from sorted(may, key=lambda run: (not run.job.is_filler, -run.start_seconds, -run.job.order))

    def _borrows(self, run: Run) -> bool:
        return self._queues[_queue(run.job)].borrows


def _queue(job: Job) -> str:
    """Return the name of the queue that a job stands in."""
    return _FILLERS if job.is_filler else job.member
