"""Telling users: the status of each job is written when it changed, and an event with it.

In: the world, the mirror, the last situation and plan. Out: statuses by server-side apply, under the operator's field
manager, and events. Whether a status is worth a write is decided against what the API server has, so a status that
somebody else wrote, such as a leader that was replaced, is put right.

What the API server refuses for good is not sent to it again as it was: a job is told anew when something about it
changes, or by the next leader.

Writing goes on beside the cycles, which never wait for it: what a job is granted must not wait for what others are told
of their queue. A job whose status changes again before its turn has come is told the last one only.
"""

import asyncio
import functools
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeAlias

import structlog

from hanse import scheduler
from hanse.operator import events, failpoints, kinds, statuses
from hanse.operator.fitness import Verdict
from hanse.operator.kube import Kube, KubeError
from hanse.operator.mirror import NEVER_RAN, Mirror
from hanse.operator.world import Misconfigured, World

CONCURRENT_MAX = 4
"""A fraction of what the actuator sends at once: the API server must have room for what starts and stops gangs."""
_CONDITION = "Ready"
_SHOWN = ("reason", "accelerator", "cap", "cap_is_at_once")
"""What the sentence of a job that waits names; its numbers change with each plan, and are told with the next write."""
_PHASED = {"Member", "Contribution"}
_REFUSED = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
"""Answers that would be the same the next time."""
_log = structlog.get_logger(__name__)


_Seen: TypeAlias = tuple[Any, ...]
Place: TypeAlias = tuple[str, int, str, str]
"""Namespace, place in its organisation's queue, name, uid."""


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """A status, and the version of the object that it was written to; None while it is being written."""

    version: int | None
    status: Mapping[str, Any]


class Teller:
    """Keeps the statuses in step. `waiting` and `verdicts` are what the last plan said."""

    def __init__(self, kube: Kube, world: World, mirror: Mirror) -> None:
        self._kube, self._world, self._mirror = kube, world, mirror
        self._pending: dict[str, Callable[[], Awaitable[None]]] = {}
        self._busy: set[str] = set()
        """Whose status is being written: two writes about one job could overtake one another."""
        self._news = asyncio.Event()
        self._seen: dict[str, _Seen] = {}
        self._said: dict[str, _Said] = {}
        self._refused: dict[str, Mapping[str, Any]] = {}
        """The statuses that the API server did not take, without their times."""
        self._plan: scheduler.Plan | None = None
        self._waiting: dict[str, dict[str, Any]] = {}
        self._queues: dict[str, list[Place]] | None = None
        self.verdicts: Mapping[str, Verdict] = {}

    def take(self, plan: scheduler.Plan, verdicts: Mapping[str, Verdict]) -> None:
        """Take in why jobs wait."""
        self._plan, self.verdicts = plan, verdicts

    @property
    def waiting(self) -> dict[str, dict[str, Any]]:
        """Why jobs wait, by uid: made at most once a plan, for there may be a hundred thousand."""
        if self._plan is not None:
            names, rows = self._plan.explanations.dtype.names or (), self._plan.explanations.tolist()
            self._waiting = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
            self._plan, self._queues = None, None
        return self._waiting

    @property
    def queues(self) -> dict[str, list[Place]]:
        """Those that wait, by member and in order: at most once a plan, as members ask when they like."""
        waiting = self.waiting
        if self._queues is None:
            queues: dict[str, list[Place]] = defaultdict(list)
            for uid, row in waiting.items():
                job = self._world.jobs.get(uid)
                namespace = (job.metadata.namespace or "") if job else ""
                leaf = self._world.leaves.get(namespace)
                if job and leaf:
                    queues[leaf.member].append((namespace, row["ahead_in_leaf"] + 1, job.metadata.name, uid))
            self._queues = {member: sorted(found) for member, found in queues.items()}
        return self._queues

    def status(self, uid: str) -> dict[str, Any]:
        """Return the status that a job should have."""
        if uid in self._world.misconfigured:
            broken = self._world.misconfigured[uid]
            return statuses.misconfigured(broken.document, broken.problem, self._mirror.now_seconds)
        return statuses.project(self._known(uid), self._mirror.now_seconds)

    def why(self, uid: str) -> statuses.Why:
        """Return why a job does not run, if it does not."""
        return statuses.Why() if uid in self._world.misconfigured else statuses.why(self._known(uid))

    def tell(self) -> None:
        """Find the statuses that changed, for :meth:`run` to write."""
        waiting = self.waiting
        for uid in self._seen.keys() - self._world.documents.keys():
            for each in (self._seen, self._said, self._pending, self._refused):
                each.pop(uid, None)
        for uid in [uid for uid in self._refused if not self._world.has(uid)]:
            del self._refused[uid]  # of other kinds too
        for uid in self._world.documents:
            try:
                self._look(uid, waiting.get(uid))
            except Exception as error:  # noqa: BLE001  # as when writing: one that cannot be told must not end the term
                self._seen.pop(uid, None)
                _log.error("not_told", uid=uid, error=type(error).__name__)
        for uid, broken in self._world.misconfigured.items():
            if broken.kind not in {kinds.TRAINING_JOB.name, kinds.PLACEMENT.name} and _is_news(broken):
                self._pending[uid] = functools.partial(self._write_broken, broken)
        self._news.set()

    def tell_moved(self, uid: str, decision: uuid.UUID) -> None:
        """Have a job's owner told that its reservation was moved, as somebody runs for longer."""
        if (document := self._world.documents.get(uid)) is not None:
            event = events.moved(document["metadata"], decision, datetime.now(UTC))
            self._pending[f"{uid}/{events.MOVED}"] = functools.partial(events.tell, self._kube, event)
            self._news.set()

    async def run(self) -> None:
        """Write what is to be told, some at a time, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(CONCURRENT_MAX):
                tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            while (uid := next((each for each in self._pending if each not in self._busy), None)) is not None:
                self._busy.add(uid)
                try:
                    await self._pending.pop(uid)()
                except Exception as error:  # noqa: BLE001  # whatever is wrong with one, the others are told
                    _log.error("not_told", uid=uid, error=type(error).__name__)
                finally:
                    self._busy.remove(uid)
            self._news.clear()
            await self._news.wait()

    def _look(self, uid: str, waiting: Mapping[str, Any] | None) -> None:
        """Take note if a job's status is not what was said last."""
        seen = self._inputs(uid, waiting)
        if self._seen.get(uid) == seen:
            return
        self._seen[uid] = seen
        self._pending.pop(uid, None)
        status = self.status(uid)
        if statuses.differs(self._last(uid), status):
            self._pending[uid] = functools.partial(self._write_job, uid, status)

    def _inputs(self, uid: str, waiting: Mapping[str, Any] | None) -> "_Seen":
        """Return what a job's status is made from, as far as a change of it is worth a write."""
        live = self._mirror.live.get(uid)
        verdict = self.verdicts.get(uid)
        metadata = self._world.documents[uid]["metadata"]
        placement = self._world.placement_by_attempt.get(str(live.id)) if live else None
        return (
            metadata["resourceVersion"],
            self._world.leaves.get(metadata.get("namespace", "")),
            live,
            self._mirror.past.get(uid),
            self._mirror.saved.get(uid),
            verdict,
            tuple(waiting[name] for name in _SHOWN) if waiting else None,
            placement.metadata.resource_version if placement else None,
            self._mirror.is_promised(live) if live else False,
        )

    def _last(self, uid: str) -> Mapping[str, Any]:
        """Return the status that was written last, unless the cache has a newer one."""
        document, said = self._world.documents[uid], self._said.get(uid)
        if said and (said.version is None or int(document["metadata"]["resourceVersion"]) < said.version):
            return said.status
        self._said.pop(uid, None)
        found: Mapping[str, Any] = document.get("status", {})
        return found

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
            is_promised=self._mirror.is_promised(live) if live else False,
        )

    async def _write_job(self, uid: str, status: Mapping[str, Any]) -> None:
        if (document := self._world.documents.get(uid)) is None:
            return
        metadata = document["metadata"]
        failpoints.hit("before-status")
        self._said[uid] = said = _Said(None, status)
        try:
            version = await self.apply(kinds.TRAINING_JOB, metadata, status)
        finally:
            if self._said.get(uid) is said:
                # What was not written is looked at again, and differs again, unless it was refused for good.
                self._said.pop(uid)
                if uid not in self._refused:
                    self._seen.pop(uid, None)
        if version is not None:
            self._said.setdefault(uid, _Said(version, status))
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

    async def apply(self, kind: kinds.Kind, metadata: Mapping[str, Any], status: Mapping[str, Any]) -> int | None:
        """Write a status; return the version of the object that it made, or None if it was not written."""
        name, namespace = metadata["name"], metadata.get("namespace")
        identity = {"name": name, "uid": metadata["uid"]} | ({"namespace": namespace} if namespace else {})
        timeless = _timeless(status)
        if self._refused.get(metadata["uid"]) == timeless:
            return None
        body = {"apiVersion": f"{kind.group}/{kind.version}", "kind": kind.name, "metadata": identity, "status": status}
        try:
            answer = await self._kube.apply(f"{kind.object_path(name, namespace)}/status", body)
        except KubeError as error:
            # It was deleted, perhaps with a new one of its name (409): there is nobody to tell.
            if error.status in _REFUSED:
                self._refused[metadata["uid"]] = timeless
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
                _log.warning("status_not_written", kind=kind.name, uid=metadata["uid"], error=str(error))
            return None
        self._refused.pop(metadata["uid"], None)
        return int(answer["metadata"]["resourceVersion"])


def _timeless(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return a status without when its conditions changed: one that was not written has changed just now, each time."""
    conditions = [{**each, "lastTransitionTime": ""} for each in status.get("conditions", ())]
    return {**status, "conditions": conditions}


def _is_news(broken: Misconfigured) -> bool:
    conditions: Iterable[Mapping[str, Any]] = broken.document.get("status", {}).get("conditions", [])
    said = [each for each in conditions if each["type"] == _CONDITION]
    return not said or said[0].get("message") != broken.problem[:1024]
