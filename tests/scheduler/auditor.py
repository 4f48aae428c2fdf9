"""Checks a plan against what was promised, from records alone: it shares no code with the planner."""

from collections import Counter, defaultdict

from hanse.scheduler import reading, runtimes
from hanse.scheduler.decisions import Admit, Resize, Rise
from hanse.scheduler.pool import Level, NodeState, Rung, Trust
from hanse.scheduler.records import Placed

RESOURCES = ("cpu_milli", "memory_mib", "ephemeral_mib", "rdma")


class Audit:
    """One plan: the snapshot before, what was decided, the snapshot after."""

    def __init__(self, pool, before, plan, after):
        self.pool, self.plan = pool, plan
        self.before, self.after = reading.attempts(before), reading.attempts(after)
        self.nodes = {node.name: node for node in reading.nodes(before)}
        self.jobs = {job.uid: job for job in reading.jobs(before)}
        self.jobs_after = {job.uid: job for job in reading.jobs(after)}
        self.given = {each.name: each for each in pool.contributions}
        self.tier_rank = {tier.name: tier.rank for tier in pool.tiers}
        self.parent = {each.name: each.parent for each in pool.organisations}

    def member(self, job):
        organisation = job.organisation
        while organisation in self.parent:
            organisation = self.parent[organisation]
        return organisation

    @property
    def admits(self):
        return [decision for decision in self.plan.decisions if isinstance(decision, Admit)]

    # I1
    def gangs_are_whole(self):
        for admit in self.admits:
            shape = self.jobs[admit.attempt.job].shape
            (workers,) = [each.workers for each in shape.options if each.accelerator == admit.accelerator]
            assert workers == sum(placed.workers for placed in admit.placed)
            assert {admit.cluster} == {self.given[self.nodes[each.node].contribution].cluster for each in admit.placed}
            for placed in admit.placed:
                assert placed.gpus.bit_count() == placed.workers * shape.gpus_per_worker > 0

    def gangs_are_as_near_as_they_need_to_be(self):
        for admit in self.admits:
            shape, nodes = self.jobs[admit.attempt.job].shape, [self.nodes[each.node] for each in admit.placed]
            if shape.needs_level:
                assert len({self.domain(node, shape.level) for node in nodes}) == 1

    def domain(self, node, level):
        """Return what nodes of one domain have in common; what nobody says is in common with nobody."""
        cluster, rack, block = self.given[node.contribution].cluster, (node.block, node.rack), node.block
        if level == Level.RACK:
            return (cluster, rack) if node.rack else node.name
        if level == Level.BLOCK:
            return (cluster, block) if block else self.domain(node, Level.RACK)
        return node.name if level == Level.NODE else cluster

    def elastic_gangs_are_between_their_sizes(self):
        """Workers come to the gang's own cluster, each with all its GPUs, and are never more than its job can use."""
        after = {each.job: each for each in self.after}
        for resize in (each for each in self.plan.decisions if isinstance(each, Resize)):
            attempt, shape = after[resize.attempt.job], self.jobs_after[resize.attempt.job].shape
            clusters = {self.given[self.nodes[each.node].contribution].cluster for each in attempt.placed}
            numbers = [extra.worker for extra in attempt.extras]
            assert len(set(numbers)) == len(numbers)
            for extra in resize.grown:
                assert extra.gpus.bit_count() == shape.gpus_per_worker
                assert {self.given[self.nodes[extra.node].contribution].cluster} == clusters
                if shape.needs_level:
                    near = {self.domain(self.nodes[each.node], shape.level) for each in (*attempt.placed, extra)}
                    assert len(near) == 1
                assert extra.worker >= sum(placed.workers for placed in attempt.placed)
            (most,) = [each.most for each in shape.options if each.accelerator == attempt.accelerator]
            assert sum(placed.workers for placed in attempt.placed) + len(staying(attempt)) <= most

    def a_job_has_one_attempt_at_a_time(self):
        """Also while it drains: the ledger refuses a second one."""
        there = {each.job for each in self.before}
        for admit in self.admits:
            assert admit.attempt.job not in there
            there |= {admit.attempt.job}
        assert len({each.job for each in self.after}) == len(self.after)

    def no_gpu_is_granted_twice_and_no_node_is_overfull(self):
        live = [each for each in self.after if not each.draining]
        assert len({each.job for each in live}) == len(live)
        for name, node in self.nodes.items():
            here = [(each, placed) for each in live for placed in places(each) if placed.node == name]
            holders = [(bit, each) for each, placed in here for bit in range(64) if placed.gpus >> bit & 1]
            alone = {bit for bit, each in holders if self.jobs_after[each.job].shape.slices is None}
            bits = Counter(bit for bit, _ in holders)
            assert all(count == 1 for bit, count in bits.items() if bit in alone)
            new = {each.attempt.job for each in self.plan.decisions if isinstance(each, Admit | Resize)}
            new -= {each.job for each in live if any(extra.leaving for extra in each.extras)}
            for resource in RESOURCES:
                used = sum(placed.workers * getattr(self.jobs[each.job].shape, resource) for each, placed in here)
                if any(each.job in new for each, _ in here):
                    assert used <= getattr(node, resource) - getattr(node, f"foreign_{resource}")
            for each, placed in here:
                if each.job in new:
                    assert placed.gpus & ~(node.gpus & ~node.foreign_gpus) == 0

    # I5
    def memory_is_promised_once(self):
        """On each GPU on which somebody starts: guarantees, limits, how many share it, and who."""
        new = {each.attempt.job for each in self.plan.decisions if isinstance(each, Admit)}
        grown = {(each.attempt.job, extra.worker) for each in self.resizes for extra in each.grown}
        for (name, _), held in self.sharers().items():
            node, shared = self.nodes[name], [self.jobs_after[job].shape.slices for job, _ in held]
            assert len({job for job, _ in held}) == len(held)  # no two workers of one gang
            begun = [self.jobs_after[job].shape.slices for job, worker in held if job in new or worker in grown]
            if not begun:
                continue  # whatever has become of the ratio, nothing was promised on top
            assert sum(each.guaranteed_gib for each in shared) <= node.mem_gib
            assert sum(each.limit_gib for each in shared) <= node.limit_gib
            assert max(each.limit_gib for each in begun) <= node.mem_gib  # the kubelet may have had more before
            assert len(shared) <= node.tenants
            if len({self.member(self.jobs_after[job]) for job, _ in held}) > 1:
                assert self.given[node.contribution].mixes
                assert all(each.with_others for each in shared)

    @property
    def resizes(self):
        return [each for each in self.plan.decisions if isinstance(each, Resize)]

    def sharers(self):
        """Return the workers that share each GPU: their job, and which one beyond its core they are."""
        found = defaultdict(list)
        for each in (each for each in self.after if not each.draining and self.jobs_after[each.job].shape.slices):
            held = [(placed, None) for placed in each.placed]
            held += [(extra, (each.job, extra.worker)) for extra in staying(each)]
            for placed, worker in held:
                for gpu in (gpu for gpu in range(64) if placed.gpus >> gpu & 1):
                    found[placed.node, gpu].append((each.job, worker))
        return found

    def promised_gpus_are_waited_for(self):
        draining = [each for each in self.after if each.draining]
        final = {(each.job, each.number): each for each in self.after}
        for admit in self.admits:
            awaited = {(each.job, each.number) for each in admit.awaits}
            # Whoever was stopped later in the same plan came too late to be waited for by its own victor only.
            earlier = [each for each in draining if each in self.before or (each.job, each.number) in awaited]
            for placed in admit.placed:
                for each in earlier:
                    if each.draining and any(
                        other.node == placed.node and other.gpus & placed.gpus for other in each.placed
                    ):
                        stopped_before = (each.job, each.number) in awaited or self.stopped_after(each, admit)
                        assert stopped_before
            assert awaited <= set(final)

    def leaving_workers_are_waited_for(self):
        """Whoever is placed where a worker leaves waits for it, unless it was told to leave later in the plan."""
        going = [(each, extra) for each in self.after if not each.draining for extra in each.extras if extra.leaving]
        before = {(each.job, extra.worker) for each in self.before for extra in each.extras if extra.leaving}
        for admit in self.admits:
            awaited = {(each.attempt.job, each.worker) for each in admit.awaits_workers}
            later = self.plan.decisions[self.plan.decisions.index(admit) + 1 :]
            told_later = {worker for each in later for worker in left(each)}
            nodes = {placed.node for placed in admit.placed}
            there = [(each.job, extra.worker) for each, extra in going if extra.node in nodes]
            assert before.intersection(there) <= awaited
            assert set(there) <= awaited | told_later
        for resize in (each for each in self.plan.decisions if isinstance(each, Resize)):
            assert not {extra.node for extra in resize.grown} & {extra.node for _, extra in going}

    def stopped_after(self, attempt, admit):
        """Return whether *attempt* was stopped by a later decision than *admit*."""
        for decision in self.admits[self.admits.index(admit) + 1 :]:
            if (attempt.job, attempt.number) in {(each.attempt.job, each.attempt.number) for each in decision.stops}:
                return True
        return False

    # I6
    def residency_exclusion_and_trust_hold(self):
        live = [each for each in self.after if not each.draining]
        for attempt, accelerator, new in self.newly_placed():
            job = self.jobs[attempt.job]
            for placed in new:
                self.may_stand(job, self.nodes[placed.node], accelerator)
                here = [self.jobs[each.job] for each in live if any(p.node == placed.node for p in places(each))]
                if any(each.shape.trust == Trust.EXCLUSIVE_NODE for each in here):
                    assert len({self.member(each) for each in here}) == 1

    def newly_placed(self):
        running = {each.job: each.accelerator for each in self.after}
        for each in self.plan.decisions:
            if isinstance(each, Admit):
                yield each.attempt, each.accelerator, each.placed
            elif isinstance(each, Resize):
                yield each.attempt, running[each.attempt.job], each.grown

    def may_stand(self, job, node, accelerator):
        given = self.given[node.contribution]
        assert node.state == NodeState.READY
        assert node.accelerator == accelerator
        assert self.member(job) not in given.excluded_members
        assert given.member not in job.shape.excluded_members
        assert given.cluster not in job.shape.excluded_clusters
        assert not job.shape.regions or given.region in job.shape.regions
        assert job.shape.trust == Trust.NONE or job.shape.trust in given.trust
        equivalents = {each.name: each.h100_equivalents for each in self.pool.accelerators}
        assert equivalents[node.accelerator].get(job.shape.precision)

    # I3
    def potential_rises(self):
        """Each admission and each rise adds GPUs at its own strength, and takes only at weaker ones."""
        strength = {each.job: (each.rung, each.cover) for each in self.before if not each.draining}
        gpus = {each.job: sum(p.gpus.bit_count() for p in each.placed) for each in self.before if not each.draining}
        for decision in self.plan.decisions:
            before = self.potential(strength, gpus)
            if isinstance(decision, Admit):
                for stop in decision.stops:
                    del strength[stop.attempt.job]
                uid = decision.attempt.job
                strength[uid] = (decision.label.rung, decision.label.cover)
                gpus[uid] = sum(placed.gpus.bit_count() for placed in decision.placed)
                self.relabel(strength, decision.falls)
            elif isinstance(decision, Rise):
                self.relabel(strength, [decision.change, *decision.falls])
            elif hasattr(decision, "change"):
                self.relabel(strength, [decision.change])
            if isinstance(decision, Admit | Rise):
                assert self.potential(strength, gpus) > before

    def relabel(self, strength, relabels):
        for each in relabels:
            assert strength[each.attempt.job] == (each.before.rung, each.before.cover)
            strength[each.attempt.job] = (each.after.rung, each.after.cover)

    def potential(self, strength, gpus):
        """Return the GPUs running at each strength, the strongest first; tuples compare lexicographically."""
        total = Counter()
        for uid, label in strength.items():
            total[(*label, self.tier_rank[self.jobs[uid].tier])] += gpus[uid]
        ranks = sorted(set(self.tier_rank.values()), reverse=True)
        labels = [(rung, cover) for rung in sorted(Rung, reverse=True) for cover in range(9, -2, -1)]
        return [total[(*label, rank)] for label in labels for rank in ranks]

    # Reservations
    def stays(self, time):
        """Return live attempts after the plan that may still run some minutes after *time*."""
        live = [each for each in self.after if not each.draining]
        return [each for each in live if self.end(each) > time + runtimes.SLACK_SECONDS]

    def end(self, attempt):
        return runtimes.end(attempt.started_seconds, self.jobs_after[attempt.job].shape.run_seconds, self.plan.as_of)

    def what_is_kept_has_room(self, after):
        now = self.plan.as_of
        held = [(each, self.jobs[each.job].shape, max(now, each.start_seconds)) for each in after.reservations]
        for each, shape, _ in held:
            (workers,) = [option.workers for option in shape.options if option.accelerator == each.accelerator]
            assert workers == sum(kept.workers for kept in each.kept)
            nodes = [self.nodes[kept.node] for kept in each.kept]
            assert {self.given[node.contribution].cluster for node in nodes} == {each.cluster}
        for time in {start for *_, start in held}:
            there = [(each, shape) for each, shape, start in held if start <= time < start + shape.run_seconds]
            for name in {kept.node for each, _ in there for kept in each.kept}:
                self.node_has_room(self.nodes[name], time, there)

    def node_has_room(self, node, time, reserved):
        runs = [
            (self.jobs[each.job], placed.workers)
            for each in self.stays(time)
            for placed in each.placed
            if placed.node == node.name
        ]
        shared = [placed for each in self.stays(time) if self.jobs[each.job].shape.slices for placed in each.placed]
        together = {gpu for each in shared if each.node == node.name for gpu in range(64) if each.gpus >> gpu & 1}
        held = [
            (self.jobs[each.job], kept.workers) for each, _ in reserved for kept in each.kept if kept.node == node.name
        ]
        gpus = sum(workers * job.shape.gpus_per_worker for job, workers in runs if not job.shape.slices)
        gpus += len(together) + sum(workers * job.shape.gpus_per_worker for job, workers in held)
        assert all(node.mem_gib >= job.shape.slices.limit_gib for job, _ in held if job.shape.slices)
        runs += held
        assert gpus <= (node.gpus & ~node.foreign_gpus).bit_count()
        for resource in RESOURCES:
            used = sum(workers * getattr(job.shape, resource) for job, workers in runs)
            asked = any(getattr(self.jobs[each.job].shape, resource) for each, _ in reserved)
            assert not asked or used <= getattr(node, resource) - getattr(node, f"foreign_{resource}")
        if any(job.shape.trust == Trust.EXCLUSIVE_NODE for job, _ in runs):
            assert len({self.member(job) for job, _ in runs}) == 1

    def somebody_stays(self, record, time):
        kept = {each.node for each in record.kept}
        return any(placed.node in kept for each in self.stays(time) for placed in each.placed)

    # Explanation
    def each_waiting_job_has_one_reason(self):
        running = {each.job for each in self.after if not each.draining}
        waiting = sorted(uid for uid, job in self.jobs.items() if uid not in running and not job.suspended)
        assert waiting == self.plan.explanations["uid"].tolist()
        assert all(self.plan.explanations["reason"].tolist())


def staying(attempt):
    return [extra for extra in attempt.extras if not extra.leaving]


def places(attempt):
    """Return what a live attempt holds: as rows with a node, a mask and a number of workers."""
    return [*attempt.placed, *(Placed(extra.node, 1, extra.gpus) for extra in staying(attempt))]


def left(decision):
    """Return the workers that a decision tells to leave."""
    shrinks = [(each.attempt, each.workers) for each in getattr(decision, "shrinks", ())]
    shrinks += [(decision.attempt, decision.leaving)] if isinstance(decision, Resize) else []
    return [(attempt.job, worker) for attempt, workers in shrinks for worker in workers]
