"""Who uses a GPU without having any of it: processes that no worker's slices stand behind.

In: from time to time, whose the memory of each GPU is. Out: those who have stayed. A worker that begins is known a
moment after its processes are, and one that ends a moment less long: neither is a stranger.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hanse.agent.bindings import STRANGERS_MAX, Stranger

PATIENCE_SECONDS = 10.0


@dataclass
class Strangers:
    """The strangers on all GPUs: since when each has been there, and how much memory it has."""

    _there: dict[int, dict[str, tuple[float, int]]] = field(default_factory=dict)
    _now: float = 0.0

    def look(self, at_seconds: float, index: int, mib_by_uid: Mapping[str, int]) -> None:
        """Take note of the pods that are there without slices of this GPU; the one without a name are all others."""
        before = self._there.get(index, {})
        self._there[index] = {
            uid: (before[uid][0] if uid in before else at_seconds, mib) for uid, mib in mib_by_uid.items()
        }
        self._now = at_seconds

    def told(self) -> tuple[Stranger, ...]:
        """Return those who have been there for a while."""
        found = (
            Stranger(index=index, uid=uid, memory_mib=mib)
            for index, there in sorted(self._there.items())
            for uid, (since, mib) in sorted(there.items())
            if self._now - since >= PATIENCE_SECONDS
        )
        return tuple(found)[:STRANGERS_MAX]
