"""Accounts: how much of which entitlement is used, and whether a claim is covered.

Each (organisation, class), each (leaf, tier, class) and each (member's grant, class) is one account in milli-GPUs, with
what it is entitled to as its limit. A live part is charged to the accounts that its label names: its leaf's and
its ancestors' as far up as its cover says, its tier's share if covered at the leaf, its member's grant for what is HOME
on levied nodes; one on exchange, to its member's accounts of the classes that give for it. "Covered" is then one
question: does each account that the label names have room?

In: ground, parts, rules. Out: labels. It moves labels down when a stronger claim takes entitlement (`settle`), and
never touches a GPU. Next: `shrinking`, for when entitlement shrank.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np

from hanse.scheduler import exchange
from hanse.scheduler.columns import Flags, Integers
from hanse.scheduler.decisions import Label
from hanse.scheduler.exchange import Donors
from hanse.scheduler.ground import Ground
from hanse.scheduler.parts import Parts
from hanse.scheduler.pool import Rung
from hanse.scheduler.records import Donor
from hanse.scheduler.rules import Claim, Rules

BORROWED = -1

Moved = tuple[int, Label]
"""A part that fell, and its label before."""


class _Room:
    """What a label's accounts leave: free, at the very most, and with what others yield, once that is asked for."""

    __slots__ = ("free", "limit", "with_relief")

    def __init__(self, free: int, limit: int) -> None:
        self.free, self.limit = free, limit
        self.with_relief: int | None = None


class Accounts:
    """Limits and use, by account."""

    def __init__(self, ground: Ground, parts: Parts, rules: Rules) -> None:
        self._catalogue, self._parts, self._rules = ground.catalogue, parts, rules
        self._classes = len(self._catalogue.accelerators)
        self._tiers = len(self._catalogue.tiers)
        self.first_tier = len(self._catalogue.organisations) * self._classes
        self._first_grant = self.first_tier * (1 + self._tiers)
        self.limit = self._limits(ground)
        self.used = [0] * len(self.limit)
        self._ancestor = self._ancestors()
        self._roster: dict[tuple[int, int], Integers] = {}
        self._relief: dict[tuple[int, int], dict[tuple[int, ...], dict[int, int]]] = {}
        self._room: dict[tuple[int, int], dict[tuple[int, ...], _Room]] = {}
        self._unused: dict[int, list[int]] = {}
        self._giving: dict[int, Integers] = {}
        self._exchanged: dict[int, dict[tuple[int, ...], bool]] = {}
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
        home = parts.rung[live] == Rung.HOME
        by_grant = parts.member[live][home] * self._classes + accelerator[home]
        np.add.at(used, self._first_grant + by_grant, parts.milli_levied[live][home])
        self.used = used.tolist()
        for part in parts.donors:
            self._give(part, +1)

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
        """Yield the accounts that a claim's label charges in full; a grant is charged apart, for levied nodes only.

        What exchanges charges none: donors do not give all alike.
        """
        if claim.rung == Rung.EXCHANGE:
            return
        leaf = int(self._parts.leaf[claim.part])
        depth = self._catalogue.depth[leaf]
        for organisation in self._catalogue.path[leaf][depth - claim.cover :] if claim.cover >= 0 else []:
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

    def charge(self, part: int, sign: int = 1) -> None:
        """Charge a live part to the accounts of its label, or with *sign* -1 take it off them."""
        claim = self.claim_of(part)
        for account in self.names(claim):
            self.used[account] += sign * claim.milli_gpus
        if claim.rung == Rung.HOME:
            self.used[self.grant_account(claim)] += sign * int(self._parts.milli_levied[part])
        if claim.rung == Rung.EXCHANGE:
            self._give(part, sign)
        member = int(self._parts.member[part])
        for known in (self._unused, self._giving, self._exchanged):
            known.pop(member, None)
        self._forget(member, claim.accelerator)

    def _give(self, part: int, sign: int) -> None:
        """Charge a part on exchange to its donors, or take it off them."""
        member = int(self._parts.member[part])
        for accelerator, milli in self._parts.donors[part]:
            self.used[self._account(member, accelerator)] += sign * milli
            self._forget(member, accelerator)

    def _forget(self, member: int, accelerator: int) -> None:
        for known in (self._roster, self._relief, self._room):
            known.pop((member, accelerator), None)

    def _account(self, member: int, accelerator: int) -> int:
        return self._catalogue.root[member] * self._classes + accelerator

    def label(self, part: int, rung: Rung, cover: int) -> None:
        """Move a live part, which is charged nowhere now, to a label that covers it, and charge it there."""
        donors = self._donors(replace(self.claim_of(part), rung=rung, cover=cover)) if rung == Rung.EXCHANGE else None
        self._parts.donors.pop(part, None)
        if donors:
            self._parts.donors[part] = donors
        self._parts.rung[part], self._parts.cover[part] = rung, cover
        self.charge(part)

    def label_of(self, part: int) -> Label:
        """Return the label of a live part."""
        parts, accelerators = self._parts, self._catalogue.accelerators
        given = parts.donors.get(part, ()) if parts.rung[part] == Rung.EXCHANGE else ()
        donors = tuple(Donor(accelerators[accelerator].name, milli) for accelerator, milli in given)
        return Label(Rung(int(parts.rung[part])), int(parts.cover[part]), donors)

    def _exchanges(self, claim: Claim) -> bool:
        """Return whether other classes' unused entitlement covers the claim, leaving out those who must yield to it."""
        parts, part = self._parts, claim.part
        member = int(parts.member[part])
        need = claim.milli_gpus * self._catalogue.raw[claim.accelerator]
        if need and exchange.worth(self._catalogue.raw, self._unused_of(member), claim.accelerator) >= need:
            return True
        if not need or not parts.donors:
            return False
        # It is the same for all waiting jobs of a leaf and tier, until somebody of the member is charged.
        answers = self._exchanged.setdefault(member, {}) if not parts.live[part] else {}
        key = int(parts.leaf[part]), int(parts.tier[part]), claim.accelerator, claim.milli_gpus
        if key not in answers:
            answers[key] = self._donors(claim) is not None
        return answers[key]

    def _donors(self, claim: Claim, *, leaves_out: bool = True) -> Donors | None:
        """Return who gives for the claim: without those who must yield to it only if the others do not do."""
        raw, unused = self._catalogue.raw, self._unused_of(int(self._parts.member[claim.part]))
        found = exchange.donors(raw, unused, claim.accelerator, claim.milli_gpus)
        if found is not None or not leaves_out:
            return found
        unused = list(unused)
        for other in self._yielding(claim).tolist():
            for accelerator, milli in self._parts.donors[other]:
                unused[accelerator] += milli
        return exchange.donors(raw, unused, claim.accelerator, claim.milli_gpus)

    def _unused_of(self, member: int) -> list[int]:
        """Return what a member leaves unused, by class; below 0 where it is overdrawn."""
        if member not in self._unused:
            first = self._account(member, 0)
            accounts = range(first, first + self._classes)
            self._unused[member] = [self.limit[account] - self.used[account] for account in accounts]
        return self._unused[member]

    def covers(self, claim: Claim, already: Collection[int] = ()) -> bool:
        """Return whether the claim is covered, leaving out those who must yield their entitlement to it.

        *already* names accounts that the claim's part, which runs under a weaker label, is charged to now.
        """
        if claim.rung == Rung.EXCHANGE:
            return self._exchanges(claim)
        if not self._parts.live[claim.part]:
            return self._covers_waiting(claim)
        names = (name for name in self.names(claim) if name not in already)
        short = [name for name in names if self.used[name] + claim.milli_gpus > self.limit[name]]
        if not short:
            return True
        if any(claim.milli_gpus > self.limit[name] for name in short):
            return False
        relief = self._relief_of(claim)
        return all(self.used[name] - relief.get(name, 0) + claim.milli_gpus <= self.limit[name] for name in short)

    def _covers_waiting(self, claim: Claim) -> bool:
        """Return the same for a waiting part: all of a leaf and tier have the same room until somebody is charged."""
        parts, part = self._parts, claim.part
        place = int(parts.member[part]), claim.accelerator
        label = int(parts.leaf[part]), int(parts.tier[part]), claim.rung, claim.cover
        known = self.covers_known(place, label, claim.milli_gpus)
        if known is not None:
            return known
        room = self._room.setdefault(place, {})
        if label not in room:
            left = [(self.limit[name], self.limit[name] - self.used[name]) for name in self.names(claim)]
            room[label] = _Room(min(each for _, each in left), min(limit for limit, _ in left))
        else:
            relief = self._relief_of(claim)
            room[label].with_relief = min(
                max(left, min(self.limit[name], left + relief[name]))
                for name in self.names(claim)
                for left in (self.limit[name] - self.used[name],)
            )
        return self._covers_waiting(claim)

    def covers_known(self, place: tuple[int, int], label: tuple[int, ...], milli_gpus: int) -> bool | None:
        """Return the same if it is remembered for a member and class, and a leaf, tier, rung and cover; else None."""
        room = self._room.get(place, {}).get(label)
        if room is None:
            return None
        if milli_gpus <= room.free:
            return True
        if milli_gpus > room.limit:
            return False
        return None if room.with_relief is None else milli_gpus <= room.with_relief

    def grant_room(self, claim: Claim, wanted: int) -> int:
        """Return how many milli-GPUs of levied nodes, of those *wanted*, a HOME claim may hold; others yield to it."""
        account = self.grant_account(claim)
        room = self.limit[account] - self.used[account]
        return room if room >= wanted else room + self._relief_of(claim)[account]

    def _relief_of(self, claim: Claim) -> dict[int, int]:
        """Return by account what those use who must yield their entitlement to the claim.

        It is the same for all waiting jobs of a leaf and tier. A live part would not count itself: its is not kept.
        """
        parts, part = self._parts, claim.part
        if parts.live[part]:
            return self._relief_now(claim)
        cache = self._relief.setdefault((int(parts.member[part]), claim.accelerator), {})
        key = (int(parts.leaf[part]), int(parts.tier[part]), claim.rung, claim.cover)
        if key not in cache:
            cache[key] = self._relief_now(claim)
        return cache[key]

    def _relief_now(self, claim: Claim) -> dict[int, int]:
        parts, yielding = self._parts, self._yielding(claim)
        relief = {name: int(self.charged(name, yielding).sum()) for name in self.names(claim)}
        home = yielding[parts.rung[yielding] == Rung.HOME]
        relief[self.grant_account(claim)] = int(parts.milli_levied[home].sum())
        return relief

    def _yielding(self, claim: Claim) -> Integers:
        member = int(self._parts.member[claim.part])
        if claim.rung == Rung.EXCHANGE:
            if member not in self._giving:
                given = [part for part in sorted(self._parts.donors) if self._parts.member[part] == member]
                self._giving[member] = np.array(given, dtype=np.int64)
            others = self._giving[member]
        else:
            others = self.roster(member, claim.accelerator)
        return others[self._rules.yielding_entitlement(claim, others)]

    def roster(self, member: int, accelerator: int) -> Integers:
        """Return the live parts of a member that run on a class, or for which it gives."""
        key = (member, accelerator)
        if key not in self._roster:
            parts = self._parts
            flags = parts.live & (parts.member == member) & (parts.accelerator == accelerator)
            taking = [part for part, given in parts.donors.items() if accelerator in dict(given)]
            flags[[part for part in taking if parts.member[part] == member]] = True
            self._roster[key] = np.flatnonzero(flags)
        return self._roster[key]

    def charged(self, account: int, others: Integers) -> Integers:
        """Return how much of each of *others*, live parts, is charged to this account."""
        parts, accelerator = self._parts, account % self._classes
        leaf, cover = parts.leaf[others], parts.cover_in_kind(others)
        amounts = parts.milli_gpus[others]
        if account >= self._first_grant:
            charged: Flags = (parts.rung[others] == Rung.HOME) & self._is_of(account, others)
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
            for index, part in enumerate(others.tolist()):
                if part in parts.donors and parts.member[part] == member:
                    given[index] = dict(parts.donors[part]).get(accelerator, 0)
        return given

    def settle(self, part: int) -> list[Moved]:
        """Let those who yield entitlement to *part*, which is charged, fall until nothing is overdrawn; return them."""
        claim = self.claim_of(part)
        accounts = [*self.names(claim), *([self.grant_account(claim)] if claim.rung == Rung.HOME else [])]
        member = int(self._parts.member[part])
        accounts += [self._account(member, accelerator) for accelerator, _ in self._parts.donors.get(part, ())]
        if all(self.used[name] <= self.limit[name] for name in accounts):
            return []
        fallen = []
        for other in self._rules.weakest_first(self._yielding(claim)):
            over = [name for name in accounts if self.used[name] > self.limit[name]]
            if any(self.charged(name, np.array([other]))[0] > 0 for name in over):
                fallen.append(self.fall(int(other)))
        return fallen

    def fall(self, part: int) -> Moved:
        """Move *part* to the strongest weaker label that has room, leaving nobody out, so that nobody falls in turn."""
        moved = part, self.label_of(part)
        self.charge(part, -1)
        claim = self.claim_of(part)
        highest = self._catalogue.depth[int(self._parts.leaf[part])] if claim.rung == Rung.HOME else claim.cover - 1
        for cover in range(highest, -1, -1):
            lower = Claim(part, claim.accelerator, Rung.AWAY, cover, claim.milli_gpus)
            if all(self.used[name] + claim.milli_gpus <= self.limit[name] for name in self.names(lower)):
                self.label(part, Rung.AWAY, cover)
                return moved
        on_exchange = Claim(part, claim.accelerator, Rung.EXCHANGE, 0, claim.milli_gpus)
        if claim.rung > Rung.EXCHANGE and self._donors(on_exchange, leaves_out=False):
            self.label(part, Rung.EXCHANGE, 0)
        else:
            self.label(part, Rung.BORROW, BORROWED)
        return moved

    def rise(self, part: int, rung: Rung, cover: int) -> bool:
        """Move a live part up to this label if it is covered there; those who yield to it still have to `settle`."""
        now = self.claim_of(part)
        claim = Claim(part, now.accelerator, rung, cover, now.milli_gpus)
        levied = int(self._parts.milli_levied[part])
        if not self.covers(claim, already=set(self.names(now))):
            return False
        if rung == Rung.HOME and self.grant_room(claim, levied) < levied:
            return False
        self.charge(part, -1)
        self.label(part, rung, cover)
        return True
