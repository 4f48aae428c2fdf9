"""The rules of docs/fairness.md once more, slow and plain: no columns, no indices. Caps are in
`reference_caps`.

Each question (who is entitled to what, who may stop whom) is answered by walking over all parts, nodes
and jobs; only what no decision changes is worked out once: paths, levies, entitlements. Next: `reference_sharing`.
"""

import functools
from fractions import Fraction
from math import ceil

from hanse.scheduler.pool import NodeState, Organisation, Rung

HOME, AWAY, EXCHANGE, BORROW = Rung.HOME, Rung.AWAY, Rung.EXCHANGE, Rung.BORROW


class Part:
    worker = -1

    def __init__(self, job, number, started, checkpoint):
        self.job, self.number, self.started, self.checkpoint = job, number, started, checkpoint
        self.placed, self.at, self.preemptions = {}, {}, job.preemptions  # at: which GPUs of each node
        self.live, self.accelerator, self.rung, self.cover = False, None, BORROW, -1
        self.donors = {}


class Rules:
    def __init__(self, pool, nodes, jobs, attempts, as_of):
        self.pool, self.as_of, self.decisions = pool, as_of, []
        self.nodes = {node.name: node for node in sorted(nodes, key=lambda node: node.name)}
        self.given = {each.name: each for each in pool.contributions}
        self.members = {each.name: each for each in pool.members}
        self.tiers = {each.name: each for each in pool.tiers}
        roots = [Organisation(name, "", {}) for name in self.members]
        self.organisations = {each.name: each for each in [*roots, *pool.organisations]}
        self.path = functools.cache(self.path_to)
        self.classes = {each.name: each.h100_equivalents for each in pool.accelerators}
        self.shareable = {each.name: each.shareable_gib for each in pool.accelerators}
        self.under_levy = {name for name, node in self.nodes.items() if self.is_levied(node)}
        self.entitlements, self.forced = {}, None
        self.parts = {job.uid: Part(job, job.attempts, as_of, as_of) for job in jobs}
        for each in attempts:
            if not each.draining:
                part = self.parts[each.job]
                part.started, part.checkpoint = each.started_seconds, each.checkpoint_seconds
                placed = {where.node: where.workers for where in each.placed}
                part.donors = {donor.accelerator: donor.milli_gpus for donor in each.donors}
                part.at = {where.node: bits(where.gpus) for where in each.placed}
                self.put(part, each.accelerator, each.rung, each.cover, placed)
        self.at_first = [part for part in self.parts.values() if not part.live and not part.job.suspended]
        self.extras = [
            self.beyond_core(self.parts[each.job], one.worker, one.node, bits(one.gpus))
            for each in attempts
            for one in each.extras
            if not (each.draining or one.leaving)
        ]

    def beyond_core(self, core, worker, node, gpus):
        """Return a worker beyond a gang's core."""
        extra = Part(core.job, core.number, core.started, core.checkpoint)
        extra.live, extra.accelerator, extra.worker = True, core.accelerator, worker
        extra.placed, extra.at = {node: 1}, {node: gpus}
        return extra

    def beyond(self):
        return [each for each in self.extras if each.live]

    def holders(self):
        return [*self.running(), *self.beyond()]

    def firmness(self, v):
        """Return what decides who goes first: workers beyond cores before gangs, then by strength."""
        return (v.worker < 0, *self.strength(v))

    # Who is who.
    def path_to(self, leaf):
        return [leaf, *self.path_to(self.organisations[leaf].parent)] if leaf else []

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

    # What a worker counts as, in thousandths of a GPU.
    def per(self, part, c):
        slices = part.job.shape.slices
        return self.part_of_gpu(c, slices.guaranteed_gib) if slices else 1000 * part.job.shape.gpus_per_worker

    def per_at_most(self, shape, c):
        return self.part_of_gpu(c, shape.slices.limit_gib) if shape.slices else 1000 * shape.gpus_per_worker

    def part_of_gpu(self, c, gib):
        whole = self.shareable[c]
        return min(1000, ceil(Fraction(1000 * gib, whole))) if whole else 1000

    def milli(self, part):
        return sum(part.placed.values()) * self.per(part, part.accelerator)

    # Entitlement.
    def usable(self, node):
        return (node.gpus & ~node.foreign_gpus).bit_count()

    def counts(self, node):
        return node.state in (NodeState.READY, NodeState.RECALLED)

    def owner(self, node):
        return self.given[node.contribution].member

    def levied(self, node):
        return node.name in self.under_levy

    def is_levied(self, node):
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
        if (organisation, c) not in self.entitlements:
            self.entitlements[organisation, c] = self.entitlement(organisation, c)
        return self.entitlements[organisation, c]

    def entitlement(self, organisation, c):
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
        levied = sum(workers for name, workers in part.placed.items() if self.levied(self.nodes[name]))
        return levied * self.per(part, part.accelerator)

    # Cover. A claim is (part, class, rung, cover, milli).
    def overdrawn(self, claim, left_out, levied=0, new_only=None):
        """Return whether the claim would overdraw: an organisation, its tier's share, or its member's grant."""
        part, c, rung, cover, milli = claim
        if rung == EXCHANGE:
            return self.donors(claim, left_out) is None
        leaf, now = part.job.organisation, self.cover_in_kind(part)
        others = [each for each in self.running() if each not in left_out and each is not part]
        for organisation in self.path(leaf):
            depth = self.depth(organisation)
            used = sum(self.charged(each, organisation, c) for each in others)
            if depth <= cover and not (new_only and now >= depth) and used + milli > self.entitled(organisation, c):
                return True
        if cover == self.depth(leaf) and not (new_only and now == cover):
            same = [each for each in others if each.job.organisation == leaf and each.job.tier == part.job.tier]
            used = sum(self.milli(each) for each in same if self.cover_in_kind(each) == cover and each.accelerator == c)
            if used + milli > self.entitled(leaf, c) * self.tier(part).share // 1000:
                return True
        return rung == HOME and levied > self.grant_room(claim, left_out)

    def grant_room(self, claim, left_out):
        part, c, *_ = claim
        mine = [each for each in self.running() if each not in left_out and each is not part and each.accelerator == c]
        mine = [each for each in mine if self.member(each) == self.member(part) and each.rung == HOME]
        return self.granted(self.member(part), c) - sum(self.levied_milli(each) for each in mine)

    # Exchange.
    def cover_in_kind(self, part):
        return -1 if part.rung == EXCHANGE else part.cover

    def charged(self, part, organisation, c):
        """Return what a running part uses of an organisation's entitlement in a class."""
        if part.rung == EXCHANGE:
            return part.donors.get(c, 0) if organisation == self.member(part) else 0
        below = organisation in self.path(part.job.organisation) and part.cover >= self.depth(organisation)
        return self.milli(part) if below and part.accelerator == c else 0

    def raw(self, c):
        return self.classes[c].get(self.pool.policy.reference_precision, 0)

    def donors(self, claim, left_out):
        """Return {class: milli-GPUs} of what stands for the claim: nobody is left out unless it must be; or None."""
        return self.donors_without(claim, []) or self.donors_without(claim, left_out)

    def donors_without(self, claim, left_out):
        part, c, *_, milli = claim
        member, need, found = self.member(part), milli * self.raw(c), {}
        others = [each for each in self.running() if each not in left_out and each is not part]
        if need == 0:
            return None
        for d in sorted(self.classes):
            unused = self.entitled(member, d) - sum(self.charged(each, member, d) for each in others)
            if d != c and self.raw(d) and unused > 0 and need > 0:
                found[d] = min(unused, (need + self.raw(d) - 1) // self.raw(d))
                need -= found[d] * self.raw(d)
        return found if need <= 0 else None

    def is_given_too_little(self, part):
        need = self.milli(part) * self.raw(part.accelerator)
        return need == 0 or sum(milli * self.raw(d) for d, milli in part.donors.items()) < need

    # Who may stop whom.
    def yields_entitlement(self, claim, v):
        part, _, rung, cover, _ = claim
        if v is part or self.member(v) != self.member(part) or self.is_protected(claim, v):
            return False
        mine, other = self.path(part.job.organisation), self.path(v.job.organisation)
        if mine != other:
            common = max(self.depth(each) for each in mine if each in other)
            return cover > common >= v.cover
        rank, v_rank = self.tier(part).rank, self.tier(v).rank
        keeps = v_rank >= rank and self.cover_in_kind(v) == self.depth(v.job.organisation)
        allowed = self.tier(part).preempts and self.tier(v).preemptible
        return allowed and (rung, cover, rank) > self.strength(v) and not keeps

    def is_protected(self, claim, v):
        return claim[2] != HOME and v.started + self.tier(v).run_seconds_min > self.as_of

    def yields_gpus(self, claim, v):
        part, c, rung, *_ = claim
        if v is part or v.accelerator != c:
            return False
        if v.worker >= 0 or rung == BORROW:
            return v.worker >= 0
        if self.yields_entitlement(claim, v) or (rung == HOME and v.rung < HOME):
            return True
        other_leaf = v.job.organisation != part.job.organisation
        return rung in (AWAY, EXCHANGE) and other_leaf and v.rung < rung and not self.is_protected(claim, v)

    def cost(self, v):
        policy = self.pool.policy
        lost = min(max(0, self.as_of - max(v.started, v.checkpoint)), policy.lost_seconds_max)
        return self.milli(v) * (lost + policy.restart_cost_seconds) * (1 + v.preemptions)


@functools.cache
def bits(mask):
    return frozenset(gpu for gpu in range(64) if mask >> gpu & 1)
