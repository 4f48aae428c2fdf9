"""Where gangs go and whom they stop, slow and plain: each question walks over all nodes and all that runs there.

A claim is (part, class, rung, cover, milli). Next: `reference_caps`, then `reference_reserving`.
"""

from reference_rules import HOME
from reference_sharing import Sharing

from hanse.scheduler.pool import Level, NodeState, Slices, Trust

RESOURCES = ("cpu_milli", "memory_mib", "ephemeral_mib", "rdma")


class Places(Sharing):
    def allowed(self, part, node, c, rung):
        given, shape, member = self.given[node.contribution], part.job.shape, self.member(part)
        return (
            node.accelerator == c
            and node.state == NodeState.READY
            and member not in given.excluded_members
            and given.member not in shape.excluded_members
            and given.cluster not in shape.excluded_clusters
            and (not shape.regions or given.region in shape.regions)
            and (shape.trust == Trust.NONE or shape.trust in given.trust)
            and (rung != HOME or self.is_home(part, node))
            and (shape.slices is None or node.mem_gib > 0)
        )

    def fit(self, part, node, gone):
        shape = part.job.shape
        here = self.here(node, gone)
        exclusive = lambda each: each.job.shape.trust == Trust.EXCLUSIVE_NODE  # noqa: E731
        rivals = [each for each in here if self.member(each) != self.member(part)]
        if any(exclusive(each) or exclusive(part) for each in rivals):
            return 0
        gpus = len(self.able(part, node, gone)) if shape.slices else self.free_gpus(node, gone)
        fits = [gpus // shape.gpus_per_worker]
        for name in RESOURCES:
            used = sum(each.placed[node.name] * getattr(each.job.shape, name) for each in here)
            free = max(0, getattr(node, name) - getattr(node, f"foreign_{name}")) - used
            fits += [free // getattr(shape, name)] if getattr(shape, name) else []
        return max(0, min(fits))

    def place(self, claim, nodes, workers, gone, rooms):
        """Return {node: workers}, those outside limited groups and the fullest first, or None."""
        part = claim[0]
        nodes = (
            self.area(claim, nodes, workers, gone, rooms)[2] if self.room(claim, nodes, gone, rooms) >= workers else []
        )
        rooms, placed = dict(rooms), {}
        for node in self.line(claim, nodes, workers, gone, rooms):
            group = self.group(claim, node)
            taken = min(self.fit(part, node, gone), workers, rooms.get(group, workers))
            if group in rooms:
                rooms[group] -= taken
            if taken:
                placed[node.name] = taken
                workers -= taken
        return None if workers else placed

    def line(self, claim, nodes, workers, gone, rooms):
        """Return the nodes that take a worker: the fullest first, then those in the fullest racks; see `growth`.

        For a part that shares those come before where the fewest GPUs are begun that nobody has.
        """
        able = [node for node in nodes if self.fit(claim[0], node, gone)]
        in_rack = {}
        for node in able if any(node.rack for node in self.nodes.values()) else []:
            rack = self.domain(node, Level.RACK)
            in_rack[rack] = in_rack.get(rack, 0) + self.free_gpus(node, gone)
        limited = lambda node: self.group(claim, node) in rooms  # noqa: E731
        rack_free = lambda node: in_rack.get(self.domain(node, Level.RACK), 0)  # noqa: E731
        begun = {node.name: self.begun(claim[0], node, workers, gone) for node in able}
        group = lambda node: (limited(node), begun[node.name])  # noqa: E731
        able.sort(key=lambda node: (group(node), self.free_gpus(node, gone), rack_free(node), node.name))
        first = sorted(able[:64], key=lambda node: (group(node), self.growth(claim, node, workers, gone)))
        return first + able[64:]

    def begun(self, part, node, workers, gone):
        """Return how many GPUs that nobody has a part that shares would begin."""
        in_use = self.in_use(part, node, gone)
        return max(0, min(workers, self.fit(part, node, gone)) - len(in_use)) if part.job.shape.slices else 0

    # Fragments: what is free and of no use to a worker that waits, once for each such worker.
    def growth(self, claim, node, workers, gone):
        part, free = claim[0], self.free(node, gone)
        taken = min(workers, self.fit(part, node, gone))
        after = [each - taken * asked for each, asked in zip(free, self.demand(part.job.shape), strict=True)]
        before = self.fragments(claim[1], node, free, *self.loose(node, gone))
        then = self.fragments(claim[1], node, after, *self.loose_after(part, node, taken, gone))
        return (then - before) * 720720 // taken

    def fragments(self, c, node, free, idle, partly):
        total = 0
        for (gpus, asked, slices), count in self.mix(c):
            is_short = any(map(int.__lt__, free, asked))
            useful = 0 if is_short else self.useful_milli(node, idle, partly, gpus, Slices(*slices) if slices else None)
            total += count * (self.loose_milli(node, idle, partly) - useful)
        return total

    def mix(self, c):
        """Return the demands of which most workers waited at first, and of how many."""
        found = {}
        for part in self.at_first:
            for option in part.job.shape.options:
                if option.accelerator == c:
                    shape = part.job.shape
                    slices = (shape.slices.guaranteed_gib, shape.slices.limit_gib) if shape.slices else ()
                    asked = (shape.gpus_per_worker, self.demand(shape), slices)
                    found[asked] = found.get(asked, 0) + option.workers
        return sorted(found.items(), key=lambda each: (-each[1], each[0]))[:16]

    def demand(self, shape):
        return tuple(getattr(shape, name) for name in RESOURCES)

    def free(self, node, gone):
        here = self.here(node, gone)
        return [
            max(0, getattr(node, name) - getattr(node, f"foreign_{name}"))
            - sum(each.placed[node.name] * getattr(each.job.shape, name) for each in here)
            for name in RESOURCES
        ]

    # How near.
    def domain(self, node, level):
        """Return what is the same for all nodes of one domain, in the order of domains."""
        rack = (self.given[node.contribution].cluster, node.block, node.rack, "" if node.rack else node.name)
        block = (*rack[:2], *(() if node.block else rack[2:]))
        return {Level.NODE: (node.name,), Level.RACK: rack, Level.BLOCK: block, Level.CLUSTER: rack[:1]}[level]

    def wanted_level(self, claim):
        """Return (level, needed): a worker alone is near to itself."""
        shape = claim[0].job.shape
        if claim[4] == self.per(claim[0], claim[1]):
            return Level.CLUSTER, False
        return self.forced or (shape.level, shape.needs_level)

    def levels(self, claim):
        level, is_needed = self.wanted_level(claim)
        if claim[4] == self.per(claim[0], claim[1]):
            return [Level.CLUSTER]
        named = {
            Level.RACK: any(node.rack for node in self.nodes.values()),
            Level.BLOCK: any(node.block for node in self.nodes.values()),
        }
        last = level if is_needed else Level.CLUSTER
        between = [each for each in Level if min(level, Level.RACK) <= each <= last]
        return [each for each in between if each in (level, last) or named.get(each)]

    def by_domain(self, nodes, level):
        found = {}
        for node in nodes:
            found.setdefault(self.domain(node, level), []).append(node)
        return sorted(found.items())

    def area(self, claim, nodes, workers, gone, rooms):
        """Return (level, room, nodes) of the narrowest domain with room, and of those the fullest."""
        for level in self.levels(claim):
            rooms_of = [
                (self.whole_room(claim, those, gone, rooms), those) for _, those in self.by_domain(nodes, level)
            ]
            enough = [each for each in rooms_of if each[0] >= workers]
            if enough:
                return (level, *min(enough, key=lambda each: each[0]))
        return None

    def room(self, claim, nodes, gone, rooms):
        level, is_needed = self.wanted_level(claim)
        if not is_needed:
            return self.whole_room(claim, nodes, gone, rooms)
        return max([self.whole_room(claim, those, gone, rooms) for _, those in self.by_domain(nodes, level)], default=0)

    def whole_room(self, claim, nodes, gone, rooms):
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
        areas = [(*self.area(claim, nodes, workers, [], rooms), name) for room, name, nodes in idle if room >= workers]
        if areas:
            best = min(areas, key=lambda each: (each[0], each[1], each[3]))
            return self.place(claim, best[2], workers, [], rooms), []
        found = []
        level, _ = self.wanted_level(claim)
        clear = [each for each in self.levels(claim) if each >= level] if may_stop else []
        for each in clear:
            self.forced = (each, True)
            found += self.after_stops(claim, workers, rooms, each)
            self.forced = None
        return min(found, key=lambda each: each[0])[1:] if found else None

    def after_stops(self, claim, workers, rooms, level):
        for name, nodes in self.clusters(claim):
            victims, area = self.victims(claim, nodes, workers, rooms) or (None, None)
            if victims is not None:
                cost = sum(self.cost(each) for each in victims)
                badness = (max(self.firmness(each) for each in victims), level, cost, name)
                yield badness, self.place(claim, area, workers, victims, rooms), victims

    def victims(self, claim, nodes, workers, rooms):
        """Return (victims, nodes): the first domain that the weakest leave, and who there has to."""
        there = {node.name for node in nodes}
        line = [v for v in self.holders() if self.yields_gpus(claim, v) and there & set(v.placed)]
        line.sort(key=lambda v: (self.age(v), v.worker), reverse=True)
        line.sort(key=lambda v: (*self.firmness(v), self.cost(v)))
        for length in range(1, len(line) + 1):
            if self.room(claim, nodes, line[:length], rooms) >= workers:
                area = nodes
                if self.wanted_level(claim)[0] < Level.CLUSTER:
                    _, _, area = self.area(claim, nodes, workers, line[:length], rooms)
                chosen = [v for v in line[:length] if {node.name for node in area} & set(v.placed)]
                for v in reversed(chosen):
                    others = [each for each in chosen if each is not v]
                    if self.room(claim, area, others, rooms) >= workers:
                        chosen = others
                return chosen, area
        return None
