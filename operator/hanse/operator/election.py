"""Who leads: a Kubernetes Lease, as a hint.

In: the Lease object. Out: :meth:`Election.acquire` returns when this process holds it, :meth:`Election.hold` when it no
longer does. It decides nothing that must be safe: two processes may both believe for a moment that they lead, and the
ledger's term, checked in each transaction, lets only the newer one write.

As in client-go, a Lease has expired when its record was *seen* not to change for its own duration, by the monotonic
clock of who looks: clocks that differ do no harm, and nobody's time stamp is compared with anybody's clock.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import structlog

from hanse.operator.kube import Kube, KubeError

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """A holder that could not renew for `renew_seconds` gives up, before others may take over at `lease_seconds`."""

    lease_seconds: float = 15.0
    renew_seconds: float = 10.0
    retry_seconds: float = 2.0


class Election:
    """One candidate for the Lease *name* in *namespace*."""

    def __init__(self, kube: Kube, namespace: str, name: str, identity: str, timing: Timing) -> None:
        self._kube, self._timing = kube, timing
        self._collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._name, self._identity = name, identity
        self._seen: tuple[Any, float] = (None, 0.0)

    async def acquire(self) -> None:
        """Return when the Lease is ours."""
        while not await self._tried():  # noqa: ASYNC110  # what changes is not in this process
            await asyncio.sleep(self._timing.retry_seconds)
        _log.info("lease_acquired", identity=self._identity)

    async def hold(self) -> None:
        """Renew the Lease; return when somebody else has it, or it could not be renewed for too long."""
        renewed = time.monotonic()
        while time.monotonic() - renewed < self._timing.renew_seconds:
            await asyncio.sleep(self._timing.retry_seconds)
            started = time.monotonic()
            # A process that was halted finds its Lease old before it finds it taken: it gives up first, and asks then.
            if started - renewed < self._timing.renew_seconds and await self._tried():
                renewed = started
        _log.warning("lease_lost", identity=self._identity)

    async def release(self) -> None:
        """Let others take over at once."""
        try:
            lease = await self._kube.request("GET", f"{self._collection}/{self._name}")
            if lease["spec"].get("holderIdentity") == self._identity:
                lease["spec"] |= {"holderIdentity": "", "leaseDurationSeconds": 1}
                await self._kube.request("PUT", f"{self._collection}/{self._name}", lease)
        except KubeError as error:
            _log.warning("lease_not_released", error=str(error))

    async def _tried(self) -> bool:
        try:
            async with asyncio.timeout(self._timing.renew_seconds):
                return await self._try()
        except (KubeError, TimeoutError) as error:
            _log.warning("lease_not_renewed", error=str(error) or "no answer in time")
            return False

    async def _try(self) -> bool:
        lease = await self._read()
        if lease is None:
            body = {"metadata": {"name": self._name}, "spec": self._record({})}
            await self._kube.request("POST", self._collection, body)
            return True
        spec = lease.get("spec", {})
        if spec.get("holderIdentity") != self._identity and not self._has_expired(lease):
            return False
        # The object's version goes along: of two that try at the same time, one is refused.
        await self._kube.request("PUT", f"{self._collection}/{self._name}", {**lease, "spec": self._record(spec)})
        return True

    async def _read(self) -> dict[str, Any] | None:
        try:
            return await self._kube.request("GET", f"{self._collection}/{self._name}")
        except KubeError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _has_expired(self, lease: dict[str, Any]) -> bool:
        spec, now = lease.get("spec", {}), time.monotonic()
        version = lease["metadata"]["resourceVersion"]
        if not spec.get("holderIdentity"):
            return True
        if self._seen[0] != version:
            self._seen = version, now
        return now - self._seen[1] > float(spec.get("leaseDurationSeconds", self._timing.lease_seconds))

    def _record(self, before: dict[str, Any]) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        same = before.get("holderIdentity") == self._identity
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": max(1, round(self._timing.lease_seconds)),
            "acquireTime": before.get("acquireTime", now) if same else now,
            "renewTime": now,
            "leaseTransitions": before.get("leaseTransitions", 0) + (not same),
        }
