"""What members are entitled to is kept as it changes, for whoever looks back later.

In: the last situation. Out: rows in the ledger, where a member's entitlement to a class is not what it was. Nodes come
and go, so it is looked at twice a minute at most: what held for less is not kept. Next is the API service, which shows
it beside the use of that time.
"""

import time
from collections.abc import Iterator

from sqlalchemy import Engine

from hanse import scheduler
from hanse.ledger import entitlements
from hanse.ledger.entitlements import Entitled
from hanse.quota import units
from hanse.scheduler.ground import Ground

LOOK_SECONDS = 30.0


class Keeper:
    """Keeps them for one leader."""

    def __init__(self, engine: Engine, term: int) -> None:
        self._engine, self._term = engine, term
        self._looked_at = float("-inf")
        self._last: frozenset[Entitled] | None = None

    def look(self, snapshot: scheduler.Snapshot) -> None:
        """Record what has changed, if it is time to look.

        Raises:
            StaleTermError: another leader has taken over.

        """
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        found = frozenset(held(snapshot))
        if found != self._last:
            entitlements.record(self._engine, found, term=self._term)
            self._last = found


def held(snapshot: scheduler.Snapshot) -> Iterator[Entitled]:
    """Yield what each member is entitled to, of each class of which it is to any."""
    catalogue = snapshot.catalogue
    entitled = Ground(catalogue, snapshot.nodes).entitled
    for index, member in enumerate(catalogue.members):
        own = zip(catalogue.accelerators, entitled[catalogue.root[index]], catalogue.raw, strict=True)
        for accelerator, milli_gpus, milli_h100e in own:
            if milli_gpus:
                yield Entitled(
                    member.name, accelerator.name, int(milli_gpus), int(milli_gpus * milli_h100e // units.MILLI)
                )
