"""Caps once more, slow and plain: every cap on the way from a job's leaf to its member must have room for it.

Its numbers are sums over what runs and drains, made anew for each question. Next: `reference` asks it.
"""

from fractions import Fraction
from math import ceil

from reference_places import Places


class Caps(Places):
    def __init__(self, pool, nodes, jobs, attempts, as_of):
        super().__init__(pool, nodes, jobs, attempts, as_of)
        self.left = {cap: cap.left for cap in pool.caps}
        self.rates = {each.job: each.gpu_rate for each in attempts if not each.draining}
        self.funded = {each.job: each for each in attempts if not each.draining}
        of = {job.uid: job.organisation for job in jobs}
        drains = [each for each in attempts if each.draining]
        self.started_now = set()
        self.uids_draining = {each.job for each in attempts if each.draining}
        self.draining = [(of[each.job], self.use(each, sum(one.workers for one in each.placed))) for each in drains]
        self.draining += [(of[each.job], self.use(each, 1)) for each in drains for _ in each.extras]
        going = [(each, one) for each in attempts for one in each.extras if one.leaving and not each.draining]
        self.draining += [(of[each.job], self.use(each, 1)) for each, one in going]
        self.leaving, self.touched = {each.job for each, _ in going}, set()
        self.restless = {one.node for _, one in going}
        self.restless |= {where.node for each in attempts if each.draining for where in (*each.placed, *each.extras)}

    def rate(self, part, c):
        return self.classes[c][part.job.shape.precision] * self.tier(part).factor // 1000

    def use_at(self, rate, shape, c, workers):
        """Return the most that workers use in a second, rounded up: of a shared GPU, by their limit."""
        return ceil(Fraction(rate * workers * self.per_at_most(shape, c), 1000))

    def use(self, attempt, workers):
        """Return the same of some workers of an attempt."""
        shape = self.parts[attempt.job].job.shape
        return self.use_at(attempt.gpu_rate, shape, attempt.accelerator, workers)

    def use_of(self, part):
        """Return the same of all of a part that runs."""
        workers = sum(part.placed.values())
        return self.use_at(self.rates[part.job.uid], part.job.shape, part.accelerator, workers)

    def need(self, part):
        shape, policy = part.job.shape, self.pool.policy
        least = max(policy.funding_seconds_min, 2 * shape.checkpoint_seconds)
        return least + shape.grace_seconds + policy.slot_latency_seconds

    def over(self, part):
        """Return the windows of the caps that count *part*, by cap."""
        windows = {}
        for cap in self.left:
            if cap.organisation in self.path(part.job.organisation):
                windows.setdefault((cap.organisation, cap.name), []).append(cap)
        return windows

    def takes(self, part, rate, start, end):
        """Return what running from *start* to *end* at a *rate* takes of each window, or None if a cap refuses."""
        taken = {}
        for windows in self.over(part).values():
            seconds = {cap: max(0, min(end, cap.end_seconds) - max(start, cap.start_seconds)) for cap in windows}
            if sum(seconds.values()) < end - start:
                return None
            taken |= {cap: rate * length for cap, length in seconds.items()}
        return taken if all(amount <= self.left[cap] for cap, amount in taken.items() if amount) else None

    def take(self, taken):
        for cap, amount in taken.items():
            self.left[cap] -= amount

    def fits_at_once(self, part, rate, victims):
        """Return whether it fits if all that is beyond cores goes."""
        return not self.over_at_once(part, rate, [*victims, *self.beyond()])

    def over_at_once(self, part, rate, victims):
        """Return the organisations of which a cap at once would be crossed."""
        over = []
        for cap in self.pool.caps_at_once:
            if cap.organisation in self.path(part.job.organisation):
                stay = [each for each in self.holders() if each not in victims]
                used = sum(self.use_of(each) for each in stay if cap.organisation in self.path(each.job.organisation))
                used += sum(each for leaf, each in self.draining if cap.organisation in self.path(leaf))
                over += [cap.organisation] if used + rate > cap.limit else []
        return over

    def fund(self):
        """Renew what is due, soonest to end first; tell it to what a cap refuses, once."""
        running = sorted(self.running(), key=self.age)
        for part in sorted(running, key=lambda part: self.funded[part.job.uid].funded_until_seconds):
            attempt, need = self.funded[part.job.uid], self.need(part)
            until = attempt.funded_until_seconds
            if until - need // 2 > self.as_of or self.members[self.member(part)].suspended:
                continue
            beyond = self.extras_of(part)
            rate = self.use(attempt, sum(part.placed.values()) + len(beyond))
            taken = self.takes(part, rate, max(until, self.as_of), self.as_of + need)
            if taken is not None:
                self.take(taken)
                self.touched.add(part.job.uid)
                self.decisions.append(("Renew", part.job.uid, None, self.as_of + need))
            elif beyond:
                ((_, workers),) = self.leave(beyond)
                self.resize(part, "FundingRefused", left=workers)
            elif not attempt.refused:
                self.touched.add(part.job.uid)
                self.decisions.append(("Refuse", part.job.uid, None, until))
