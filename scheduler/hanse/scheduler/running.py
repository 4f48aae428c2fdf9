"""What happens to running attempts before any waiting job is looked at: funding, falls and rises.

In: a cycle. Out: its decisions. Nothing here starts or stops anything by itself: a refused renewal is notice, and the
agent stops the attempt when its funding ends; a change of label only changes who may stop whom. Next: `covered`.
"""

import numpy as np

from hanse.quota import caps, units
from hanse.scheduler.columns import Integers, integers
from hanse.scheduler.cycle import Cycle
from hanse.scheduler.decisions import Fall, Label, Refuse, Renew, Rise
from hanse.scheduler.pool import Rung


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
    cycle.decisions += [Fall(relabel) for relabel in cycle.relabels(cycle.accounts.shrink())]


def rise(cycle: Cycle) -> None:
    """Let parts rise that entitlement covers better now: first at their leaves, then at what is above these."""
    rising = _Rising(cycle)
    parts = cycle.parts
    live = np.flatnonzero(parts.live & (parts.rung < Rung.HOME))
    for part in live[np.lexsort((parts.age[live], -parts.tier_rank[live]))]:
        rising.at_leaf(int(part))
    live = np.flatnonzero(parts.live & (parts.rung < Rung.HOME) & (parts.cover < parts.leaf_depth))
    for part in _by_age(live, parts.age):
        rising.above_leaf(int(part))


def _by_age(parts: Integers, age: Integers) -> Integers:
    return parts[np.argsort(age[parts])]


class _Rising:
    """Tries labels; one refused is refused to all of the same leaf, tier, class and size until something moves."""

    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle
        self._refused: set[tuple[int, ...]] = set()

    def at_leaf(self, part: int) -> None:
        parts = self._cycle.parts
        depth = int(parts.leaf_depth[part])
        if parts.at_home[part] and self._try(part, Rung.HOME, depth):
            return
        if parts.cover[part] < depth or parts.rung[part] < Rung.AWAY:
            self._try(part, Rung.AWAY, depth)

    def above_leaf(self, part: int) -> None:
        parts = self._cycle.parts
        for cover in range(int(parts.leaf_depth[part]) - 1, int(parts.cover[part]), -1):
            if self._try(part, Rung.AWAY, cover):
                return

    def _try(self, part: int, rung: Rung, cover: int) -> bool:
        cycle, parts = self._cycle, self._cycle.parts
        before = Label(Rung(int(parts.rung[part])), int(parts.cover[part]))
        key = (
            int(parts.leaf[part]), int(parts.tier[part]), int(parts.accelerator[part]), int(parts.milli_gpus[part]),
            int(parts.milli_levied[part]), *(before.rung, before.cover), *(rung, cover),
        )  # fmt: skip
        if key in self._refused:
            return False
        if not cycle.accounts.rise(part, rung, cover):
            self._refused.add(key)
            return False
        falls = cycle.relabels(cycle.accounts.settle(part))
        self._refused.clear()
        (change,) = cycle.relabels([(part, before)])
        cycle.decisions.append(Rise(change, falls))
        return True
