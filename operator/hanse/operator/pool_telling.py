"""Telling about the pool: statuses of Members, MemberClusters, Contributions and settings, when they changed.

In: the last situation, who is heard, the world. Out: statuses by server-side apply. A change of phase or condition is
told at the next look, numbers alone at most twice a minute an object: nodes come and go all the time, and each write
goes to etcd and to everybody who watches.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hanse import resources
from hanse.ledger.reports import Agent
from hanse.operator import kinds, pool_statuses
from hanse.operator.following import Situation
from hanse.operator.pool_statuses import View
from hanse.operator.reach import Reach
from hanse.operator.telling import Teller
from hanse.operator.world import World

LOOK_SECONDS = 5.0
NUMBERS_SECONDS = 30.0
SETTINGS = ("PoolPolicy", "PriorityTier", "AcceleratorClass")
_KIND = {each.name: each for each in kinds.WATCHED}


@dataclass(frozen=True, slots=True)
class Written:
    """The status that was last written to an object, and when, by the monotonic clock."""

    status: Mapping[str, Any]
    at: float


class PoolTeller:
    """Keeps these statuses in step, for one leader."""

    def __init__(self, world: World, teller: Teller) -> None:
        self._world, self._teller = world, teller
        self._written: dict[str, Written] = {}
        self._looked_at = float("-inf")

    async def tell(self, situation: Situation, reach: Reach, agents: Mapping[str, Agent]) -> None:
        """Write the statuses that changed, if it is time to look."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        view = await asyncio.to_thread(View, situation.snapshot)
        due = []
        for found, status in self._statuses(view, reach, agents):
            if self._is_news(found, status, now):
                self._written[found.metadata.uid or ""] = Written(status, now)
                metadata = found.metadata.model_dump(include={"name", "namespace", "uid"})
                due.append(self._teller.apply(_KIND[type(found).__name__], metadata, status))
        await asyncio.gather(*due)

    def _statuses(
        self, view: View, reach: Reach, agents: Mapping[str, Agent]
    ) -> Iterator[tuple[resources.Resource, dict[str, Any]]]:
        for member in self._world.named("Member").values():
            yield member, pool_statuses.member(view, member)
        for offer in self._world.contributions():
            yield offer, pool_statuses.contribution(view, offer, problem=self._problem(offer))
        for name, cluster in self._world.named("MemberCluster").items():
            seen = (agents[name].version, agents[name].seen_at_seconds) if name in agents else None
            yield cluster, pool_statuses.cluster(view, cluster, reach, seen)
        for found in (found for kind in SETTINGS for found in self._world.named(kind).values()):
            yield found, pool_statuses.setting(view, found)

    def _problem(self, offer: resources.Contribution) -> str:
        """Return what keeps an offer from being used, by field."""
        spec = offer.spec
        cluster = self._world.named("MemberCluster").get(spec.cluster)
        if cluster is None:
            return f"spec.cluster: there is no MemberCluster {spec.cluster}; ask the coordinator to let it join"
        if spec.accelerator_class not in self._world.named("AcceleratorClass"):
            return f"spec.class: there is no AcceleratorClass {spec.accelerator_class}; kubectl get ac lists them"
        return ""

    def _is_news(self, found: resources.Resource, status: Mapping[str, Any], now: float) -> bool:
        uid = found.metadata.uid or ""
        if uid in self._world.misconfigured:
            return False  # the teller says what is wrong with it
        current: Any = found.status  # type: ignore[attr-defined]  # each of these kinds has one
        wanted = type(current).model_validate(status)
        if wanted == current:
            return False
        last = self._written.get(uid)
        if last is None or now - last.at > NUMBERS_SECONDS:
            return True
        return bool(_decided(last.status) != _decided(status))


def _decided(status: Mapping[str, Any]) -> tuple[Any, ...]:
    held = [(each["type"], each["status"], each["message"]) for each in status["conditions"]]
    return status.get("phase"), status["observedGeneration"], held
