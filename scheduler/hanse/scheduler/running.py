"""What happens to running attempts before any waiting job is looked at: funding, falls and rises.

In: a cycle. Out: its decisions. Nothing here starts or stops anything by itself: a refused renewal is notice, and the
agent stops the attempt when its funding ends; a change of label only changes who may stop whom. Next: `covered`.
"""

from collections.abc import Callable

import numpy as np

from hanse.quota import caps, units
from hanse.scheduler.columns import Integers, integers
from hanse.scheduler.cycle import Cycle
from hanse.scheduler.decisions import Fall, Refuse, Renew, Rise
from hanse.scheduler.pool import Rung
from hanse.scheduler.shrinking import Shrinking


def fund(cycle: Cycle) -> None:
    """Renew attempts half of whose funding has gone by, soonest to end first, or give notice, once.

    What runs of suspended members ends with the funding that it has: nothing is decided about it.

    """
    attempts = cycle.snapshot.attempts
    need_by_shape = integers([cycle.funds.need_seconds(shape) for shape in cycle.snapshot.shapes])
    if not len(attempts):
        return
    need = need_by_shape[cycle.parts.shape[attempts["job"]]]
    from_when = [
        caps.renewal_seconds(*each) for each in zip(attempts["funded_until"].tolist(), need.tolist(), strict=True)
    ]
    due = integers(from_when) <= cycle.snapshot.as_of
    suspended = np.array([member.suspended for member in cycle.catalogue.members], dtype=np.bool_)
    rows = np.flatnonzero(due & ~attempts["draining"] & ~suspended[cycle.parts.member[attempts["job"]]])
    order = np.lexsort((cycle.parts.age[attempts["job"][rows]], attempts["funded_until"][rows]))
    for row in rows[order]:
        _renew(cycle, int(row), int(need[row]))


def _renew(cycle: Cycle, row: int, need_seconds: int) -> None:
    attempt = cycle.snapshot.attempts[row]
    part, funded_until = int(attempt["job"]), int(attempt["funded_until"])
    leaf, until = int(cycle.parts.leaf[part]), cycle.snapshot.as_of + need_seconds
    start = max(funded_until, cycle.snapshot.as_of)
    use = caps.Use(int(attempt["gpu_rate"]), cycle.parts.gpus(part) * units.MILLI, start, until)
    reserved = cycle.funds.reservation(leaf, use)
    if reserved is not None:
        cycle.funds.commit(reserved)
        cycle.decisions.append(Renew(cycle.attempt(part), until, reserved))
    elif not attempt["refused"] and (short := cycle.funds.short_over_windows(leaf, use)):
        cycle.decisions.append(Refuse(cycle.attempt(part), funded_until, short))


def shrink(cycle: Cycle) -> None:
    """Let parts fall that something outside took cover from."""
    fallen = Shrinking(cycle.catalogue, cycle.parts, cycle.rules, cycle.accounts).run()
    cycle.decisions += [Fall(relabel) for relabel in cycle.relabels(fallen)]


def rise(cycle: Cycle) -> None:
    """Let parts rise that entitlement covers better now: first at their leaves, then at what is above these."""
    rising = _Rising(cycle)
    parts = cycle.parts
    live = np.flatnonzero(parts.live & (parts.rung < Rung.HOME))
    rising.each(live[np.lexsort((parts.age[live], -parts.tier_rank[live]))], rising.at_leaf)
    live = np.flatnonzero(parts.live & (parts.rung < Rung.HOME))
    live = live[parts.cover_in_kind(live) < parts.leaf_depth[live]]
    rising.each(_by_age(live, parts.age), rising.above_leaf)


_ALIKE = ("leaf", "tier", "accelerator", "milli_gpus", "milli_levied", "rung", "cover", "at_home")
"""What decides whether a part may rise, besides what others use."""


def _by_age(parts: Integers, age: Integers) -> Integers:
    return parts[np.argsort(age[parts])]


class _Rising:
    """Tries labels; one refused is refused to all of the same leaf, tier, class and size until something moves."""

    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle
        self._refused: set[tuple[int, ...]] = set()
        self._hopeless: set[tuple[int, ...]] = set()
        self._moved: set[int] = set()

    def each(self, parts: Integers, rises: Callable[[int], bool]) -> None:
        """Try all *parts* in their order; those like one that has just failed need not be looked at."""
        columns = self._cycle.parts
        alike = zip(*(getattr(columns, name)[parts].tolist() for name in _ALIKE), strict=True)
        self._hopeless.clear()
        for part, like in zip(parts.tolist(), alike, strict=True):
            has_moved = part in self._moved  # then it is like others than those that it was like
            if like in self._hopeless and not has_moved:
                continue
            if not rises(part) and not has_moved:
                self._hopeless.add(like)

    def at_leaf(self, part: int) -> bool:
        parts = self._cycle.parts
        depth = int(parts.leaf_depth[part])
        if parts.at_home[part] and self._try(part, Rung.HOME, depth):
            return True
        is_weaker = bool(parts.cover[part] < depth or parts.rung[part] < Rung.AWAY)
        return is_weaker and self._try(part, Rung.AWAY, depth)

    def above_leaf(self, part: int) -> bool:
        parts = self._cycle.parts
        (cover_now,) = parts.cover_in_kind(np.array([part])).tolist()
        covers = range(int(parts.leaf_depth[part]) - 1, cover_now, -1)
        if any(self._try(part, Rung.AWAY, cover) for cover in covers):
            return True
        return bool(parts.rung[part] < Rung.EXCHANGE) and self._try(part, Rung.EXCHANGE, 0)

    def _try(self, part: int, rung: Rung, cover: int) -> bool:
        cycle, parts = self._cycle, self._cycle.parts
        before = cycle.accounts.label_of(part)
        key = (
            int(parts.leaf[part]), int(parts.tier[part]), int(parts.accelerator[part]), int(parts.milli_gpus[part]),
            int(parts.milli_levied[part]), *(before.rung, before.cover), *(rung, cover),
        )  # fmt: skip
        if key in self._refused:
            return False
        if not cycle.accounts.rise(part, rung, cover):
            self._refused.add(key)
            return False
        moved = cycle.accounts.settle(part)
        falls = cycle.relabels(moved)
        self._refused.clear()
        self._hopeless.clear()
        self._moved.update((part, *(each for each, _ in moved)))
        (change,) = cycle.relabels([(part, before)])
        cycle.decisions.append(Rise(change, falls))
        return True
