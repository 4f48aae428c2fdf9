"""Creating jobs on time, many at once, as their owners would.

In: a timetable. Out: TrainingJobs in the API server; when each was there, by its uid. A job whose time has come while
too many requests are under way is late, and the latest is reported: a slow generator must not pass for a fast pool.
"""

import asyncio
import json
import ssl
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp

from hanse.bench.scenario import Submission
from hanse.devcluster.cluster import Cluster
from hanse.devcluster.errors import DevclusterError
from hanse.resources import API_VERSION

CONNECTIONS = 16
CREATED = 201


@dataclass
class Submitted:
    """What was created so far; times are of one monotonic clock."""

    created_at: dict[uuid.UUID, tuple[Submission, float]] = field(default_factory=dict)
    late_seconds_max: float = 0.0


class Submitter:
    """Creates jobs in *own*, as its administrator. *bodies* are by namespace and kind, with %NAME% for the name."""

    def __init__(self, own: Cluster, bodies: Mapping[tuple[str, str], str], submitted: Submitted) -> None:
        self._own, self._bodies, self._submitted = own, bodies, submitted
        self._slots = asyncio.Semaphore(CONNECTIONS)

    async def run(self, timetable: Sequence[Submission]) -> None:
        """Create all of them, each when its time has come.

        Raises:
            DevclusterError: the API server refused one.

        """
        authority = json.loads(self._own.kubeconfig.read_text())["clusters"][0]["cluster"]["certificate-authority"]
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=authority), limit=CONNECTIONS)
        headers = {"Authorization": f"Bearer {self._own.admin_token}", "Content-Type": "application/json"}
        start = time.monotonic()
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session, asyncio.TaskGroup() as tasks:
            for each in timetable:
                await asyncio.sleep(start + each.at_seconds - time.monotonic())
                await self._slots.acquire()
                late = time.monotonic() - start - each.at_seconds
                self._submitted.late_seconds_max = max(self._submitted.late_seconds_max, late)
                tasks.create_task(self._create(session, each))

    async def _create(self, session: aiohttp.ClientSession, each: Submission) -> None:
        url = f"{self._own.url}/apis/{API_VERSION}/namespaces/{each.namespace}/trainingjobs"
        body = self._bodies[each.namespace, each.kind.name].replace("%NAME%", each.name)
        asked_at = time.monotonic()
        try:
            async with session.post(url, data=body) as answer:
                said = await answer.json()
        finally:
            self._slots.release()
        if answer.status != CREATED:
            raise DevclusterError(f"the API server refused {each.namespace}/{each.name}: {said.get('message')}")
        # It waits from when its owner asked for it.
        self._submitted.created_at[uuid.UUID(said["metadata"]["uid"])] = (each, asked_at)
