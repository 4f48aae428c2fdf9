"""One device plugin a resource: what the kubelet asks of us, over a socket of its own for each.

In: the kubelet's calls. Out: lists of slices, grants, and refusals to start a container. It decides nothing:
`allocating` says what comes with slices, and whoever made this whether a container may start. All state is the list of
each resource; a socket can be made again at any time, with the same ids.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import grpc

from hanse.agent.node import allocating, metrics, slices
from hanse.agent.node.checking import RefusedError
from hanse.agent.node.gpus import Gpu
from hanse.agent.node.protos import deviceplugin_pb2 as messages

SERVICE = "v1beta1.DevicePlugin"
HEALTHY, UNHEALTHY = "Healthy", "Unhealthy"
_LOG = logging.getLogger(__name__)
MayStart = Callable[[str, frozenset[str]], Awaitable[None]]
Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True)
class Offer:
    """What a resource offers now: its ids, and whether its GPU works."""

    ids: tuple[str, ...]
    healthy: bool = True


class Plugin:
    """The device plugin of a *part* of *gpu*; *may_start* raises where a container must not."""

    def __init__(self, gpu: Gpu, part: str, grants: tuple[Path, str], may_start: MayStart) -> None:
        self.resource = slices.resource(gpu.index, part)
        self._gpu, self._part, self._may_start = gpu, part, may_start
        self._folders, self._cdi_kind = grants
        self._offer = Offer(())
        self._changed = asyncio.Condition()
        self._server: grpc.aio.Server | None = None

    @property
    def socket_name(self) -> str:
        """The name of its socket, which is the same for ever; the kubelet deletes it when it starts."""
        return f"hanse-gpu{self._gpu.index}-{self._part}.sock"

    async def offer(self, offer: Offer) -> None:
        """Tell every kubelet that listens, if it is news."""
        if offer != self._offer:
            async with self._changed:
                self._offer = offer
                self._changed.notify_all()

    async def serve(self, folder: Path) -> None:
        """Listen on the socket in *folder*, in place of what was there."""
        await self.stop()
        socket = folder / self.socket_name
        socket.unlink(missing_ok=True)
        self._server = grpc.aio.server()
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, self._handlers()),))
        self._server.add_insecure_port(f"unix:{socket}")
        await self._server.start()
        socket.chmod(0o600)

    async def stop(self) -> None:
        """End all calls at once: streams would never end by themselves."""
        if self._server is not None:
            await self._server.stop(None)
            self._server = None

    def _handlers(self) -> "dict[str, grpc.RpcMethodHandler[Any, Any]]":
        empty, dump = messages.Empty.FromString, _dump
        unary = grpc.unary_unary_rpc_method_handler
        return {
            "GetDevicePluginOptions": unary(self._options, empty, dump),
            "ListAndWatch": grpc.unary_stream_rpc_method_handler(self._list_and_watch, empty, dump),
            "Allocate": unary(self._allocate, messages.AllocateRequest.FromString, dump),
            "PreStartContainer": unary(self._pre_start, messages.PreStartContainerRequest.FromString, dump),
        }

    async def _options(self, _: messages.Empty, __: Context) -> messages.DevicePluginOptions:
        return messages.DevicePluginOptions(pre_start_required=True)

    async def _list_and_watch(self, _: messages.Empty, __: Context) -> AsyncIterator[messages.ListAndWatchResponse]:
        """Yield the whole list, and again whenever it has changed."""
        told: Offer | None = None
        while True:
            async with self._changed:
                while self._offer == told:
                    await self._changed.wait()
                told = self._offer
            yield devices(told, self._gpu.numa_node)

    async def _allocate(self, request: messages.AllocateRequest, context: Context) -> messages.AllocateResponse:
        try:
            with metrics.ALLOCATIONS.time():
                answers = [self._granted(each.devices_ids) for each in request.container_requests]
        except allocating.UnknownSliceError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return messages.AllocateResponse(container_responses=answers)

    def _granted(self, ids: Collection[str]) -> messages.ContainerAllocateResponse:
        given = allocating.grant(self._gpu, self._part, ids, self._folders, self._cdi_kind)
        answer = messages.ContainerAllocateResponse(envs=dict(given.variables))
        if given.folder:
            answer.mounts.add(container_path=given.mounted_at, host_path=str(given.folder), read_only=True)
        if given.cdi_device:
            answer.cdi_devices.add(name=given.cdi_device)
        return answer

    async def _pre_start(
        self, request: messages.PreStartContainerRequest, context: Context
    ) -> messages.PreStartContainerResponse:
        try:
            await self._may_start(self.resource, frozenset(request.devices_ids))
        except RefusedError as error:
            metrics.started(allowed=False)
            _LOG.warning("a container may not start: %s", error)
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        metrics.started(allowed=True)
        return messages.PreStartContainerResponse()


def devices(offer: Offer, numa_node: int | None) -> messages.ListAndWatchResponse:
    """Return an offer as the kubelet wants it."""
    health = HEALTHY if offer.healthy else UNHEALTHY
    near = None if numa_node is None else messages.TopologyInfo(nodes=[messages.NUMANode(ID=numa_node)])
    return messages.ListAndWatchResponse(
        devices=[messages.Device(ID=each, health=health, topology=near) for each in offer.ids]
    )


def _dump(message: "messages.Empty") -> bytes:
    """Return any of our answers as bytes."""
    return message.SerializeToString()
