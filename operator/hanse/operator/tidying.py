"""Tidying: a job that has ended goes when its `ttlAfterFinished` is over. The ledger keeps what became of it.

In: the world and the mirror. Out: deletions, each only of the object and version that was judged: one whose time was
extended a moment ago stays.
"""

import asyncio
import time
from http import HTTPStatus

import structlog

from hanse.operator import kinds
from hanse.operator.candidates import has_ended
from hanse.operator.kube import Kube, KubeError
from hanse.operator.mirror import NEVER_RAN, Mirror
from hanse.operator.world import World

DELETIONS_MAX = 50
"""In one look: after a long time without an operator many are due at once."""
LOOK_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class Tidier:
    """Deletes for one leader."""

    def __init__(self, kube: Kube, world: World, mirror: Mirror) -> None:
        self._kube, self._world, self._mirror = kube, world, mirror
        self._look_at = float("-inf")

    async def tidy(self) -> None:
        """Delete jobs whose time is over, if nobody has looked for them for a while."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_SECONDS
        due = self.due()[:DELETIONS_MAX]
        deleted = await asyncio.gather(*(self._delete(uid) for uid in due))
        if any(deleted):
            _log.info("jobs_tidied", count=sum(deleted))

    def due(self) -> list[str]:
        """Return the uids of jobs whose time is over."""
        found = []
        for uid, job in self._world.jobs.items():
            past = self._mirror.past.get(uid, NEVER_RAN)
            if uid in self._mirror.live or not has_ended(job, past) or job.metadata.deletion_timestamp is not None:
                continue
            if past.last_ended_seconds + job.spec.ttl_after_finished.total_seconds() <= self._mirror.now_seconds:
                found.append(uid)
        return sorted(found)

    async def _delete(self, uid: str) -> bool:
        metadata = self._world.documents[uid]["metadata"]
        judged = {"uid": uid, "resourceVersion": metadata["resourceVersion"]}
        try:
            path = kinds.TRAINING_JOB.object_path(metadata["name"], metadata["namespace"])
            await self._kube.request("DELETE", path, {"preconditions": judged})
        except KubeError as error:
            # Somebody else deleted it, or it has changed and is judged again.
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
                _log.warning("job_not_tidied", uid=uid, status=error.status)
            return False
        return True
