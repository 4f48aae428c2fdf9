"""An auditor of its own: what the books must say, from what was sent and decided, by rules written down a second time.

In: admissions, leases, slots as they were stored, which hours were posted when, corrections. Out: balances, what GPUs
did, states. It imports nothing of the ledger, adds by hand, and knows only two nodes of two GPUs and one cap a member.
"""

import copy
from collections import Counter, defaultdict
from dataclasses import dataclass, field

HOUR = 3600
GPUS = 2
MILLI = 1000
LIVE = {"admitted", "leased", "draining", "suspect"}


@dataclass
class Attempt:
    """An attempt, as the auditor saw it."""

    id: str
    member: str
    node: str
    tier: int
    lease_seconds: int
    grace_seconds: int
    reserved: dict[int, int]  # by hour
    state: str = "admitted"
    stopped: bool = False
    until: int = 0
    granted: int | None = None
    ended: int | None = None
    resolved: dict[int, int] = field(default_factory=dict)  # what each hour's reservation became
    lost: int = 0  # GPU-seconds that who stopped it for another member's said it would lose
    saved: bool = False  # after that
    credited: int | None = None

    def lease(self, now):
        self.granted = now if self.granted is None else self.granted
        self.until = max(self.until, now + self.lease_seconds + 1)
        self.state = "draining" if self.stopped else "leased"

    def stop(self, now):
        self.stopped = True
        if self.state == "admitted":
            self.end(now, "withdrawn")
        elif self.state == "leased":
            self.state = "draining"

    def end(self, now, state):
        self.ended, self.state = now, state


class Bookkeeper:
    """The model. Slots are (node, start) with what both GPUs did in it: a list of (seconds, who)."""

    def __init__(self, ceiling):
        self.ceiling = ceiling
        self.attempts = {}
        self.stored = {}
        self.posted = {}  # hour -> the slots it was posted from last
        self.overruns = Counter()  # by member
        self.overran = Counter()  # by attempt
        self.caps = defaultdict(int)  # what of each member's cap is posted
        self.corrected = Counter()  # by account
        self.back = Counter()  # by attempt, what corrections gave back of its charges
        self.conflicts = 0
        self.charged = Counter()  # (hour, attempt) -> what runs so far have charged

    # What is decided.

    def pending(self, member):
        its = [each for each in self.attempts.values() if each.member == member]
        return sum(amount for each in its for hour, amount in each.reserved.items() if hour not in each.resolved)

    def fits(self, member, reserved):
        return self.caps[member] + self.pending(member) + sum(reserved.values()) <= self.ceiling

    def is_free(self, node):
        return not any(each.node == node and each.state in LIVE for each in self.attempts.values())

    def give_back(self):
        """Reservations of ended attempts for hours that begin after their end, and are not posted, are nobody's."""
        last, count = max(self.posted, default=0), 0
        for each in self.attempts.values():
            for hour in each.reserved:
                if each.ended is not None and each.ended <= hour > last and hour not in each.resolved:
                    each.resolved[hour] = 0
                    count += 1
        return count

    # What is posted.

    def credit(self, hour, members):
        """Credit what those lost who ended in the hour, once, and never more than they were charged and bear."""
        for each in self.attempts.values():
            is_due = each.credited is None and each.ended is not None and self._of(hour, (None, each.ended))
            if is_due and each.member in members:
                each.credited = 0 if each.saved else min(each.lost * each.tier, max(0, self.paid(each)))

    def paid(self, attempt):
        """Return what an attempt was charged, less what came back, and less what it was credited with."""
        whole = sum(amount for (_, who), amount in self.charged.items() if who == attempt.id)
        return whole - self.overran[attempt.id] - self.back[attempt.id] - (attempt.credited or 0)

    def credit_early(self, hour, members, stored):
        """Credit members whose parts of an hour were posted before the poster died."""
        ahead = copy.deepcopy(self)
        ahead.stored = stored
        ahead.post(hour)
        for each in self.attempts.values():
            if each.member in members:
                each.credited = ahead.attempts[each.id].credited

    def _in(self, hour, stored):
        return {key: did for key, did in stored.items() if hour <= key[1] < hour + HOUR}

    def post(self, hour):
        """Post an hour from what is stored by now."""
        is_first = hour not in self.posted
        self.posted[hour] = self._in(hour, self.stored)
        new = Counter()
        for (of_hour, who), amount in self.charges().items():
            if of_hour == hour:
                new[who] = amount - self.charged[hour, who]
                self.charged[hour, who] = amount
        members = {each.member for each in self.attempts.values()}
        for member in members:
            self._settle(hour, member, new)
        if is_first:
            self.credit(hour, members)

    def _settle(self, hour, member, new):
        """A charge goes to the attempt's reservation, then to what the cap has left, then to the pool."""
        capped = sorted((each.id, each) for each in self.attempts.values() if each.member == member and each.reserved)
        rest = {}
        for who, each in capped:
            rest[who] = max(0, new[who])
            if hour in each.reserved and hour not in each.resolved:
                taken = min(rest[who], each.reserved[hour])
                each.resolved[hour] = taken
                self.caps[member] += taken
                rest[who] -= taken
        for who, each in capped:
            taken = 0
            if hour in each.reserved:
                taken = min(rest[who], max(0, self.ceiling - self.caps[member] - self.pending(member)))
                self.caps[member] += taken
            self.overruns[member] += rest[who] - taken
            self.overran[who] += rest[who] - taken

    def unposted(self):
        """Return the hours that were posted without something that is stored."""
        return {
            hour
            for hour, slots in self.posted.items()
            if any(self._of(hour, key) and key not in slots for key in self.stored)
        }

    @staticmethod
    def _of(hour, key):
        return hour <= key[1] < hour + HOUR

    def used(self):
        """Return milli-GPU-seconds by hour, attempt and node, as they were posted."""
        found = Counter()
        for hour, slots in self.posted.items():
            for (node, _), did in slots.items():
                for seconds, who in did:
                    if who in self.attempts:
                        found[hour, who, node] += seconds * GPUS * MILLI
        return found

    def charges(self):
        found = Counter()
        for (hour, who, _), amount in self.used().items():
            found[hour, who] += self.attempts[who].tier * amount // MILLI
        return found

    def balances(self):
        """Return debits less credits of each account that is not nought."""
        found = Counter(self.corrected)
        for (_, who, node), amount in self.used().items():
            its = self.attempts[who]
            whole = its.tier * amount // MILLI
            found[f"{its.member}/use"] += whole
            found[f"{node.removesuffix('-node')}/contribution-used"] -= amount
            found["pool/tiers"] += amount - whole
        for (member, what), amount in self.did().items():
            if what in {"used", "idle"}:
                found[f"{member}/contribution-offered"] -= amount
                found["pool/offered"] += amount
        for member, amount in self.overruns.items():
            found["pool/overrun"] += amount
            found[f"{member}/use"] -= amount
        for its in self.attempts.values():
            found[f"{its.member}/use"] -= its.credited or 0
            found["pool/adjustments"] += its.credited or 0
        for member, amount in self.caps.items():
            found[f"{member}/cap"] += amount
            found["pool/reserved"] -= amount
        return {name: amount for name, amount in found.items() if amount}

    def did(self):
        """Return what members' GPUs did, milli-GPU-seconds: what did not come, or is nobody's, is unknown."""
        found = Counter()
        for hour, slots in self.posted.items():
            for member in ("alibaba", "tencent"):
                found[member, "unknown"] += HOUR * GPUS * MILLI
            for (node, start), did in slots.items():
                assert self._of(hour, (node, start))
                for seconds, who in did:
                    what = "used" if who in self.attempts else who
                    amount, member = seconds * GPUS * MILLI, node.removesuffix("-node")
                    if what in {"used", "idle", "down"}:
                        found[member, what] += amount
                        found[member, "unknown"] -= amount
        return found
