"""B1 to B4 and B6: one queue, or one for each member's own partition, first come, first served, or skipping.

Strict: nobody passes the head of the queue (B1, B3), so that a wide gang holds up all behind it. Skipping (B2, B4):
whoever fits starts, which wastes least and may starve wide gangs for as long as narrow ones come. Partitions are the
static quotas that most sites have: a member's jobs run on its own nodes and nowhere else. With fillers last it is a
queue by priority, best fit (B6).

Source: what Jeon et al. (ATC '19) and Hu et al. (SC '21) found in production and compared with, and for B6 what SLURM's
multifactor priority does without preemption; nothing is stopped.
"""

from hanse.simulator.cluster import Nodes
from hanse.simulator.engine import States, World
from hanse.simulator.queues import Queue
from hanse.simulator.runs import Run
from hanse.simulator.workload import Job

DEPTH = 2000
"""So many waiting jobs are looked at by those who skip."""


class Queueing:
    """One queue over all nodes, or one for each member over its own."""

    def __init__(self, *, skips: bool, is_partitioned: bool = False, fillers_last: bool = False) -> None:
        self._skips = skips
        self._is_partitioned = is_partitioned
        self._fillers_last = fillers_last
        self._queues: dict[str, Queue] = {}
        self._touched: set[str] = set()

    def arrived(self, job: Job) -> None:
        """Put *job* at the end of its queue."""
        part = self._part(job)
        if part not in self._queues:
            self._queues[part] = Queue(fillers_last=self._fillers_last)
        self._queues[part].add(job)
        self._touched.add(part)

    def ended(self, run: Run) -> None:
        """Look at that partition again."""
        self._touched.add(self._part(run.job))

    def nodes_changed(self, states: States) -> None:
        """Look everywhere again."""
        del states
        self._touched.update(self._queues)

    def schedule(self, world: World) -> None:
        """Start whom the rules let start."""
        for part in sorted(self._touched & self._queues.keys()):
            nodes = world.room.nodes_of(part) if self._is_partitioned else None
            self._serve(world, self._queues[part], nodes)
        self._touched.clear()

    def _serve(self, world: World, queue: Queue, nodes: Nodes | None) -> None:
        for job in queue.heads(DEPTH):
            place = world.room.find(job, nodes)
            if place is not None:
                world.start(job, place)
                queue.remove(job)
            elif not self._skips:
                return

    def _part(self, job: Job) -> str:
        return job.member if self._is_partitioned else ""
