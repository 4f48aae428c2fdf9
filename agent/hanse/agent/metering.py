"""Who had which GPU of a node in which second, cut into slots that partition each GPU's time exactly.

In: from time to time, what each GPU of a node is used for (:func:`usage`). Out: finished :class:`Interval` s, which
:func:`sign` makes into signed slots. An attempt has its GPUs from its lease until nothing of it is left. Time in which
nobody looked belongs to nobody: its slots are left out, and the ledger calls them unknown. Memory and energy are the
node agent's to measure; they are zero here.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hanse.agent.gangs import Gang
from hanse.evidence import slots
from hanse.evidence.slots import DOWN, WHOLE_MILLI_GPUS, Segment, Slot

Shares: TypeAlias = tuple[tuple[str, int], ...]
"""Who (an attempt, `idle` or `down`) has how many thousandths of one GPU."""
Usage: TypeAlias = tuple[Shares, ...]
"""The shares of each GPU of a node, by index."""


@dataclass(frozen=True)
class Identity:
    """A node and its GPUs, by their names in the whole pool, and which boot of it this is."""

    node: str
    boot_id: uuid.UUID
    gpus: tuple[str, ...]


@dataclass(frozen=True)
class Interval:
    """A whole metering interval of a node: what each GPU was used for from each *offset* on."""

    start_seconds: int
    length_seconds: int
    pieces: tuple[tuple[int, Usage], ...]


@dataclass
class Meter:
    """Watches one node. *look* it must often: what is not seen for *gap_seconds* was not seen at all."""

    slot_seconds: int
    gap_seconds: int = 60
    _pieces: list[tuple[int, Usage]] = field(default_factory=list)
    _last: int | None = None

    def look(self, at_seconds: int, usage: Usage) -> list[Interval]:
        """Take note of what is used from *at_seconds* (Unix time) on; return the intervals that this ends."""
        if self._last is None or not 0 <= at_seconds - self._last <= self.gap_seconds:
            self._pieces = [(at_seconds, usage)]
        elif not self._pieces or self._pieces[-1][1] != usage:
            self._pieces.append((at_seconds, usage))
        self._last = at_seconds
        return list(self._finished(at_seconds))

    def _finished(self, now: int) -> Iterator[Interval]:
        """Yield the intervals that end by *now* and were seen from their beginning; keep what is after them."""
        first = self._pieces[0][0]
        start = first - first % self.slot_seconds
        while start + self.slot_seconds <= now:
            end = start + self.slot_seconds
            inside = [(max(at, start) - start, usage) for at, usage in self._pieces if at < end]
            after = [(at, usage) for at, usage in self._pieces if at >= end]
            # What was used at the end is used on, unless something else begins right there.
            goes_on = [] if after and after[0][0] == end else [(end, inside[-1][1])]
            self._pieces = goes_on + after
            if inside[0][0] == 0:
                yield Interval(start, self.slot_seconds, _last_of_each(inside))
            start = end


def usage(node: str, gpus: int, mem_gib_by_gpu: Mapping[int, int], gangs: Iterable[Gang], *, ready: bool) -> Usage:
    """Return what each of a node's GPUs is used for now.

    A worker with a share of a GPU has its guaranteed part of the GiB that may be guaranteed there.

    """
    guaranteed: dict[int, dict[str, int]] = defaultdict(dict)
    for gang in gangs:
        for seat in gang.seats if not gang.released else ():
            for gpu in seat.gpus if seat.node == node else ():
                milli = WHOLE_MILLI_GPUS
                if gang.guaranteed_mib is not None and mem_gib_by_gpu.get(gpu):
                    milli = gang.guaranteed_mib * WHOLE_MILLI_GPUS // (mem_gib_by_gpu[gpu] * 1024)
                guaranteed[gpu][str(gang.attempt)] = min(milli, WHOLE_MILLI_GPUS - sum(guaranteed[gpu].values()))
    return tuple(_shares(guaranteed.get(gpu, {}), ready=ready) for gpu in range(gpus))


def sign(interval: Interval, meter: Identity, previous_sha256: bytes, key: Ed25519PrivateKey) -> tuple[bytes, bytes]:
    """Return the body and the signature of an interval's slot, which follows the one with the given hash."""
    slot = Slot(
        node=meter.node,
        boot_id=meter.boot_id,
        start_seconds=interval.start_seconds,
        length_seconds=interval.length_seconds,
        gpus=meter.gpus,
        segments=tuple(_segments(interval)),
        previous_sha256=previous_sha256,
    )
    return slots.sign(slot, key)


def _shares(guaranteed: Mapping[str, int], *, ready: bool) -> Shares:
    if not guaranteed and not ready:
        return ((DOWN, WHOLE_MILLI_GPUS),)
    return slots.shares({who: milli for who, milli in guaranteed.items() if milli}, {})


def _last_of_each(pieces: list[tuple[int, Usage]]) -> tuple[tuple[int, Usage], ...]:
    """Leave out what lasted for less than a second."""
    return tuple(dict(pieces).items())


def _segments(interval: Interval) -> Iterator[Segment]:
    ends = [offset for offset, _ in interval.pieces[1:]] + [interval.length_seconds]
    for (offset, usage_), end in zip(interval.pieces, ends, strict=True):
        mask_by_shares: dict[Shares, int] = defaultdict(int)
        for gpu, shares in enumerate(usage_):
            mask_by_shares[shares] |= 1 << gpu
        for shares, mask in sorted(mask_by_shares.items(), key=lambda item: item[1]):
            yield Segment(offset, end - offset, mask, shares, memory_mib_max=0, energy_millijoules=0)
