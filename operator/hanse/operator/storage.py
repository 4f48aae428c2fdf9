"""Which jobs can reach their storage: the Secrets that they name are read, and sealed for who runs them.

In: the world, the mirror, Secrets as the members let the operator read them (:mod:`hanse.operator.access`). Out: a
verdict on each waiting job whose Secret is missing or ill-formed, before anything is decided for it; and at the moment
a Placement is made, the sealed variables. Nothing of a Secret is kept, logged or recorded: it is read once to judge it
and once to hand it on. A member with many names cannot keep the others waiting: each look reads a few of each.
"""

import asyncio
import base64
import time
from collections import defaultdict
from dataclasses import dataclass
from http import HTTPStatus

from hanse import resources
from hanse.operator import credentials
from hanse.operator.candidates import has_ended
from hanse.operator.credentials import UnusableError
from hanse.operator.fitness import Verdict
from hanse.operator.kube import Kube, KubeError
from hanse.operator.mirror import NEVER_RAN, Live, Mirror
from hanse.operator.world import World
from hanse.resources import Reason

GOOD_SECONDS = 60.0
BAD_SECONDS = 5.0
PATIENCE_SECONDS = 30.0
READS_A_NAMESPACE_MAX = 8
CONCURRENT_MAX = 16
Name = tuple[str, str]
"""Of a Secret: namespace and name."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was wrong with a Secret when it was read, or nothing; *until* is when to read it again (monotonic)."""

    problem: str
    until: float


class Storage:
    """What one leader knows of the Secrets."""

    def __init__(self, kube: Kube, world: World, mirror: Mirror) -> None:
        self._kube, self._world, self._mirror = kube, world, mirror
        self._judged: dict[Name, Judged] = {}
        self._failed: dict[str, tuple[Verdict, float]] = {}
        """Why the Placement of a job's attempt cannot be made, and since when (monotonic)."""
        self._slots = asyncio.Semaphore(CONCURRENT_MAX)

    async def look(self) -> None:
        """Read the Secrets of jobs that wait, if they were not read lately."""
        wanted = set(self._waiting().values())
        self._judged = {name: judged for name, judged in self._judged.items() if name in wanted}
        now = time.monotonic()
        due: dict[str, list[Name]] = defaultdict(list)
        for name in sorted(wanted, key=lambda name: (self._until(name), name)):
            if self._until(name) <= now and len(due[name[0]]) < READS_A_NAMESPACE_MAX:
                due[name[0]].append(name)
        await asyncio.gather(*(self._read(name) for names in due.values() for name in names))

    def verdicts(self) -> dict[str, Verdict]:
        """Return why jobs cannot start, by uid: a gang without its credentials would hold GPUs in vain."""
        found = {}
        for uid, name in self._waiting().items():
            judged = self._judged.get(name)
            problem = "it has not been read yet" if judged is None else judged.problem
            if problem:
                found[uid] = _verdict(name, problem)
        self._failed = {uid: failed for uid, failed in self._failed.items() if self._is_unplaced(uid)}
        return found | {uid: verdict for uid, (verdict, _) in self._failed.items()}

    def _is_unplaced(self, uid: str) -> bool:
        """Return whether the job has an attempt without a Placement: one may be there after all, made by another."""
        live = self._mirror.live.get(uid)
        return live is not None and str(live.id) not in self._world.placement_by_attempt

    def given_up(self) -> frozenset[str]:
        """Return the jobs whose attempts hold GPUs in vain for too long: their Secrets went after the admission."""
        now = time.monotonic()
        return frozenset(uid for uid, (_, since) in self._failed.items() if now - since > PATIENCE_SECONDS)

    async def sealed(self, live: Live, job: resources.TrainingJob) -> str | None:
        """Return what the agent of the attempt's cluster is to hand to the workers, or None if there is nothing.

        Raises:
            UnusableError: it cannot be had now; the verdict on the job says so too.

        """
        if job.spec.storage is None:
            return None
        name = _name(job)
        try:
            given = await self._given(name) if name else {}
            sealed = credentials.seal(self._key(live.cluster), credentials.variables(job.spec.storage, given))
        except UnusableError as error:
            since = self._failed[live.job][1] if live.job in self._failed else time.monotonic()
            self._failed[live.job] = _verdict(name, str(error)), since
            raise
        self._failed.pop(live.job, None)
        return sealed

    def _key(self, name: str) -> bytes:
        cluster = self._world.named("MemberCluster").get(name)
        if cluster is None:
            raise UnusableError(f"there is no MemberCluster {name} any more, to whose key to seal it")
        return base64.b64decode(cluster.spec.agent_key)

    async def _given(self, name: Name) -> dict[str, str]:
        judged = self._judged.get(name)
        if judged is not None and judged.problem and judged.until > time.monotonic():
            raise UnusableError(judged.problem)
        given = await self._read(name)
        if given is None:
            raise UnusableError(self._judged[name].problem)
        return given

    async def _read(self, name: Name) -> dict[str, str] | None:
        """Read a Secret, and remember what is wrong with it; return what is in it if it can be used."""
        given, problem = None, ""
        try:
            async with self._slots:
                secret = await self._kube.request("GET", f"/api/v1/namespaces/{name[0]}/secrets/{name[1]}")
            given = credentials.read(secret)
        except KubeError as error:
            problem = _refusal(error)
        except UnusableError as error:
            problem = str(error)
        self._judged[name] = Judged(problem, time.monotonic() + (BAD_SECONDS if problem else GOOD_SECONDS))
        return given

    def _until(self, name: Name) -> float:
        judged = self._judged.get(name)
        return judged.until if judged else float("-inf")

    def _waiting(self) -> dict[str, Name]:
        """Return the Secrets of jobs that have no attempt and may get one, by uid."""
        return {
            uid: name
            for uid, job in self._world.jobs.items()
            if (name := _name(job)) is not None
            and uid not in self._mirror.live
            and not has_ended(job, self._mirror.past.get(uid, NEVER_RAN))
        }


def _name(job: resources.TrainingJob) -> Name | None:
    storage = job.spec.storage
    if storage is None or storage.credentials is None:
        return None
    return job.metadata.namespace or "", storage.credentials


def _refusal(error: KubeError) -> str:
    # The API server's own words are left out: they tell a member how the operator is called and reached.
    if error.status == HTTPStatus.NOT_FOUND:
        return "it does not exist: create it in this namespace"
    if error.status == HTTPStatus.FORBIDDEN:
        return (
            "Hanse may not read it: name a Secret that the coordinator has agreed, or ask for this one"
            " (hanse member add --storage-secret)"
        )
    return "the API server does not answer: it is read again"


def _verdict(name: Name | None, problem: str) -> Verdict:
    field = f"spec.storage.credentials: Secret {name[1]}" if name else "spec.storage"
    return Verdict(Reason.STORAGE_NOT_READY, f"{field}: {problem}")
