"""Who has which devices of this node, as the kubelet has recorded it: its API of pod resources.

In: the kubelet's socket. Out: containers with their devices. The kubelet answers a hundred calls a second and no more:
all who ask at one time share one answer.
"""

from collections import defaultdict
from pathlib import Path

import grpc

from hanse.agent.node.checking import Owner
from hanse.agent.node.protos import podresources_pb2 as messages
from hanse.agent.node.sharing import Shared

LIST = "/v1.PodResourcesLister/List"
TIMEOUT_SECONDS = 10.0
GAP_SECONDS = 0.1
"""Between two calls: a tenth of what the kubelet lets through."""
# The library would name the socket's path, which the kubelet refuses as the name of a host.
CHANNEL_OPTIONS = (("grpc.default_authority", "localhost"), ("grpc.max_receive_message_length", 16 * 1024 * 1024))


class OwnersError(Exception):
    """The kubelet does not say."""


class Owners:
    """What the kubelet says at *socket*."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self.now = Shared(self._ask, GAP_SECONDS)
        """Returns all containers with devices, as they are after it was called; or raises :class:`OwnersError`."""

    async def _ask(self) -> tuple[Owner, ...]:
        try:
            # A channel for each call: one that a restarted kubelet has left may take long to find that out.
            async with grpc.aio.insecure_channel(f"unix:{self._socket}", options=CHANNEL_OPTIONS) as channel:
                call = channel.unary_unary(
                    LIST,
                    request_serializer=messages.ListPodResourcesRequest.SerializeToString,
                    response_deserializer=messages.ListPodResourcesResponse.FromString,
                )
                answer = await call(messages.ListPodResourcesRequest(), timeout=TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise OwnersError(f"the kubelet's pod resources: {error.code().name}: {error.details()}") from error
        return read(answer)


def read(answer: messages.ListPodResourcesResponse) -> tuple[Owner, ...]:
    """Return the containers of an answer; it has one entry a device, which are gathered by resource."""
    found = []
    for pod in answer.pod_resources:
        for container in pod.containers:
            devices: dict[str, set[str]] = defaultdict(set)
            for entry in container.devices:
                devices[entry.resource_name].update(entry.device_ids)
            if devices:
                frozen = {name: frozenset(ids) for name, ids in devices.items()}
                found.append(Owner(pod.namespace, pod.name, container.name, frozen))
    return tuple(found)
