"""GPUs that workers share: what is promised of each one, who shares it, and what else depends on it."""

from dataclasses import replace

import pytest
import worlds
from auditor import Audit
from hypothesis import given, settings
from hypothesis import strategies as st
from pools import job, nodes, pool, snapshot

from hanse.scheduler import Planner, apply, build, frames, framing, plan, reading, remedies, state_digest
from hanse.scheduler.building import SnapshotError
from hanse.scheduler.decisions import Admit, AttemptId
from hanse.scheduler.deltas import Delta
from hanse.scheduler.frames import Header
from hanse.scheduler.pool import AcceleratorClass, CapAtOnce, CapWindow, Contribution, Option, Rung, Slices, Trust
from hanse.scheduler.records import Attempt, Placed

# Each is played with whole GPUs at full length elsewhere.
FEWER = settings(max_examples=settings().max_examples // 4)

H100 = AcceleratorClass("h100", {"bf16": 1000, "fp8": 2000}, 78)
ASCEND = AcceleratorClass("ascend", {"bf16": 600}, 30)
SHARED = {"mem_gib": 78, "limit_gib": 118, "tenants": 4}


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
        shares = self.chance.random() < 0.8
        return replace(node, mem_gib=mem, limit_gib=limit, tenants=tenants) if shares else node

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


def lived(world, data, cycles=3):
    for _ in range(data.draw(st.integers(1, cycles), label="cycles")):
        yield Audit(world.pool, *world.step())
        if data.draw(st.booleans(), label="released"):
            world.release()
        world.happen(data)


@given(world=sharing_worlds(), data=st.data())
def test_i5_no_gpus_memory_is_promised_beyond_what_it_has(world, data):
    for audit in lived(world, data, cycles=4):
        audit.memory_is_promised_once()
        audit.no_gpu_is_granted_twice_and_no_node_is_overfull()
        audit.gangs_are_whole()


@FEWER
@given(world=sharing_worlds(), data=st.data())
def test_what_holds_of_whole_gpus_holds_of_shared_ones(world, data):
    for audit in lived(world, data):
        audit.gangs_are_as_near_as_they_need_to_be()
        audit.a_job_has_one_attempt_at_a_time()
        audit.promised_gpus_are_waited_for()
        audit.elastic_gangs_are_between_their_sizes()
        audit.leaving_workers_are_waited_for()
        audit.residency_exclusion_and_trust_hold()
        audit.potential_rises()
        audit.each_waiting_job_has_one_reason()


@FEWER
@given(world=sharing_worlds(), data=st.data())
def test_what_is_kept_for_whole_gpus_has_room_beside_shared_ones(world, data):
    for audit in lived(world, data):
        after = world.history[-1][2]
        audit.what_is_kept_has_room(after)


@FEWER
@given(world=sharing_worlds(caps=worlds.windows, policy=worlds.short_funding), data=st.data())
def test_a_planner_that_follows_and_one_that_reads_frames_say_what_a_cold_one_says(world, data):
    for _ in lived(world, data):
        now = world.snapshot
        records = reading.nodes(now), reading.jobs(now), reading.attempts(now)
        cold = build(replace(world.pool, caps=now.caps), *records, now.as_of, now.reservations)
        warm = world.planner.plan()
        assert plan(cold).to_bytes() == warm.to_bytes()
        assert state_digest(cold) == state_digest(now)
        reader = frames.Reader()
        reader.take(framing.encode(None, now, Header("", warm.decided(), ())))
        assert plan(reader.snapshot()).to_bytes() == warm.to_bytes()


@given(world=sharing_worlds(caps_at_once=worlds.at_once), data=st.data())
def test_i4_what_runs_at_once_never_crosses_a_cap_if_all_used_their_limits(world, data):
    awaited = {}
    for _ in range(data.draw(st.integers(1, 3), label="cycles")):
        _, decided, after = world.step()
        awaited |= {each.attempt: set(each.awaits) for each in decided.decisions if isinstance(each, Admit)}
        there = {AttemptId(each.job, each.number): each for each in reading.attempts(after)}
        started = [there[name] for name in there if not awaited[name] & there.keys()]
        for cap in world.pool.caps_at_once:
            assert sum(milli_rate(world, each, cap.organisation) for each in started) <= 1000 * cap.limit
        if data.draw(st.booleans(), label="released"):
            world.release()
        world.happen_without_policy(data)


def milli_rate(world, attempt, organisation):
    """Return the most that an attempt's core is charged below an organisation, in thousandths of mH·s a second."""
    shape, leaf = next(
        (each.shape, each.organisation) for each in reading.jobs(world.snapshot) if each.uid == attempt.job
    )
    parent = {each.name: each.parent for each in world.pool.organisations}
    while leaf != organisation:
        if leaf not in parent:
            return 0
        leaf = parent[leaf]
    gpus = sum(placed.gpus.bit_count() for placed in attempt.placed)
    if shape.slices is None:
        return attempt.gpu_rate * gpus * 1000
    shareable = next(each.shareable_gib for each in world.pool.accelerators if each.name == attempt.accelerator)
    return attempt.gpu_rate * gpus * min(1000, 1000 * shape.slices.limit_gib // shareable)


def sharing(*members, count=1, gpus=1, mixes=False, **more):
    """Return a pool in which each member has nodes that share their GPUs, and these."""
    given_ = [Contribution(each, each, "main", "north", frozenset(Trust), mixes=mixes) for each in members]
    made = pool(*members, contributions=tuple(given_), accelerators=(H100, ASCEND), **more)
    return made, [node for each in members for node in nodes(each, count, gpus, **SHARED)]


def part(uid, member, guaranteed, limit=None, *, others=False, **more):
    """Return a job of which each worker has part of a GPU."""
    slices = Slices(guaranteed, limit or guaranteed, others)
    return job(uid, member, gpus=1, **{"slices": slices, **more})


def admitted(decided):
    return {each.attempt.job: each for each in decided.decisions if isinstance(each, Admit)}


def why(decided, uid):
    (row,) = decided.explanations[decided.explanations["uid"] == uid]
    return str(row["reason"])


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        pytest.param([part("a", "m", 39), part("b", "m", 39)], "ab", id="both guarantees fit"),
        pytest.param([part("a", "m", 39), part("b", "m", 40)], "a", id="one GiB too much is guaranteed"),
        pytest.param([part("a", "m", 10, 59), part("b", "m", 10, 59)], "ab", id="both limits fit"),
        pytest.param([part("a", "m", 10, 59), part("b", "m", 10, 60)], "a", id="one GiB too much is promised"),
        pytest.param([part(each, "m", 1) for each in "abcde"], "abcd", id="no more than four share one"),
        pytest.param([part("a", "m", 78), part("b", "m", 1)], "a", id="all of it"),
        pytest.param([part("a", "m", 1, 78), part("b", "m", 1, 40)], "ab", id="a limit of all of it"),
        pytest.param([part("a", "m", 1, 79)], "", id="a limit above what it has"),
        pytest.param([job("a", "m", gpus=1), part("b", "m", 1)], "a", id="a whole one is not shared"),
        pytest.param([part("a", "m", 1), job("b", "m", gpus=1)], "a", id="a shared one is not whole"),
        pytest.param([part("a", "m", 1, workers=2)], "", id="no two of a gang on one"),
    ],
)
def test_a_gpu_is_shared_as_far_as_its_slices_go(jobs, expected):
    records = [replace(each, submitted_seconds=index) for index, each in enumerate(jobs)]
    assert list(expected) == sorted(admitted(plan(snapshot(*sharing("m"), records))))


@pytest.mark.parametrize(
    ("mixes", "says", "expected"),
    [(True, (True, True), "ab"), (False, (True, True), "a"), (True, (True, False), "a"), (True, (False, True), "a")],
)
def test_members_share_a_gpu_only_where_its_owner_and_both_of_them_allow_it(mixes, says, expected):
    made, node_records = sharing("m", mixes=mixes)
    made = replace(made, members=(*made.members, replace(made.members[0], name="n")))
    records = [part("a", "m", 10, others=says[0]), part("b", "n", 10, others=says[1], submitted=1)]
    assert list(expected) == sorted(admitted(plan(snapshot(made, node_records, records))))


def test_workers_go_where_gpus_are_shared_already_and_the_fullest_first():
    made, node_records = sharing("m", count=2, gpus=2)
    planner = Planner(snapshot(made, node_records, [part("a", "m", 40, submitted=0), part("b", "m", 50, submitted=1)]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=1, jobs=(part("c", "m", 20), part("d", "m", 20, submitted=1), part("e", "m", 79))))
    found = admitted(planner.plan())
    (a, b), (c, d) = ([found_[0] for found_ in _places(planner)], [found[uid].placed[0] for uid in "cd"])
    assert a.node == b.node == c.node == d.node
    assert (b.gpus, a.gpus) == (c.gpus, d.gpus)


def _places(planner):
    return [each.placed for each in reading.attempts(planner.snapshot)]


def test_a_worker_counts_as_what_it_is_guaranteed_and_is_held_to_caps_by_its_limit():
    """26 GiB of 78 are a third, rounded up; 40 GiB are 513 thousandths."""
    windows = (CapWindow("hourly", "m", 0, 10**6, 10**9),)
    made, node_records = sharing("m", caps=windows, caps_at_once=(CapAtOnce("most", "m", 1026),))
    (admit,) = plan(snapshot(made, node_records, [part("a", "m", 26, 40)])).decisions
    assert admit.reserved[0].amount == 513 * admit.funded_until_seconds
    crowd = [part(uid, "m", 26, 40, submitted=index) for index, uid in enumerate("abc")]
    assert list("ab") == sorted(admitted(plan(snapshot(made, node_records, crowd))))


def test_a_share_of_a_gpu_is_covered_by_entitlement_to_as_much():
    """Of one GPU three workers may have 26 GiB each, but three times 334 thousandths are more than one GPU."""
    made, node_records = sharing("m", gpus=1)
    records = [part(uid, "m", 26, submitted=index) for index, uid in enumerate("abc")]
    labels = [each.label.rung for each in admitted(plan(snapshot(made, node_records, records))).values()]
    assert labels == [Rung.HOME, Rung.HOME, Rung.BORROW]


def test_somebody_covered_takes_shares_back_and_starts_when_their_holder_has_left():
    made, node_records = sharing("m", "n", count=1)
    planner = Planner(snapshot(made, node_records, [part(f"b{each}", "n", 39, submitted=each) for each in range(4)]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=1, jobs=(part("a", "m", 60),)))
    decided = planner.plan()
    admit = admitted(decided)["a"]
    assert [stop.attempt.job for stop in admit.stops] == [each.job for each in admit.awaits]
    assert (Rung.HOME, 2) == (admit.label.rung, len(admit.stops))
    assert admit.stops[0].lost_gpu_seconds == 0
    planner.commit(decided)
    planner.apply(Delta(as_of=2, jobs=(part("c", "m", 18),)))
    second = admitted(planner.plan())["c"]
    assert (admit.placed[0].node, admit.awaits) == (second.placed[0].node, second.awaits)


def test_a_lowered_ratio_stops_nobody_and_lets_nobody_in_until_there_is_room_again():
    made, node_records = sharing("m")
    planner = Planner(snapshot(made, node_records, [part("a", "m", 10, 59), part("b", "m", 10, 59, submitted=1)]))
    planner.commit(planner.plan())
    lower = replace(node_records[0], limit_gib=78)
    planner.apply(Delta(as_of=1, nodes=(lower,), jobs=(part("c", "m", 10),)))
    assert planner.plan().decisions == ()
    planner.apply(Delta(as_of=2, ended=(AttemptId("a", 1),), jobs_gone=("a",)))
    assert ["c"] == list(admitted(planner.plan()))


def test_who_leaves_a_shared_gpu_leaves_it_to_those_who_stay():
    """The whole GPU is free only when the last has gone."""
    made, node_records = sharing("m", gpus=2)
    planner = Planner(snapshot(made, node_records, [part("a", "m", 39), part("b", "m", 39, submitted=1)]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=1, ended=(AttemptId("a", 1),), jobs_gone=("a",), jobs=(job("c", "m", gpus=2),)))
    assert {} == admitted(planner.plan())
    planner.apply(Delta(as_of=2, jobs=(job("c", "m", gpus=1),)))
    assert [0b10] == [each.placed[0].gpus for each in admitted(planner.plan()).values()]


def test_nodes_that_do_not_share_take_whole_gpus_only():
    made, node_records = sharing("m")
    record = replace(node_records[0], mem_gib=0, limit_gib=0, tenants=0)
    decided = plan(snapshot(made, [record], [part("a", "m", 1)]))
    assert ((), "MemoryDoesNotFit") == (decided.decisions, why(decided, "a"))


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        pytest.param(part("a", "m", 1, 79), "MemoryDoesNotFit", id="more than a GPU has"),
        pytest.param(part("a", "m", 1, workers=3), "NoTopologyFit", id="more workers than GPUs"),
        pytest.param(part("a", "m", 1, cpu_milli=10**9), "NodeResourcesDoNotFit", id="more processors than there are"),
    ],
)
def test_what_never_fits_is_said_to_be_memory_only_if_it_is(asked, reason):
    assert reason == why(plan(snapshot(*sharing("m", gpus=2), [asked])), "a")


def test_what_a_worker_asks_of_a_gpu_is_in_its_explanation():
    made, node_records = sharing("m")
    decided = plan(snapshot(made, node_records, [part("a", "m", 60), part("b", "m", 20, 30, submitted=1)]))
    (row,) = decided.explanations
    assert remedies.sentence(row) == (
        "WaitingForQuota: asks for 1 h100, of each 20 GiB guaranteed and 30 GiB at most, 0 free; starts when 1 more"
        " h100 have 20 GiB to guarantee and 30 GiB to promise in one cluster of its member's own"
    )


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"gpus": 2, "slices": Slices(1, 1)}, "each has part of one"),
        ({"gpus": 1, "slices": Slices(2, 1)}, "not from 1 to their limit"),
        ({"gpus": 1, "slices": Slices(0, 1)}, "not from 1 to their limit"),
    ],
)
def test_slices_that_cannot_be_are_refused(shape, message):
    with pytest.raises(SnapshotError, match=message):
        snapshot(*sharing("m"), [job("a", "m", **shape)])


def test_a_gpu_that_is_shared_is_not_held_whole_beside_that():
    made, node_records = sharing("m")
    records = [part("a", "m", 1), part("b", "m", 1), job("c", "m", gpus=1)]
    placed = (Placed(node_records[0].name, 1, 1),)
    runs = [Attempt(uid, 1, "h100", Rung.BORROW, -1, 0, 0, 60, 1000, placed) for uid in "abc"]
    assert len(snapshot(made, node_records, records, runs[:2]).attempts) == 2
    with pytest.raises(SnapshotError, match="hold the same GPU"):
        snapshot(made, node_records, records, runs[1:])


def test_an_elastic_gang_grows_on_shared_gpus_one_worker_each():
    made, node_records = sharing("m", gpus=1, count=4)
    asked = part("a", "m", 26, 30, options=[Option("h100", 1, 3)])
    planner = Planner(snapshot(made, node_records, [asked]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=1))
    before = planner.snapshot
    decided = planner.plan()
    (resize,) = decided.decisions
    held = {each.node for each in resize.grown} | {each.node for placed in _places(planner) for each in placed}
    assert (2, 3) == (len(resize.grown), len(held))
    Audit(made, before, decided, apply(before, decided)).memory_is_promised_once()
