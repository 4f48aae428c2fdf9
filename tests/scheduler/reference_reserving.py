"""Reservations once more, slow and plain: each question is answered for each node, each time and each hold anew.

A hold is a dict: of whom, from when to when, how many workers on which node. Next: `reference` asks while it borrows.
"""

from dataclasses import replace

from reference_caps import Caps
from reference_places import RESOURCES
from reference_rules import Part

from hanse.scheduler.pool import Rung, Trust

NEW_MAX, SLACK = 4, 600


class Reserving(Caps):
    def __init__(self, pool, nodes, jobs, attempts, as_of, reservations=()):  # noqa: PLR0913, PLR0917
        super().__init__(pool, nodes, jobs, attempts, as_of)
        self.records = {each.job: each for each in reservations if each.job in self.parts}
        self.held, self.causes, self.searches, self.window = {}, {}, 0, None

    # Who has left by when, and what is held.
    def end(self, part):
        if part.worker >= 0:
            return self.as_of
        end = part.started + part.job.shape.run_seconds
        if end > self.as_of:
            return end
        if end + SLACK > self.as_of:
            return self.as_of + 1
        point = 60
        while point <= self.as_of - part.started:
            point = max(point + 60, -(-point * 5 // 240) * 60)
        return part.started + point

    def gone(self, time):
        return [each for each in self.holders() if self.end(each) <= time]

    def others(self, part):
        return [hold for uid, hold in self.held.items() if part is None or uid != part.job.uid]

    def fit(self, part, node, gone):
        """Return how many workers the node takes now, and at each time at which something begins that is held."""
        if self.window is None:
            return super().fit(part, node, gone)
        start, end, is_wary = self.window
        if is_wary:
            return self.fit_beside(part, node, gone, [hold for hold in self.others(part) if hold["end"] > start])
        meanwhile = [hold for hold in self.others(part) if hold["start"] < end and start < hold["end"]]
        if part.job.shape.slices and not any(node.name in hold["placed"] for hold in meanwhile):
            return super().fit(part, node, gone)
        fits = []
        for time in {start, *(hold["start"] for hold in meanwhile if start < hold["start"])}:
            there = [hold for hold in meanwhile if hold["start"] <= time < hold["end"]]
            if time == start:
                fits.append(self.fit_beside(part, node, gone, there, len(self.in_use(part, node, gone))))
            else:
                fits.append(self.fit_beside(part, node, self.gone(time), there))
        return min(fits)

    def fit_beside(self, part, node, gone, holds, joined=0):
        """Return how many workers fit beside holds: each has GPUs of its own, but those who join others at once."""
        here = [hold for hold in holds if node.name in hold["placed"]]
        for hold in here:
            exclusive = Trust.EXCLUSIVE_NODE in (hold["part"].job.shape.trust, part.job.shape.trust)
            if exclusive and self.member(hold["part"]) != self.member(part):
                return 0
        fits = [super().fit(part, node, gone)]
        held = [(hold["part"].job.shape, hold["placed"][node.name]) for hold in here]
        gpus = joined + self.free_gpus(node, gone) - sum(shape.gpus_per_worker * workers for shape, workers in held)
        fits.append(gpus // part.job.shape.gpus_per_worker)
        for name, free in zip(RESOURCES, self.free(node, gone), strict=True):
            if asked := getattr(part.job.shape, name):
                fits.append((free - sum(getattr(shape, name) * workers for shape, workers in held)) // asked)
        return max(0, min(fits))

    # What a job may have.
    def is_covered(self, part, option, milli):
        covers = range(self.depth(part.job.organisation), -1, -1)
        for label in [*((Rung.AWAY, cover) for cover in covers), (Rung.EXCHANGE, 0)]:
            claim = (part, option.accelerator, *label, milli)
            if not self.overdrawn(claim, [v for v in self.running() if self.yields_entitlement(claim, v)]):
                return True
        return False

    def borrowed_by_others(self, part, c):
        """Return (member, milli a worker, workers by node) of all that borrows now, or is held for a borrower."""
        runs = [each for each in self.running() if each.rung == Rung.BORROW and each.accelerator == c]
        found = [(self.member(each), self.per(each, c), each.placed) for each in runs]
        holds = [hold for hold in self.others(part) if hold["class"] == c and not hold["covered"]]
        whole = lambda hold: 1000 * hold["part"].job.shape.gpus_per_worker  # noqa: E731
        found += [(self.member(hold["part"]), whole(hold), hold["placed"]) for hold in holds]
        return found

    def terms(self, part, option, milli):
        """Return the rooms that lenders leave to a borrower, or None if its own limit refuses it."""
        c, member, per = option.accelerator, self.member(part), milli // option.workers
        borrowed = self.borrowed_by_others(part, c)
        limit = self.members[member].borrowing_limits.get(c)
        used = sum(each * sum(placed.values()) for whose, each, placed in borrowed if whose == member)
        if limit is not None and used + milli > limit:
            return None
        rooms = {}
        for lender, record in self.members.items():
            if lender != member and c in record.lending_limits:
                lent = sum(
                    each * workers
                    for whose, each, placed in borrowed
                    for name, workers in placed.items()
                    if whose != lender and self.owner(self.nodes[name]) == lender and not self.levied(self.nodes[name])
                )
                rooms[lender] = max(0, record.lending_limits[c] - lent) // per
        return rooms

    def wanted(self, part, option, milli):
        """Return (claim, rooms, covered), or None if a cap or a limit refuses the job whatever is free."""
        covered = self.is_covered(part, option, milli)
        milli = 1000 * option.workers if part.job.shape.slices else milli
        rooms = {} if covered else self.terms(part, option, milli)
        shape, c = part.job.shape, option.accelerator
        rate = self.use_at(self.rate(part, c), shape, c, option.workers)
        taken = self.takes(part, rate, self.as_of, self.as_of + self.need(part))
        if rooms is None or taken is None or not self.fits_at_once(part, rate, []):
            return None
        part = self.whole(part) if part.job.shape.slices else part
        return (part, option.accelerator, Rung.BORROW, -1, milli), rooms, covered

    def whole(self, part):
        """Return a part that shares as if it asked for a whole GPU for each worker: these it is kept."""
        job = replace(part.job, shape=replace(part.job.shape, slices=None))
        return Part(job, part.number, part.started, part.checkpoint)

    def places_for(self, part, claim):
        """Return nodes by cluster: for a part that shares those whose GPUs have its memory when nobody is there."""
        for cluster, nodes in self.clusters(claim):
            if part.job.shape.slices:
                yield cluster, [node for node in nodes if node.mem_gib and self.able(part, node, self.holders())]
            else:
                yield cluster, nodes

    # The plan's reservations.
    def keep(self):
        self.depth_each = max(
            1, self.pool.policy.reservation_depth // max(1, len(set(map(self.member, self.waiting()))))
        )
        moved = []
        for record in sorted(self.records.values(), key=lambda each: (each.start_seconds, each.job)):
            part = self.parts[record.job]
            if part.live:
                continue
            same = [each for each in self.waiting() if self.kind(each) == self.kind(part)]
            if not same or min(same, key=self.age) is not part:
                self.causes[record.job] = "NotWaiting"
            elif len(self.held) + len(moved) >= self.pool.policy.reservation_depth:
                self.causes[record.job] = "Limited"
            elif cause := self.keep_one(record, part):
                self.causes[record.job] = cause
                if cause != "Limited":
                    moved.append(part)
        for part in moved:
            self.search(part)

    def keep_one(self, record, part):
        workers = sum(each.workers for each in record.kept)
        options = {(option.accelerator, option.workers): (option, milli) for option, milli in self.options(part)}
        if (record.accelerator, workers) not in options:
            return "Changed"
        option, milli = options[record.accelerator, workers]
        wanted = self.wanted(part, option, milli)
        if wanted is None:
            return "Limited"
        claim, rooms, covered = wanted
        placed = {each.node: each.workers for each in record.kept}
        homes = [
            (cluster, nodes)
            for cluster, nodes in self.places_for(part, claim)
            if placed.keys() <= {each.name for each in nodes}
        ]
        level, is_needed = self.wanted_level(claim)
        if not homes or (is_needed and len(self.by_domain([self.nodes[name] for name in placed], level)) > 1):
            return "NodesLost"
        start = max(record.start_seconds, self.as_of)
        for group, room in rooms.items():
            if sum(count for name, count in placed.items() if self.group(claim, self.nodes[name]) == group) > room:
                return "Limited"
        self.window = (start, start + part.job.shape.run_seconds, False)
        fits = all(
            self.fit(claim[0], self.nodes[name], self.gone(start + SLACK)) >= count for name, count in placed.items()
        )
        self.window = None
        if fits:
            self.hold(part, option.accelerator, homes[0][0], start, placed, covered)
            self.held[part.job.uid]["record"] = record
            return None
        gone = [each for each in self.holders() if self.end(each) <= start + SLACK or each.job.uid in self.started_now]
        alone = all(self.fit(claim[0], self.nodes[name], gone) >= count for name, count in placed.items())
        return "Displaced" if alone else "RunsLonger"

    def hold(self, part, c, cluster, start, placed, covered):  # noqa: PLR0913, PLR0917
        end = start + part.job.shape.run_seconds
        self.held[part.job.uid] = {
            "part": part, "class": c, "cluster": cluster, "start": start, "end": end, "placed": placed,
            "covered": covered,
        }  # fmt: skip

    def reserve(self, part):
        uid, member = part.job.uid, self.member(part)
        mine = [hold for hold in self.held.values() if self.member(hold["part"]) == member]
        is_full = len(self.held) >= self.pool.policy.reservation_depth or len(mine) >= self.depth_each
        if uid not in self.held and uid not in self.causes and not is_full and self.searches < NEW_MAX:
            self.search(part)
            if uid in self.held:
                self.causes[uid] = "HeadOfQueue"

    def search(self, part):
        best = None
        for index, (option, milli) in enumerate(self.options(part)):
            wanted = self.wanted(part, option, milli)
            for cluster, nodes in self.places_for(part, wanted[0]) if wanted else []:
                claim, rooms, covered = wanted
                if self.room(claim, nodes, self.holders(), rooms) < option.workers:
                    continue
                self.searches += 1
                if found := self.earliest(claim, nodes, option.workers, rooms):
                    key = (found[0], index, cluster)
                    if best is None or key < best[0]:
                        best = key, (option.accelerator, cluster, *found, covered)
        if best:
            self.hold(part, *best[1])

    def earliest(self, claim, nodes, workers, rooms):
        """Return (start, placed) at the first time at which it would fit with nothing held, else after what is held."""
        part, run = claim[0], claim[0].job.shape.run_seconds
        names = {node.name for node in nodes}
        ends = [self.end(each) for each in self.running() if names & each.placed.keys()]
        times = sorted({self.as_of, *ends, *(hold["end"] for hold in self.others(part))})
        free = [time for time in times if self.room(claim, nodes, self.gone(time), rooms) >= workers]
        for is_wary, tried in ((False, free[:1]), (True, free)):
            for time in tried:
                self.window = (time, time + run, is_wary)
                fits = self.room(claim, nodes, self.gone(time), rooms) >= workers
                placed = self.place(claim, nodes, workers, self.gone(time), rooms) if fits else None
                self.window = None
                if placed:
                    return time, placed
        return None

    def tell_reservations(self):
        for uid in sorted(self.records):
            if uid not in self.held and not self.parts[uid].live:
                self.decisions.append(("Release", uid, None, self.causes[uid]))
        for uid, hold in sorted(self.held.items()):
            if "record" not in hold:
                placed = tuple(sorted(hold["placed"].items()))
                said = (hold["class"], hold["cluster"], hold["start"], placed)
                before = self.records.get(uid)
                if before is None or said != as_said(before):
                    self.decisions.append(("Reserve", uid, None, *said, self.causes[uid]))


def as_said(record):
    placed = tuple((each.node, each.workers) for each in record.kept)
    return record.accelerator, record.cluster, record.start_seconds, placed
