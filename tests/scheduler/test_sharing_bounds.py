"""I2, I4 and I5 where GPUs are shared: caps hold for whole limits, and memory is promised once, also to who drains."""

from collections import defaultdict

import promises
import worlds
from hypothesis import given
from hypothesis import strategies as st
from sharers import sharing_worlds
from test_caps import never_crosses_a_cap_at_once, never_crosses_a_cap_over_a_window
from worlds import PROMISED

from hanse.scheduler import reading
from hanse.scheduler.decisions import Admit, AttemptId, WorkerId


@PROMISED
@given(world=sharing_worlds(), data=st.data())
def test_what_is_promised_holds_after_each_plan_where_gpus_are_shared(world, data):
    presence = Presence(world)
    for audit in promises.lives(world, data):
        for check in promises.AFTER_EACH_PLAN:
            check(world, audit)
        i5_no_gpus_memory_is_promised_beyond_what_it_has(audit)
        i5_no_gpus_memory_is_used_twice_while_somebody_leaves_it(presence)
    promises.i3_preemption_ends_by_itself(world)


@PROMISED
@given(world=sharing_worlds(caps=worlds.windows, policy=worlds.short_funding), data=st.data())
def test_i4_who_shares_gpus_never_crosses_a_cap_over_a_window_with_all_of_its_limit(world, data):
    never_crosses_a_cap_over_a_window(world, data)


@PROMISED
@given(world=sharing_worlds(caps_at_once=worlds.at_once), data=st.data())
def test_i4_who_shares_gpus_never_crosses_a_cap_at_once_with_all_of_its_limit(world, data):
    never_crosses_a_cap_at_once(world, data)


@PROMISED
@given(world=sharing_worlds(caps=worlds.windows, policy=worlds.short_funding), data=st.data())
def test_a_planner_that_follows_and_one_that_reads_frames_say_what_a_cold_one_says_under_caps(world, data):
    for audit in promises.lives(world, data, cycles=3):
        promises.a_warm_planner_and_a_cold_one_say_the_same_to_the_byte(world, audit)


def i5_no_gpus_memory_is_promised_beyond_what_it_has(audit):
    audit.memory_is_promised_once()


def i5_no_gpus_memory_is_used_twice_while_somebody_leaves_it(presence):
    """Whatever becomes of ratios meanwhile: what was promised last when somebody came, those who drain had as well."""
    presence.look()


class Presence:
    """Who is really on each GPU: attempts from when nobody is awaited any more until they are confirmed to have ended.

    Whoever came when its node offered more stays, so a node is held to the most that it has offered so far.
    """

    def __init__(self, world):
        self.world, self.awaited, self.most = world, {}, defaultdict(int)

    def look(self):
        before, decided, after = self.world.history[-1]
        self.jobs = {each.uid: each for each in reading.jobs(after)}
        self.nodes = {each.name: each for each in reading.nodes(before)}
        for admit in (each for each in decided.decisions if isinstance(each, Admit)):
            self.awaited[admit.attempt] = {*admit.awaits, *admit.awaits_workers}
        for node in self.nodes.values():
            for name in ("mem_gib", "limit_gib", "tenants"):
                self.most[node.name, name] = max(self.most[node.name, name], getattr(node, name))
        for (name, gpu), jobs in self.by_gpu(reading.attempts(after)).items():
            self.fit_together(name, gpu, jobs)

    def by_gpu(self, attempts):
        there = {AttemptId(each.job, each.number): each for each in attempts}
        workers = {WorkerId(name, extra.worker) for name, each in there.items() for extra in each.extras}
        found = defaultdict(list)
        for name, attempt in there.items():
            if not self.awaited[name] & (there.keys() | workers):
                for held in (*attempt.placed, *attempt.extras):
                    for gpu in (gpu for gpu in range(64) if held.gpus >> gpu & 1):
                        found[held.node, gpu].append(attempt.job)
        return found

    def fit_together(self, name, gpu, jobs):
        slices = [self.jobs[uid].shape.slices for uid in jobs]
        if None in slices:
            assert len(jobs) == 1, (name, gpu, jobs)
            return
        (whole,) = [each.shareable_gib for each in self.world.pool.accelerators if each.name == self.class_of(name)]
        assert sum(each.guaranteed_gib for each in slices) <= min(whole, self.most[name, "mem_gib"])
        assert sum(each.limit_gib for each in slices) <= self.most[name, "limit_gib"]
        assert len(slices) <= self.most[name, "tenants"]

    def class_of(self, name):
        return self.nodes[name].accelerator
