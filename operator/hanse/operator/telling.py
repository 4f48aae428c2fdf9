"""Telling users: the status of each job is written when it changed, and an event with it.

In: the world, the mirror, the last situation and plan. Out: statuses by server-side apply, under the operator's field
manager, and events. Whether a status is worth a write is decided against what the API server has, so a status that
somebody else wrote, such as a leader that was replaced, is put right.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import structlog

from hanse import scheduler
from hanse.operator import events, failpoints, kinds, statuses
from hanse.operator.fitness import Verdict
from hanse.operator.kube import Kube, KubeError
from hanse.operator.mirror import NEVER_RAN, Mirror
from hanse.operator.world import Misconfigured, World

CONCURRENT_MAX = 16
_CONDITION = "Ready"
_PHASED = {"Member", "Contribution"}
_log = structlog.get_logger(__name__)


class Teller:
    """Keeps the statuses in step. `waiting` and `verdicts` are what the last plan said."""

    def __init__(self, kube: Kube, world: World, mirror: Mirror) -> None:
        self._kube, self._world, self._mirror = kube, world, mirror
        self._slots = asyncio.Semaphore(CONCURRENT_MAX)
        self.waiting: dict[str, dict[str, Any]] = {}
        self.verdicts: Mapping[str, Verdict] = {}

    def take(self, plan: scheduler.Plan, verdicts: Mapping[str, Verdict]) -> None:
        """Take in why jobs wait."""
        names = plan.explanations.dtype.names or ()
        rows = plan.explanations.tolist()
        self.waiting = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
        self.verdicts = verdicts

    def status(self, uid: str) -> dict[str, Any]:
        """Return the status that a job should have."""
        if uid in self._world.misconfigured:
            broken = self._world.misconfigured[uid]
            return statuses.misconfigured(broken.document, broken.problem, self._mirror.now_seconds)
        return statuses.project(self._known(uid), self._mirror.now_seconds)

    async def tell(self) -> None:
        """Write all statuses that changed."""
        found = {uid: self.status(uid) for uid in self._world.documents}
        changed = [
            self._write_job(uid, status)
            for uid, status in found.items()
            if statuses.differs(self._world.documents[uid].get("status", {}), status)
        ]
        broken = [
            self._write_broken(each)
            for each in self._world.misconfigured.values()
            if each.kind not in {kinds.TRAINING_JOB.name, kinds.PLACEMENT.name} and _is_news(each)
        ]
        await asyncio.gather(*changed, *broken)

    async def apply(self, kind: kinds.Kind, metadata: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
        """Write a status; return whether that could be done."""
        name, namespace = metadata["name"], metadata.get("namespace")
        identity = {"name": name, "uid": metadata["uid"]} | ({"namespace": namespace} if namespace else {})
        body = {"apiVersion": f"{kind.group}/{kind.version}", "kind": kind.name, "metadata": identity, "status": status}
        try:
            async with self._slots:
                await self._kube.apply(f"{kind.object_path(name, namespace)}/status", body)
        except KubeError as error:
            # It was deleted, perhaps with a new one of its name (409): there is nobody to tell.
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
                _log.warning("status_not_written", kind=kind.name, uid=metadata["uid"], error=str(error))
            return False
        return True

    def _known(self, uid: str) -> statuses.Known:
        job, live = self._world.jobs[uid], self._mirror.live.get(uid)
        placement = self._world.placement_by_attempt.get(str(live.id)) if live else None
        return statuses.Known(
            job=job,
            leaf=self._world.leaves.get(job.metadata.namespace or ""),
            live=live,
            past=self._mirror.past.get(uid, NEVER_RAN),
            verdict=self.verdicts.get(uid),
            waiting=self.waiting.get(uid),
            placement=placement.status if placement else None,
            saved=self._mirror.saved.get(uid),
        )

    async def _write_job(self, uid: str, status: Mapping[str, Any]) -> None:
        metadata = self._world.documents[uid]["metadata"]
        failpoints.hit("before-status")
        if await self.apply(kinds.TRAINING_JOB, metadata, status):
            await events.tell(self._kube, events.manifest(metadata, status, datetime.now(UTC)))

    async def _write_broken(self, broken: Misconfigured) -> None:
        kind = next(each for each in kinds.WATCHED if each.name == broken.kind)
        condition = {
            "type": _CONDITION,
            "status": "False",
            "reason": "Misconfigured",
            "message": broken.problem[:1024],
            "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "observedGeneration": broken.generation,
        }
        status: dict[str, Any] = {"observedGeneration": broken.generation, "conditions": [condition]}
        if broken.kind in _PHASED:
            status["phase"] = "Misconfigured"
        await self.apply(kind, broken.document["metadata"], status)


def _is_news(broken: Misconfigured) -> bool:
    conditions: Iterable[Mapping[str, Any]] = broken.document.get("status", {}).get("conditions", [])
    said = [each for each in conditions if each["type"] == _CONDITION]
    return not said or said[0].get("message") != broken.problem[:1024]
