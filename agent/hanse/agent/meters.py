"""All meters of a cluster: what its nodes were used for becomes signed slots, and slots wait until the hub has them.

In: from time to time, nodes and gangs; the hub's verdicts. Out: requests with slots. :mod:`hanse.agent.metering` does
the arithmetic, :mod:`hanse.agent.store` keeps what is not delivered.
"""

import logging
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from typing import Any

from hanse.agent import clock, metering
from hanse.agent.gangs import Gang
from hanse.agent.keys import Keys
from hanse.agent.metering import Identity, Meter
from hanse.agent.store import Store
from hanse.evidence import identity
from hanse.resources.protocol import NodeReport, SignedSlot, SlotsAnswer, SlotsRequest

BATCH = 500
STEP_SECONDS_MAX = 2.0
"""A wall clock that moves otherwise than time itself by more than this was set: nothing across it is metered."""
_LOG = logging.getLogger(__name__)


class Meters:
    """The meters of the nodes of *cluster*."""

    def __init__(self, cluster: str, store: Store, keys: Keys) -> None:
        self.slot_seconds = 0
        """The pool's metering interval; nothing is metered before the hub has said it."""
        self._cluster, self._store, self._keys = cluster, store, keys
        self._meters: dict[str, Meter] = {}
        self._sent: list[int] = []
        self._offset = 0.0

    def look(
        self, at_seconds: int, nodes: Mapping[str, Any], reports: Mapping[str, NodeReport], gangs: Collection[Gang]
    ) -> None:
        """Take note of what each node's GPUs are used for now, and keep the slots that this ends."""
        if not self.slot_seconds:
            return
        self._mind_the_clock()
        self._meters = {
            name: meter
            for name, meter in self._meters.items()
            if name in reports and meter.slot_seconds == self.slot_seconds
        }
        made: list[tuple[str, bytes, bytes]] = []
        for name, report in reports.items():
            meter = self._meters.setdefault(name, Meter(self.slot_seconds))
            used = metering.usage(name, report.gpus, _mem_gib(nodes[name]), gangs, ready=report.ready)
            of = self._identity(name, nodes[name], report.gpus)
            made += [
                self._signed(interval, of)
                for interval in meter.look(at_seconds, used)
                if all(len(usage) == report.gpus for _, usage in interval.pieces)
            ]
        if made:
            self._store.add_slots(made)

    def pending(self) -> SlotsRequest | None:
        """Return the oldest slots that the hub has not got, or None if it has all."""
        kept = self._store.slots(BATCH)
        self._sent = [number for number, _, _ in kept]
        slots = tuple(SignedSlot(body=urlsafe_b64encode(b), signature=urlsafe_b64encode(s)) for _, b, s in kept)
        return SlotsRequest(slots=slots) if slots else None

    def take(self, answer: SlotsAnswer) -> None:
        """Forget the slots of the last request; what the ledger refused, it has recorded."""
        for verdict in answer.verdicts:
            if verdict.verdict in {"conflict", "refused"}:
                _LOG.warning("a slot was refused: %s", verdict.reason or verdict.verdict)
        self._store.drop_slots(self._sent[: len(answer.verdicts)])

    def _signed(self, interval: metering.Interval, of: Identity) -> tuple[str, bytes, bytes]:
        body, signature = metering.sign(interval, of, self._store.previous_sha256(of.node), self._keys.signing)
        return of.node, body, signature

    def _identity(self, name: str, node: Mapping[str, Any], gpus: int) -> Identity:
        return Identity(
            node=identity.node_id(self._cluster, name),
            boot_id=_boot_id(node),
            gpus=tuple(identity.gpu_id(self._cluster, name, index) for index in range(gpus)),
        )

    def _mind_the_clock(self) -> None:
        offset = time.time() - clock.boottime()
        if abs(offset - self._offset) > STEP_SECONDS_MAX:
            self._meters.clear()
            self._offset = offset


def _boot_id(node: Mapping[str, Any]) -> uuid.UUID:
    """Return the node's boot id; a simulated node has none, and its uid says as much."""
    try:
        return uuid.UUID(node["status"]["nodeInfo"]["bootID"])
    except (KeyError, ValueError):
        return uuid.UUID(node["metadata"]["uid"])


def _mem_gib(node: Mapping[str, Any]) -> dict[int, int]:
    """Return how many GiB of each GPU may be guaranteed, where Hanse's node agent offers them."""
    has = node["status"].get("allocatable") or {}
    suffix = ".hanse.dev/mem-gib"
    found = {n[3 : -len(suffix)]: c for n, c in has.items() if n.startswith("gpu") and n.endswith(suffix)}
    return {int(gpu): int(count) for gpu, count in found.items() if gpu.isdecimal() and count.isdecimal()}
