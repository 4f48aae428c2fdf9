"""Effects: what one order does in the API server, once.

In: the body of a recorded decision, the world, the mirror. Out: a Placement that is there, says that it is to stop, or
is gone. Each can be done again and does nothing new then, as names follow from ids and the API server refuses an older
sequence. When, in which order and how often is :mod:`hanse.operator.actuator`'s.
"""

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog

from hanse.operator import failpoints, kinds, placing, tracing
from hanse.operator.credentials import UnusableError
from hanse.operator.kube import Kube, KubeError
from hanse.operator.mirror import Live, Mirror
from hanse.operator.resizing import RESIZE
from hanse.operator.storage import Storage
from hanse.operator.world import World
from hanse.resources import ObjectMeta, TrainingJob

_log = structlog.get_logger(__name__)


class NotYetError(Exception):
    """An order has to wait."""


class Effects:
    """Carries out single orders for one leader."""

    def __init__(self, kube: Kube, world: World, mirror: Mirror, storage: Storage) -> None:
        self._kube, self._world, self._mirror, self._storage = kube, world, mirror, storage

    async def carry_out(self, body: Mapping[str, Any], sequence: int) -> None:
        """Have a decision take effect.

        Raises:
            NotYetError: attempts whose GPUs it gets have not ended yet, or its storage is not ready.
            KubeError: the API server refused, or does not answer.

        """
        if body["effect"] == "admit":
            await self._start(body)
        elif body["effect"] == "stop":
            await self._stop(body, sequence)
        elif body["kind"] == RESIZE:
            await self._resize(body)
        # What else is kept needs nothing: its funding travels with the lease's renewal, its label with the status.

    async def restore(self, live: Live) -> None:
        """Make the Placement of an attempt that has none, if it is to run."""
        job = self._world.jobs.get(live.job)
        if job is not None and live.failure is None and not live.is_stopped and not self._waits(live):
            try:
                await self._place(live, job)
                _log.warning("placement_restored", attempt=str(live.id))
            except NotYetError:
                return  # its Secret is gone; the job's status says so
            except KubeError as error:
                _log.warning("placement_not_restored", attempt=str(live.id), error=str(error))

    async def delete(self, metadata: ObjectMeta) -> bool:
        """Delete a Placement; return whether it is gone."""
        try:
            await self._kube.request("DELETE", kinds.PLACEMENT.object_path(metadata.name, metadata.namespace))
        except KubeError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                _log.warning("placement_not_deleted", name=metadata.name, error=str(error))
                return False
        return True

    async def _start(self, body: Mapping[str, Any]) -> None:
        live = self._live(body)
        if live is None or live.is_stopped:
            return  # a Placement would start nothing, and the stop may already be done
        job = self._world.jobs.get(live.job)
        if job is None:
            return  # it was deleted; the next cycle stops the attempt
        if self._waits(live):
            raise NotYetError
        failpoints.hit("before-effect")
        begun_at = time.time_ns()
        await self._place(live, job)
        tracing.written(live, begun_at)
        _log.info("placement_applied", attempt=str(live.id), fence=live.fence, cluster=live.cluster)

    async def _place(self, live: Live, job: TrainingJob) -> None:
        """Make the Placement; one that is there stays, as what is sealed is another text each time it is sealed."""
        if str(live.id) in self._world.placement_by_attempt:
            return
        try:
            sealed = await self._storage.sealed(live, job)
        except UnusableError as error:
            _log.warning("storage_not_ready", attempt=str(live.id))
            raise NotYetError from error
        try:
            await self._kube.create(placing.collection(live), placing.running(live, job.spec, sealed))
        except KubeError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise

    async def _stop(self, body: Mapping[str, Any], sequence: int) -> None:
        live = self._live(body)
        if live is None:
            return  # it has ended already, and tidying takes its Placement
        failpoints.hit("before-effect")
        try:
            await self._kube.merge(placing.path(live), placing.stopped(sequence))
        except KubeError as error:
            # There is none, or a later decision has written to it.
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise
        _log.info("placement_stopped", attempt=body["attempt"], fence=body["fence"])

    async def _resize(self, body: Mapping[str, Any]) -> None:
        """Give a Placement the size that its attempt has by now, which is this decision's or a later one's."""
        live = self._live(body)
        if live is None or live.is_stopped:
            return
        failpoints.hit("before-effect")
        try:
            await self._kube.merge(placing.path(live), placing.resized(live))
        except KubeError as error:
            # There is none yet, which will be made at its size, or a later decision has written to it.
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise
        _log.info("placement_resized", attempt=body["attempt"], workers=live.workers)

    def _waits(self, live: Live) -> bool:
        """Return whether attempts have not ended, or workers not left, whose GPUs it gets."""
        if live.awaits and not live.awaits.isdisjoint(each.id for each in self._mirror.live.values()):
            return True
        return bool(live.awaits_workers) and not live.awaits_workers.isdisjoint(self._mirror.leaving())

    def _live(self, body: Mapping[str, Any]) -> Live | None:
        live = self._mirror.live.get(body["job"])
        return live if live is not None and str(live.id) == body["attempt"] else None
