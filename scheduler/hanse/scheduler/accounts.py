"""Accounts: how much of which entitlement is used, and whether a claim is covered.

Each (organisation, class), each (leaf, tier, class) and each (member's grant, class) is one account in milli-GPUs, with
what it is entitled to as its limit. A live part is charged to the accounts that its label names: its leaf's and
its ancestors' as far up as its cover says, its tier's share if covered at the leaf, its member's grant for what is HOME
on levied nodes; one on exchange, to its member's accounts of the classes that give for it. "Covered" is then one
question: does each account that the label names have room?

In: ground, parts, rules. Out: labels. It moves labels down when a stronger claim takes entitlement (`settle`), and
never touches a GPU. Next: `shrinking`, for when entitlement shrank.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from hanse.quota import units
from hanse.scheduler import exchange
from hanse.scheduler.ceilings import Ceilings
from hanse.scheduler.columns import Flags, Integers
from hanse.scheduler.decisions import Label
from hanse.scheduler.exchange import Donors
from hanse.scheduler.ground import Ground
from hanse.scheduler.parts import BORROWED, Parts
from hanse.scheduler.pool import Rung
from hanse.scheduler.records import Donor
from hanse.scheduler.relief import Relief
from hanse.scheduler.rules import Claim, Rules

_HOME, _EXCHANGE = Rung.HOME, Rung.EXCHANGE
Moved = tuple[int, Label]
"""A part that fell, and its label before."""


class Accounts:
    """Limits and use, by account."""

    def __init__(self, ground: Ground, parts: Parts, rules: Rules, as_of: int) -> None:
        self._catalogue, self._parts, self._rules = ground.catalogue, parts, rules
        self._classes = len(self._catalogue.accelerators)
        self._tiers = len(self._catalogue.tiers)
        self.first_tier = len(self._catalogue.organisations) * self._classes
        self._first_grant = self.first_tier * (1 + self._tiers)
        self.limit = self._limits(ground)
        self.used = [0] * len(self.limit)
        self._ancestor = self._ancestors()
        self._roster: dict[tuple[int, int], Integers] = {}
        self._relief = Relief(ground.ladders, self._classes, parts, as_of)
        self._ceilings = [
            Ceilings(self._catalogue, member, self._relief, self.limit, self.used)
            for member in range(len(self._catalogue.members))
        ]
        self.changes = [0] * len(self._catalogue.members)
        self._charge_all(np.flatnonzero(parts.live))

    def _charge_all(self, live: Integers) -> None:
        """Charge many parts at once, to the same accounts as `charge` does one by one."""
        parts, used = self._parts, np.zeros(len(self.limit), dtype=np.int64)
        leaf, cover = parts.leaf[live], parts.cover_in_kind(live)
        accelerator, milli = parts.accelerator[live], parts.milli_gpus[live]
        for depth in range(self._ancestor.shape[1]):
            above = cover >= depth
            np.add.at(used, self._ancestor[leaf[above], depth] * self._classes + accelerator[above], milli[above])
        full = cover == parts.leaf_depth[live]
        by_tier = (leaf[full] * self._tiers + parts.tier[live][full]) * self._classes + accelerator[full]
        np.add.at(used, self.first_tier + by_tier, milli[full])
        home = parts.rung[live] == _HOME
        by_grant = parts.member[live][home] * self._classes + accelerator[home]
        np.add.at(used, self._first_grant + by_grant, parts.milli_levied[live][home])
        self.used[:] = used.tolist()
        for part in parts.donors:
            self._give(part, +1)
        self._relief.load(live)

    def _limits(self, ground: Ground) -> list[int]:
        catalogue = self._catalogue
        limits = [milli for row in ground.entitled for milli in row]
        for row in ground.entitled:
            limits += [milli * tier.share // 1000 for tier in catalogue.tiers for milli in row]
        return limits + [milli for row in ground.granted for milli in row]

    def _ancestors(self) -> Integers:
        """Return the organisation at each depth above (and at) each leaf; -1 below it."""
        paths = self._catalogue.path
        table = np.full((len(paths), max(map(len, paths), default=0)), -1, dtype=np.int64)
        for leaf, path in enumerate(paths):
            table[leaf, : len(path)] = path[::-1]
        return table

    def names(self, claim: Claim) -> Iterator[int]:
        """Yield the accounts that a claim's label charges in full: on its path, from its cover up, then its tier's.

        A grant is charged apart, for levied nodes only. What exchanges charges none: donors do not give all alike.
        """
        if claim.rung == _EXCHANGE:
            return
        leaf = int(self._parts.leaf[claim.part])
        depth = self._catalogue.depth[leaf]
        for organisation in self._catalogue.path[leaf][depth - claim.cover :] if claim.cover > BORROWED else []:
            yield organisation * self._classes + claim.accelerator
        if claim.cover == depth:
            tier = int(self._parts.tier[claim.part])
            yield self.first_tier + (leaf * self._tiers + tier) * self._classes + claim.accelerator

    def grant_account(self, claim: Claim) -> int:
        """Return the account of the grant of the claim's member in its class."""
        return self._first_grant + int(self._parts.member[claim.part]) * self._classes + claim.accelerator

    def claim_of(self, part: int) -> Claim:
        """Return a live part as the claim under which it runs."""
        parts = self._parts
        return Claim(
            part, int(parts.accelerator[part]), Rung(int(parts.rung[part])), int(parts.cover[part]),
            int(parts.milli_gpus[part]),
        )  # fmt: skip

    def unused(self, member: int, accelerator: int) -> units.MilliGpu:
        """Return how much of a member's entitlement to a class nobody below it uses."""
        return self._ceilings[member].unused()[accelerator]

    def charge(self, part: int, sign: int = 1) -> None:
        """Charge a live part to the accounts of its label, or with *sign* -1 take it off them."""
        claim = self.claim_of(part)
        for account in self.names(claim):
            self.used[account] += sign * claim.milli_gpus
        if claim.rung == _HOME:
            self.used[self.grant_account(claim)] += sign * int(self._parts.milli_levied[part])
        if claim.rung == _EXCHANGE:
            self._give(part, sign)
        self._relief.note(part, sign)
        member = int(self._parts.member[part])
        self.changes[member] += 1
        self._forget(member, claim.accelerator)

    def _give(self, part: int, sign: int) -> None:
        """Charge a part on exchange to its donors, or take it off them."""
        member = int(self._parts.member[part])
        for accelerator, milli in self._parts.donors[part]:
            self.used[self._account(member, accelerator)] += sign * milli
            self._forget(member, accelerator)

    def _forget(self, member: int, accelerator: int) -> None:
        self._roster.pop((member, accelerator), None)
        self._ceilings[member].forget(accelerator)

    def _account(self, member: int, accelerator: int) -> int:
        return self._catalogue.root[member] * self._classes + accelerator

    def label(self, part: int, rung: Rung, cover: int) -> None:
        """Move a live part, which is charged nowhere now, to a label that covers it, and charge it there."""
        donors = self._donors(replace(self.claim_of(part), rung=rung, cover=cover)) if rung == _EXCHANGE else None
        self._parts.donors.pop(part, None)
        if donors:
            self._parts.donors[part] = donors
        self._parts.rung[part], self._parts.cover[part] = rung, cover
        self.charge(part)

    def label_of(self, part: int) -> Label:
        """Return the label of a live part."""
        parts, accelerators = self._parts, self._catalogue.accelerators
        given = parts.donors.get(part, ()) if parts.rung[part] == _EXCHANGE else ()
        donors = tuple(Donor(accelerators[accelerator].name, milli) for accelerator, milli in given)
        return Label(Rung(int(parts.rung[part])), int(parts.cover[part]), donors)

    def _donors(self, claim: Claim, *, leaves_out: bool = True) -> Donors | None:
        """Return who gives for the claim: without those who must yield to it only if the others do not do."""
        raw, ceilings = self._catalogue.raw, self.ceilings(int(self._parts.member[claim.part]))
        found = exchange.donors(raw, ceilings.unused(), claim.accelerator, claim.milli_gpus)
        if found is not None or not leaves_out:
            return found
        unused = ceilings.unused_with_relief(self._row(claim))
        return exchange.donors(raw, unused, claim.accelerator, claim.milli_gpus)

    def ceilings(self, member: int) -> Ceilings:
        """Return up to how much labels cover waiting jobs of a member."""
        return self._ceilings[member]

    def _row(self, claim: Claim) -> int:
        parts, part = self._parts, claim.part
        ladders = self._ceilings[int(parts.member[part])].ladders
        return ladders.row(int(parts.leaf[part]), int(parts.tier[part]), claim.rung, claim.cover)

    def ceiling(self, claim: Claim) -> units.MilliGpu:
        """Return up to how many milli-GPUs a waiting claim's label covers, without those who must yield to it."""
        table = self.ceilings(int(self._parts.member[claim.part])).table()
        return int(table[self._row(claim), claim.accelerator])

    def is_covered(self, claim: Claim) -> bool:
        """Return whether some label but HOME covers a waiting claim, whatever its own label is."""
        parts, part = self._parts, claim.part
        ceilings, depth = self.ceilings(int(parts.member[part])), int(parts.leaf_depth[part])
        home = ceilings.ladders.first[int(parts.leaf[part]), int(parts.tier[part])]
        below = ceilings.table()[home + 1 : home + depth + 3, claim.accelerator]
        return claim.milli_gpus <= int(below.max())

    def covers(self, member: int, parts: Integers, rung: Rung, cover: Integers) -> Flags:
        """Return which of a member's live *parts* a stronger label than their own covers, without those who must yield.

        They are charged to some accounts of that label already: those from the cover up that they have now.
        """
        columns, ceilings = self._parts, self.ceilings(member)
        row = ceilings.ladders.rows(columns.leaf[parts], columns.tier[parts], rung, cover)
        accelerator, milli = columns.accelerator[parts], columns.milli_gpus[parts]
        if rung == _EXCHANGE:
            covered: Flags = milli <= ceilings.table()[row, accelerator]
            return covered
        most, cover_now = ceilings.most()[accelerator, row], columns.cover_in_kind(parts)
        is_enough = milli[:, None] <= most
        is_enough[:, :-1] |= np.arange(most.shape[1] - 1) <= cover_now[:, None]
        is_enough[:, -1] |= cover_now == columns.leaf_depth[parts]  # it is in its tier's share already
        in_kind: Flags = np.logical_and.reduce(is_enough, axis=1)
        return in_kind

    def grant_room(self, claim: Claim, wanted: int) -> int:
        """Return how many milli-GPUs of levied nodes, of those *wanted*, a HOME claim may hold; others yield to it."""
        account = self.grant_account(claim)
        room = self.limit[account] - self.used[account]
        if room >= wanted:
            return room
        ceilings = self.ceilings(int(self._parts.member[claim.part]))
        return room + ceilings.of_grant(self._row(claim), claim.accelerator)

    def _yielding(self, claim: Claim) -> Integers:
        member = int(self._parts.member[claim.part])
        is_exchange = claim.rung == _EXCHANGE
        others = self._on_exchange(member) if is_exchange else self.roster(member, claim.accelerator)
        return others[self._rules.yielding_entitlement(claim, others)] if len(others) else others

    def _on_exchange(self, member: int) -> Integers:
        """Return the live parts of a member for which others of its classes give."""
        parts, own = self._parts, self._parts.of_member[member]
        exchanging: Integers = own[parts.live[own] & (parts.rung[own] == _EXCHANGE)]
        return exchanging

    def roster(self, member: int, accelerator: int) -> Integers:
        """Return the live parts of a member that run on a class, or for which it gives."""
        key = (member, accelerator)
        if key not in self._roster:
            parts = self._parts
            own = parts.of_member[member]
            found = own[parts.live[own] & (parts.accelerator[own] == accelerator)]
            taking = [part for part in self._on_exchange(member).tolist() if accelerator in dict(parts.donors[part])]
            self._roster[key] = np.union1d(found, taking).astype(np.int64) if taking else found
        return self._roster[key]

    def charged(self, account: int, others: Integers) -> Integers:
        """Return how much of each of *others*, live parts, is charged to this account."""
        parts, accelerator = self._parts, account % self._classes
        leaf, cover = parts.leaf[others], parts.cover_in_kind(others)
        amounts = parts.milli_gpus[others]
        if account >= self._first_grant:
            charged: Flags = (parts.rung[others] == _HOME) & self._is_of(account, others)
            amounts = parts.milli_levied[others]
        elif account >= self.first_tier:
            at_leaf, tier = divmod((account - self.first_tier) // self._classes, self._tiers)
            charged = (leaf == at_leaf) & (parts.tier[others] == tier) & (cover == parts.leaf_depth[others])
        else:
            organisation = account // self._classes
            depth = self._catalogue.depth[organisation]
            charged = (self._ancestor[leaf, depth] == organisation) & (cover >= depth)
        in_kind: Integers = np.where(charged & (parts.accelerator[others] == accelerator), amounts, 0)
        return in_kind + self._given(account, others) if parts.donors else in_kind

    def _is_of(self, account: int, others: Integers) -> Flags:
        of_member: Flags = self._parts.member[others] == (account - self._first_grant) // self._classes
        return of_member

    def _given(self, account: int, others: Integers) -> Integers:
        """Return how much an account gives for each of *others*: only members' own accounts give."""
        organisation, accelerator = divmod(account, self._classes)
        given = np.zeros(len(others), dtype=np.int64)
        if account < self.first_tier and self._catalogue.depth[organisation] == 0:
            member, parts = self._catalogue.member_of[organisation], self._parts
            of_member = (parts.member[others] == member) & (parts.rung[others] == _EXCHANGE)
            for index in np.flatnonzero(of_member).tolist():
                given[index] = dict(parts.donors[int(others[index])]).get(accelerator, 0)
        return given

    def settle(self, part: int) -> list[Moved]:
        """Let those who yield entitlement to *part*, which is charged, fall until nothing is overdrawn; return them."""
        claim = self.claim_of(part)
        accounts = [*self.names(claim), *([self.grant_account(claim)] if claim.rung == _HOME else [])]
        member = int(self._parts.member[part])
        accounts += [self._account(member, accelerator) for accelerator, _ in self._parts.donors.get(part, ())]
        over = [name for name in accounts if self.used[name] > self.limit[name]]
        if not over:
            return []
        fallen = []
        # Whoever falls is charged only where there is room: nothing else is overdrawn by it.
        others = self._rules.weakest_first(self._yielding(claim))
        charged = {name: (self.charged(name, others) > 0).tolist() for name in over}
        for index, other in enumerate(others.tolist()):
            if any(charged[name][index] for name in over):
                fallen.append(self.fall(other))
                over = [name for name in over if self.used[name] > self.limit[name]]
                if not over:
                    break
        return fallen

    def fall(self, part: int) -> Moved:
        """Move *part* to the strongest weaker label that has room, leaving nobody out, so that nobody falls in turn."""
        moved = part, self.label_of(part)
        self.charge(part, -1)
        claim = self.claim_of(part)
        highest = self._catalogue.depth[int(self._parts.leaf[part])] if claim.rung == _HOME else claim.cover - 1
        for cover in range(highest, -1, -1):
            lower = Claim(part, claim.accelerator, Rung.AWAY, cover, claim.milli_gpus)
            if all(self.used[name] + claim.milli_gpus <= self.limit[name] for name in self.names(lower)):
                self.label(part, Rung.AWAY, cover)
                return moved
        on_exchange = Claim(part, claim.accelerator, Rung.EXCHANGE, 0, claim.milli_gpus)
        if claim.rung > _EXCHANGE and self._donors(on_exchange, leaves_out=False):
            self.label(part, Rung.EXCHANGE, 0)
        else:
            self.label(part, Rung.BORROW, BORROWED)
        return moved

    def may_rise(self, part: int, rung: Rung, cover: int) -> bool:
        """Return whether a live part is covered at this stronger label."""
        now = self.claim_of(part)
        claim = Claim(part, now.accelerator, rung, cover, now.milli_gpus)
        levied = int(self._parts.milli_levied[part])
        alone = np.array([part])
        (is_covered,) = self.covers(int(self._parts.member[part]), alone, rung, np.array([cover])).tolist()
        return is_covered and (rung != _HOME or self.grant_room(claim, levied) >= levied)

    def rise(self, part: int, rung: Rung, cover: int) -> None:
        """Move a live part up to a label that it may have; those who yield to it still have to `settle`."""
        self.charge(part, -1)
        self.label(part, rung, cover)
