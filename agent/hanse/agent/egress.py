"""Where hosts are that jobs declare, found beside the round: a slow name server delays the gang that names it, only.

In: hosts and ports. Out: their addresses, once all have answered or the time is over; a host without one by then is not
reached. Each gang has threads of its own, so that hosts of one that never answer take none from another. Which of the
addresses a worker may reach is for :mod:`hanse.agent.rules`.
"""

import asyncio
import logging
import socket
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import TypeAlias
from uuid import UUID

from hanse.agent.rules import Address

ANSWER_SECONDS_MAX = 2.0
Target: TypeAlias = tuple[str, int]
Found: TypeAlias = Mapping[Target, frozenset[Address]]
_LOG = logging.getLogger(__name__)


class Lookups:
    """What is being looked up, by attempt; *changed* is set when one is over."""

    def __init__(self, changed: asyncio.Event) -> None:
        self._changed = changed
        self._by_attempt: dict[UUID, asyncio.Task[Found]] = {}

    def found(self, attempt: UUID, targets: Collection[Target]) -> Found | None:
        """Return the addresses of *targets* that have some, or None as long as they are being looked up."""
        lookup = self._by_attempt.get(attempt)
        if lookup is None:
            lookup = self._by_attempt[attempt] = asyncio.create_task(_addresses(targets))
            lookup.add_done_callback(lambda _: self._changed.set())
        return lookup.result() if lookup.done() else None

    def keep(self, attempts: Collection[UUID]) -> None:
        """Forget what was looked up for others than *attempts*."""
        for attempt in self._by_attempt.keys() - set(attempts):
            self._by_attempt.pop(attempt).cancel()


async def _addresses(targets: Collection[Target]) -> Found:
    threads, loop = ThreadPoolExecutor(len(targets)), asyncio.get_running_loop()
    asked = {target: loop.run_in_executor(threads, _resolved, *target) for target in targets}
    try:
        await asyncio.wait(asked.values(), timeout=ANSWER_SECONDS_MAX)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
    found = {target: lookup.result() for target, lookup in asked.items() if lookup.done()}
    if len(found) < len(asked):
        _LOG.warning("an egress host was not found in time: workers will not reach it")
    return found


def _resolved(host: str, port: int) -> frozenset[Address]:
    """Return the addresses of a host now; one that has none is not reached."""
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        _LOG.warning("an egress host has no address: workers will not reach it")
        return frozenset()
    return frozenset(ip_address(str(info[4][0]).partition("%")[0]) for info in infos)
