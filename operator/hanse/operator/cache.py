"""The cache: what the API server last said of each watched object.

In: events of the feed, in any order, some lost and some twice; deletions that a sweep found. Out: plain documents, and
which of them changed since somebody last asked; :mod:`hanse.operator.world` reads them. It never raises and never waits
for anything but its lock, as Kopf's handlers call it. Object versions are numbers that only grow (Kubernetes guarantees
that since 1.35), so an older event never replaces a newer one, and a uid that is gone never comes back.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hanse.operator.kinds import Kind

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as of a version."""

    version: int
    document: Document


@dataclass(frozen=True, slots=True)
class Difference:
    """What a consistent listing of a kind says about the cache."""

    ghosts: frozenset[str]
    """Uids that are cached and no longer exist: their deletion was never told."""
    missed: Mapping[str, int]
    """Uids whose listed version the cache has not reached; they may be on their way."""


class Cache:
    """The objects of some kinds by uid. *wake* is called after each change, in the thread that made it."""

    def __init__(self, kinds: Iterable[Kind], wake: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._wake = wake
        self._entries: dict[str, dict[str, Entry]] = {kind.name: {} for kind in kinds}
        self._gone: dict[str, dict[str, int]] = {name: {} for name in self._entries}
        self._changed: dict[str, set[str]] = {name: set() for name in self._entries}

    def put(self, kind: str, event_type: str | None, document: Document) -> None:
        """Take in one event as the API server sent it; its type is None for what was listed."""
        metadata = document["metadata"]
        uid, version = metadata["uid"], int(metadata["resourceVersion"])
        with self._lock:
            known = self._entries[kind].get(uid)
            if uid in self._gone[kind] or (known and known.version >= version and event_type != "DELETED"):
                return
            if event_type == "DELETED":
                self._remove(kind, uid, version)
            else:
                self._entries[kind][uid] = Entry(version, _slim(document))
            self._changed[kind].add(uid)
        self._wake()

    def compare(self, kind: str, listed: int, versions: Mapping[str, int]) -> Difference:
        """Compare with a list of all objects of a kind, consistent as of version *listed*."""
        with self._lock:
            entries, gone = self._entries[kind], self._gone[kind]
            ghosts = {uid for uid, entry in entries.items() if uid not in versions and entry.version <= listed}
            missed = {
                uid: version
                for uid, version in versions.items()
                if uid not in gone and (uid not in entries or entries[uid].version < version)
            }
        return Difference(frozenset(ghosts), missed)

    def forget(self, kind: str, ghosts: Iterable[str], listed: int) -> None:
        """Remove objects that are not in a list of version *listed*, and what is remembered of older deletions."""
        removed = set(ghosts)
        with self._lock:
            # An event from before the list may still come, late; one from before the list before it hardly can.
            self._gone[kind] = {uid: version for uid, version in self._gone[kind].items() if version > listed}
            for uid in removed:
                self._remove(kind, uid, listed)
            self._changed[kind] |= removed
        if removed:
            self._wake()

    def has_reached(self, kind: str, versions: Mapping[str, int]) -> bool:
        """Return whether each of these objects is cached at this version or a later one, or is gone."""
        with self._lock:
            entries, gone = self._entries[kind], self._gone[kind]
            return all(
                uid in gone or (uid in entries and entries[uid].version >= version) for uid, version in versions.items()
            )

    def take_changes(self) -> dict[str, dict[str, Document | None]]:
        """Return what changed since the last call, by kind and uid; None stands for an object that is gone."""
        with self._lock:
            changes: dict[str, dict[str, Document | None]] = {}
            for kind, uids in self._changed.items():
                entries = self._entries[kind]
                changes[kind] = {uid: entries[uid].document if uid in entries else None for uid in uids}
                uids.clear()
        return changes

    def sizes(self) -> dict[str, int]:
        """Return the number of objects by kind."""
        with self._lock:
            return {kind: len(entries) for kind, entries in self._entries.items()}

    def _remove(self, kind: str, uid: str, version: int) -> None:
        self._entries[kind].pop(uid, None)
        self._gone[kind][uid] = version


def _slim(document: Document) -> Document:
    """Leave out who wrote which field: it is often half of an object, and nothing here reads it."""
    metadata = {name: value for name, value in document["metadata"].items() if name != "managedFields"}
    return {**document, "metadata": metadata}
