"""Domains of topology: which nodes stand in one rack, block or cluster, and how near to one another a gang has to be.

In: the node column. Out: the domain of each node at each level, as small numbers, and the levels at which a place is
looked for, the narrowest first; `placing` finds one that is large enough. Racks and blocks have the names that their
nodes are labelled with. A node of which nobody says where it stands is a rack of its own, and a rack of which nobody
says so a block of its own: workers on one node are in one rack, whatever it is called.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hanse.scheduler.columns import Integers, Table
from hanse.scheduler.pool import Level

UNNAMED = ""


class Domains:
    """The domain of each node by level, numbered in the order of cluster, block and rack."""

    def __init__(self, nodes: Table, cluster: Integers) -> None:
        self._made_of = nodes["rack"], nodes["block"], cluster
        alone = np.arange(len(nodes))
        self.is_named = {Level.RACK: bool((nodes["rack"] != UNNAMED).any())}
        self.is_named[Level.BLOCK] = bool((nodes["block"] != UNNAMED).any())
        rack = block = alone
        if any(self.is_named.values()):
            rack = _numbers(np.where(nodes["rack"] == UNNAMED, alone, -1), nodes["rack"], nodes["block"], cluster)
            block = _numbers(np.where(nodes["block"] == UNNAMED, rack, -1), nodes["block"], cluster)
        self._of_node = {Level.NODE: alone, Level.RACK: rack, Level.BLOCK: block, Level.CLUSTER: cluster}
        self.has_racks = self.is_named[Level.RACK]
        self._levels: dict[tuple[Level, bool], tuple[Level, ...]] = {}
        self._count = {level: 1 + int(domain.max(initial=-1)) for level, domain in self._of_node.items()}

    def holds(self, nodes: Table, cluster: Integers) -> bool:
        """Return whether these are the domains of *nodes* too: most changes of a node leave it where it stands."""
        now = nodes["rack"], nodes["block"], cluster
        return all(np.array_equal(*each) for each in zip(self._made_of, now, strict=True))

    def levels(self, level: Level, *, is_needed: bool) -> tuple[Level, ...]:
        """Return the levels that are looked at for a gang; see `Near`. It is asked for each gang, so it is kept."""
        if (level, is_needed) not in self._levels:
            last = level if is_needed else Level.CLUSTER
            between = [each for each in Level if min(level, Level.RACK) <= each <= last]
            useful = {level, last, *(each for each, is_named in self.is_named.items() if is_named)}
            self._levels[level, is_needed] = tuple(each for each in between if each in useful)
        return self._levels[level, is_needed]

    def of(self, level: Level, nodes: Integers) -> Integers:
        """Return the domain of each of *nodes*."""
        return self._of_node[level][nodes]

    def totals(self, level: Level, nodes: Integers, workers: Integers) -> Integers:
        """Return how many *workers* stand on *nodes* in each domain there is."""
        total = np.zeros(self._count[level], dtype=np.int64)
        np.add.at(total, self._of_node[level][nodes], workers)
        return total


def _numbers(alone: Integers, *names: npt.NDArray[Any]) -> Integers:
    """Return one number for each that has all of these *names*, the last of them first in order; see *alone*.

    Those that stand alone are told apart by a number of their own, and the others by their names only.
    """
    numbers = np.zeros(len(alone), dtype=np.int64)
    for name in (*names[::-1], alone):
        _, number = np.unique(name, return_inverse=True)
        _, numbers = np.unique(numbers * (1 + int(number.max(initial=0))) + number, return_inverse=True)
    return numbers


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """How near a gang's workers are to be: in one domain of a level, which it waits for if that `is_needed`."""

    domains: Domains
    level: Level = Level.CLUSTER
    is_needed: bool = False

    def levels(self) -> tuple[Level, ...]:
        """Return the levels of idle domains that are looked at, the narrowest first: the first that has room is taken.

        A gang that asks for nothing is put into one rack or block all the same, which leaves others whole.
        """
        return self.domains.levels(self.level, is_needed=self.is_needed)

    def levels_to_clear(self) -> Iterator["Near"]:
        """Yield the same for domains in which others are stopped: none is, for a nearness that was not asked for."""
        for level in self.levels():
            if level >= self.level:
                yield Near(self.domains, level, is_needed=True)
