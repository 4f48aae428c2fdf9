"""Elastic gangs once more, slow and plain: who leaves, who grows, and by how much.

A worker beyond its gang's core is a part of its own, in `extras`, that holds its GPUs and is promised nothing. Next:
`reference` asks it after all jobs were looked at.
"""

from reference_reserving import Reserving
from reference_rules import BORROW
from reference_sharing import mask

from hanse.scheduler.pool import Level, NodeState

GROWN_MAX, NUMBERS_MAX = 16, 8192


class Growing(Reserving):
    def leave(self, extras):
        """Let extras go; return (job, workers) of those gangs, in the order of the jobs."""
        left = {}
        self.leave_behind(extras)
        for each in extras:
            each.live = False
            self.draining.append((each.job.organisation, self.use_of(each)))
            self.restless |= set(each.placed)
            self.leaving.add(each.job.uid)
            left.setdefault(each.job.uid, []).append(each.worker)
        return tuple(sorted((uid, tuple(sorted(workers))) for uid, workers in left.items()))

    def resize(self, part, why, grown=(), left=()):
        self.touched.add(part.job.uid)
        self.decisions.append(("Resize", part.job.uid, None, why, tuple(grown), tuple(left)))

    def extras_of(self, part):
        return [each for each in self.beyond() if each.job is part.job]

    def first_to_leave(self, extras):
        line = sorted(extras, key=lambda each: (self.age(each), each.worker), reverse=True)
        return sorted(line, key=lambda each: (self.tier(each).rank, self.cost(each)))

    def most(self, part):
        return max(
            (option.most for option, _ in self.options(part) if option.accelerator == part.accelerator), default=0
        )

    def workers(self, part):
        return sum(part.placed.values())

    # What the limits leave beside jobs.
    def allowance(self, member, c):
        limit = self.members[member].borrowing_limits.get(c)
        borrowed = self.borrowed_by_others(None, c)
        used = sum(per * sum(placed.values()) for whose, per, placed in borrowed if whose == member)
        left = 10**18 if limit is None else max(0, limit - used)
        covered = sum(self.charged(each, member, c) for each in self.running())
        beyond = [each for each in self.beyond() if self.member(each) == member and each.accelerator == c]
        return left + max(0, self.entitled(member, c) - covered) - sum(self.milli(each) for each in beyond)

    def lending(self, c):
        """Return what each lender with a limit still lends beside jobs."""
        left = {}
        for lender, record in self.members.items():
            if c in record.lending_limits:
                borrowed = [each for each in self.borrowed_by_others(None, c) if each[0] != lender]
                lent = sum(
                    per * workers
                    for _, per, placed in borrowed
                    for name, workers in placed.items()
                    if self.lends(lender, name)
                )
                beyond = [each for each in self.beyond() if each.accelerator == c and self.member(each) != lender]
                lent_beyond = sum(self.milli(each) for each in beyond if self.lends(lender, *each.placed))
                left[lender] = max(0, record.lending_limits[c] - lent) - lent_beyond
        return left

    def lends(self, lender, name):
        return self.owner(self.nodes[name]) == lender and not self.levied(self.nodes[name])

    # The end of a plan.
    def elastic(self):
        self.trim()
        grown = 0
        for part in self.may_grow():
            grown += self.grow(part)
            if grown == GROWN_MAX:
                return

    def trim(self):
        going, whys = {}, {}
        for extra in self.first_to_leave(self.beyond()):
            if why := self.why_not(extra):
                extra.live = False
                going.setdefault(extra.job.uid, []).append(extra)
                whys.setdefault(extra.job.uid, why)
        for uid, extras in going.items():
            ((_, workers),) = self.leave(extras)
            self.resize(self.parts[uid], whys[uid], left=workers)

    def why_not(self, extra):
        part, c = self.parts[extra.job.uid], extra.accelerator
        if any(self.nodes[name].state == NodeState.RECALLED for name in extra.placed):
            return "Recalled"
        if len(self.extras_of(part)) > self.most(part) - self.workers(part) and not part.job.suspended:
            return "Changed"
        if self.allowance(self.member(extra), c) < 0:
            return "Limited"
        over = [lender for lender, left in self.lending(c).items() if left < 0 and lender != self.member(extra)]
        return "Limited" if any(self.lends(lender, *extra.placed) for lender in over) else None

    def may_grow(self):
        found = []
        for part in self.running():
            uid = part.job.uid
            pays = self.end(part) - self.as_of >= 2 * self.pool.policy.restart_cost_seconds
            changes = uid in self.touched | self.leaving | self.started_now or set(part.placed) & self.restless
            if not pays or changes or part.job.suspended or self.members[self.member(part)].suspended:
                continue
            if self.funded[uid].refused or self.funded[uid].funded_until_seconds <= self.as_of:
                continue
            is_elastic = any(option.most > option.workers for option in part.job.shape.options)
            if is_elastic and self.most(part) > self.workers(part):
                found.append(part)
        key = lambda part: (self.share(self.member(part)), self.member(part), -self.tier(part).rank, self.age(part))  # noqa: E731
        return sorted(found, key=key)

    def grow(self, part):
        have = self.workers(part) + len(self.extras_of(part))
        wanted, numbered, c = self.most(part) - have, self.funded[part.job.uid].numbered, part.accelerator
        least, per = min(wanted, (have + 7) // 8), self.per(part, c)
        cluster = self.given[self.nodes[next(iter(part.placed))].contribution].cluster
        claim = (part, c, BORROW, -1, per)
        held = {name for hold in self.held.values() for name in hold["placed"]}
        nodes = [node for name, its in self.clusters(claim) if name == cluster for node in its]
        taken = {name for each in [part, *self.extras_of(part)] for name in each.placed}
        taken = taken if part.job.shape.slices else set()  # no two workers of a gang share a GPU
        nodes = [node for node in nodes if node.name not in held | self.restless | taken and self.is_near(part, node)]
        rooms = {lender: max(0, left) // per for lender, left in self.lending(c).items() if lender != self.member(part)}
        count = min(wanted, NUMBERS_MAX - numbered, self.allowance(self.member(part), c) // per)
        count = min(count, self.room(claim, nodes, [], rooms))
        self.forced = (Level.CLUSTER, False)  # it is near enough wherever it is near to the core
        for workers in (count, least) if 0 < least <= count else ():
            if self.pay(part, workers):
                placed = self.place((part, c, BORROW, -1, workers * per), nodes, workers, [], rooms)
                got = [each for name, count in sorted(placed.items()) for each in self.gpus_each(part, name, count)]
                grown = [(numbered + index, *each) for index, each in enumerate(got)]
                self.extras += [self.beyond_core(part, *each) for each in grown]
                self.resize(part, "Idle", grown=[(number, name, mask(gpus)) for number, name, gpus in grown])
                return True
        return False

    def gpus_each(self, part, name, workers):
        """Return (node, GPUs) of each of so many workers that come to a node."""
        gpus = sorted(self.chosen(part, self.nodes[name], workers, []))
        per = part.job.shape.gpus_per_worker
        return [(name, set(gpus[index : index + per])) for index in range(0, len(gpus), per)]

    def is_near(self, part, node):
        """Return whether a node is in the one domain in which the job requires its gang to be."""
        shape = part.job.shape
        if not shape.needs_level:
            return True
        return {self.domain(self.nodes[name], shape.level) for name in part.placed} == {self.domain(node, shape.level)}

    def pay(self, part, workers):
        attempt = self.funded[part.job.uid]
        taken = self.takes(part, self.use(attempt, workers), self.as_of, attempt.funded_until_seconds)
        if taken is None or self.over_at_once(part, workers * self.use(attempt, 1), []):
            return False
        self.take(taken)
        return True
