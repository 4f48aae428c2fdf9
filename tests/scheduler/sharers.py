"""Pools at random most of whose nodes share their GPUs, and jobs most of which ask for parts of some."""

from dataclasses import replace

import worlds
from hypothesis import strategies as st

from hanse.scheduler import reading
from hanse.scheduler.pool import AcceleratorClass, Slices

H100 = AcceleratorClass("h100", {"bf16": 1000, "fp8": 2000}, 78)
ASCEND = AcceleratorClass("ascend", {"bf16": 600}, 30)


class Sharers(worlds.Crowd):
    """Makes crowds most of whose nodes share their GPUs, and most of whose jobs ask for parts of some."""

    def pool(self):
        made, node_records = super().pool()
        given_ = tuple(replace(each, mixes=self.chance.random() < 0.5) for each in made.contributions)
        made = replace(made, accelerators=(H100, ASCEND), contributions=given_)
        return made, [self.shared(each) for each in node_records]

    def shared(self, node):
        mem = {each.name: each.shareable_gib for each in (H100, ASCEND)}[node.accelerator]
        mem -= self.chance.choice([0, 0, 1])  # what the kubelet has may be less than what the class says
        ratio = self.chance.choice([1000, 1300, 2000])
        limit = (mem + 2) * ratio // 1000 - 2
        tenants = self.chance.choice([2, 4])
        if self.chance.random() < 0.2:
            mem, limit, tenants = 0, 0, 0
        return replace(node, mem_gib=mem, limit_gib=limit, tenants=tenants)

    def job(self, made, index):
        record = super().job(made, index)
        if self.chance.random() < 0.3:
            return record
        guaranteed = self.chance.choice([1, 7, 10, 15, 20, 26, 39])
        limit = guaranteed + self.chance.choice([0, 0, 5, 20, 39])
        slices = Slices(guaranteed, limit, with_others=self.chance.random() < 0.5)
        cpu = self.chance.choice([0, 0, 16_000])
        return replace(record, shape=replace(record.shape, gpus_per_worker=1, slices=slices, cpu_milli=cpu))


class World(worlds.World):
    """A world in which ratios change, and nodes begin or cease to share."""

    def happen(self, data):
        """Let something happen; a change of ratio as often as all other things."""
        if data.draw(st.booleans(), label="ratio"):
            self._ratio(data)
        else:
            super().happen(data)

    def _ratio(self, data):
        records = reading.nodes(self.snapshot)
        if records:
            changed = data.draw(st.lists(st.sampled_from(records), min_size=1, unique=True))
            self.tell(nodes=tuple(map(self.crowd.shared, changed)))


@st.composite
def sharing_worlds(draw, **changes):
    crowd = Sharers(draw(st.randoms(use_true_random=True)))
    made, node_records = crowd.pool()
    made = replace(made, **{name: draw(strategy(made)) for name, strategy in changes.items()})
    made = replace(made, policy=replace(made.policy, reservation_depth=draw(st.sampled_from([16, 3, 0]))))
    return World(made, node_records, crowd.jobs(made, 0, 12), crowd)
