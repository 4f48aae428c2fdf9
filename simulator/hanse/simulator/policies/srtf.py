"""A mark for waits, no proof: shortest remaining time first, clairvoyant and free of cost, counting GPUs alone.

Whenever something changes, the jobs with the least work left run, as many as there are GPUs. It knows run times, which
no scheduler does; it is there to show how much of a wait is nobody's fault.

Source: Schrage (Operations Research 1968); for gangs it is a heuristic, not an optimum. It is played with terms
under which stopping costs nothing.
"""

from hanse.simulator.cluster import WHOLE
from hanse.simulator.engine import States, World
from hanse.simulator.runs import Run, Terms
from hanse.simulator.workload import Job

FREE_OF_COST = Terms(checkpoint_seconds=1, restart_seconds=0, leave_seconds=0)


class ShortestRemaining:
    """All jobs that are there, by the work that is left of each. For clusters that are one node."""

    def __init__(self) -> None:
        self._waiting: dict[int, Job] = {}

    def arrived(self, job: Job) -> None:
        """Take *job* up."""
        self._waiting[job.order] = job

    def ended(self, run: Run) -> None:
        """Have nothing to forget: what runs is the world's."""

    def nodes_changed(self, states: States) -> None:
        """Have nothing to look at: it counts GPUs, and is played where none is lost."""
        del states

    def schedule(self, world: World) -> None:
        """Let those with the least left run."""
        left = {run.job.order: run.due_seconds - max(world.now, run.works_from) for run in world.running.values()}
        jobs = {run.job.order: run.job for run in world.running.values()} | self._waiting
        left |= {order: -(-world.work_left(job) // (WHOLE * job.gpus)) for order, job in self._waiting.items()}
        free, chosen = world.room.cluster.capacity, set()
        for order in sorted(jobs, key=lambda each: (left[each], each)):
            if jobs[order].gpus <= free:
                free -= jobs[order].gpus
                chosen.add(order)
            if not free:
                break
        for order in sorted(world.running.keys() - chosen):
            world.stop(world.running[order])
        for order in sorted(chosen & self._waiting.keys()):
            job = self._waiting.pop(order)
            world.start(job, ((0, job.gpus),))
