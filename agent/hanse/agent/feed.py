"""A copy of what an API server holds of one kind, kept up to date.

In: a path to list and watch. Out: `objects`, and *changed* set whenever they change. A watch alone is not believed: any
error, and every few minutes in any case, leads to a list again, which also shows what was deleted unseen. What the
agent itself wrote is put in at once, so that it does not decide on what it knows to be old: no list that was made
before it, and arrives after it, takes it away again.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from hanse.agent.kube import Kube, KubeError, Object

RETRY_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


class Feed:
    """The objects under *path* that *query* selects, by namespace and name."""

    def __init__(self, kube: Kube, path: str, changed: asyncio.Event, query: Mapping[str, Any] | None = None) -> None:
        self.objects: dict[tuple[str, str], Object] = {}
        self.listed = asyncio.Event()
        self.parsed: dict[str, tuple[str, object]] = {}
        """By uid, a version and what whoever reads the objects made of it."""
        self._gone: set[str] = set()
        """Uids whose end was seen since the last list: an older answer may still be on its way."""
        self._version = 0
        """That of the last list: what is not newer, and was not in it, is gone."""
        self._kube, self._path, self._changed, self._query = kube, path, changed, query or {}

    def put(self, item: Object) -> None:
        """Take in what a write returned, unless something newer is known of it, its end among others."""
        known = self.objects.get(_key(item))
        newest = self._version if known is None else _version(known)
        if item["metadata"]["uid"] not in self._gone and newest < _version(item):
            self.objects[_key(item)] = item
            self._changed.set()

    def drop(self, item: Object) -> None:
        """Take out what a delete returned as gone."""
        self._gone.add(item["metadata"]["uid"])
        self.parsed.pop(item["metadata"]["uid"], None)
        known = self.objects.get(_key(item))
        if known is not None and known["metadata"]["uid"] == item["metadata"]["uid"]:
            del self.objects[_key(item)]
            self._changed.set()

    async def run(self) -> None:
        """Keep the copy up to date until cancelled."""
        while True:
            try:
                before = dict(self.objects)
                items, version = await self._kube.listed(self._path, self._query)
                self._take(items, int(version), before)
                await self._watch(version)
            except KubeError as error:
                if error.status != 410:  # noqa: PLR2004  # Gone: a version that is too old, which is nothing unusual
                    _LOG.warning("%s cannot be watched: %s", self._path, error)
                await asyncio.sleep(RETRY_SECONDS)

    def _take(self, items: Iterable[Object], version: int, before: Mapping[tuple[str, str], Object]) -> None:
        """Take in a list of *version* that was asked for when *before* was known.

        What was put in while it was on its way, and is newer, stays. All else is as the list has it, whatever was
        known: an API server that was restored from a backup begins at an older version.

        """
        meanwhile = {key: item for key, item in self.objects.items() if before.get(key) is not item}
        self.objects = {_key(item): item for item in items}
        self.objects |= {key: item for key, item in meanwhile.items() if _version(item) > version}
        self._version, self._gone, self.parsed = version, set(), {}
        self.listed.set()
        self._changed.set()

    async def _watch(self, version: str) -> None:
        async for kind, item in self._kube.watched(self._path, version, self._query):
            if kind == "DELETED":
                self.drop(item)
            elif kind in {"ADDED", "MODIFIED"}:
                self.objects[_key(item)] = item
            else:
                continue
            self._changed.set()


def _key(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _version(item: Object) -> int:
    return int(item["metadata"]["resourceVersion"])
