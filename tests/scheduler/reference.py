"""The rules of docs/fairness.md once more, slow and plain: no columns, no indices, no memory. Caps are not in it.

Each question is answered by walking over all parts, nodes and jobs. `Reference(...).run()` returns the decisions that
`hanse.scheduler.plan` must come to, as (kind, job, class, rung, cover, nodes, stopped, fallen).
"""

from hanse.scheduler.pool import NodeState, Option, Organisation, Rung, Trust

HOME, AWAY, BORROW = Rung.HOME, Rung.AWAY, Rung.BORROW


class Part:
    def __init__(self, job, number, started, checkpoint):
        self.job, self.number, self.started, self.checkpoint = job, number, started, checkpoint
        self.placed, self.preemptions = {}, job.preemptions
        self.live, self.accelerator, self.rung, self.cover, self.gpus = False, None, BORROW, -1, 0


class Reference:
    def __init__(self, pool, nodes, jobs, attempts, as_of):
        self.pool, self.as_of, self.decisions = pool, as_of, []
        self.nodes = {node.name: node for node in sorted(nodes, key=lambda node: node.name)}
        self.given = {each.name: each for each in pool.contributions}
        self.members = {each.name: each for each in pool.members}
        self.tiers = {each.name: each for each in pool.tiers}
        roots = [Organisation(name, "", {}) for name in self.members]
        self.organisations = {each.name: each for each in [*roots, *pool.organisations]}
        self.classes = {each.name: each.h100_equivalents for each in pool.accelerators}
        self.parts = {job.uid: Part(job, job.attempts, as_of, as_of) for job in jobs}
        for each in attempts:
            if not each.draining:
                part = self.parts[each.job]
                part.started, part.checkpoint = each.started_seconds, each.checkpoint_seconds
                placed = {where.node: where.workers for where in each.placed}
                self.put(part, each.accelerator, each.rung, each.cover, placed)

    # Who is who.
    def path(self, leaf):
        return [leaf, *self.path(self.organisations[leaf].parent)] if leaf else []

    def member(self, part):
        return self.path(part.job.organisation)[-1]

    def depth(self, organisation):
        return len(self.path(organisation)) - 1

    def tier(self, part):
        return self.tiers[part.job.tier]

    def age(self, part):
        return (part.job.submitted_seconds, part.job.uid)

    def running(self):
        return [part for part in self.parts.values() if part.live]

    def strength(self, part):
        return (part.rung, part.cover, self.tier(part).rank)

    # Entitlement.
    def usable(self, node):
        return (node.gpus & ~node.foreign_gpus).bit_count()

    def counts(self, node):
        return node.state in (NodeState.READY, NodeState.RECALLED)

    def owner(self, node):
        return self.given[node.contribution].member

    def levied(self, node):
        mine = [
            each for each in self.nodes.values()
            if self.owner(each) == self.owner(node) and each.accelerator == node.accelerator
        ]  # fmt: skip
        first = sorted(mine, key=lambda each: (each.enrolled, each.name))
        return node in first[: len(mine) * self.members[self.owner(node)].levy // 1000]

    def granted(self, member, c):
        levied = [each for each in self.nodes.values() if each.accelerator == c and self.levied(each)]
        healthy = sum(self.usable(each) for each in levied if self.counts(each))
        enrolled = [max(each.gpus_enrolled, self.usable(each)) for each in levied if each.state != NodeState.CLOSED]
        whole = max(sum(enrolled), sum(each.grants.get(c, 0) for each in self.members.values()))
        return 1000 * self.members[member].grants.get(c, 0) * healthy // whole if whole else 0

    def entitled(self, organisation, c):
        if organisation not in self.members:
            record = self.organisations[organisation]
            return self.entitled(record.parent, c) * record.shares.get(c, 0) // 1000
        own = [each for each in self.nodes.values() if self.owner(each) == organisation and not self.levied(each)]
        gpus = sum(self.usable(each) for each in own if each.accelerator == c and self.counts(each))
        return 1000 * gpus + self.granted(organisation, c)

    def is_home(self, part, node):
        if self.levied(node):
            return self.members[self.member(part)].grants.get(node.accelerator, 0) > 0
        return self.owner(node) == self.member(part)

    def levied_milli(self, part):
        per = 1000 * part.job.shape.gpus_per_worker
        return sum(per * workers for name, workers in part.placed.items() if self.levied(self.nodes[name]))

    # Cover. A claim is (part, class, rung, cover, milli).
    def overdrawn(self, claim, left_out, levied=0, new_only=None):
        """Return whether the claim would overdraw: an organisation, its tier's share, or its member's grant."""
        part, c, rung, cover, milli = claim
        leaf = part.job.organisation
        others = [
            each for each in self.running() if each not in left_out and each is not part and each.accelerator == c
        ]
        below = lambda organisation, each: organisation in self.path(each.job.organisation)  # noqa: E731
        for organisation in self.path(leaf):
            depth = self.depth(organisation)
            used = sum(1000 * each.gpus for each in others if below(organisation, each) and each.cover >= depth)
            if (
                depth <= cover
                and not (new_only and part.cover >= depth)
                and used + milli > self.entitled(organisation, c)
            ):
                return True
        if cover == self.depth(leaf) and not (new_only and part.cover == cover):
            same = [each for each in others if each.job.organisation == leaf and each.job.tier == part.job.tier]
            used = sum(1000 * each.gpus for each in same if each.cover == cover)
            if used + milli > self.entitled(leaf, c) * self.tier(part).share // 1000:
                return True
        return rung == HOME and levied > self.grant_room(claim, left_out)

    def grant_room(self, claim, left_out):
        part, c, *_ = claim
        mine = [each for each in self.running() if each not in left_out and each is not part and each.accelerator == c]
        mine = [each for each in mine if self.member(each) == self.member(part) and each.rung == HOME]
        return self.granted(self.member(part), c) - sum(self.levied_milli(each) for each in mine)

    # Who may stop whom.
    def yields_entitlement(self, claim, v):
        part, c, rung, cover, _ = claim
        if v is part or self.member(v) != self.member(part) or v.accelerator != c or self.is_protected(claim, v):
            return False
        mine, other = self.path(part.job.organisation), self.path(v.job.organisation)
        if mine != other:
            common = max(self.depth(each) for each in mine if each in other)
            return cover > common >= v.cover
        rank, v_rank = self.tier(part).rank, self.tier(v).rank
        keeps = v_rank > rank and v.cover == self.depth(v.job.organisation)
        allowed = self.tier(part).preempts and self.tier(v).preemptible
        return allowed and (rung, cover, rank) > self.strength(v) and not keeps

    def is_protected(self, claim, v):
        return claim[2] != HOME and v.started + self.tier(v).run_seconds_min > self.as_of

    def yields_gpus(self, claim, v):
        part, c, rung, *_ = claim
        if v is part or v.accelerator != c:
            return False
        if self.yields_entitlement(claim, v) or (rung == HOME and v.rung < HOME):
            return True
        other_leaf = v.job.organisation != part.job.organisation
        return rung == AWAY and other_leaf and v.rung < AWAY and not self.is_protected(claim, v)

    # Places.
    def allowed(self, part, node, c, rung):
        given, shape, member = self.given[node.contribution], part.job.shape, self.member(part)
        return (
            node.accelerator == c
            and node.state == NodeState.READY
            and member not in given.excluded_members
            and given.member not in shape.excluded_members
            and (not shape.regions or given.region in shape.regions)
            and (shape.trust == Trust.NONE or shape.trust in given.trust)
            and (rung != HOME or self.is_home(part, node))
        )

    def fit(self, part, node, gone):
        shape = part.job.shape
        here = [each for each in self.running() if node.name in each.placed and each not in gone]
        exclusive = lambda each: each.job.shape.trust == Trust.EXCLUSIVE_NODE  # noqa: E731
        rivals = [each for each in here if self.member(each) != self.member(part)]
        if any(exclusive(each) or exclusive(part) for each in rivals):
            return 0
        fits = [self.free_gpus(node, gone) // shape.gpus_per_worker]
        for name in ("cpu_milli", "memory_mib", "ephemeral_mib", "rdma"):
            used = sum(each.placed[node.name] * getattr(each.job.shape, name) for each in here)
            free = max(0, getattr(node, name) - getattr(node, f"foreign_{name}")) - used
            fits += [free // getattr(shape, name)] if getattr(shape, name) else []
        return max(0, min(fits))

    def free_gpus(self, node, gone):
        here = [each for each in self.running() if node.name in each.placed and each not in gone]
        return self.usable(node) - sum(each.placed[node.name] * each.job.shape.gpus_per_worker for each in here)

    def place(self, claim, nodes, workers, gone, rooms):
        """Return {node: workers}, those outside limited groups and the fullest first, or None."""
        part = claim[0]
        rooms, placed = dict(rooms), {}
        order = lambda node: (self.group(claim, node) in rooms, self.free_gpus(node, gone), node.name)  # noqa: E731
        for node in sorted(nodes, key=order):
            group = self.group(claim, node)
            taken = min(self.fit(part, node, gone), workers, rooms.get(group, workers))
            if group in rooms:
                rooms[group] -= taken
            if taken:
                placed[node.name] = taken
                workers -= taken
        return None if workers else placed

    def room(self, claim, nodes, gone, rooms):
        by_group = {}
        for node in nodes:
            group = self.group(claim, node)
            by_group[group] = by_group.get(group, 0) + self.fit(claim[0], node, gone)
        return sum(min(total, rooms.get(group, total)) for group, total in by_group.items())

    def group(self, claim, node):
        if claim[2] == HOME:
            return "levied" if self.levied(node) else None
        return None if self.levied(node) else self.owner(node)

    def clusters(self, claim):
        part, c, rung, *_ = claim
        nodes = [node for node in self.nodes.values() if self.allowed(part, node, c, rung)]
        names = sorted({self.given[node.contribution].cluster for node in nodes})
        return [(name, [node for node in nodes if self.given[node.contribution].cluster == name]) for name in names]

    def find(self, claim, workers, rooms, *, may_stop):
        """Return (placed, victims) or None."""
        idle = [(self.room(claim, nodes, [], rooms), name, nodes) for name, nodes in self.clusters(claim)]
        enough = [each for each in idle if each[0] >= workers]
        if enough:
            return self.place(claim, min(enough, key=lambda each: each[:2])[2], workers, [], rooms), []
        found = []
        for name, nodes in self.clusters(claim) if may_stop else []:
            victims = self.victims(claim, nodes, workers, rooms)
            if victims is not None:
                badness = (max(self.strength(each) for each in victims), sum(self.cost(each) for each in victims), name)
                found.append((badness, self.place(claim, nodes, workers, victims, rooms), victims))
        return min(found, key=lambda each: each[0])[1:] if found else None

    def victims(self, claim, nodes, workers, rooms):
        there = {node.name for node in nodes}
        line = [v for v in self.running() if self.yields_gpus(claim, v) and there & set(v.placed)]
        line.sort(key=lambda v: self.age(v), reverse=True)
        line.sort(key=lambda v: (*self.strength(v), self.cost(v)))
        for length in range(1, len(line) + 1):
            if self.room(claim, nodes, line[:length], rooms) >= workers:
                chosen = line[:length]
                for v in reversed(line[:length]):
                    others = [each for each in chosen if each is not v]
                    if self.room(claim, nodes, others, rooms) >= workers:
                        chosen = others
                return chosen
        return None

    def cost(self, v):
        policy = self.pool.policy
        lost = min(max(0, self.as_of - max(v.started, v.checkpoint)), policy.lost_seconds_max)
        return v.gpus * (lost + policy.restart_cost_seconds) * (1 + v.preemptions)

    # Changes.
    def put(self, part, c, rung, cover, placed):
        part.live, part.accelerator, part.rung, part.cover, part.placed = True, c, rung, cover, placed
        part.gpus = sum(placed.values()) * part.job.shape.gpus_per_worker

    def admit(self, claim, placed, victims):
        part, c, rung, cover, _ = claim
        for v in victims:
            v.live, v.preemptions = False, v.preemptions + 1
        self.put(part, c, rung, cover, placed)
        part.number, part.started, part.checkpoint = part.number + 1, self.as_of, self.as_of
        stopped = tuple(sorted(v.job.uid for v in victims))
        self.note("Admit", part, tuple(sorted(placed.items())), stopped, self.settle(part))

    def note(self, kind, part, placed=(), stopped=(), fallen=()):
        self.decisions.append((kind, part.job.uid, part.accelerator, part.rung, part.cover, placed, stopped, fallen))

    def claim(self, part, rung=None, cover=None):
        label = (part.rung, part.cover) if rung is None else (rung, cover)
        return (part, part.accelerator, *label, 1000 * part.gpus)

    def settle(self, part):
        """Let weaker parts fall, the weakest and youngest first, until the part overdraws nothing."""
        fallen, claim = [], self.claim(part)
        levied = self.levied_milli(part)
        line = [v for v in self.running() if self.yields_entitlement(claim, v)]
        for v in self.weakest_first(line):
            without = [each for each in self.running() if each is not v]
            if self.overdrawn(claim, [], levied) and self.helps(claim, v, levied):
                assert v in self.running()
                assert without
                self.fall(v)
                fallen.append((v.job.uid, v.rung, v.cover))
        return tuple(fallen)

    def helps(self, claim, v, levied):
        """Return whether *v* is charged to something that is overdrawn: an organisation, the tier, or the grant."""
        part, c, rung, cover, milli = claim
        for organisation in self.path(part.job.organisation)[self.depth(part.job.organisation) - cover :]:
            depth = self.depth(organisation)
            if organisation in self.path(v.job.organisation) and v.cover >= depth and self.excess(organisation, c) > 0:
                return True
        leaf = part.job.organisation
        same = v.job.organisation == leaf and v.job.tier == part.job.tier and v.cover == self.depth(leaf) == cover
        if same and self.tier_excess(leaf, part.job.tier, c) > 0:
            return True
        return rung == HOME and v.rung == HOME and self.levied_milli(v) > 0 and levied > self.grant_room(claim, [])

    def excess(self, organisation, c):
        depth = self.depth(organisation)
        below = [each for each in self.running() if organisation in self.path(each.job.organisation)]
        used = sum(1000 * each.gpus for each in below if each.accelerator == c and each.cover >= depth)
        return used - self.entitled(organisation, c)

    def tier_excess(self, leaf, tier, c):
        same = [each for each in self.running() if each.job.organisation == leaf and each.job.tier == tier]
        used = sum(1000 * each.gpus for each in same if each.accelerator == c and each.cover == self.depth(leaf))
        return used - self.entitled(leaf, c) * self.tiers[tier].share // 1000

    def grant_excess(self, member, c):
        mine = [each for each in self.running() if self.member(each) == member and each.rung == HOME]
        return sum(self.levied_milli(each) for each in mine if each.accelerator == c) - self.granted(member, c)

    def weakest_first(self, line):
        return sorted(sorted(line, key=self.age, reverse=True), key=self.strength)

    def fall(self, v):
        highest = self.depth(v.job.organisation) if v.rung == HOME else v.cover - 1
        for cover in range(highest, -1, -1):
            if not self.overdrawn(self.claim(v, AWAY, cover), []):
                v.rung, v.cover = AWAY, cover
                return
        v.rung, v.cover = BORROW, -1

    # The cycle.
    def run(self):
        self.shrink()
        self.rise()
        while self.covered_pass():
            pass
        self.borrow()
        return self.decisions

    def shrink(self):
        before = {part.job.uid: (part.rung, part.cover) for part in self.running()}
        for part in self.running():
            if part.rung == HOME and not all(self.is_home(part, self.nodes[name]) for name in part.placed):
                part.rung = AWAY
        for c in sorted(self.classes):
            for organisation in sorted(self.organisations, key=lambda name: (self.depth(name), name)):
                depth = self.depth(organisation)
                charged = [p for p in self.running() if organisation in self.path(p.job.organisation)]
                charged = self.weakest_first([p for p in charged if p.accelerator == c and p.cover >= depth])
                if depth == 0:
                    charged.sort(key=self.is_on_own)
                self.drop(charged, lambda o=organisation, c=c: self.excess(o, c))
            for leaf in sorted(self.organisations):
                for tier in sorted(self.tiers):
                    same = [
                        p for p in self.running() if (p.job.organisation, p.job.tier, p.accelerator) == (leaf, tier, c)
                    ]
                    same = self.weakest_first([p for p in same if p.cover == self.depth(leaf)])
                    self.drop(same, lambda o=leaf, t=tier, c=c: self.tier_excess(o, t, c))
            for member in sorted(self.members):
                mine = [p for p in self.running() if self.member(p) == member and p.rung == HOME and p.accelerator == c]
                mine = self.weakest_first([p for p in mine if self.levied_milli(p)])
                self.drop(mine, lambda m=member, c=c: self.grant_excess(m, c))
        for part in sorted(self.running(), key=lambda part: part.job.uid):
            if (part.rung, part.cover) != before[part.job.uid]:
                self.note("Fall", part)

    def is_on_own(self, part):
        nodes = [self.nodes[name] for name in part.placed]
        return all(self.owner(node) == self.member(part) and not self.levied(node) for node in nodes)

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
                covers = range(self.depth(part.job.organisation) - 1, part.cover, -1)
                any(self.try_rise(part, AWAY, cover) for cover in covers)

    def try_rise(self, part, rung, cover):
        claim, levied = self.claim(part, rung, cover), self.levied_milli(part)
        left_out = [v for v in self.running() if self.yields_entitlement(claim, v)]
        if self.overdrawn(claim, left_out, levied, new_only=True):
            return False
        part.rung, part.cover = rung, cover
        self.note("Rise", part, (), (), self.settle(part))
        return True

    def waiting(self):
        parts = [part for part in self.parts.values() if not part.live and not part.job.suspended]
        return [part for part in parts if not self.members[self.member(part)].suspended]

    def options(self, part):
        for option in part.job.shape.options:
            if self.classes.get(option.accelerator, {}).get(part.job.shape.precision):
                yield option, 1000 * option.workers * part.job.shape.gpus_per_worker

    def covered_pass(self):
        failed, admitted = set(), False
        while True:
            turns = [turn for part in self.waiting() if (turn := self.turn(part, failed))]
            if not turns:
                return admitted
            part, claim, option = self.next(turns)
            left_out = [v for v in self.running() if self.yields_entitlement(claim, v)]
            rooms = {}
            if claim[2] == HOME and self.members[self.member(part)].grants.get(claim[1], 0):
                per = 1000 * part.job.shape.gpus_per_worker
                rooms = {"levied": max(0, self.grant_room_wanted(claim, left_out)) // per}
            found = self.find(claim, option.workers, rooms, may_stop=True)
            if found:
                self.admit(claim, *found)
                admitted = True
            else:
                failed.add((self.kind(part), claim[1:4]))

    def grant_room_wanted(self, claim, left_out):
        plain = self.grant_room(claim, [])
        return plain if plain >= claim[4] else self.grant_room(claim, left_out)

    def kind(self, part):
        return (part.job.organisation, part.job.tier, part.job.shape)

    def turn(self, part, failed):
        depth = self.depth(part.job.organisation)
        for rung, cover in [(HOME, depth), *((AWAY, cover) for cover in range(depth, -1, -1))]:
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

    def share(self, member):
        from fractions import Fraction

        policy = self.pool.policy
        raw = lambda c: self.classes[c].get(policy.reference_precision, 0)  # noqa: E731
        borrowers = [each for each in self.running() if each.rung == BORROW and self.member(each) == member]
        borrowed = sum(each.gpus * raw(each.accelerator) for each in borrowers)
        entitled = sum(self.entitled(member, c) * raw(c) for c in self.classes) // 1000
        weight = max(entitled, policy.share_floor)
        debit = Fraction(self.members[member].debit, policy.share_half_life_seconds)
        return (borrowed + max(-weight, min(weight, debit))) / weight

    def try_borrow(self, part, option: Option, milli):
        c, member = option.accelerator, self.member(part)
        borrowers = [each for each in self.running() if each.rung == BORROW and each.accelerator == c]
        limit = self.members[member].borrowing_limits.get(c)
        used = sum(1000 * each.gpus for each in borrowers if self.member(each) == member)
        if limit is not None and used + milli > limit:
            return False
        claim, rooms = (part, c, BORROW, -1, milli), {}
        for lender, record in self.members.items():
            if lender != member and c in record.lending_limits:
                lent = sum(self.lent(each, lender) for each in borrowers if self.member(each) != lender)
                rooms[lender] = max(0, record.lending_limits[c] - lent) // (1000 * part.job.shape.gpus_per_worker)
        found = self.find(claim, option.workers, rooms, may_stop=False)
        if found:
            self.admit(claim, *found)
        return found is not None

    def lent(self, part, lender):
        per = 1000 * part.job.shape.gpus_per_worker
        on = [name for name in part.placed if self.owner(self.nodes[name]) == lender]
        return sum(per * part.placed[name] for name in on if not self.levied(self.nodes[name]))
