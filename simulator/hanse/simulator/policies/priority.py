"""B6: by priority, best fit, nothing stopped: fillers go last, the oldest first, and who does not fit is skipped.

Source: what SLURM's multifactor priority without preemption, or a queue with priority classes, does.
"""

from hanse.simulator.engine import Run, World
from hanse.simulator.policies.queueing import DEPTH
from hanse.simulator.queues import Queue
from hanse.simulator.workload import Job


class PriorityBestFit:
    """One queue over all nodes."""

    def __init__(self) -> None:
        self._queue = Queue()
        self._has_changed = False

    def arrived(self, job: Job) -> None:
        """Put *job* behind those that go first."""
        self._queue.add(job, int(job.is_filler))
        self._has_changed = True

    def ended(self, run: Run) -> None:
        """Look again."""
        del run
        self._has_changed = True

    def schedule(self, world: World) -> None:
        """Start all that fit."""
        if not self._has_changed:
            return
        self._has_changed = False
        for job in self._queue.heads(DEPTH):
            place = world.room.find(job)
            if place is not None:
                world.start(job, place)
                self._queue.remove(job, int(job.is_filler))
