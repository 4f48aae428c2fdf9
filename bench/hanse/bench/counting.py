"""Counting pods as they are bound to nodes, by watching; the same for whoever binds them.

In: a namespace. Out: how many of its pods have a node, and when the last of them got it. The lines of the watch are not
even parsed: the API server sends one that begins with ADDED when a pod comes into the selection, and both kinds of
binding (at creation, or later by a scheduler) are that. What is measured must not wait for who measures.
"""

import asyncio
import json
import ssl
import time

import aiohttp

from hanse.devcluster.cluster import Cluster
from hanse.devcluster.errors import DevclusterError

_ADDED = b'{"type":"ADDED"'
_LINE_BYTES_MAX = 2**20


class Bound:
    """The pods of *namespace* that have a node."""

    def __init__(self, own: Cluster, namespace: str) -> None:
        self.count = 0
        self.last_at = 0.0
        self._own, self._namespace = own, namespace
        self._opened = asyncio.Event()

    async def watch(self) -> None:
        """Count until cancelled.

        Raises:
            DevclusterError: the watch ended, so that the count would stand still.

        """
        authority = json.loads(self._own.kubeconfig.read_text())["clusters"][0]["cluster"]["certificate-authority"]
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=authority))
        headers = {"Authorization": f"Bearer {self._own.admin_token}"}
        url = f"{self._own.url}/api/v1/namespaces/{self._namespace}/pods"
        query = {"watch": "1", "fieldSelector": "spec.nodeName!="}
        timeout = aiohttp.ClientTimeout(total=None)
        async with (
            aiohttp.ClientSession(
                connector=connector, headers=headers, timeout=timeout, read_bufsize=_LINE_BYTES_MAX
            ) as session,
            session.get(url, params=query) as answer,
        ):
            answer.raise_for_status()
            self._opened.set()
            async for line in answer.content:
                if line.startswith(_ADDED):
                    self.count += 1
                    self.last_at = time.monotonic()
        raise DevclusterError(f"the API server ended the watch on the pods of {self._namespace}: run the bench again")

    async def opened(self) -> None:
        """Wait until nothing is missed any more."""
        await self._opened.wait()
