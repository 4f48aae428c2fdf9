"""Funding: caps, over windows and at once, while one plan is made.

A job is under every cap on the way from its leaf to its member: an organisation's cap counts what it and all below it
use, a member's cap counts everything. In: the snapshot's cap windows, and what attempts use now. Out: what a decision
reserves, or the cap that refuses it. A reservation only ever lowers what a cap has left here; what an attempt that ends
early gives back is the ledger's to say, and comes with a later snapshot. At once, a draining attempt still counts: it
still uses its GPUs, and those who take them start when it has gone. Workers beyond cores count apart: they go where a
job needs what they use.
"""

from collections.abc import Iterable

import numpy as np

from hanse.quota import caps, units
from hanse.scheduler.columns import Flags
from hanse.scheduler.decisions import CapShort, Reserved
from hanse.scheduler.pool import CapAtOnce, Shape
from hanse.scheduler.snapshot import Snapshot

Rate = tuple[int, units.MilliH100e]
"""A leaf, and mH that something below it uses."""


class Funds:
    """What each organisation's caps have left, and what is used below it, draining attempts apart."""

    def __init__(self, snapshot: Snapshot) -> None:
        catalogue = snapshot.catalogue
        self._policy, self._path = catalogue.pool.policy, catalogue.path
        self._names = [each.name for each in catalogue.organisations]
        self._index = catalogue.organisation
        self._windows: list[dict[str, list[caps.Window]]] = [{} for _ in self._names]
        for cap in snapshot.caps:
            window = caps.Window(cap.start_seconds, cap.end_seconds, cap.left)
            self._windows[self._index[cap.organisation]].setdefault(cap.name, []).append(window)
        self._at_once: list[list[CapAtOnce]] = [[] for _ in self._names]
        for limit in sorted(catalogue.pool.caps_at_once, key=lambda limit: limit.name):
            self._at_once[self._index[limit.organisation]].append(limit)
        self._used = [0] * len(self._names)
        self._used_beyond = [0] * len(self._names)
        for each in catalogue.pool.unplaced:
            self.use(self._index[each.organisation], each.rate)

    def is_capped(self, leaf: int) -> bool:
        """Return whether there is any cap above *leaf*."""
        return any(self._windows[each] or self._at_once[each] for each in self._path[leaf])

    def need_seconds(self, shape: Shape) -> int:
        """Return for how long an attempt of this shape is funded at a time."""
        policy = self._policy
        return caps.need_seconds(
            policy.funding_seconds_min, shape.checkpoint_seconds, shape.grace_seconds, policy.slot_latency_seconds
        )

    def reservation(self, leaf: int, use: caps.Use) -> tuple[Reserved, ...] | None:
        """Return what *use* takes from all caps above *leaf*, or None if one refuses it. Nothing changes yet."""
        reserved: list[Reserved] = []
        for organisation in self._path[leaf]:
            for name, windows in self._windows[organisation].items():
                amounts = caps.reservation(use, windows)
                if amounts is None:
                    return None
                reserved += [
                    Reserved(self._names[organisation], name, window.start_seconds, amount)
                    for window, amount in zip(windows, amounts, strict=True)
                    if amount
                ]
        return tuple(reserved)

    def short(self, leaf: int, use: caps.Use) -> CapShort | None:
        """Return a cap above *leaf* that refuses *use* if nobody is stopped for it: over a window, else at once."""
        return self.short_over_windows(leaf, use) or self.short_at_once(leaf, use.rate)

    def short_over_windows(self, leaf: int, use: caps.Use) -> CapShort | None:
        """Return the first cap above *leaf* that has too little left in a window for *use*."""
        for organisation in self._path[leaf]:
            for name, windows in self._windows[organisation].items():
                if lack := caps.shortage(use, windows):
                    return CapShort(self._names[organisation], name, is_at_once=False, asked=lack.asked, left=lack.left)
        return None

    def commit(self, reserved: Iterable[Reserved]) -> None:
        """Take what `reservation` returned."""
        for each in reserved:
            windows = self._windows[self._index[each.organisation]][each.cap]
            for index, window in enumerate(windows):
                if window.start_seconds == each.start_seconds:
                    left = window.left - each.amount
                    windows[index] = caps.Window(window.start_seconds, window.end_seconds, left)

    def use(self, leaf: int, rate: units.MilliH100e) -> None:
        """Count what runs below *leaf*. It counts until it has ended: a plan never takes it off."""
        for organisation in self._path[leaf]:
            self._used[organisation] += rate

    def use_beyond(self, leaf: int, rate: units.MilliH100e) -> None:
        """Count what workers beyond cores use below *leaf*, or, if it is less than 0, that they do not any more."""
        for organisation in self._path[leaf]:
            self._used_beyond[organisation] += rate

    def over_at_once(self, leaf: int, rate: units.MilliH100e, stopped: Iterable[Rate] = ()) -> list[int]:
        """Return the organisations of caps at once that *rate* more would cross, with all that is beyond cores."""
        found = []
        for organisation in self._path[leaf]:
            going = sum(each for below, each in stopped if organisation in self._path[below])
            used = self._used[organisation] + self._used_beyond[organisation] - going + rate
            if any(used > cap.limit for cap in self._at_once[organisation]):
                found.append(organisation)
        return found

    def counts(self, organisation: int, leaf: int) -> bool:
        """Return whether caps of *organisation* count what runs below *leaf*."""
        return organisation in self._path[leaf]

    def short_at_once(self, leaf: int, rate: units.MilliH100e, stopped: Iterable[Rate] = ()) -> CapShort | None:
        """Return the first cap at once that refuses *rate* more, which starts when all that is *stopped* has ended."""
        for organisation in self._path[leaf]:
            for cap in self._at_once[organisation]:
                going = sum(each for below, each in stopped if organisation in self._path[below])
                left = max(0, cap.limit - self._used[organisation] + going)
                if rate > left:
                    return CapShort(self._names[organisation], cap.name, is_at_once=True, asked=rate, left=left)
        return None

    def lacks_at_once(self, leaf: int, rate: units.MilliH100e) -> list[tuple[int, units.MilliH100e]]:
        """Return the organisations of caps at once that refuse *rate* more, and how much has to end below each."""
        return [
            (organisation, rate + self._used[organisation] - cap.limit)
            for organisation in self._path[leaf]
            for cap in self._at_once[organisation]
            if rate > max(0, cap.limit - self._used[organisation])
        ]

    def counted(self, organisation: int) -> Flags:
        """Return which leaves caps of *organisation* count."""
        return np.array([organisation in path for path in self._path], dtype=np.bool_)
