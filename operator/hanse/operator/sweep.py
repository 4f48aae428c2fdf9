"""The sweep: the cache is compared with a list of what there is, and what a watch lost is mended.

In: paged lists of metadata, a fraction of the objects' size. Out: ghosts leave the cache; a feed that missed something
is restarted; :attr:`Sweeper.swept` says of which kinds the cache is known to be whole. After a relist Kopf tells of no
deletion, and etcd's own tests list watches that lose events: who trusts a watch alone is wrong sooner or later.

One list is enough to know a ghost: all pages are of one moment, versions only grow, and a uid never comes back.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping

import structlog

from hanse.operator.cache import Cache
from hanse.operator.hearing import Hearing
from hanse.operator.kinds import Kind
from hanse.operator.kube import Kube, KubeError

INTERVAL_SECONDS = 240.0
LOOK_SECONDS = 0.5
SETTLE_SECONDS_MAX = 15.0

_log = structlog.get_logger(__name__)


class Sweeper:
    """Sweeps each kind every few minutes, and whenever its watch was opened anew."""

    def __init__(
        self, kinds: Iterable[Kind], kube: Kube, cache: Cache, hearing: Hearing, restart: Callable[[str], None]
    ) -> None:
        self._kinds, self._kube, self._cache, self._hearing = tuple(kinds), kube, cache, hearing
        self._restart = restart
        self._opened: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self.swept: dict[str, float] = {}
        """When each kind was last found whole, by the monotonic clock."""

    @property
    def is_whole(self) -> bool:
        """Whether each kind was found whole since the start."""
        return len(self.swept) == len(self._kinds)

    async def run(self) -> None:
        """Sweep what is due, for ever."""
        while True:
            for kind in self._kinds:
                if self._is_due(kind):
                    await self._sweep_logged(kind)
            await asyncio.sleep(LOOK_SECONDS)

    async def sweep(self, kind: Kind) -> None:
        """Compare one kind with what there is, and mend the cache.

        Raises:
            KubeError: it could not be listed.

        """
        opened = self._hearing.feeds()[kind.name].opened
        listed, versions = await self._kube.list_metadata(kind)
        difference = self._cache.compare(kind.name, listed, versions)
        self._cache.forget(kind.name, difference.ghosts, listed)
        if difference.ghosts:
            _log.warning("ghosts_swept", kind=kind.name, count=len(difference.ghosts))
        if await self._settles(kind, difference.missed):
            self.swept[kind.name] = time.monotonic()
            self._opened[kind.name] = opened
            self._due[kind.name] = time.monotonic() + INTERVAL_SECONDS
        else:
            self._restart(f"it missed events of {len(difference.missed)} {kind.plural}")

    async def _sweep_logged(self, kind: Kind) -> None:
        try:
            await self.sweep(kind)
        except KubeError as error:
            _log.warning("sweep_failed", kind=kind.name, error=str(error))

    async def _settles(self, kind: Kind, missed: Mapping[str, int]) -> bool:
        """Return whether the feed brings within some seconds what the list knew before it."""
        deadline = time.monotonic() + SETTLE_SECONDS_MAX
        while not self._cache.has_reached(kind.name, missed):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True

    def _is_due(self, kind: Kind) -> bool:
        opened = self._hearing.feeds()[kind.name].opened
        return opened > 0 and (opened != self._opened.get(kind.name) or time.monotonic() >= self._due[kind.name])
