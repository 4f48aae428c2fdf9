"""Telling the hub how its placements fare, in a task of its own: a slow hub keeps no gang from being stopped.

In: the reports of each look. Out: statuses of placements, where phase or reason changed. Nobody waits for what is told,
and only the newest is: what a hub missed is told again after the next look.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from hanse.agent import statuses
from hanse.agent.copies import HANSE, Copies
from hanse.agent.decide import Report
from hanse.agent.kube import Kube, KubeError

_LOG = logging.getLogger(__name__)


class Teller:
    """Writes to the placements in *namespace* of the hub what :meth:`tell` was given last."""

    def __init__(self, hub_kube: Kube, namespace: str, copies: Copies) -> None:
        self._hub_kube, self._copies = hub_kube, copies
        self._path = f"{HANSE}/namespaces/{namespace}/placements"
        self._reports: Mapping[UUID, Report] = {}
        self._is_news = asyncio.Event()

    def tell(self, reports: Iterable[Report]) -> None:
        """Take note of what is to be told from now on, in place of all before."""
        self._reports = {report.attempt: report for report in reports}
        self._is_news.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            await self._is_news.wait()
            self._is_news.clear()
            await self._tell_all()

    async def _tell_all(self) -> None:
        for name, placement in self._copies.placements().items():
            # Read for each one: a look may have been taken meanwhile.
            report = self._reports.get(UUID(placement.spec.attempt))
            said = statuses.status(report, placement, datetime.now(UTC)) if report else None
            if said is None:
                continue
            try:
                answer = await self._hub_kube.request("PATCH", f"{self._path}/{name}/status", {"status": said})
                self._copies.placement_feed.put(answer)
            except KubeError as error:
                _LOG.warning("a status was not taken: %s", error, extra={"attempt": placement.spec.attempt})
                if error.status == 0:
                    return
