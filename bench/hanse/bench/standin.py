"""The agent of one cluster, without pods: what Kueue's own benchmark calls its runner.

In: the cluster's Placements, watched as its agent watches them. Out: leases and releases, through the API service, with
the agent's own client and protocol: a gang "runs" from the answer that grants its lease until its time is over. What it
leaves out is what kubelets and containers would take. A gang that is told to stop stops at once, and its work is lost.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hanse.agent.copies import HANSE
from hanse.agent.feed import Feed
from hanse.agent.hub import Hub, HubError
from hanse.agent.kube import Kube
from hanse.bench.hub import Credentials
from hanse.resources import CLUSTER_NAMESPACE_PREFIX
from hanse.resources.protocol import Held, Inventory, NodeReport, Outcome, Phase, SyncAnswer, SyncRequest

DEBOUNCE_SECONDS = 0.02
ROUND_SECONDS_MAX = 1.0


@dataclass
class Course:
    """What is seen of all gangs, by their attempts' ids; times are of one monotonic clock."""

    leased_at: dict[uuid.UUID, float] = field(default_factory=dict)
    succeeded_at: dict[uuid.UUID, float] = field(default_factory=dict)
    stopped: int = 0
    sync_seconds: list[float] = field(default_factory=list)
    """How long the API service took for each answer."""


@dataclass
class _Gang:
    fence: int
    runs_seconds: float
    phase: Phase = Phase.PENDING
    outcome: Outcome | None = None

    def end(self, outcome: Outcome) -> None:
        """Let go of what it holds; what ended it first stays."""
        self.phase = Phase.RELEASED
        self.outcome = self.outcome or outcome


class StandIn:
    """Stands for the agent of *cluster*; *runs_seconds* says of a number of workers how long they run."""

    def __init__(
        self, cluster: str, nodes: Mapping[str, NodeReport], runs_seconds: Callable[[int], float], course: Course
    ) -> None:
        self._cluster, self._nodes, self._runs_seconds, self._course = cluster, nodes, runs_seconds, course
        self._changed = asyncio.Event()
        self._gangs: dict[uuid.UUID, _Gang] = {}
        self._forgotten: set[uuid.UUID] = set()
        self._knows_nodes = False
        self._instance = uuid.uuid4()
        # Each stands for a cluster of its own, though all of them are namespaces of one API server.
        self._cluster_uid = uuid.uuid4()

    async def run(self, api_url: str, given: Credentials) -> None:
        """Take part until cancelled."""
        kube, hub = await Kube.open(given.kubeconfig), Hub(api_url, given.token_file)
        feed = Feed(kube, f"{HANSE}/namespaces/{CLUSTER_NAMESPACE_PREFIX}{self._cluster}/placements", self._changed)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(feed.run())
                tasks.create_task(self._play(feed, hub))
        finally:
            await hub.close()
            await kube.close()

    async def _play(self, feed: Feed, hub: Hub) -> None:
        await feed.listed.wait()
        while True:
            self._changed.clear()
            self._look(feed.objects.values())
            request, asked_at = self._request(), time.monotonic()
            try:
                answer = await hub.sync(request)
                self._course.sync_seconds.append(time.monotonic() - asked_at)
                self._take(answer)
            except HubError:
                await asyncio.sleep(ROUND_SECONDS_MAX)
            with contextlib.suppress(TimeoutError):
                # Not wait_for: before Python 3.12 it forgets a cancellation that comes together with the event.
                async with asyncio.timeout(ROUND_SECONDS_MAX):
                    await self._changed.wait()
                await asyncio.sleep(DEBOUNCE_SECONDS)

    def _look(self, placements: Any) -> None:
        """Take up new Placements, stop what is to stop, forget what is gone."""
        there = set()
        for placement in placements:
            spec = placement["spec"]
            attempt = uuid.UUID(spec["attempt"])
            there.add(attempt)
            if attempt not in self._gangs and attempt not in self._forgotten and spec["wanted"] == "Running":
                self._gangs[attempt] = _Gang(spec["fence"], self._runs_seconds(len(spec["workers"])))
            elif attempt in self._gangs and spec["wanted"] != "Running":
                self._stop(attempt)
        for attempt in self._gangs.keys() - there:
            self._stop(attempt)
        self._forgotten &= there

    def _stop(self, attempt: uuid.UUID) -> None:
        self._gangs[attempt].end(Outcome.STOPPED)

    def _request(self) -> SyncRequest:
        held = tuple(
            Held(attempt=attempt, fence=gang.fence, phase=gang.phase, outcome=gang.outcome)
            for attempt, gang in self._gangs.items()
        )
        nodes = Inventory() if self._knows_nodes else Inventory(whole=True, nodes=tuple(self._nodes.values()))
        return SyncRequest(
            instance=self._instance, process=self._instance, cluster_uid=self._cluster_uid, held=held, inventory=nodes
        )

    def _take(self, answer: SyncAnswer) -> None:
        now = time.monotonic()
        self._knows_nodes = not answer.send_inventory
        for lease in answer.leases:
            gang = self._gangs[lease.attempt]
            if lease.drain:
                self._end(lease.attempt, Outcome.STOPPED)
            elif gang.phase is Phase.PENDING:
                gang.phase = Phase.RUNNING
                self._course.leased_at[lease.attempt] = now
                asyncio.get_running_loop().call_later(gang.runs_seconds, self._end, lease.attempt, Outcome.SUCCEEDED)
        for each in answer.cancelled:
            self._forget(each.attempt)
        for ended in answer.ended:
            outcome = self._forget(ended.attempt)
            if outcome is Outcome.SUCCEEDED:
                self._course.succeeded_at[ended.attempt] = now
            else:
                self._course.stopped += 1

    def _end(self, attempt: uuid.UUID, outcome: Outcome) -> None:
        if attempt in self._gangs:
            self._gangs[attempt].end(outcome)
            self._changed.set()

    def _forget(self, attempt: uuid.UUID) -> Outcome | None:
        self._forgotten.add(attempt)
        return self._gangs.pop(attempt).outcome
