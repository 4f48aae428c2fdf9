"""What the API service asks of the leader: queues, jobs, standings, what-if, and what a coordinator has to see.

In: a question, and for which members. Out: plain data, or None if this process does not lead or knows of no such thing.
Each list is asked for by the page, and costs what the page holds. For whom somebody may ask the API service has found
out; what is answered of a member is that member's alone. Next is :mod:`hanse.operator.health`, which speaks HTTP.
"""

import asyncio
import bisect
import heapq
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from hanse.operator import asking, coordinating
from hanse.operator.asking import Asking
from hanse.operator.coordinating import Offered
from hanse.operator.cycle import Leader
from hanse.operator.standing import Standing, Standings
from hanse.operator.telling import Place
from hanse.operator.world import World

_EXPLAINED = ("message", "remedy")


class Inquiries:
    """Answers for one process; *leader* returns who leads in it, if it does."""

    def __init__(self, world: World, leader: Callable[[], Leader | None]) -> None:
        self._world, self._leader = world, leader
        self._standings = Standings()
        self._asking = Asking(world)

    def job(self, uid: str) -> Mapping[str, Any] | None:
        """Return what is known of a job."""
        leader = self._leader()
        if leader is None or uid not in self._world.documents:
            return None
        status = leader.teller.status(uid)
        waiting = leader.teller.waiting.get(uid)
        said = {"message": status.get("explanation", {}).get("message", f"the job is {status['phase']}")}
        told = {**said, "said": leader.teller.why(uid).said, "status": status}
        return {**told, **(asking.place(waiting) if waiting else {})}

    def queue(self, members: frozenset[str], after: tuple[str, int, str], most: int) -> list[dict[str, Any]] | None:
        """Return at most so many waiting jobs of *members* after a namespace, place and name, in this order."""
        leader = self._leader()
        if leader is None:
            return None
        queues = [leader.teller.queues.get(member, []) for member in members]
        # No uid begins with the greatest character there is: who has this very place and name is behind it.
        last = (*after, "\U0010ffff")
        rest = (itertools.islice(each, bisect.bisect_right(each, last), None) for each in queues)
        ordered = (place for place in heapq.merge(*rest) if self._is_still(place, members))
        return [self._queued(leader, place) for place in itertools.islice(ordered, most)]

    def _is_still(self, place: Place, members: frozenset[str]) -> bool:
        """Whether a job is there, and still theirs: its namespace may have gone to another member since the plan."""
        leaf = self._world.leaves.get(place[0])
        return place[3] in self._world.jobs and leaf is not None and leaf.member in members

    def _queued(self, leader: Leader, place: Place) -> dict[str, Any]:
        namespace, position, name, uid = place
        why, waiting = leader.teller.why(uid), leader.teller.waiting[uid]
        explanation = why.explanation if why.reason else {}
        told = {"namespace": namespace, "name": name, "position": position, "reason": waiting["reason"]}
        told |= {key: explanation.get(key, "") for key in _EXPLAINED}
        return {**told, "said": why.said, "start": asking.place(waiting)["start"]}

    def jobs(self, members: frozenset[str], after: tuple[str, str], most: int) -> list[dict[str, Any]] | None:
        """Return at most so many jobs of *members* after *after*, by namespace and name, with memory and status."""
        leader = self._leader()
        if leader is None:
            return None
        namespaces = [name for name, leaf in self._world.leaves.items() if leaf.member in members]
        found = self._world.names.page(namespaces, after, most)
        return [
            {"namespace": space, "name": name, "gpuMemory": self._gpu_memory(uid), "status": leader.teller.status(uid)}
            for space, name, uid in found
        ]

    def _gpu_memory(self, uid: str) -> dict[str, Any] | None:
        """Return what a job's workers have of a GPU's memory; None if they have whole GPUs, or it cannot be read."""
        job = self._world.jobs.get(uid)
        memory = job.spec.gpu_memory if job else None
        return memory.model_dump(by_alias=True) if memory else None

    def standing(self) -> Standing | None:
        """Return how members stand."""
        leader = self._leader()
        situation = leader.situation if leader else None
        return self._standings.of(situation) if situation else None

    def choices(self, members: frozenset[str]) -> dict[str, Any] | None:
        """Return what a job of *members* can ask for: their namespaces, and the alliance's classes and tiers."""
        if self._leader() is None:
            return None
        named = self._world.named
        return {
            "namespaces": [
                {"name": name, "member": leaf.member, "organisation": leaf.organisation}
                for name, leaf in sorted(self._world.leaves.items())
                if leaf.member in members
            ],
            "classes": [
                {"name": name, "precisions": sorted(map(str, each.spec.h100_equivalent))}
                for name, each in named("AcceleratorClass").items()
            ],
            "tiers": list(named("PriorityTier")),
        }

    async def what_if(self, of: tuple[str, str], spec: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what would become of a job if it were submitted now to a member's namespace."""
        leader = self._leader()
        situation = leader.situation if leader else None
        return await self._asking.answer(of, spec, situation) if situation else None

    async def coordination(self) -> dict[str, Any] | None:
        """Return what a coordinator has to see of contributions and clusters; of nobody's jobs."""
        leader = self._leader()
        if leader is None:
            return None
        # All nodes are looked at: that takes a while in a large pool, and must not stop the cycles.
        return await asyncio.to_thread(coordinating.told, Offered.of(self._world), leader.seen)
