"""What happens to running attempts before any waiting job is looked at: funding, falls and rises.

In: a cycle. Out: its decisions. Nothing here starts or stops a gang by itself: a refused renewal makes it smaller if it
can be, else it is notice, and the agent stops the attempt when its funding ends; a change of label only changes who may
stop whom. Next: `covered`.
"""

from collections.abc import Callable

import numpy as np

from hanse.quota import caps
from hanse.scheduler.columns import Flags, Integers, integers
from hanse.scheduler.cycle import Cycle
from hanse.scheduler.decisions import Fall, Refuse, Renew, Rise, Why
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
    extras = cycle.parts.extras_of(np.array([part]))
    milli = sum(map(cycle.parts.milli_gpus_limit, [part, *extras.tolist()]))
    use = caps.Use(int(attempt["gpu_rate"]), milli, start, until)
    reserved = cycle.funds.reservation(leaf, use)
    if reserved is None and len(extras):
        cycle.shrink(extras, Why.FUNDING_REFUSED)  # the next plan renews what is left
        return
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
    live = np.flatnonzero(parts.live & ~parts.is_extra & (parts.rung < Rung.HOME))
    rising.each(live[np.lexsort((parts.age[live], -parts.tier_rank[live]))], rising.may_at_leaf, rising.at_leaf)
    live = np.flatnonzero(parts.live & ~parts.is_extra & (parts.rung < Rung.HOME))
    live = live[parts.cover_in_kind(live) < parts.leaf_depth[live]]
    rising.each(_by_age(live, parts.age), rising.may_above_leaf, rising.above_leaf)


def _by_age(parts: Integers, age: Integers) -> Integers:
    return parts[np.argsort(age[parts])]


class _Rising:
    """Tries labels. Most parts cannot rise: all of a member's are told so at once, and again when one may gain."""

    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle

    def each(self, parts: Integers, may: Callable[[int, Integers], Flags], rises: Callable[[int], Rise | None]) -> None:
        """Try those of *parts* that *may* rise, in their order."""
        member = self._cycle.parts.member[parts]
        places = {each: np.flatnonzero(member == each) for each in np.unique(member).tolist()}
        ahead = {each: own[may(each, parts[own])].tolist() for each, own in places.items()}
        too_many: set[int] = set()
        while heads := [(own[0], each) for each, own in ahead.items() if own]:
            place, each = min(heads)
            ahead[each].pop(0)
            rise = rises(int(parts[place]))
            if rise and not _gives(rise):
                too_many.add(each)  # nobody else may rise for it, and most who could still may
            elif rise or each in too_many:
                later = places[each][places[each] > place]
                ahead[each] = later[may(each, parts[later])].tolist()
                too_many.discard(each)

    def may_at_leaf(self, member: int, parts: Integers) -> Flags:
        """Return which of a member's *parts* are covered at their leaf better than they are; grants may be short."""
        columns, covers = self._cycle.parts, self._cycle.accounts.covers
        depth = columns.leaf_depth[parts]
        is_weaker = (columns.cover[parts] < depth) | (columns.rung[parts] < Rung.AWAY)
        may: Flags = columns.at_home[parts] & covers(member, parts, Rung.HOME, depth)
        may |= is_weaker & covers(member, parts, Rung.AWAY, depth)
        return may

    def may_above_leaf(self, member: int, parts: Integers) -> Flags:
        """Return which of a member's *parts* are covered above their leaf better than they are."""
        columns, covers = self._cycle.parts, self._cycle.accounts.covers
        depth, cover_now = columns.leaf_depth[parts], columns.cover_in_kind(parts)
        may: Flags = (columns.rung[parts] < Rung.EXCHANGE) & covers(member, parts, Rung.EXCHANGE, 0 * depth)
        for cover in range(int(depth.max(initial=0))):
            at = np.flatnonzero((cover_now < cover) & (cover < depth))
            may[at] |= covers(member, parts[at], Rung.AWAY, np.full(len(at), cover))
        return may

    def at_leaf(self, part: int) -> Rise | None:
        """Let a part rise as far as it is covered at its leaf; return its rise, if it does."""
        parts = self._cycle.parts
        depth = int(parts.leaf_depth[part])
        if parts.at_home[part] and (rise := self._try(part, Rung.HOME, depth)):
            return rise
        is_weaker = bool(parts.cover[part] < depth or parts.rung[part] < Rung.AWAY)
        return self._try(part, Rung.AWAY, depth) if is_weaker else None

    def above_leaf(self, part: int) -> Rise | None:
        """Let a part rise as far as it is covered above its leaf; return its rise, if it does."""
        parts = self._cycle.parts
        (cover_now,) = parts.cover_in_kind(np.array([part])).tolist()
        for cover in range(int(parts.leaf_depth[part]) - 1, cover_now, -1):
            if rise := self._try(part, Rung.AWAY, cover):
                return rise
        return self._try(part, Rung.EXCHANGE, 0) if parts.rung[part] < Rung.EXCHANGE else None

    def _try(self, part: int, rung: Rung, cover: int) -> Rise | None:
        cycle = self._cycle
        if not cycle.accounts.may_rise(part, rung, cover):
            return None
        before = cycle.accounts.label_of(part)
        cycle.accounts.rise(part, rung, cover)
        falls = cycle.relabels(cycle.accounts.settle(part))
        (change,) = cycle.relabels([(part, before)])
        rise = Rise(change, falls)
        cycle.decisions.append(rise)
        return rise


def _gives(rise: Rise) -> bool:
    """Return whether others may have gained from a rise: who falls uses less, and who exchanged had others' classes.

    All others stay charged to each account that they were charged to, and yield to nobody to whom they did not.
    """
    return bool(rise.falls) or rise.change.before.rung == Rung.EXCHANGE
