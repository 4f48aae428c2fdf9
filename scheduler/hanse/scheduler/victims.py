"""Victims: which parts to stop so that a claim finds its place, and no more than that.

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
from dataclasses import replace

import numpy as np

from hanse.scheduler import placing
from hanse.scheduler.capacity import Capacity
from hanse.scheduler.columns import Flags, Integers
from hanse.scheduler.parts import Parts
from hanse.scheduler.placing import Ask, Found
from hanse.scheduler.pool import Level
from hanse.scheduler.rules import Rules


class Victims:
    """Looks for victims among one plan's parts."""

    def __init__(self, parts: Parts, rules: Rules, restart_seconds: int) -> None:
        self._parts, self._rules, self._restart_seconds = parts, rules, restart_seconds

    def find(self, ask: Ask, capacity: Capacity) -> Found | None:
        """Return the best place for the gang that stopping others makes, or None."""
        parts = self._parts
        running = np.flatnonzero(parts.live & (parts.accelerator == ask.claim.accelerator))
        stoppable = running[self._rules.yielding_gpus(ask.claim, running)]
        if not len(stoppable):
            return None
        places = [
            (found, near.level)
            for near in ask.near.levels_to_clear()
            for cluster, nodes in ask.clusters
            if (found := self._find_in(replace(ask, near=near), capacity, stoppable, cluster, nodes))
        ]
        return min(places, key=self._badness, default=(None,))[0]

    def _find_in(
        self, ask: Ask, capacity: Capacity, stoppable: Integers, cluster: int, nodes: Integers
    ) -> Found | None:
        candidates = self._on(nodes, stoppable, len(capacity.tenants_all))
        if not len(candidates):
            return None
        trial = _Trial(ask, capacity, nodes, self._parts)
        with capacity.trying():
            head = self._shortest_head(trial, self._in_line(candidates))
            if head is None:
                return None
            if ask.near.level < Level.CLUSTER:
                trial.go(head)
                _, _, area = placing.area(ask, capacity, nodes)
                trial.come_back(head)
                head = head[np.isin(head, self._on(area, head, len(capacity.tenants_all)))]
                trial, nodes = _Trial(ask, capacity, area, self._parts), area
            chosen = self._spare(trial, head)
            trial.go(chosen)
            found = placing.spread(ask, capacity, cluster, nodes, tuple(sorted(chosen.tolist())))
            trial.come_back(chosen)
        return found

    def _on(self, nodes: Integers, parts: Integers, nodes_count: int) -> Integers:
        """Return which of *parts*, which are live, hold one of *nodes*."""
        is_there: Flags = np.zeros(nodes_count, dtype=np.bool_)
        is_there[nodes] = True
        held = self._parts.holdings
        # Rows of parts that were stopped are there too, but such parts are not asked about.
        has_one: Flags = np.zeros(len(self._parts.live), dtype=np.bool_)
        has_one[held.part[: held.size][is_there[held.node[: held.size]]]] = True
        return parts[has_one[parts]]

    def _in_line(self, candidates: Integers) -> Integers:
        parts = self._parts
        order = np.lexsort(
            (
                -parts.age[candidates], self._cost(candidates), parts.tier_rank[candidates], parts.cover[candidates],
                parts.rung[candidates],
            )
        )  # fmt: skip
        return candidates[order]

    def _cost(self, candidates: Integers) -> Integers:
        parts = self._parts
        seconds = parts.lost_seconds[candidates] + self._restart_seconds
        cost: Integers = parts.milli_gpus[candidates] * seconds * (1 + parts.preemptions[candidates])
        return cost

    def _shortest_head(self, trial: "_Trial", line: Integers) -> Integers | None:
        """Return as much of *line* as has to go; None if all of it is not enough.

        Twice as many are tried each time, as most gangs are small: the whole line is let go only where it has to be.
        """
        longest = 1
        while not trial.enough_without(line[:longest]):
            if longest >= len(line):
                return None
            longest *= 2
        lengths = range(longest // 2 + 1, min(longest, len(line)))
        shortest = bisect.bisect_left(lengths, x=True, key=lambda length: trial.enough_without(line[:length]))
        return line[: longest // 2 + 1 + shortest]

    def _spare(self, trial: "_Trial", head: Integers) -> Integers:
        """Return *head* without those whose stopping is not needed, trying its end first."""
        trial.go(head)
        spared = [part for part in head[::-1] if trial.is_spared(part)]
        chosen = np.setdiff1d(head, spared, assume_unique=True)
        trial.come_back(chosen)
        return chosen

    def _badness(self, place: tuple[Found, Level]) -> tuple[int, ...]:
        found, level = place
        parts, stops = self._parts, np.array(found.stops)
        strongest = max((int(parts.rung[each]), int(parts.cover[each]), int(parts.tier_rank[each])) for each in stops)
        return (*strongest, level, int(self._cost(stops).sum()), found.cluster)


class _Trial:
    """The capacity, with parts that go and come back; in the end all that went has come back."""

    def __init__(self, ask: Ask, capacity: Capacity, nodes: Integers, parts: Parts) -> None:
        self._ask, self._capacity, self._nodes, self._holdings = ask, capacity, nodes, parts.holdings

    def go(self, parts: Integers) -> None:
        self._capacity.change(self._holdings.use(parts), +1)

    def come_back(self, parts: Integers) -> None:
        self._capacity.change(self._holdings.use(parts), -1)

    def enough(self) -> bool:
        return placing.room(self._ask, self._capacity, self._nodes) >= self._ask.workers

    def enough_without(self, parts: Integers) -> bool:
        self.go(parts)
        enough = self.enough()
        self.come_back(parts)
        return enough

    def is_spared(self, part: int) -> bool:
        """Bring *part* back if the gang has room beside it, and say so."""
        alone = np.array([part])
        self.come_back(alone)
        if self.enough():
            return True
        self.go(alone)
        return False
