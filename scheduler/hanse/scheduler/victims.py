"""Victims: which parts to stop so that a claim finds its place, and no more than that.

Workers beyond an elastic gang's core come first: their gang runs on without them. If their core goes after all, they go
with it.

In: an ask that finds no place on what is free, and whom the rules let it stop. Out: a place and its victims, or none.
In each cluster candidates are lined up, weakest first, then cheapest, then youngest; the shortest head of that line
that makes room is taken; then each of it, from its end, is spared if there is still room without it. Of the clusters,
the one whose strongest victim is weakest, then the cheapest. Each victim stops whole.

Where the gang is to be in one rack or block, room is that of one such domain, and only who stands there is stopped. If
that was merely preferred it is tried for wider ones too, and a narrower one is taken where nobody stronger has to go.

The cost of a victim is GPUs x (seconds since its last checkpoint of record, bounded, + restart) x (1 + preemptions so
far): not checkpointing buys nothing, and nobody is picked on for ever.
"""

import bisect
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hanse.quota import units
from hanse.scheduler import placing
from hanse.scheduler.capacity import Capacity
from hanse.scheduler.columns import Flags, Integers
from hanse.scheduler.ground import GPUS
from hanse.scheduler.parts import Parts
from hanse.scheduler.placing import Ask, Found
from hanse.scheduler.pool import Level
from hanse.scheduler.rules import Rules

_HEAD = 32
"""So many of a line are looked at first: most often they are enough."""


class Choice(NamedTuple):
    """A place on some of these *nodes* for the gang that asks, once *stops* have gone, which are in rising order."""

    ask: Ask
    cluster: int
    nodes: Integers
    stops: Integers


class _Line(NamedTuple):
    """Parts in the order in which they go for a gang; caps at once ask for the *fewest* of them at least."""

    ask: Ask
    cluster: int
    nodes: Integers
    parts: Integers
    fewest: int


class Victims:
    """Looks for victims among one plan's parts."""

    def __init__(self, parts: Parts, rules: Rules, restart_seconds: int) -> None:
        self._parts, self._rules, self._restart_seconds = parts, rules, restart_seconds
        self._there: dict[int, tuple[Integers, int]] = {}
        self._first: tuple[Integers, Integers, int] | None = None

    def choose(self, ask: Ask, capacity: Capacity, fewest: Callable[[Integers], int]) -> Choice | None:
        """Return who best goes for the gang, and where it then finds its place, or None.

        There is none either where caps ask for the *fewest* of a line to go, and no head that makes room is as long.
        """
        clusters = [
            (cluster, nodes, self._in_line(line))
            for cluster, nodes in ask.clusters
            if len(line := self._stoppable(ask, nodes)) and self._may_be_enough(ask, capacity, nodes, line)
        ]
        lines = [
            _Line(replace(ask, near=near), cluster, nodes, line, fewest(line))
            for near in ask.near.levels_to_clear()
            for cluster, nodes, line in clusters
        ]
        if all(self._is_too_short(capacity, line) for line in lines):
            return None
        heads = [each for line in lines if len((each := self._head(capacity, line)).parts)]
        if not any(len(each.parts) >= each.fewest for each in heads):
            return None
        return min((self._choose_in(capacity, each) for each in heads), key=self._badness)

    def place(self, choice: Choice, capacity: Capacity) -> Found:
        """Return the gang's place, once those chosen have gone."""
        use = self._parts.holdings.use(choice.stops)
        with capacity.trying():
            capacity.change(use, +1)
            found = placing.spread(choice.ask, capacity, choice.cluster, choice.nodes)
            capacity.change(use, -1)
        return found

    def _may_be_enough(self, ask: Ask, capacity: Capacity, nodes: Integers, line: Integers) -> bool:
        """Return whether those in a line hold, with what is free, as many GPUs as the gang asks for: often they do not.

        Parts of GPUs are left to the closer look.
        """
        free = int(capacity.free[GPUS, nodes].clip(min=0).sum())
        held = int(self._parts.milli_gpus[line].sum()) // units.MILLI
        return capacity.sharing is not None or free + held >= ask.gpus

    def _stoppable(self, ask: Ask, nodes: Integers) -> Integers:
        """Return whom the gang may stop of those who hold one of *nodes*, which are the ground's."""
        parts, claim = self._parts, ask.claim
        there = self._on_ground(nodes)
        is_weaker = parts.rung[there] <= claim.rung  # no rule stops who is on a higher rung, and most are quickly told
        there = there[parts.live[there] & is_weaker & (parts.accelerator[there] == claim.accelerator)]
        yields: Flags = self._rules.yielding_gpus(claim, there)
        stoppable: Integers = there[yields]
        return stoppable

    def _on_ground(self, nodes: Integers) -> Integers:
        """Return the parts that hold one of *nodes*, or did earlier in this plan.

        It is remembered, and only who started since is looked at: *nodes* must live as long as the plan.
        """
        starts = self._parts.starts
        known, seen = self._there.get(id(nodes)) or self._held_at_first(nodes)
        if seen != len(starts):
            known = np.concatenate([known, self._on(nodes, np.array(starts[seen:], dtype=np.int64))])
        self._there[id(nodes)] = known, len(starts)
        return known

    def _held_at_first(self, nodes: Integers) -> tuple[Integers, int]:
        """Return who held one of *nodes* when somebody first asked for any, and how many had started by then."""
        parts, held = self._parts, self._parts.holdings
        if self._first is None:
            rows = held.rows(np.flatnonzero(parts.live))
            self._first = held.part[rows], held.node[rows], len(parts.starts)
        part, node, seen = self._first
        is_there: Flags = np.zeros(held.nodes, dtype=np.bool_)
        is_there[nodes] = True
        there = part[is_there[node]]  # a part's rows are together
        return there[np.flatnonzero(np.diff(there, prepend=-1))], seen

    def _is_too_short(self, capacity: Capacity, line: _Line) -> bool:
        """Return whether caps ask for more than a line's head: one look tells it, where to find the head takes many."""
        if not 1 < line.fewest <= len(line.parts):
            return line.fewest > len(line.parts)
        with capacity.trying():
            trial = _Trial(line.ask, capacity, line.nodes, self._parts, line.parts[: line.fewest - 1])
            trial.move(line.fewest - 1)
            is_room = trial.is_enough()
            trial.move(0)
        return is_room

    def _head(self, capacity: Capacity, line: _Line) -> _Line:
        """Return the shortest head of a line that makes room, empty if all of it does not."""
        for length in sorted({min(len(line.parts), _HEAD), len(line.parts)}):
            with capacity.trying():
                trial = _Trial(line.ask, capacity, line.nodes, self._parts, line.parts[:length])
                trial.shorten()
                head = trial.line[: trial.gone]
                trial.move(0)
            if len(head):
                break
        return line._replace(parts=head)

    def _choose_in(self, capacity: Capacity, line: _Line) -> Choice:
        ask, cluster, nodes, head, _ = line
        with capacity.trying():
            trial = _Trial(ask, capacity, nodes, self._parts, head)
            trial.move(len(head))
            needed = 1  # a shorter head does not do
            if ask.near.level < Level.CLUSTER:
                _, _, nodes = placing.area(ask, capacity, nodes)
                trial.move(0)
                trial = _Trial(ask, capacity, nodes, self._parts, head[np.isin(head, self._on(nodes, head))])
                trial.move(len(trial.line))
                needed = 0
            chosen = trial.spare(needed)
            capacity.change(self._parts.holdings.use(chosen), -1)
        return Choice(ask, cluster, nodes, np.sort(chosen))

    def _on(self, nodes: Integers, parts: Integers) -> Integers:
        """Return which of *parts*, which are live, hold one of *nodes*."""
        held = self._parts.holdings
        rows = held.rows(parts)
        is_there: Flags = np.zeros(held.nodes, dtype=np.bool_)
        is_there[nodes] = True
        has_one: Flags = np.zeros(len(self._parts.live), dtype=np.bool_)
        has_one[held.part[rows[is_there[held.node[rows]]]]] = True
        return parts[has_one[parts]]

    def _in_line(self, candidates: Integers) -> Integers:
        parts = self._parts
        order = np.lexsort(
            (
                -parts.worker[candidates], -parts.age[candidates], self._cost(candidates), parts.tier_rank[candidates],
                parts.cover[candidates], parts.rung[candidates], ~parts.is_extra[candidates],
            )
        )  # fmt: skip
        return candidates[order]

    def extras_first(self, candidates: Integers) -> Integers:
        """Return workers beyond cores in the order in which they go."""
        return self._in_line(candidates)

    def _cost(self, candidates: Integers) -> Integers:
        parts = self._parts
        seconds = parts.lost_seconds[candidates] + self._restart_seconds
        cost: Integers = parts.milli_gpus[candidates] * seconds * (1 + parts.preemptions[candidates])
        return cost

    def _badness(self, choice: Choice) -> tuple[int, ...]:
        parts, stops = self._parts, choice.stops
        strongest = max(
            (not parts.is_extra[each], int(parts.rung[each]), int(parts.cover[each]), int(parts.tier_rank[each]))
            for each in stops.tolist()
        )
        return (*strongest, choice.ask.near.level, int(self._cost(stops).sum()), choice.cluster)


class _Trial:
    """The capacity, while those at the head of a line go and come back: only nodes where they stand count anew."""

    def __init__(self, ask: Ask, capacity: Capacity, nodes: Integers, parts: Parts, line: Integers) -> None:
        self.line, self._ask, self._capacity, self._nodes = line, ask, capacity, nodes
        self._use = parts.holdings.use(line)
        self._ends = np.concatenate([[0], np.cumsum(parts.holdings.count[line])])
        self._row = np.searchsorted(nodes, self._use.nodes)
        self._is_there = nodes[np.minimum(self._row, len(nodes) - 1)] == self._use.nodes
        self._fits = capacity.fit(nodes, ask.demand, ask.member, exclusive=ask.exclusive, slices=ask.slices)
        self.gone = 0

    def move(self, length: int) -> None:
        """Let so many at the head of the line be gone, and nobody else."""
        low, high = sorted((length, self.gone))
        if low < high:
            self._change(low, high, +1 if length > self.gone else -1)
        self.gone = length

    def _change(self, low: int, high: int, sign: int) -> None:
        rows = slice(int(self._ends[low]), int(self._ends[high]))
        self._capacity.change(self._use.some(rows, is_one=high == low + 1), sign)
        ask, there = self._ask, self._is_there[rows]
        fits = self._capacity.fit_now(
            self._use.nodes[rows][there], ask.demand, ask.member, exclusive=ask.exclusive, slices=ask.slices
        )
        self._fits[self._row[rows][there]] = fits

    def is_enough(self) -> bool:
        """Return whether there is room for the gang now."""
        ask, fits = self._ask, self._fits
        fits = ask.kept.limit(ask, self._capacity, self._nodes, fits) if ask.kept else fits
        return placing.room_of(ask, self._nodes, fits) >= ask.workers

    def _enough_without(self, length: int) -> bool:
        self.move(length)
        return self.is_enough()

    def shorten(self) -> None:
        """Let as many at the head of the line go as have to, none if all of it is not enough.

        Twice as many are tried each time, as most gangs are small.
        """
        length, longest = len(self.line), 1
        while not self._enough_without(min(longest, length)):
            if longest >= length:
                self.move(0)
                return
            longest *= 2
        least, longest = longest // 2 + 1, min(longest, length)
        self.move(bisect.bisect_left(range(longest), x=True, lo=least, key=self._enough_without))

    def spare(self, needed: int = 0) -> Integers:
        """Bring back whose going is not needed, the last of those who went first; return those who stay away.

        The last *needed* are known to be.
        """
        stay_away = list(range(self.gone - 1, self.gone - 1 - needed, -1))
        for index in range(self.gone - 1 - needed, -1, -1):
            self._change(index, index + 1, -1)
            if not self.is_enough():
                self._change(index, index + 1, +1)
                stay_away.append(index)
        return self.line[stay_away[::-1]]
