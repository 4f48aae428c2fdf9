"""Which clusters are heard, and whether that may be held against those that are not: the brake.

In: when each cluster's agent was last heard, by the ledger's clock. Out: the clusters that are silent, and why no
attempt may be expired now, if none may. Pure but for what a leader remembers of its own time in office. A hub that
cannot be reached looks like clusters that are lost, all at once: then nobody is expired, as what runs goes on under its
leases, and to start it elsewhere would be to run it twice once the mistake is found.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hanse.ledger.reports import Agent

HEARD_SECONDS = 60
"""An agent speaks every five seconds; what is silent for twelve of its rounds takes no work."""
SURE_SECONDS = 15
"""So long after the first others turn out to be silent that were cut off with it: agents speak at different moments."""
STEADY_SECONDS = 60
"""For so long most clusters must have been heard without a break: agents that were cut off get to renew first."""
LOST_SECONDS = 900
IN_PLAY_SECONDS = 24 * 3600
"""A cluster that has been silent for longer is no news, and says nothing about the hub."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Who is heard as of *now_seconds*; clusters whose agent never spoke are in neither set."""

    now_seconds: int
    heard: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    in_play: frozenset[str] = frozenset()
    """Those heard within the last day."""

    @property
    def problem(self) -> str:
        """Why the hub, and not the silent clusters, is the likelier to be cut off; empty if it is not."""
        lost, clusters = len(self.silent & self.in_play), len(self.in_play)
        if not self.heard:
            return "no cluster is heard"
        if lost > max(1, clusters // 3):
            return f"{lost} of {clusters} clusters are silent at once"
        return ""


def reach(now_seconds: int, agents: Iterable[Agent], clusters: Iterable[str]) -> Reach:
    """Return who is heard, of the *clusters* that belong to the pool."""
    seen = {each.cluster: each.seen_at_seconds for each in agents}
    own = {cluster: seen[cluster] for cluster in clusters if cluster in seen}
    silent = frozenset(cluster for cluster, at in own.items() if at + HEARD_SECONDS < now_seconds)
    in_play = frozenset(cluster for cluster, at in own.items() if at + IN_PLAY_SECONDS >= now_seconds)
    return Reach(now_seconds, frozenset(own) - silent, silent, in_play)


class Brake:
    """Holds all expiry back while the hub itself may be what is cut off."""

    def __init__(self) -> None:
        self._led_since: int | None = None
        self._steady_since: int | None = None
        self._doubted_at: int | None = None

    def restart(self) -> None:
        """Count anew: the database was away, so nobody could renew."""
        self._steady_since = None

    def look(self, seen: Reach) -> None:
        """Take in who is heard now."""
        if self._led_since is None:
            self._led_since = seen.now_seconds
        if seen.problem:
            self._steady_since = None
            self._doubted_at = seen.now_seconds
        elif self._steady_since is None:
            self._steady_since = seen.now_seconds

    def in_doubt(self, seen: Reach, agents: Iterable[Agent]) -> frozenset[str]:
        """Return the silent clusters of which it is not certain that they, and not the hub, are cut off."""
        if self._doubted_at is not None and seen.now_seconds - self._doubted_at <= STEADY_SECONDS:
            return seen.silent  # some agents come back later than others
        certain_at = seen.now_seconds - HEARD_SECONDS - SURE_SECONDS
        return frozenset(each.cluster for each in agents if each.seen_at_seconds >= certain_at) & seen.silent

    def holds(self, seen: Reach, lease_seconds: int) -> str:
        """Return why an attempt with such a lease may not be expired now; empty if it may."""
        if seen.problem:
            return seen.problem
        if self._steady_since is None or seen.now_seconds - self._steady_since <= STEADY_SECONDS:
            return f"most clusters have not been heard for {STEADY_SECONDS} s without a break yet"
        if self._led_since is None or seen.now_seconds - self._led_since <= lease_seconds:
            return "the leader has not led for longer than the lease yet"
        return ""
