"""Whether a container starts: asked by the kubelet before each start, answered by what is placed here.

In: slices of one resource. Out: nothing, with the container's hints in their folder; or a refusal. The kubelet has
recorded whose they are by then, and the cluster agent has placed the pod before it was made: what is not known yet is
asked for again for as long as the kubelet waits, which tries again after a refusal anyway.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from hanse.agent.bindings import Binding
from hanse.agent.node import checking, slices
from hanse.agent.node.checking import NotYetError, Owner
from hanse.agent.node.exchange import Exchange, ExchangeError
from hanse.agent.node.owners import Owners, OwnersError

PATIENCE_SECONDS = 25.0
"""The kubelet waits for thirty."""
AGAIN_SECONDS = 0.5
_LOG = logging.getLogger(__name__)
Offered = Mapping[int, Mapping[str, int]]


class Starter:
    """Answers for all resources of the node; *offered* says what makes a whole GPU, *started* hears of each start."""

    def __init__(
        self,
        exchange: Exchange,
        owners: Owners,
        offered: Callable[[], Offered],
        started: Callable[[Owner, Binding], None],
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._exchange, self._owners, self._offered, self._started = exchange, owners, offered, started
        self._patience_seconds = patience_seconds

    async def may_start(self, resource: str, ids: frozenset[str]) -> None:
        """Return if the container that has these slices may start.

        Raises:
            RefusedError: it may not, with the reason.

        """
        deadline = asyncio.get_running_loop().time() + self._patience_seconds
        while True:
            try:
                owner, binding = await self._bound(resource, ids)
                break
            except NotYetError:
                if asyncio.get_running_loop().time() + AGAIN_SECONDS > deadline:
                    raise
            await asyncio.sleep(AGAIN_SECONDS)
        if (found := slices.parse_resource(resource)) and found[1] == slices.MEMORY:
            self._started(owner, binding)

    async def _bound(self, resource: str, ids: frozenset[str]) -> tuple[Owner, Binding]:
        """Return whose the slices are and what is placed, both as they are now.

        Raises:
            RefusedError: they do not belong together.
            NotYetError: one of them is not known yet.

        """
        try:
            # Both are asked anew: a decision that was changed since the pod was made is heard here.
            owner = checking.owner_of(resource, ids, await self._owners.now())
            await self._exchange.ask()
        except OwnersError as error:
            raise NotYetError(str(error)) from error
        except ExchangeError as error:
            _LOG.warning("the last known placements hold, as the cluster agent does not answer: %s", error)
        return owner, checking.check(owner, self._exchange.bindings, self._offered())
