"""How members stand, and what may be told of the pool: the figures that the API service passes on to members.

In: a situation that was planned for, and for whom. Out: plain data, computed when somebody asks. Pure. What a member
has, uses, borrows and lends is told exactly, and to that member alone. Of others there are sums over all of them, by
class and region, where four or more besides the asking ones contribute: rounded down to 64 GPUs, and no sum over
several of these, so that nothing is left when one's own part, or another sum, is taken away. Nothing follows from whose
jobs run where, only from how many GPUs are offered and free; not even that somebody offers a class where fewer than
four do.
"""

import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from hanse.operator.capping import Opened
from hanse.operator.fitness import organisation_name
from hanse.operator.following import Situation
from hanse.operator.world import Leaf
from hanse.scheduler import using
from hanse.scheduler.catalogue import UNLIMITED
from hanse.scheduler.columns import CORE, Flags, Integers, Table, integers
from hanse.scheduler.disclosing import OTHERS_MIN, STEP_GPUS
from hanse.scheduler.ground import GPUS, Ground
from hanse.scheduler.pool import NodeState, Rung

MILLI = 1000
FRESH_SECONDS = 5.0


class Standings:
    """The newest standing, for at least some seconds the same: many may ask."""

    def __init__(self) -> None:
        self._last: tuple[float, Situation, Standing] | None = None

    def of(self, situation: Situation) -> "Standing":
        """Return how members stood in *situation*, or just before."""
        now = time.monotonic()
        if self._last is None or (self._last[1] is not situation and now - self._last[0] > FRESH_SECONDS):
            self._last = (now, situation, Standing(situation))
        return self._last[2]


class Standing:
    """One situation, in figures by member and class."""

    def __init__(self, situation: Situation) -> None:
        self._situation, self._snapshot = situation, situation.snapshot
        self._catalogue = self._snapshot.catalogue
        self._ground = Ground(self._catalogue, self._snapshot.nodes)

    @property
    def as_of_seconds(self) -> int:
        """When this was planned for, by the ledger's clock."""
        return self._snapshot.as_of

    def caps_above(self, leaf: Leaf) -> dict[str, list[dict[str, Any]]]:
        """Return the caps that the jobs of a leaf run under: its own, and those above it."""
        index = self._catalogue.organisation[organisation_name(leaf)]
        names = (self._catalogue.organisations[each].name for each in self._catalogue.path[index])
        above = {name.partition("/")[2] or None for name in names}
        caps = {"caps": self._caps(leaf.member), "capsAtOnce": self._caps_at_once(leaf.member)}
        return {name: [each for each in found if each["organisation"] in above] for name, found in caps.items()}

    def quotas(self, members: frozenset[str]) -> list[dict[str, Any]]:
        """Return what each of *members* is entitled to, uses, borrows and lends, and its caps."""
        return [
            {
                "member": name,
                "asOfSeconds": self.as_of_seconds,
                "credit": self._credit(name),
                "waitingJobs": int(self._jobs["waiting"][self._catalogue.member[name]]),
                "liveJobs": int(self._jobs["live"][self._catalogue.member[name]]),
                "classes": list(self._classes(self._catalogue.member[name])),
                "caps": list(self._caps(name)),
                "capsAtOnce": list(self._caps_at_once(name)),
            }
            for name in sorted(members & self._catalogue.member.keys())
        ]

    def pool(self, members: frozenset[str]) -> list[dict[str, Any]]:
        """Return, by class and region, the GPUs that *members* offer, and of others' as much as may be told."""
        rows = [self._catalogue.member.get(name, -1) for name in members]
        asking = np.isin(np.arange(len(self._catalogue.members)), rows)
        told = []
        for (accelerator, region), (offered, free) in sorted(self._cells.items()):
            others = _coarsely(offered[~asking], free[~asking])
            if offered[asking].any() or others:
                own = _exactly(offered[asking], free[asking])
                told.append({"class": accelerator, "region": region, "own": own, "others": others})
        return told

    def _credit(self, name: str) -> dict[str, int] | None:
        if not self._situation.credits_as_of:
            return None
        debit = self._catalogue.members[self._catalogue.member[name]].debit
        return {"milliH100eSeconds": -debit, "asOfSeconds": self._situation.credits_as_of}

    def _classes(self, member: int) -> Iterator[dict[str, Any]]:
        root = self._catalogue.root[member]
        for index, accelerator in enumerate(self._catalogue.accelerators):
            figures = {
                "entitledMilliGpus": int(self._ground.entitled[root][index]),
                "usedMilliGpus": int(self._held["used"][member, index]),
                "borrowedMilliGpus": int(self._held["borrowed"][member, index]),
                "lentMilliGpus": int(self._held["lent"][member, index]),
            }
            if any(figures.values()):
                limits = {
                    "borrowingLimitMilliGpus": _limit(self._catalogue.borrowing_limit[member][index]),
                    "lendingLimitMilliGpus": _limit(self._catalogue.lending_limit[member][index]),
                }
                yield {"class": accelerator.name, **figures, **limits}

    def _caps(self, member: str) -> Iterator[dict[str, Any]]:
        """Yield the windows that are open now."""
        for cap in self._snapshot.caps:
            opened = self._situation.windows.get((cap.organisation, cap.name, cap.start_seconds))
            if opened is None or _owner(cap.organisation) != member or not _is_open(opened, self.as_of_seconds):
                continue
            rate = self._rate(cap.organisation)
            # What is reserved is spent first, so what is left lasts from the end of the last funding on, or longer.
            lasts = cap.left // rate if rate else None
            yield {
                "name": cap.name,
                "organisation": cap.organisation.partition("/")[2] or None,
                "startSeconds": cap.start_seconds,
                "endSeconds": cap.end_seconds,
                "limitMilliH100eSeconds": opened.ceiling,
                "leftMilliH100eSeconds": cap.left,
                "rateMilliH100e": rate,
                "lastsSeconds": lasts if lasts is not None and lasts < cap.end_seconds - self.as_of_seconds else None,
            }

    def _caps_at_once(self, member: str) -> Iterator[dict[str, Any]]:
        for cap in self._catalogue.pool.caps_at_once:
            if _owner(cap.organisation) == member:
                yield {
                    "name": cap.name,
                    "organisation": cap.organisation.partition("/")[2] or None,
                    "limitMilliH100e": cap.limit,
                    "usedMilliH100e": self._rate(cap.organisation),
                }

    def _rate(self, organisation: str) -> int:
        """Return what an organisation, with all below it, is charged now, in milli-H100e: what drains too."""
        index = self._catalogue.organisation[organisation]
        below = np.array([index in path for path in self._catalogue.path], dtype=np.bool_)
        counted = below[self._snapshot.jobs["organisation"][self._snapshot.attempts["job"]]]
        unplaced = [
            each.rate
            for each in self._catalogue.pool.unplaced
            if below[self._catalogue.organisation[each.organisation]]
        ]
        return int(using.rates(self._snapshot)[counted].sum()) + sum(unplaced)

    @property
    def _holding(self) -> Table:
        return self._snapshot.holdings

    @cached_property
    def _milli_gpus(self) -> Integers:
        return using.milli_gpus(self._snapshot)

    @cached_property
    def _live(self) -> Flags:
        draining: Flags = self._snapshot.attempts["draining"][self._holding["attempt"]]
        live: Flags = ~draining & ~self._holding["leaving"]
        return live

    @cached_property
    def _jobs(self) -> Mapping[str, Integers]:
        """How many jobs of each member hold GPUs or are to, and how many wait."""
        jobs, attempts = self._snapshot.jobs, self._snapshot.attempts
        member = integers(self._catalogue.member_of)[jobs["organisation"]]
        live = np.zeros(len(jobs), dtype=np.bool_)
        live[attempts["job"][~attempts["draining"]]] = True
        most = len(self._catalogue.members)
        waiting = ~live & ~jobs["suspended"]
        counted = {"live": live, "waiting": waiting}
        return {name: np.bincount(member[which], minlength=most) for name, which in counted.items()}

    @cached_property
    def _held(self) -> Mapping[str, Integers]:
        """What live attempts hold, by member and class, in milli-GPUs; lent is on one's own nodes, but levied ones."""
        attempts = self._snapshot.attempts[self._holding["attempt"]]
        member_of = integers(self._catalogue.member_of)
        user = member_of[self._snapshot.jobs["organisation"][attempts["job"]]]
        node = self._holding["node"]
        owner, accelerator = self._ground.owner[node], self._ground.accelerator[node]
        is_lent = (owner != user) & ~self._ground.levied[node]
        is_beyond, borrows = self._holding["worker"] != CORE, attempts["rung"] == Rung.BORROW
        # Workers beyond cores borrow only what their own member does not leave unused.
        covered = self._summed(user, accelerator, self._live & ~is_beyond & ~borrows)
        entitled = integers([self._ground.entitled[root] for root in self._catalogue.root])
        beyond = self._summed(user, accelerator, self._live & is_beyond) - np.maximum(0, entitled - covered)
        return {
            "used": self._summed(user, accelerator, self._live),
            "borrowed": self._summed(user, accelerator, self._live & ~is_beyond & borrows) + np.maximum(0, beyond),
            "lent": self._summed(owner, accelerator, self._live & is_lent),
        }

    def _summed(self, member: Integers, accelerator: Integers, counted: Flags) -> Integers:
        table = np.zeros((len(self._catalogue.members), len(self._catalogue.accelerators)), dtype=np.int64)
        np.add.at(table, (member[counted], accelerator[counted]), self._milli_gpus[counted])
        return table

    @cached_property
    def _cells(self) -> Mapping[tuple[str, str], tuple[Integers, Integers]]:
        """By class and region: the GPUs that each member offers there, and those of them that nobody holds."""
        ground, nodes = self._ground, self._snapshot.nodes
        state = nodes["state"]
        whole = np.where((state == NodeState.READY) | (state == NodeState.RECALLED), ground.whole[GPUS], 0)
        free = np.where(state == NodeState.READY, ground.whole[GPUS], 0)
        free -= using.gpus_held(self._snapshot, np.ones(len(self._holding), dtype=np.bool_))
        np.maximum(free, 0, out=free)
        regions = np.array([each.region for each in self._catalogue.contributions])[ground.contribution]
        cells = {}
        for index, accelerator in enumerate(self._catalogue.accelerators):
            for region in np.unique(regions[ground.accelerator == index]).tolist():
                here = (ground.accelerator == index) & (regions == region)
                sums = [np.zeros(len(self._catalogue.members), dtype=np.int64) for _ in range(2)]
                for total, each in zip(sums, (whole, free), strict=True):
                    np.add.at(total, ground.owner[here], each[here])
                cells[accelerator.name, region] = (sums[0], sums[1])
        return cells


def _exactly(offered: Integers, free: Integers) -> dict[str, int]:
    return {"gpus": int(offered.sum()), "freeGpus": int(free.sum())}


def _coarsely(offered: Integers, free: Integers) -> dict[str, int] | None:
    if np.count_nonzero(offered) < OTHERS_MIN:
        return None
    return {name: total // STEP_GPUS * STEP_GPUS for name, total in _exactly(offered, free).items()}


def _limit(milli_gpus: int) -> int | None:
    return None if milli_gpus >= UNLIMITED else int(milli_gpus)


def _owner(organisation: str) -> str:
    return organisation.partition("/")[0]


def _is_open(opened: Opened, now_seconds: int) -> bool:
    return opened.start_seconds <= now_seconds < opened.end_seconds
