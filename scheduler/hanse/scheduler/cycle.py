"""One cycle's work in progress: the state that decisions change, and the few ways in which they may.

In: a snapshot and its ground. Out: decisions, in order. `running`, `covered` and `borrowing` choose what to try next;
everything that a decision does to parts, accounts, capacity, GPUs and funds is done here, together, so that these five
never disagree.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hanse.quota import caps, units
from hanse.scheduler import placing
from hanse.scheduler.accounts import Accounts, Moved
from hanse.scheduler.capacity import Capacity
from hanse.scheduler.decisions import Admit, AttemptId, Decision, Relabel, Stop
from hanse.scheduler.domains import Near
from hanse.scheduler.fragments import Mix
from hanse.scheduler.funding import Funds
from hanse.scheduler.ground import GPUS, Ground
from hanse.scheduler.parts import Parts, Placement
from hanse.scheduler.placing import NO_GROUP, Ask, Found, Kept, Rooms
from hanse.scheduler.pool import Level, Option, Rung, Shape
from hanse.scheduler.records import Placed
from hanse.scheduler.rules import Claim, Rules
from hanse.scheduler.slots import Slots
from hanse.scheduler.snapshot import Snapshot
from hanse.scheduler.victims import Victims


class Gains(NamedTuple):
    """What others may have gained from an admission: room on nodes of these classes, and members' entitlement."""

    classes: frozenset[int]
    members: frozenset[int]


class Cycle:
    """The mutable state of one plan."""

    def __init__(self, snapshot: Snapshot, ground: Ground) -> None:
        self.snapshot, self.ground, self.catalogue = snapshot, ground, snapshot.catalogue
        policy = self.catalogue.pool.policy
        self.parts = Parts(snapshot, ground)
        self._mix = Mix(snapshot, self.parts)
        self.rules = Rules(self.parts, ground, snapshot.as_of)
        self.accounts = Accounts(ground, self.parts, self.rules)
        self.capacity = Capacity(ground)
        self.capacity.change(self.parts.holdings.use(np.flatnonzero(self.parts.live)), -1)
        self.slots = Slots(snapshot, ground)
        self.victims = Victims(self.parts, self.rules, policy.restart_cost_seconds)
        self.funds = Funds(snapshot)
        self._load_use()
        self.decisions: list[Decision] = []
        self._uids: list[str] = snapshot.jobs["uid"].tolist()
        self._choices: dict[int, list[tuple[Option, int]]] = {}
        self._has_exclusive = bool(self.parts.holdings.exclusive_of.any())

    def _load_use(self) -> None:
        attempts, holdings = self.snapshot.attempts, self.snapshot.holdings
        gpus = np.zeros(len(attempts), dtype=np.int64)
        np.add.at(gpus, holdings["attempt"], np.bitwise_count(holdings["gpus"]).astype(np.int64))
        by_leaf = np.zeros(len(self.catalogue.organisations), dtype=np.int64)
        np.add.at(by_leaf, self.parts.leaf[attempts["job"]], attempts["gpu_rate"] * gpus)
        for leaf in np.flatnonzero(by_leaf).tolist():
            self.funds.use(leaf, int(by_leaf[leaf]))

    def attempt(self, part: int) -> AttemptId:
        """Return the name of a part's last attempt."""
        return AttemptId(self._uids[part], int(self.parts.number[part]))

    def relabels(self, moved: list[Moved]) -> tuple[Relabel, ...]:
        """Return parts that moved as records."""
        return tuple(Relabel(self.attempt(part), before, self.accounts.label_of(part)) for part, before in moved)

    def choices(self, shape: int) -> list[tuple[Option, int]]:
        """Return the options of a shape that the pool has at its precision, with their class."""
        if shape not in self._choices:
            asked, accelerators = self.snapshot.shapes[shape], self.catalogue.accelerators
            known = ((option, self.catalogue.accelerator.get(option.accelerator)) for option in asked.options)
            self._choices[shape] = [
                (option, each)
                for option, each in known
                if each is not None and accelerators[each].h100_equivalents.get(asked.precision)
            ]
        return self._choices[shape]

    def claim(self, part: int, option: Option, accelerator: int, rung: Rung, cover: int) -> Claim:
        """Return a waiting part as it would be labelled on one of its options."""
        gpus = option.workers * self.snapshot.shapes[int(self.parts.shape[part])].gpus_per_worker
        return Claim(part, accelerator, rung, cover, gpus * units.MILLI)

    def is_covered(self, claim: Claim) -> bool:
        """Return whether entitlement covers a claim, wherever it would run: its class's, at some level, or others'."""
        part, accounts = claim.part, self.accounts
        place = int(self.parts.member[part]), claim.accelerator
        for cover in range(int(self.parts.leaf_depth[part]), -1, -1):
            label = int(self.parts.leaf[part]), int(self.parts.tier[part]), Rung.AWAY, cover
            covers = accounts.covers_known(place, label, claim.milli_gpus)
            if covers is None:
                covers = accounts.covers(replace(claim, rung=Rung.AWAY, cover=cover))
            if covers:
                return True
        return accounts.covers(replace(claim, rung=Rung.EXCHANGE, cover=0))

    def ask(self, claim: Claim, option: Option, rooms: Rooms | None = None, kept: Kept | None = None) -> Ask:
        """Return what a claim looks for: HOME on home nodes, within the grant; the others wherever they may run."""
        shape_row, member = int(self.parts.shape[claim.part]), int(self.parts.member[claim.part])
        shape, is_home = self.snapshot.shapes[shape_row], claim.rung == Rung.HOME
        holdings = self.parts.holdings
        return Ask(
            claim=claim, member=member, workers=option.workers, demand=holdings.demand_of[:, shape_row],
            exclusive=bool(holdings.exclusive_of[shape_row]),
            clusters=self.ground.nodes_for(member, shape, claim.accelerator, home=is_home),
            rooms=rooms or (self._grant_rooms(claim, shape.gpus_per_worker) if is_home else Rooms()),
            near=self._near(shape, option.workers), mix=self._mix, kept=kept,
        )  # fmt: skip

    def _near(self, shape: Shape, workers: int) -> Near:
        is_needed = shape.needs_level and workers > 1
        return Near(self.ground.domains, shape.level if workers > 1 else Level.CLUSTER, is_needed)

    def _grant_rooms(self, claim: Claim, gpus_per_worker: int) -> Rooms:
        if not self.catalogue.grant[int(self.parts.member[claim.part])][claim.accelerator]:
            return Rooms()
        room = max(0, self.accounts.grant_room(claim, claim.milli_gpus))
        group = np.where(self.ground.levied, 0, NO_GROUP)
        return Rooms(group, {0: room // (units.MILLI * gpus_per_worker)})

    def use(self, claim: Claim) -> caps.Use:
        """Return what a gang would use of the caps above it until it is renewed."""
        part = claim.part
        shape = self.snapshot.shapes[int(self.parts.shape[part])]
        rate = self.catalogue.gpu_rate(claim.accelerator, shape.precision, int(self.parts.tier[part]))
        end = self.snapshot.as_of + self.funds.need_seconds(shape)
        return caps.Use(rate, claim.milli_gpus, self.snapshot.as_of, end)

    def admit(self, ask: Ask, *, may_stop: bool) -> Gains | None:
        """Start the gang if its caps allow it and there is a place, now or (*may_stop*) after stopping others.

        Return what others may have gained, or None if it does not start.
        """
        if not may_stop and not placing.has_idle(ask, self.capacity):
            return None  # most who borrow find nothing: that must be cheap
        use, leaf = self.use(ask.claim), int(self.parts.leaf[ask.claim.part])
        reserved = self.funds.reservation(leaf, use)
        if reserved is None or not self._may_be_allowed(ask, use, may_stop=may_stop):
            return None
        found = placing.find_idle(ask, self.capacity)
        if found is None and may_stop:
            found = self.victims.find(ask, self.capacity)
        if found is None or not self._allows_at_once(ask, use, found):
            return None
        self.funds.commit(reserved)
        freed = self.parts.holdings.node[self.parts.holdings.rows(np.array(found.stops, dtype=np.int64))]
        free_before = self.capacity.free[:, freed]
        losers = {int(self.parts.member[part]) for part in found.stops if self.parts.cover[part] >= 0}
        stops = tuple(self._stop(part) for part in found.stops)
        masks = self._start(ask, use, found)
        falls = self.accounts.settle(ask.claim.part)
        decision = self._decision(ask, use, found, masks)
        self.decisions.append(replace(decision, reserved=reserved, stops=stops, falls=self.relabels(falls)))
        has_more_room = bool((self.capacity.free[:, freed] > free_before).any())
        # Where nodes are exclusive a victim's leaving may open its node to others, however full it is.
        is_room = has_more_room or bool(stops and self._has_exclusive)
        classes = {int(self.parts.accelerator[part]) for part, _ in falls} | (
            {ask.claim.accelerator} if is_room else set()
        )
        return Gains(frozenset(classes), frozenset(losers | ({ask.member} if falls else set())))

    def _may_be_allowed(self, ask: Ask, use: caps.Use, *, may_stop: bool) -> bool:
        """Return whether caps at once would allow the gang if all whom it may stop were gone: else no place helps."""
        leaf, rate = int(self.parts.leaf[ask.claim.part]), use.gpu_rate * ask.gpus
        if self.funds.short_at_once(leaf, rate) is None:
            return True
        own = self.accounts.roster(ask.member, ask.claim.accelerator)
        own = own[self.parts.accelerator[own] == ask.claim.accelerator]
        stoppable = own[self.rules.yielding_gpus(ask.claim, own)].tolist() if may_stop else []
        leaf_of = self.parts.leaf
        stopped = [(int(leaf_of[part]), self.parts.rate(part)) for part in stoppable]
        return self.funds.short_at_once(leaf, rate, stopped) is None

    def _allows_at_once(self, ask: Ask, use: caps.Use, found: Found) -> bool:
        leaf_of = self.parts.leaf
        stopped = [(int(leaf_of[part]), self.parts.rate(part)) for part in found.stops]
        return self.funds.short_at_once(int(leaf_of[ask.claim.part]), use.gpu_rate * ask.gpus, stopped) is None

    def _start(self, ask: Ask, use: caps.Use, found: Found) -> list[int]:
        """Let the gang run in its place; return the masks of its GPUs, by node."""
        claim, parts = ask.claim, self.parts
        masks = self.slots.take(found.nodes, found.workers * int(ask.demand[GPUS]))
        placed = Placement(found.nodes, found.workers, masks)
        parts.start(claim.part, claim.accelerator, use.gpu_rate, placed, self.ground)
        self.accounts.label(claim.part, claim.rung, claim.cover)
        self.capacity.change(parts.holdings.use(np.array([claim.part])), -1)
        self.funds.use(int(parts.leaf[claim.part]), parts.rate(claim.part))
        return masks

    def _decision(self, ask: Ask, use: caps.Use, found: Found, masks: list[int]) -> Admit:
        part = ask.claim.part
        names = self.snapshot.nodes["name"][found.nodes].tolist()
        workers = found.workers.tolist()
        return Admit(
            attempt=self.attempt(part), accelerator=self.catalogue.accelerators[ask.claim.accelerator].name,
            cluster=self.catalogue.clusters[found.cluster], label=self.accounts.label_of(part),
            placed=tuple(Placed(*each) for each in zip(names, workers, masks, strict=True)), gpu_rate=use.gpu_rate,
            funded_until_seconds=use.end_seconds, awaits=self.slots.awaited(found.nodes),
        )  # fmt: skip

    def _stop(self, part: int) -> Stop:
        parts = self.parts
        label, gpus = self.accounts.label_of(part), parts.gpus(part)
        stop = Stop(self.attempt(part), label, gpus, gpus * int(parts.lost_seconds[part]))
        alone = np.array([part])
        rows = parts.holdings.rows(alone)
        self.accounts.charge(part, -1)
        parts.donors.pop(part, None)
        self.capacity.change(parts.holdings.use(alone), +1)
        self.slots.drain(stop.attempt, parts.holdings.node[rows], parts.holdings.gpus[rows].tolist())
        parts.stop(part)
        return stop
