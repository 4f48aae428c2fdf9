"""Who had which GPU of a node in which second, cut into slots that partition each GPU's time exactly.

In: from time to time, what each GPU of a node is used for (:func:`usage`). Out: finished :class:`Interval` s, which
:func:`sign` makes into signed slots. An attempt has its GPUs from its lease until nothing of it is left. Time in which
nobody looked belongs to nobody: its slots are left out, and the ledger calls them unknown. Memory, whose it was, energy
and how busy GPUs were are what the counters of the node's own agent have grown by; of a node without one the slots say
nothing of them.
"""

import itertools
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hanse.agent.gangs import Gang
from hanse.evidence import slots, splitting
from hanse.evidence.slots import DOWN, IDLE, WHOLE_MILLI_GPUS, Segment, Slot

Shares: TypeAlias = tuple[tuple[str, int], ...]
"""Who (an attempt, `idle` or `down`) has how many thousandths of one GPU."""
Parts: TypeAlias = tuple[tuple[str, int], ...]
"""How much of something was which attempt's."""
Usage: TypeAlias = tuple[Shares, ...]
"""The shares of each GPU of a node, by index."""


@dataclass(frozen=True)
class Reading:
    """The counters of a node agent's *process*: what was used of each GPU, by index, since it began.

    *memory_by* and *busy_by* are parts, by attempt; one that is not there has used nothing yet, or ended long ago. For
    *unnamed_milliseconds* of computing the driver has named nobody; None: it is not known for whom it was.
    """

    process: uuid.UUID
    memory_mib_seconds: tuple[int, ...]
    energy_millijoules: tuple[int | None, ...]
    busy_milliseconds: tuple[int | None, ...] = ()
    memory_by: tuple[Mapping[str, int], ...] = ()
    busy_by: tuple[Mapping[str, int], ...] = ()
    unnamed_milliseconds: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class Identity:
    """A node and its GPUs, by their names in the whole pool, and which boot of it this is."""

    node: str
    boot_id: uuid.UUID
    gpus: tuple[str, ...]


@dataclass(frozen=True)
class Interval:
    """A whole metering interval of a node: what each GPU was used for from each *offset* on.

    *readings* are those at the beginning of each piece, and at the end of the last.
    """

    start_seconds: int
    length_seconds: int
    pieces: tuple[tuple[int, Usage], ...]
    readings: tuple[Reading | None, ...]


@dataclass
class Meter:
    """Watches one node. *look* it must often: what is not seen for *gap_seconds* was not seen at all."""

    slot_seconds: int
    gap_seconds: int = 60
    _pieces: list[tuple[int, Usage, Reading | None]] = field(default_factory=list)
    _last: int | None = None

    def look(self, at_seconds: int, usage: Usage, reading: Reading | None = None) -> list[Interval]:
        """Take note of what is used from *at_seconds* (Unix time) on; return the intervals that this ends."""
        if self._last is None or not 0 <= at_seconds - self._last <= self.gap_seconds:
            self._pieces = [(at_seconds, usage, reading)]
        elif not self._pieces or self._pieces[-1][1] != usage:
            self._pieces.append((at_seconds, usage, reading))
        self._last = at_seconds
        return list(self._finished(at_seconds, reading))

    def _finished(self, now: int, reading: Reading | None) -> Iterator[Interval]:
        """Yield the intervals that end by *now* and were seen from their beginning; keep what is after them.

        What is read at the first look after an interval's end counts as read at its end: what was used between the two
        is in one of both intervals, and in one only.

        """
        first = self._pieces[0][0]
        start = first - first % self.slot_seconds
        while start + self.slot_seconds <= now:
            end = start + self.slot_seconds
            inside = [(max(at, start) - start, usage, read) for at, usage, read in self._pieces if at < end]
            after = [piece for piece in self._pieces if piece[0] >= end]
            at_end = after[0][2] if after else reading
            # What was used at the end is used on, unless something else begins right there.
            goes_on = [] if after and after[0][0] == end else [(end, inside[-1][1], at_end)]
            self._pieces = goes_on + after
            if inside[0][0] == 0:
                pieces = _last_of_each(inside)
                used = tuple((offset, usage) for offset, usage, _ in pieces)
                yield Interval(start, self.slot_seconds, used, (*(read for _, _, read in pieces), at_end))
            start = end


def usage(node: str, gpus: int, gangs: Iterable[Gang], *, ready: bool) -> Usage:
    """Return what each of a node's GPUs is used for now.

    A worker with part of a GPU has as much of it as the hub counts it for: by what its memory is guaranteed.

    """
    guaranteed: dict[int, dict[str, int]] = defaultdict(dict)
    for gang in gangs:
        for seat in gang.seats if not gang.released else ():
            for gpu in seat.gpus if seat.node == node else ():
                left = WHOLE_MILLI_GPUS - sum(guaranteed[gpu].values())  # parts are rounded up
                guaranteed[gpu][str(gang.attempt)] = min(gang.milli_gpus, left)
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


def _last_of_each(pieces: list[tuple[int, Usage, Reading | None]]) -> list[tuple[int, Usage, Reading | None]]:
    """Leave out what lasted for less than a second."""
    return list({piece[0]: piece for piece in pieces}.values())


def _segments(interval: Interval) -> Iterator[Segment]:
    ends = [offset for offset, _ in interval.pieces[1:]] + [interval.length_seconds]
    spans = itertools.pairwise(interval.readings)
    for (offset, usage_), end, (before, after) in zip(interval.pieces, ends, spans, strict=True):
        mask_by_shares: dict[Shares, int] = defaultdict(int)
        for gpu, shares in enumerate(usage_):
            mask_by_shares[shares] |= 1 << gpu
        for shares, mask in sorted(mask_by_shares.items(), key=lambda item: item[1]):
            plain = Segment(offset, end - offset, mask, shares)
            yield plain if before is None or after is None else _measured(plain, before, after)


def _measured(segment: Segment, before: Reading, after: Reading) -> Segment:
    """Return a segment with what its GPUs' counters grew by; what nobody has measured is None."""
    if before.process != after.process:
        return segment
    gpus = [gpu for gpu in range(segment.gpu_mask.bit_length()) if segment.gpu_mask >> gpu & 1]
    memory = _sum(gpus, before.memory_mib_seconds, after.memory_mib_seconds)
    busy = _sum(gpus, before.busy_milliseconds, after.busy_milliseconds)
    # What was counted in the seconds around the segment is in it, too.
    busy = None if busy is None else min(busy, segment.length_seconds * 1000 * len(gpus))
    return replace(
        segment,
        memory_mib_seconds=memory,
        energy_millijoules=_sum(gpus, before.energy_millijoules, after.energy_millijoules),
        memory_by=None if memory is None else _by(segment.shares, gpus, (before.memory_by, after.memory_by), memory),
        busy_milliseconds=busy,
        busy_by=_busy_by(segment.shares, gpus, before, after, busy) if busy else None,
    )


def _busy_by(shares: Shares, gpus: list[int], before: Reading, after: Reading, busy: int) -> Parts | None:
    """Return how much of the time in which some GPUs computed was for whom; where nobody is named, by the shares.

    None is what the shares say as well: of a GPU of which nobody is ever named, or that one attempt has to itself.

    """
    unnamed = _sum(gpus, before.unnamed_milliseconds, after.unnamed_milliseconds)
    if unnamed is None:
        return None
    found = _by(shares, gpus, (before.busy_by, after.busy_by), busy, min(unnamed, busy))
    return None if found == _by(shares, (), ((), ({},)), busy, busy) else found


def _by(
    shares: Shares, gpus: Iterable[int], counted: tuple[tuple[Mapping[str, int], ...], ...], whole: int, rest: int = 0
) -> Parts | None:
    """Return how much of a *whole* of some GPUs was whose, of those who have a share; together it is never more.

    What a driver says of processes and of the GPU need not fit together, and parts are rounded. A *rest* goes by the
    shares.

    """
    before, after = counted
    if not after:
        return None
    grown = {
        who: max(0, sum(after[gpu].get(who, 0) - _at(before, gpu).get(who, 0) for gpu in gpus if gpu < len(after)))
        + rest * milli // WHOLE_MILLI_GPUS
        for who, milli in shares
        if who not in {IDLE, DOWN}
    }
    if sum(grown.values()) > whole:
        grown = splitting.largest_remainder(whole, grown)
    return tuple(sorted((who, amount) for who, amount in grown.items() if amount))


def _at(counted: tuple[Mapping[str, int], ...], gpu: int) -> Mapping[str, int]:
    return counted[gpu] if gpu < len(counted) else {}


def _sum(gpus: Iterable[int], before: Sequence[int | None], after: Sequence[int | None]) -> int | None:
    total = 0
    for gpu in gpus:
        began, ended = (each[gpu] if gpu < len(each) else None for each in (before, after))
        if began is None or ended is None:
            return None
        total += ended - began
    return total
