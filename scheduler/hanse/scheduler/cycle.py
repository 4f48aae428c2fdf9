"""One cycle's work in progress: the state that decisions change, and the few ways in which they may.

In: a snapshot and its ground. Out: decisions, in order. `running`, `covered` and `borrowing` choose what to try next;
everything that a decision does to parts, accounts, capacity, GPUs and funds is done here, together, so that these five
never disagree.
"""

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hanse.quota import caps, units
from hanse.scheduler import placing, using
from hanse.scheduler.accounts import Accounts, Moved
from hanse.scheduler.capacity import Capacity
from hanse.scheduler.columns import Integers
from hanse.scheduler.decisions import Admit, AttemptId, Decision, Relabel, Resize, Shrink, Stop, Why, WorkerId
from hanse.scheduler.domains import Near
from hanse.scheduler.fragments import Mix
from hanse.scheduler.funding import Funds
from hanse.scheduler.ground import GPUS, ClusterNodes, Ground
from hanse.scheduler.parts import Parts, Placement
from hanse.scheduler.placing import NO_GROUP, Ask, Found, Kept, Rooms
from hanse.scheduler.pool import Level, Option, Rung, Slices
from hanse.scheduler.records import Placed
from hanse.scheduler.rules import Claim, Rules
from hanse.scheduler.slots import Slots
from hanse.scheduler.snapshot import Snapshot
from hanse.scheduler.victims import Victims


class Gains(NamedTuple):
    """What others may have gained from an admission: room on nodes of these classes, and members' entitlement."""

    classes: frozenset[int]
    members: frozenset[int]


_NO_ROOMS = Rooms()


class _Terms(NamedTuple):
    """What a shape asks for on a class, whoever of a member's asks; see `placing.Ask`."""

    demand: Integers
    exclusive: bool
    clusters: ClusterNodes
    near: Near
    slices: Slices | None


class Cycle:
    """The mutable state of one plan."""

    def __init__(self, snapshot: Snapshot, ground: Ground) -> None:
        self.snapshot, self.ground, self.catalogue = snapshot, ground, snapshot.catalogue
        policy = self.catalogue.pool.policy
        self.parts = Parts(snapshot, ground)
        self.mix = Mix(snapshot, self.parts)
        self.rules = Rules(self.parts, ground, snapshot.as_of)
        self.accounts = Accounts(ground, self.parts, self.rules, snapshot.as_of)
        self.capacity = Capacity(ground)
        self.capacity.change(self.parts.holdings.use(np.flatnonzero(self.parts.live)), -1)
        self.slots = Slots(snapshot, ground)
        self.victims = Victims(self.parts, self.rules, policy.restart_cost_seconds)
        self.funds = Funds(snapshot)
        self._load_use()
        self.decisions: list[Decision] = []
        self._uids: list[str] = snapshot.jobs["uid"].tolist()
        self._known_stoppable: dict[tuple[int, ...], tuple[int, list[tuple[int, int]]]] = {}
        self._terms: dict[tuple[int, int, int, bool], _Terms] = {}
        self._uses: dict[tuple[int, int, int, int], caps.Use] = {}
        self._alone = Near(ground.domains, Level.CLUSTER)
        self._choices: dict[int, list[tuple[Option, int]]] = {}
        self._has_exclusive = bool(self.parts.holdings.exclusive_of.any())

    def _load_use(self) -> None:
        attempts = self.snapshot.attempts
        by_leaf = np.zeros(len(self.catalogue.organisations), dtype=np.int64)
        np.add.at(by_leaf, self.parts.leaf[attempts["job"]], using.rates(self.snapshot))
        for leaf in np.flatnonzero(by_leaf).tolist():
            self.funds.use(leaf, int(by_leaf[leaf]))
        for extra in range(self.parts.jobs, len(self.parts.live)):
            leaf, rate = int(self.parts.leaf[extra]), self.parts.rate(extra)
            self.funds.use(leaf, -rate)
            self.funds.use_beyond(leaf, rate)

    def attempt(self, part: int) -> AttemptId:
        """Return the name of a part's last attempt."""
        return AttemptId(self._uids[int(self.parts.job[part])], int(self.parts.number[part]))

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
        milli = int(self.parts.milli_of[accelerator, self.parts.shape[part]])
        return Claim(part, accelerator, rung, cover, option.workers * milli)

    def is_covered(self, claim: Claim) -> bool:
        """Return whether entitlement covers a claim, wherever it would run: its class's, at some level, or others'."""
        return self.accounts.is_covered(claim)

    def ask(self, claim: Claim, option: Option, rooms: Rooms | None = None, kept: Kept | None = None) -> Ask:
        """Return what a claim looks for: HOME on home nodes, within the grant; the others wherever they may run."""
        shape_row, member = int(self.parts.shape[claim.part]), int(self.parts.member[claim.part])
        is_home = claim.rung == Rung.HOME
        terms = self._terms_of(member, shape_row, claim.accelerator, home=is_home)
        near = terms.near if option.workers > 1 else self._alone
        rooms = rooms or (self._grant_rooms(claim, option) if is_home else _NO_ROOMS)
        return Ask(
            claim, member, option.workers, terms.demand, terms.exclusive, terms.clusters, rooms, near, self.mix, kept,
            terms.slices,
        )  # fmt: skip

    def _terms_of(self, member: int, shape_row: int, accelerator: int, *, home: bool) -> _Terms:
        """Return what all asks of a member's for a shape on a class have in common."""
        key = member, shape_row, accelerator, home
        terms = self._terms.get(key)
        if terms is None:
            shape, holdings = self.snapshot.shapes[shape_row], self.parts.holdings
            terms = self._terms[key] = _Terms(
                holdings.demand_of[:, shape_row], bool(holdings.exclusive_of[shape_row]),
                self.ground.nodes_for(member, shape, accelerator, home=home),
                Near(self.ground.domains, shape.level, shape.needs_level), shape.slices,
            )  # fmt: skip
        return terms

    def _grant_rooms(self, claim: Claim, option: Option) -> Rooms:
        if not self.catalogue.grant[int(self.parts.member[claim.part])][claim.accelerator]:
            return Rooms()
        room = max(0, self.accounts.grant_room(claim, claim.milli_gpus))
        group = np.where(self.ground.levied, 0, NO_GROUP)
        return Rooms(group, {0: room // (claim.milli_gpus // option.workers)})

    def use(self, claim: Claim) -> caps.Use:
        """Return what a gang would use of the caps above it until it is renewed."""
        shape_row, tier = int(self.parts.shape[claim.part]), int(self.parts.tier[claim.part])
        key = shape_row, tier, claim.accelerator, claim.milli_gpus
        if key not in self._uses:
            shape = self.snapshot.shapes[shape_row]
            rate = self.catalogue.gpu_rate(claim.accelerator, shape.precision, tier)
            end = self.snapshot.as_of + self.funds.need_seconds(shape)
            workers = claim.milli_gpus // int(self.parts.milli_of[claim.accelerator, shape_row])
            milli = workers * self.catalogue.milli_gpus_limit(claim.accelerator, shape)
            self._uses[key] = caps.Use(rate, milli, self.snapshot.as_of, end)
        return self._uses[key]

    def admit(self, ask: Ask, *, may_stop: bool) -> Gains | None:
        """Start the gang if its caps allow it and there is a place, now or, if it *may_stop* others, after they go.

        Return what others may have gained, or None if it does not start.
        """
        use, leaf = self.use(ask.claim), int(self.parts.leaf[ask.claim.part])
        if not self._may_be_allowed(ask, use, may_stop=may_stop):
            return None
        if not may_stop and not placing.has_idle(ask, self.capacity):
            return None
        reserved = self.funds.reservation(leaf, use)
        if reserved is None:
            return None
        place = self._place(ask, use, may_stop=may_stop)
        if place is None:
            return None
        found, going = place
        self.funds.commit(reserved)
        freed = self.parts.holdings.node[self.parts.holdings.rows(going)]
        free_before = self.capacity.free[:, freed]
        losers = {int(self.parts.member[part]) for part in going.tolist() if self.parts.cover[part] >= 0}
        stops, shrinks = self._let_go(going) if len(going) else ((), ())
        masks = self._start(ask, use, found)
        falls = self.accounts.settle(ask.claim.part)
        decision = self._decision(ask, use, found, masks, shrinks)
        self.decisions.append(
            replace(decision, reserved=reserved, stops=stops, shrinks=shrinks, falls=self.relabels(falls))
        )
        has_more_room = bool((self.capacity.free[:, freed] > free_before).any())
        # Where nodes are exclusive, or GPUs shared, a victim's leaving may open its node, however full it is.
        is_room = has_more_room or bool(len(going) and (self._has_exclusive or self.capacity.sharing))
        changed = [*(part for part, _ in falls), *(going.tolist() if is_room else ())]
        classes = frozenset(self.parts.accelerator[changed].tolist())
        return Gains(classes, frozenset(losers | ({ask.member} if falls else set())))

    def _place(self, ask: Ask, use: caps.Use, *, may_stop: bool) -> tuple[Found, Integers] | None:
        """Return a place for the gang, and who goes for it, or None."""
        found = placing.find_idle(ask, self.capacity)
        if found:
            going = self._all_going(ask, use, np.zeros(0, dtype=np.int64))
            return (found, going) if self._allows_at_once(ask, use, going) else None

        def fewest(line: Integers) -> int:
            return self._fewest(ask, use, line)

        chosen = self.victims.choose(ask, self.capacity, fewest) if may_stop else None
        if chosen is None:
            return None
        going = self._all_going(ask, use, chosen.stops)
        return (self.victims.place(chosen, self.capacity), going) if self._allows_at_once(ask, use, going) else None

    def _may_be_allowed(self, ask: Ask, use: caps.Use, *, may_stop: bool) -> bool:
        """Return whether caps at once would allow the gang if all whom it may stop were gone: else no place helps."""
        leaf, rate = int(self.parts.leaf[ask.claim.part]), use.rate
        if self.funds.short_at_once(leaf, rate) is None:
            return True
        return may_stop and self.funds.short_at_once(leaf, rate, self._stoppable(ask.claim)) is None

    def _stoppable(self, claim: Claim) -> list[tuple[int, int]]:
        """Return what those of its own member use whom a claim may stop, by leaf; others' are under other caps."""
        member, leaf, tier = (int(each[claim.part]) for each in (self.parts.member, self.parts.leaf, self.parts.tier))
        key, changes = (leaf, tier, claim.accelerator, claim.rung, claim.cover), self.accounts.changes[member]
        known = self._known_stoppable.get(key)
        if known and known[0] == changes:
            return known[1]
        own = self.accounts.roster(member, claim.accelerator)
        own = own[(self.parts.accelerator[own] == claim.accelerator) & ~self.parts.is_extra[own]]
        stoppable = self.parts.rates_by_leaf(own[self.rules.yielding_gpus(claim, own)])
        self._known_stoppable[key] = changes, stoppable
        return stoppable

    def _fewest(self, ask: Ask, use: caps.Use, line: Integers) -> int:
        """Return how many at the head of *line* caps at once ask for to go; more than there are if all do not do."""
        parts, lacks = self.parts, self.funds.lacks_at_once(int(self.parts.leaf[ask.claim.part]), use.rate)
        fewest = 0
        for organisation, lack in lacks:
            counts = ~parts.is_extra[line] & self.funds.counted(organisation)[parts.leaf[line]]
            freed = np.cumsum(np.where(counts, parts.rates(line), 0))
            fewest = max(fewest, 1 + int(np.searchsorted(freed, lack)))
        return fewest

    def _allows_at_once(self, ask: Ask, use: caps.Use, going: Integers) -> bool:
        """Return whether caps at once allow the gang; workers beyond cores are not counted against it."""
        parts = self.parts
        gangs = going[~parts.is_extra[going]].tolist()
        stopped = [(int(parts.leaf[part]), parts.rate(part)) for part in gangs]
        return self.funds.short_at_once(int(parts.leaf[ask.claim.part]), use.rate, stopped) is None

    def _all_going(self, ask: Ask, use: caps.Use, stops: Integers) -> Integers:
        """Return who goes for the gang: victims, all beyond their cores, and who uses what caps at once have for it."""
        parts = self.parts
        if len(parts.live) == parts.jobs:
            return stops
        going = np.union1d(stops, parts.extras_of(stops[~parts.is_extra[stops]]))
        leaf, rate = int(parts.leaf[ask.claim.part]), use.rate
        if not self.funds.over_at_once(leaf, rate, [(int(parts.leaf[each]), parts.rate(each)) for each in going]):
            return going
        extras = parts.jobs + np.flatnonzero(parts.live[parts.jobs :])
        staying = np.setdiff1d(extras, going)
        for extra in self.victims.extras_first(staying).tolist():
            over = self.funds.over_at_once(leaf, rate, [(int(parts.leaf[each]), parts.rate(each)) for each in going])
            if not over:
                break
            if any(self.funds.counts(each, int(parts.leaf[extra])) for each in over):
                going = np.append(going, extra)
        return np.sort(going)

    def has_extras(self, accelerator: int) -> bool:
        """Return whether any worker beyond a core runs on a class."""
        parts = self.parts
        return bool((parts.live[parts.jobs :] & (parts.accelerator[parts.jobs :] == accelerator)).any())

    def _start(self, ask: Ask, use: caps.Use, found: Found) -> list[int]:
        """Let the gang run in its place; return the masks of its GPUs, by node."""
        claim, parts = ask.claim, self.parts
        masks = self.take(ask, found)
        placed = Placement(found.nodes, found.workers, masks)
        parts.start(claim.part, claim.accelerator, use.gpu_rate, placed, self.ground)
        self.accounts.label(claim.part, claim.rung, claim.cover)
        self.capacity.change(parts.holdings.use(np.array([claim.part])), -1)
        self.funds.use(int(parts.leaf[claim.part]), parts.rate(claim.part))
        return masks

    def take(self, ask: Ask, found: Found) -> list[int]:
        """Take a gang's GPUs, by node: whole ones, or one a worker that has the slices left."""
        if ask.slices and self.capacity.sharing:
            masks = self.capacity.sharing.chosen(found.nodes, found.workers, ask.slices, ask.member)
            self.slots.share(found.nodes, masks)
            return masks
        return self.slots.take(found.nodes, found.workers * int(ask.demand[GPUS]))

    def _decision(self, ask: Ask, use: caps.Use, found: Found, masks: list[int], shrinks: tuple[Shrink, ...]) -> Admit:
        part = ask.claim.part
        # Who leaves for a cap may leave other nodes than the gang's.
        leave_for_it = {WorkerId(each.attempt, worker) for each in shrinks for worker in each.workers}
        names = self.snapshot.nodes["name"][found.nodes].tolist()
        workers = found.workers.tolist()
        return Admit(
            attempt=self.attempt(part), accelerator=self.catalogue.accelerators[ask.claim.accelerator].name,
            cluster=self.catalogue.clusters[found.cluster], label=self.accounts.label_of(part),
            placed=tuple(Placed(*each) for each in zip(names, workers, masks, strict=True)), gpu_rate=use.gpu_rate,
            funded_until_seconds=use.end_seconds, awaits=self.slots.awaited(found.nodes),
            awaits_workers=tuple(sorted(leave_for_it.union(self.slots.awaited_workers(found.nodes)))),
        )  # fmt: skip

    def shrink(self, extras: Integers, why: Why) -> None:
        """Have these workers of one gang, beyond its core, leave it."""
        (shrink,) = self._shrinks(extras)
        self.decisions.append(Resize(shrink.attempt, why, leaving=shrink.workers))

    def _let_go(self, going: Integers) -> tuple[tuple[Stop, ...], tuple[Shrink, ...]]:
        """Stop gangs whole, with all beyond their cores, and have others shrink."""
        parts = self.parts
        cores = going[~parts.is_extra[going]]
        with_core = np.isin(parts.job[going], cores) & parts.is_extra[going]
        lost = {core: np.append(going[with_core & (parts.job[going] == core)], core) for core in cores.tolist()}
        stops = tuple(self._stop(core, members) for core, members in lost.items())
        return stops, self._shrinks(going[parts.is_extra[going] & ~with_core])

    def _stop(self, core: int, members: Integers) -> Stop:
        parts = self.parts
        label = self.accounts.label_of(core)
        gpus, milli = sum(map(parts.gpus, members.tolist())), int(parts.milli_gpus[members].sum())
        stop = Stop(self.attempt(core), label, gpus, milli * int(parts.lost_seconds[core]) // units.MILLI)
        for part in members.tolist():
            self.slots.drain(stop.attempt, *self._leave(part))
        return stop

    def _shrinks(self, extras: Integers) -> tuple[Shrink, ...]:
        """Have workers leave their gangs, which run on; return what became of each gang."""
        parts, left, gpus = self.parts, dict[AttemptId, list[int]](), Counter[AttemptId]()
        for extra in extras.tolist():
            worker = WorkerId(self.attempt(extra), int(parts.worker[extra]))
            left.setdefault(worker.attempt, []).append(worker.worker)
            gpus[worker.attempt] += parts.gpus(extra)
            self.slots.leave(worker, *self._leave(extra))
        return tuple(Shrink(attempt, tuple(sorted(workers)), gpus[attempt]) for attempt, workers in left.items())

    def _leave(self, part: int) -> tuple[Integers, list[int]]:
        """Take a live part out of all books; return the nodes and the GPUs that it still holds."""
        parts, alone = self.parts, np.array([part])
        rows = parts.holdings.rows(alone)
        held = parts.holdings.node[rows], parts.holdings.gpus[rows].tolist()
        self.accounts.charge(part, -1)
        parts.donors.pop(part, None)
        self.capacity.change(parts.holdings.use(alone), +1)
        if parts.is_extra[part]:  # it uses its GPUs until it has left, as any that drains
            self.funds.use_beyond(int(parts.leaf[part]), -parts.rate(part))
            self.funds.use(int(parts.leaf[part]), parts.rate(part))
        parts.stop(part)
        return held
