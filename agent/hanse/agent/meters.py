"""All meters of a cluster: what its nodes were used for becomes signed slots, and slots wait until the hub has them.

In: from time to time, nodes and gangs; the hub's verdicts. Out: requests with slots. :mod:`hanse.agent.metering` does
the arithmetic, :mod:`hanse.agent.store` keeps what is not delivered.
"""

import logging
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from hanse.agent import clock, metering
from hanse.agent.certified import Certified
from hanse.agent.gangs import Gang
from hanse.agent.keys import Keys
from hanse.agent.metering import Identity, Meter, Reading
from hanse.agent.store import Store
from hanse.agent.wall import Wall
from hanse.evidence import canonical, identity
from hanse.resources.protocol import NodeReport, SignedSlot, SlotsAnswer, SlotsRequest

BATCH = 500
_LOG = logging.getLogger(__name__)


class Meters:
    """The meters of the nodes of *cluster*."""

    def __init__(self, cluster: str, store: Store, keys: Keys) -> None:
        self.slot_seconds = 0
        """The pool's metering interval; nothing is metered before the hub has said it."""
        self.wall = Wall()
        """What is known of the clock that slots are cut by."""
        self.certified = Certified(keys)
        """The keys that nodes sign with."""
        self._cluster, self._store = cluster, store
        self._meters: dict[str, Meter] = {}
        self._sent: list[int] = []

    def look(
        self,
        at_seconds: int,
        nodes: Mapping[str, Any],
        reports: Mapping[str, NodeReport],
        gangs: Collection[Gang],
        readings: Mapping[str, Reading],
    ) -> None:
        """Take note of what each node's GPUs are used for now, and keep the slots that this ends."""
        is_right = self.wall.looked(time.time(), clock.boottime())
        if not is_right or not self.slot_seconds or self.certified.newest is None:
            # What began under a clock that is not right is not seen to its end either.
            self._meters.clear()
            return
        self._meters = {
            name: meter
            for name, meter in self._meters.items()
            if name in reports and meter.slot_seconds == self.slot_seconds
        }
        made: list[tuple[str, bytes, bytes]] = []
        for name, report in reports.items():
            meter = self._meters.setdefault(name, Meter(self.slot_seconds))
            used = metering.usage(name, report.gpus, gangs, ready=report.ready)
            of = self._identity(name, nodes[name], report.gpus)
            ended = meter.look(at_seconds, used, readings.get(name))
            made += self._chained(
                [each for each in ended if all(len(usage) == report.gpus for _, usage in each.pieces)], of
            )
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

    def _chained(self, intervals: Iterable[metering.Interval], of: Identity) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield a node's slots, signed; a look that comes late ends several, and each carries the hash of the last."""
        previous = b""
        for interval in intervals:
            previous = previous or self._store.previous_sha256(of.node)
            key = self.certified.key(of.node, interval.start_seconds)
            body, signature = metering.sign(interval, of, previous, key)
            previous = canonical.sha256(body)
            yield of.node, body, signature

    def _identity(self, name: str, node: Mapping[str, Any], gpus: int) -> Identity:
        return Identity(
            node=identity.node_id(self._cluster, name),
            boot_id=_boot_id(node),
            gpus=tuple(identity.gpu_id(self._cluster, name, index) for index in range(gpus)),
        )


def _boot_id(node: Mapping[str, Any]) -> uuid.UUID:
    """Return the node's boot id; a simulated node has none, and its uid says as much."""
    try:
        return uuid.UUID(node["status"]["nodeInfo"]["bootID"])
    except (KeyError, ValueError):
        return uuid.UUID(node["metadata"]["uid"])
