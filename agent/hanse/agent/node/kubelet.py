"""Being known to the kubelet: registered, and again after each of its restarts.

In: plugins, and the kubelet's folder. Out: the kubelet knows each of them. A kubelet that starts deletes all sockets in
the folder and makes its own anew: either is the sign to serve and register again, with the same ids. The folder is
looked at every second, which needs no kernel's help and misses nothing.
"""

import asyncio
import logging
from collections.abc import Collection
from pathlib import Path

import grpc

from hanse.agent.node.owners import CHANNEL_OPTIONS
from hanse.agent.node.plugins import Plugin
from hanse.agent.node.protos import deviceplugin_pb2 as messages

REGISTER = "/v1beta1.Registration/Register"
VERSION = "v1beta1"
SOCKET = "kubelet.sock"
LOOK_SECONDS = 1.0
TIMEOUT_SECONDS = 10.0
_LOG = logging.getLogger(__name__)


class Registrar:
    """Keeps *plugins* known to the kubelet whose sockets are in *folder*."""

    def __init__(self, folder: Path, plugins: Collection[Plugin]) -> None:
        self._folder, self._plugins = folder, plugins
        self._known_at: tuple[int, int, int] | None = None
        self.registered = asyncio.Event()
        """All are known to the kubelet that runs."""

    async def run(self) -> None:
        """Look until cancelled."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await asyncio.gather(*(plugin.stop() for plugin in self._plugins))

    async def look(self) -> None:
        """Serve and register if the kubelet is another one than before, or has taken our sockets away."""
        kubelet = self._kubelet()
        here = all((self._folder / plugin.socket_name).exists() for plugin in self._plugins)
        if kubelet is None or (kubelet == self._known_at and here):
            return
        self.registered.clear()
        try:
            await asyncio.gather(*(plugin.serve(self._folder) for plugin in self._plugins))
            for plugin in self._plugins:
                await self._register(plugin)
        except (OSError, RuntimeError, grpc.aio.AioRpcError) as error:
            _LOG.warning("the kubelet does not take our resources yet: %s", _said(error))
            return
        self._known_at = kubelet
        self.registered.set()
        _LOG.info("%d resources are registered with the kubelet", len(self._plugins))

    def _kubelet(self) -> tuple[int, int, int] | None:
        """Return what tells one kubelet's socket from another's, or None while there is none."""
        try:
            found = (self._folder / SOCKET).stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino, found.st_ctime_ns

    async def _register(self, plugin: Plugin) -> None:
        async with grpc.aio.insecure_channel(f"unix:{self._folder / SOCKET}", options=CHANNEL_OPTIONS) as channel:
            call = channel.unary_unary(
                REGISTER,
                request_serializer=messages.RegisterRequest.SerializeToString,
                response_deserializer=messages.Empty.FromString,
            )
            request = messages.RegisterRequest(
                version=VERSION,
                endpoint=plugin.socket_name,
                resource_name=plugin.resource,
                options=messages.DevicePluginOptions(pre_start_required=True),
            )
            await call(request, timeout=TIMEOUT_SECONDS)


def _said(error: Exception) -> str:
    return f"{error.code().name}: {error.details()}" if isinstance(error, grpc.aio.AioRpcError) else str(error)
