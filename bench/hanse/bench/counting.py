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

_ADDED = b'{"type":"ADDED"'
_LINE_BYTES_MAX = 2**20
_BOUND = {"fieldSelector": "spec.nodeName!="}
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


class Bound:
    """The pods of *namespace* that have a node."""

    def __init__(self, own: Cluster, namespace: str) -> None:
        self.count = 0
        self.last_at = 0.0
        self._own, self._url = own, f"{own.url}/api/v1/namespaces/{namespace}/pods"
        self._opened = asyncio.Event()

    async def watch(self) -> None:
        """Count until cancelled; a watch that ends, as one does that is read too slowly, begins with a list again."""
        authority = json.loads(self._own.kubeconfig.read_text())["clusters"][0]["cluster"]["certificate-authority"]
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=authority))
        headers = {"Authorization": f"Bearer {self._own.admin_token}"}
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(
            connector=connector, headers=headers, timeout=timeout, read_bufsize=_LINE_BYTES_MAX
        ) as session:
            while True:
                await self._follow(session, await self._list(session))

    async def _list(self, session: aiohttp.ClientSession) -> str:
        """Count what is there: no pod loses its node here. Return the version that a watch goes on from."""
        async with session.get(self._url, params=_BOUND, headers={"Accept": _METADATA_ONLY}) as answer:
            answer.raise_for_status()
            found = await answer.json()
        self._take(len(found["items"] or ()))
        return str(found["metadata"]["resourceVersion"])

    async def _follow(self, session: aiohttp.ClientSession, version: str) -> None:
        query = {**_BOUND, "watch": "1", "resourceVersion": version}
        async with session.get(self._url, params=query) as answer:
            answer.raise_for_status()
            self._opened.set()
            async for line in answer.content:
                if line.startswith(_ADDED):
                    self._take(self.count + 1)

    def _take(self, count: int) -> None:
        if count > self.count:
            self.count, self.last_at = count, time.monotonic()

    async def opened(self) -> None:
        """Wait until nothing is missed any more."""
        await self._opened.wait()
