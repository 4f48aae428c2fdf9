"""The reference planner: the cycle of docs/fairness.md, slow and plain, over `reference_rules`, `reference_sharing`,
`reference_places`, `reference_caps`, `reference_reserving` and `reference_growing`.

`Reference(...).run()` returns the decisions that `hanse.scheduler.plan` must come to, as (kind, job, class, label,
nodes, stopped, fallen), where a label is rung, cover and what other classes give.
"""

import itertools
from fractions import Fraction

from reference_growing import Growing
from reference_rules import AWAY, BORROW, EXCHANGE, HOME
from reference_sharing import mask


class Reference(Growing):
    # Changes.
    def put(self, part, c, rung, cover, placed):
        part.live, part.accelerator, part.rung, part.cover, part.placed = True, c, rung, cover, placed

    def admit(self, claim, placed, victims):
        part, c, *_ = claim
        use = self.use_at(self.rate(part, c), part.job.shape, c, sum(placed.values()))
        taken = self.takes(part, use, self.as_of, self.as_of + self.need(part))
        if taken is None or not self.fits_at_once(part, use, victims):
            return False
        self.take(taken)
        shrunk = self.make_way(part, use, victims)
        part.at = {name: self.chosen(part, self.nodes[name], workers, []) for name, workers in placed.items()}
        self.rates[part.job.uid] = self.rate(part, c)
        self.label(part, claim, placed)
        self.started_now.add(part.job.uid)
        self.held.pop(part.job.uid, None)
        part.number, part.started, part.checkpoint = part.number + 1, self.as_of, self.as_of
        stopped = tuple(sorted(v.job.uid for v in victims if v.worker < 0))
        self.touched |= {*stopped, *(uid for uid, _ in shrunk)}
        where = tuple((name, workers, mask(part.at[name])) for name, workers in sorted(placed.items()))
        self.note("Admit", part, where, stopped, self.settle(part), shrunk)
        return True

    def label(self, part, claim, placed):
        """Let a part run as the claim says; what gives for it is found now, when its victims are gone."""
        _, c, rung, cover, _ = claim
        part.donors = {}
        if rung == EXCHANGE:
            part.donors = self.donors(claim, [v for v in self.running() if self.yields_entitlement(claim, v)])
        self.put(part, c, rung, cover, placed)

    def make_way(self, part, rate, victims):
        """Stop gangs whole, and have others shrink: victims, and whoever uses what caps at once have for the part."""
        gangs = [v for v in victims if v.worker < 0]
        going = [*victims, *(each for v in gangs for each in self.extras_of(v) if each not in victims)]
        for extra in self.first_to_leave([each for each in self.beyond() if each not in going]):
            over = self.over_at_once(part, rate, going)
            if any(organisation in self.path(extra.job.organisation) for organisation in over):
                going.append(extra)
        self.uids_draining |= {v.job.uid for v in gangs}
        lost = [each for each in going if any(each.job is v.job for v in gangs)]
        self.draining += [(each.job.organisation, self.use_of(each)) for each in lost]
        self.leave_behind(lost)
        self.restless |= {name for each in lost for name in each.placed}
        for each in lost:
            each.live = False
        for v in gangs:
            v.preemptions += 1
        return self.leave([each for each in going if each not in lost])

    def note(self, kind, part, placed=(), stopped=(), fallen=(), *more):
        self.touched |= {uid for uid, *_ in fallen}
        self.touched |= {part.job.uid} if kind != "Admit" else set()
        label = (part.rung, part.cover, tuple(sorted(part.donors.items())))
        self.decisions.append((kind, part.job.uid, part.accelerator, label, placed, stopped, fallen, *more))

    def claim(self, part, rung=None, cover=None):
        label = (part.rung, part.cover) if rung is None else (rung, cover)
        return (part, part.accelerator, *label, self.milli(part))

    def settle(self, part):
        """Let weaker parts fall, the weakest and youngest first, until the part overdraws nothing."""
        fallen, claim, levied = [], self.claim(part), self.levied_milli(part)
        if part.rung == EXCHANGE:
            return self.settle_exchange(part, claim)
        line = [v for v in self.running() if self.yields_entitlement(claim, v)]
        for v in self.weakest_first(line):
            if self.overdrawn(claim, [], levied) and self.helps(claim, v, levied):
                self.fall(v)
                fallen.append((v.job.uid, v.rung, v.cover, tuple(sorted(v.donors.items()))))
        return tuple(fallen)

    def settle_exchange(self, part, claim):
        fallen, member = [], self.member(part)
        line = [v for v in self.running() if self.yields_entitlement(claim, v)]
        for v in self.weakest_first(line):
            over = [c for c in part.donors if self.excess(member, c) > 0]
            if any(self.charged(v, member, c) for c in over):
                self.fall(v)
                fallen.append((v.job.uid, v.rung, v.cover, tuple(sorted(v.donors.items()))))
        return tuple(fallen)

    def helps(self, claim, v, levied):
        """Return whether *v* is charged to something that is overdrawn: an organisation, the tier, or the grant."""
        part, c, rung, cover, _ = claim
        for organisation in self.path(part.job.organisation)[self.depth(part.job.organisation) - cover :]:
            if self.charged(v, organisation, c) and self.excess(organisation, c) > 0:
                return True
        leaf = part.job.organisation
        same = v.job.organisation == leaf and v.job.tier == part.job.tier and v.accelerator == c
        if same and self.cover_in_kind(v) == self.depth(leaf) == cover and self.tier_excess(leaf, part.job.tier, c) > 0:
            return True
        at_home = rung == v.rung == HOME and v.accelerator == c and self.levied_milli(v) > 0
        return at_home and levied > self.grant_room(claim, [])

    def excess(self, organisation, c):
        used = sum(self.charged(each, organisation, c) for each in self.running())
        return used - self.entitled(organisation, c)

    def tier_excess(self, leaf, tier, c):
        same = [each for each in self.running() if each.job.organisation == leaf and each.job.tier == tier]
        same = [each for each in same if each.accelerator == c and self.cover_in_kind(each) == self.depth(leaf)]
        used = sum(self.milli(each) for each in same)
        return used - self.entitled(leaf, c) * self.tiers[tier].share // 1000

    def grant_excess(self, member, c):
        mine = [each for each in self.running() if self.member(each) == member and each.rung == HOME]
        return sum(self.levied_milli(each) for each in mine if each.accelerator == c) - self.granted(member, c)

    def weakest_first(self, line):
        return sorted(sorted(line, key=self.age, reverse=True), key=self.strength)

    def fall(self, v):
        highest = self.depth(v.job.organisation) if v.rung == HOME else self.cover_in_kind(v) - 1
        for cover in range(highest, -1, -1):
            if not self.overdrawn(self.claim(v, AWAY, cover), []):
                v.rung, v.cover = AWAY, cover
                return
        donors = self.donors(self.claim(v, EXCHANGE, 0), []) if v.rung > EXCHANGE else None
        v.rung, v.cover, v.donors = (EXCHANGE, 0, donors) if donors else (BORROW, -1, {})

    # The cycle.
    def run(self):
        self.fund()
        self.shrink()
        self.rise()
        while self.covered_pass():
            pass
        self.keep()
        self.borrow()
        self.tell_reservations()
        self.elastic()
        return self.decisions

    def shrink(self):
        before = {part.job.uid: (part.rung, part.cover) for part in self.running()}
        for part in self.running():
            if part.rung == HOME and not all(self.is_home(part, self.nodes[name]) for name in part.placed):
                part.rung = AWAY
        for part in sorted(self.running(), key=lambda part: part.job.uid):
            if part.rung == EXCHANGE and self.is_given_too_little(part):
                self.fall(part)
        self.shrink_organisations()
        self.shrink_tiers()
        self.shrink_grants()
        for part in sorted(self.running(), key=lambda part: part.job.uid):
            if (part.rung, part.cover) != before[part.job.uid]:
                self.note("Fall", part)

    def shrink_organisations(self):
        for depth, organisation, c in sorted((self.depth(o), o, c) for o in self.organisations for c in self.classes):
            charged = self.weakest_first([part for part in self.running() if self.charged(part, organisation, c)])
            if depth == 0:
                charged.sort(key=self.is_on_own)
            self.drop(charged, lambda o=organisation, c=c: self.excess(o, c))

    def shrink_tiers(self):
        for leaf, tier, c in itertools.product(*map(sorted, (self.organisations, self.tiers, self.classes))):
            same = [part for part in self.running() if (part.job.organisation, part.job.tier) == (leaf, tier)]
            charged = [part for part in same if part.accelerator == c and self.cover_in_kind(part) == self.depth(leaf)]
            self.drop(self.weakest_first(charged), lambda o=leaf, t=tier, c=c: self.tier_excess(o, t, c))

    def shrink_grants(self):
        for member, c in itertools.product(sorted(self.members), sorted(self.classes)):
            home = [part for part in self.running() if self.member(part) == member and part.rung == HOME]
            charged = [part for part in home if part.accelerator == c and self.levied_milli(part)]
            self.drop(self.weakest_first(charged), lambda m=member, c=c: self.grant_excess(m, c))

    def is_on_own(self, part):
        nodes = [self.nodes[name] for name in part.placed]
        return part.rung != EXCHANGE and all(
            self.owner(node) == self.member(part) and not self.levied(node) for node in nodes
        )

    def drop(self, line, excess):
        for part in line:
            if excess() > 0:
                self.fall(part)

    def rise(self):
        at_leaf = [part for part in self.running() if part.rung < HOME]
        for part in sorted(at_leaf, key=lambda part: (-self.tier(part).rank, self.age(part))):
            depth = self.depth(part.job.organisation)
            at_home = all(self.is_home(part, self.nodes[name]) for name in part.placed)
            if not (at_home and self.try_rise(part, HOME, depth)) and (part.rung, part.cover) < (AWAY, depth):
                self.try_rise(part, AWAY, depth)
        for part in sorted(self.running(), key=self.age):
            if part.rung < HOME:
                covers = range(self.depth(part.job.organisation) - 1, self.cover_in_kind(part), -1)
                if not any(self.try_rise(part, AWAY, cover) for cover in covers) and part.rung < EXCHANGE:
                    self.try_rise(part, EXCHANGE, 0)

    def try_rise(self, part, rung, cover):
        claim, levied = self.claim(part, rung, cover), self.levied_milli(part)
        left_out = [v for v in self.running() if self.yields_entitlement(claim, v)]
        if self.overdrawn(claim, left_out, levied, new_only=True):
            return False
        self.label(part, claim, part.placed)
        self.note("Rise", part, (), (), self.settle(part))
        return True

    def waiting(self):
        idle = [part for part in self.parts.values() if not part.live and part.job.uid not in self.uids_draining]
        parts = [part for part in idle if not part.job.suspended]
        return [part for part in parts if not self.members[self.member(part)].suspended]

    def options(self, part):
        for option in part.job.shape.options:
            if self.classes.get(option.accelerator, {}).get(part.job.shape.precision):
                yield option, option.workers * self.per(part, option.accelerator)

    def covered_pass(self):
        failed, admitted = set(), False
        while True:
            turns = [turn for part in self.waiting() if (turn := self.turn(part, failed))]
            if not turns:
                return admitted
            part, claim, option = self.next(turns)
            if any(self.try_covered(*each, option) for each in self.ways(claim)):
                admitted = True
            else:
                failed.add((self.kind(part), claim[1:4]))

    def ways(self, claim):
        """Yield (claim, may stop others): who is covered at home is tried there, then AWAY, then at home with stops."""
        part, c, rung, cover, milli = claim
        away = (part, c, AWAY, cover, milli)
        if rung == HOME and not self.overdrawn(away, self.left_out(away)):
            yield claim, False
            yield away, False
        yield claim, True

    def left_out(self, claim):
        return [v for v in self.running() if self.yields_entitlement(claim, v)]

    def try_covered(self, claim, may_stop, option):
        part, rooms = claim[0], {}
        if claim[2] == HOME and self.members[self.member(part)].grants.get(claim[1], 0):
            room = max(0, self.grant_room_wanted(claim, self.left_out(claim)))
            rooms = {"levied": room // self.per(part, claim[1])}
        found = self.find(claim, option.workers, rooms, may_stop=may_stop)
        return found is not None and self.admit(claim, *found)

    def grant_room_wanted(self, claim, left_out):
        plain = self.grant_room(claim, [])
        return plain if plain >= claim[4] else self.grant_room(claim, left_out)

    def kind(self, part):
        return (part.job.organisation, part.job.tier, part.job.shape)

    def turn(self, part, failed):
        depth = self.depth(part.job.organisation)
        for rung, cover in [(HOME, depth), *((AWAY, cover) for cover in range(depth, -1, -1)), (EXCHANGE, 0)]:
            for option, milli in self.options(part):
                claim = (part, option.accelerator, rung, cover, milli)
                left_out = [v for v in self.running() if self.yields_entitlement(claim, v)]
                if (self.kind(part), claim[1:4]) not in failed and not self.overdrawn(claim, left_out):
                    return part, claim, option
        return None

    def next(self, turns):
        in_leaf = lambda turn: (*(-x for x in turn[1][2:4]), -self.tier(turn[0]).rank, self.age(turn[0]))  # noqa: E731
        among_leaves = lambda turn: (*(-x for x in turn[1][2:4]), self.age(turn[0]))  # noqa: E731
        among_members = lambda turn: (-turn[1][2], self.age(turn[0]))  # noqa: E731
        heads = {}
        for turn in sorted(turns, key=in_leaf):
            heads.setdefault(turn[0].job.organisation, turn)
        best = {}
        for turn in sorted(heads.values(), key=among_leaves):
            best.setdefault(self.member(turn[0]), turn)
        return min(best.values(), key=among_members)

    def borrow(self):
        failed = set()
        while True:
            open_to = [part for part in self.waiting() if self.kind(part) not in failed]
            if not open_to:
                return
            member = min({self.member(part) for part in open_to}, key=lambda name: (self.share(name), name))
            mine = [part for part in open_to if self.member(part) == member]
            part = min(mine, key=lambda part: (-self.tier(part).rank, self.age(part)))
            if not any(self.try_borrow(part, *choice) for choice in self.options(part)):
                failed.add(self.kind(part))
                self.reserve(part)

    def share(self, member):
        policy = self.pool.policy
        borrowers = [each for each in self.running() if each.rung == BORROW and self.member(each) == member]
        borrowed = sum(self.milli(each) * self.raw(each.accelerator) for each in borrowers) // 1000
        entitled = sum(self.entitled(member, c) * self.raw(c) for c in self.classes) // 1000
        weight = max(entitled, policy.share_floor)
        debit = Fraction(self.members[member].debit, policy.share_half_life_seconds)
        return (borrowed + max(-weight, min(weight, debit))) / weight

    def try_borrow(self, part, option, milli):
        rooms = self.terms(part, option, milli)
        if rooms is None:
            return False
        claim = (part, option.accelerator, BORROW, -1, milli)
        self.window = (self.as_of, self.as_of + part.job.shape.run_seconds, False)
        found = self.find(claim, option.workers, rooms, may_stop=True)
        self.window = None
        return found is not None and self.admit(claim, *found)
