"""GPUs one by one, slow and plain: who holds which, which have memory for another worker, which a gang gets.

A worker that shares has one GPU, with others of its member's, or with whomever all of them and the node's owner allow.
A node that shares none any more counts each worker as if its GPU were its own. Next: `reference_places`.
"""

from reference_rules import Rules, bits


class Sharing(Rules):
    def __init__(self, pool, nodes, jobs, attempts, as_of):
        super().__init__(pool, nodes, jobs, attempts, as_of)
        held = [(each.draining, where) for each in attempts for where in each.placed]
        held += [(each.draining or one.leaving, one) for each in attempts for one in each.extras]
        self.left_behind = {(where.node, gpu) for drains, where in held if drains for gpu in bits(where.gpus)}

    def here(self, node, gone):
        return [each for each in self.holders() if node.name in each.placed and each not in gone]

    def free_gpus(self, node, gone):
        if node.mem_gib:
            return len(self.idle(node, gone))
        here = self.here(node, gone)
        return self.usable(node) - sum(each.placed[node.name] * each.job.shape.gpus_per_worker for each in here)

    def idle(self, node, gone):
        held = set().union(*(each.at[node.name] for each in self.here(node, gone)))
        return bits(node.gpus & ~node.foreign_gpus) - held

    def memory(self, node, gone):
        """Return, by GPU, how many GiB may still be guaranteed, how many promised, how many may still share it."""
        left = {gpu: [node.mem_gib, node.limit_gib, node.tenants] for gpu in bits(node.gpus & ~node.foreign_gpus)}
        for each in self.here(node, gone):
            for gpu in each.at[node.name] & left.keys():
                if slices := each.job.shape.slices:
                    left[gpu] = less(left[gpu], slices)
                else:
                    left[gpu] = [0, 0, 0]
        return left

    def able(self, part, node, gone):
        """Return the GPUs that have room for a worker of a part that shares."""
        here, memory = self.here(node, gone), self.memory(node, gone)
        found = []
        for gpu, left in memory.items():
            others = [each for each in here if gpu in each.at[node.name]]
            if has(left, node, part.job.shape.slices) and self.may_share(part, node, others):
                found.append(gpu)
        return found

    def in_use(self, part, node, gone):
        """Return those of them that somebody shares already; none for whole GPUs."""
        return set(self.able(part, node, gone)) - self.idle(node, gone) if part.job.shape.slices else set()

    def may_share(self, part, node, others):
        if all(self.member(each) == self.member(part) for each in others):
            return True
        all_agree = all(each.job.shape.slices.with_others for each in [part, *others])
        return self.given[node.contribution].mixes and all_agree

    def chosen(self, part, node, workers, gone):
        """Return which GPUs a part gets: shared ones and the fullest first; whole ones that nobody has to leave."""
        idle, memory = self.idle(node, gone), self.memory(node, gone)
        if part.job.shape.slices:
            line = sorted(self.able(part, node, gone), key=lambda gpu: (gpu in idle, memory[gpu][0], gpu))
            return set(line[:workers])
        line = sorted(idle, key=lambda gpu: ((node.name, gpu) in self.left_behind, gpu))
        return set(line[: workers * part.job.shape.gpus_per_worker])

    def leave_behind(self, parts):
        self.left_behind |= {(name, gpu) for each in parts for name, gpus in each.at.items() for gpu in gpus}

    # What is free, and what of it is of use to a worker that waits.
    def loose(self, node, gone):
        """Return how many GPUs are idle, and the memory of those that are not."""
        idle = self.idle(node, gone)
        return self.free_gpus(node, gone), [left for gpu, left in self.memory(node, gone).items() if gpu not in idle]

    def loose_after(self, part, node, workers, gone):
        """Return the same when so many workers of a part have come."""
        idle, memory = self.idle(node, gone), self.memory(node, gone)
        gpus, slices = self.chosen(part, node, workers, gone), part.job.shape.slices
        if not slices:
            return self.free_gpus(node, gone) - len(gpus), self.loose(node, gone)[1]
        partly = [less(left, slices) if gpu in gpus else left for gpu, left in memory.items() if gpu not in idle - gpus]
        return self.free_gpus(node, gone) - len(gpus & idle), partly

    def loose_milli(self, node, idle, partly):
        return 1000 * idle + sum(1000 * max(0, left[0]) // node.mem_gib for left in partly if node.mem_gib)

    def useful_milli(self, node, idle, partly, gpus, slices):
        """Return how much of it a worker could use that asks for so many GPUs, or for slices of one."""
        if not slices:
            return 1000 * idle if idle >= gpus else 0
        whole = [node.mem_gib, node.limit_gib, node.tenants]
        some = [left for left in partly if has(left, node, slices)]
        return self.loose_milli(node, idle if has(whole, node, slices) else 0, some)


def mask(gpus):
    return sum(1 << gpu for gpu in gpus)


def less(left, slices):
    return [left[0] - slices.guaranteed_gib, left[1] - slices.limit_gib, left[2] - 1]


def has(left, node, slices):
    is_enough = left[0] >= slices.guaranteed_gib and left[1] >= slices.limit_gib and left[2] > 0
    return is_enough and node.mem_gib >= slices.limit_gib
