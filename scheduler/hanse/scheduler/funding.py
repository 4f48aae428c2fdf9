"""Funding: caps, over windows and at once, while one plan is made.

In: the snapshot's cap windows, and what the members' attempts use now. Out: what a decision reserves, or a refusal. A
reservation only ever lowers what a cap has left here; what an attempt that ends early gives back is the ledger's to
say, and comes with a later snapshot. At once, a draining attempt still counts: it still uses its GPUs, and those who
take them start when it has gone.
"""

from hanse.quota import caps
from hanse.scheduler.decisions import Reserved
from hanse.scheduler.pool import Shape
from hanse.scheduler.snapshot import Snapshot


class Funds:
    """What each member's caps have left. `rate` and `draining_rate` are mH by member."""

    def __init__(self, snapshot: Snapshot) -> None:
        catalogue = snapshot.catalogue
        self._policy, self._as_of = catalogue.pool.policy, snapshot.as_of
        self._windows: list[dict[str, list[caps.Window]]] = [{} for _ in catalogue.members]
        for cap in snapshot.caps:
            window = caps.Window(cap.start_seconds, cap.end_seconds, cap.left)
            self._windows[catalogue.member[cap.member]].setdefault(cap.name, []).append(window)
        self._at_once: list[list[int]] = [[] for _ in catalogue.members]
        for limit in catalogue.pool.caps_at_once:
            self._at_once[catalogue.member[limit.member]].append(limit.limit)
        self.rate = [0] * len(catalogue.members)
        self.draining_rate = [0] * len(catalogue.members)

    def need_seconds(self, shape: Shape) -> int:
        """Return for how long an attempt of this shape is funded at a time."""
        policy = self._policy
        return caps.need_seconds(
            policy.funding_seconds_min, shape.checkpoint_seconds, shape.grace_seconds, policy.slot_latency_seconds
        )

    def reservation(self, member: int, use: caps.Use) -> tuple[Reserved, ...] | None:
        """Return what *use* takes from the member's caps, or None if one of them refuses it. Nothing changes yet."""
        reserved: list[Reserved] = []
        for name, windows in self._windows[member].items():
            amounts = caps.reservation(use, windows)
            if amounts is None:
                return None
            reserved += [
                Reserved(name, window.start_seconds, amount)
                for window, amount in zip(windows, amounts, strict=True)
                if amount
            ]
        return tuple(reserved)

    def commit(self, member: int, reserved: tuple[Reserved, ...]) -> None:
        """Take what `reservation` returned."""
        for each in reserved:
            windows = self._windows[member][each.cap]
            for index, window in enumerate(windows):
                if window.start_seconds == each.start_seconds:
                    left = window.left - each.amount
                    windows[index] = caps.Window(window.start_seconds, window.end_seconds, left)

    def allows_at_once(self, member: int, rate: int, stopped_rate: int) -> bool:
        """Return whether *rate* more fits under the caps at once, if it starts when *stopped_rate* has ended."""
        used = self.rate[member] + self.draining_rate[member] - stopped_rate + rate
        return all(used <= limit for limit in self._at_once[member])
