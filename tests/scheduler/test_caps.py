"""I4: a cap is never crossed, over windows and at once, whatever runs, renews and stops."""

from dataclasses import replace
from fractions import Fraction
from math import ceil

import pytest
import worlds
from hypothesis import given
from hypothesis import strategies as st
from pools import job, nodes, organisation, pool, shape, snapshot
from worlds import PROMISED

from hanse.scheduler import Delta, Planner, build, plan, reading
from hanse.scheduler.decisions import Admit, AttemptId, CapShort, Refuse, Renew, WorkerId
from hanse.scheduler.pool import AcceleratorClass, CapAtOnce, CapWindow, Member, Option, Policy, Rung, Slices, Unplaced
from hanse.scheduler.records import Attempt, Extra, Placed
from hanse.scheduler.remedies import sentence
from hanse.scheduler.victims import Victims

HOUR = 3600
SHORT = Policy(funding_seconds_min=600, slot_latency_seconds=60)


class Meter:
    """What attempts use at most: each from its decision until it is confirmed to have ended, or its funding ends.

    It is in thousandths of mH·s, as whoever shares a GPU uses so much of it as its limit is of the memory.
    A worker that is to leave an elastic gang has left by then, whatever its gang is funded for afterwards.
    """

    def __init__(self, world):
        self.world, self.used, self.left_by = world, {}, {}

    def pass_time(self, seconds):
        snapshot = self.world.snapshot
        jobs = {each.uid: each for each in reading.jobs(snapshot)}
        paths = {each.uid: path_of(self.world.pool, each) for each in jobs.values()}
        for attempt in reading.attempts(snapshot):
            caps = [cap for cap in self.world.pool.caps if cap.organisation in paths[attempt.job]]
            worker = milli_at_most(self.world, attempt)
            for workers, until in self.uses(attempt):
                end = min(snapshot.as_of + seconds, until)
                for cap in caps:
                    overlap = min(end, cap.end_seconds) - max(snapshot.as_of, cap.start_seconds)
                    self.used[cap] = self.used.get(cap, 0) + attempt.gpu_rate * workers * worker * max(0, overlap)
        self.world.tell(seconds=seconds)
        self.stop_the_unfunded()

    def uses(self, attempt):
        """Yield how many workers an attempt has until when: its core, and each worker beyond it."""
        until = attempt.funded_until_seconds
        yield sum(placed.workers for placed in attempt.placed), until
        for extra in attempt.extras:
            worker = (attempt.job, attempt.number, extra.worker)
            yield 1, self.left_by.setdefault(worker, until) if extra.leaving else until

    def stop_the_unfunded(self):
        over = [
            each
            for each in reading.attempts(self.world.snapshot)
            if each.funded_until_seconds <= self.world.snapshot.as_of
        ]
        self.world.tell(ended=tuple(AttemptId(each.job, each.number) for each in over))


def path_of(made, record):
    parent = {each.name: each.parent for each in made.organisations}
    path = [record.organisation]
    while path[-1] in parent:
        path.append(parent[path[-1]])
    return path


@PROMISED
@given(world=worlds.worlds(caps=worlds.windows, policy=worlds.short_funding), data=st.data())
def test_i4_what_runs_never_crosses_a_cap_over_a_window(world, data):
    never_crosses_a_cap_over_a_window(world, data)


def never_crosses_a_cap_over_a_window(world, data):
    meter = Meter(world)
    for _ in range(data.draw(st.integers(1, 8), label="cycles")):
        world.step()
        meter.pass_time(data.draw(st.integers(60, 900), label="seconds"))
        if data.draw(st.booleans(), label="released"):
            world.release()
        if data.draw(st.booleans(), label="arrives"):
            world._arrive(data)
    assert {cap: used for cap, used in meter.used.items() if used > 1000 * cap.left} == {}


@PROMISED
@given(world=worlds.worlds(caps_at_once=worlds.at_once), data=st.data())
def test_i4_what_runs_at_once_never_crosses_a_cap(world, data):
    never_crosses_a_cap_at_once(world, data)


def never_crosses_a_cap_at_once(world, data):
    awaited = {}
    for _ in range(data.draw(st.integers(1, 4), label="cycles")):
        _, decided, after = world.step()
        admits = [each for each in decided.decisions if isinstance(each, Admit)]
        awaited |= {each.attempt: {*each.awaits, *each.awaits_workers} for each in admits}
        there = {AttemptId(each.job, each.number): each for each in reading.attempts(after)}
        still = {WorkerId(name, extra.worker) for name, each in there.items() for extra in each.extras}
        for cap in world.pool.caps_at_once:
            started = [name for name in there if not awaited[name] & (there.keys() | still)]
            assert sum(rate(world, there[name], cap.organisation) for name in started) <= 1000 * cap.limit
        if data.draw(st.booleans(), label="released"):
            world.release()
        world.happen_without_policy(data)


def rate(world, attempt, organisation):
    (record,) = [each for each in reading.jobs(world.snapshot) if each.uid == attempt.job]
    if organisation not in path_of(world.pool, record):
        return 0
    workers = sum(placed.workers for placed in attempt.placed) + len(attempt.extras)
    return attempt.gpu_rate * workers * milli_at_most(world, attempt)


def milli_at_most(world, attempt):
    """Return the most thousandths of a GPU that each of an attempt's workers may use: of a shared one, by its limit."""
    (shape,) = [each.shape for each in reading.jobs(world.snapshot) if each.uid == attempt.job]
    if shape.slices is None:
        return 1000 * shape.gpus_per_worker
    (whole,) = [each.shareable_gib for each in world.pool.accelerators if each.name == attempt.accelerator]
    return min(1000, ceil(Fraction(1000 * shape.slices.limit_gib, whole)))


def capped(left, start=0, end=HOUR, **rest):
    """One member, one node, and a job of 8 GPUs: it uses 8,000 mH, and needs 600 + 120 + 60 = 780 s at a time."""
    made = pool("a", policy=SHORT, caps=(CapWindow("monthly", "a", start, end, left),))
    return snapshot(made, nodes("a", 1), [job("j", "a", checkpoint_seconds=300, **rest)])


NEED = 8000 * (600 + 120 + 60)


def test_a_job_is_admitted_with_all_that_it_needs_and_not_with_less():
    (admit,) = plan(capped(NEED)).decisions
    assert (admit.funded_until_seconds, admit.reserved[0].amount) == (780, NEED)
    refused = plan(capped(NEED - 1))
    assert (refused.decisions, refused.explanations["reason"].tolist()) == ((), ["ExceedsCap"])


def test_a_use_that_reaches_over_the_last_window_is_refused():
    assert plan(capped(10 * NEED, end=779)).decisions == ()


def test_a_job_is_renewed_when_half_of_its_funding_has_gone_by():
    planner = Planner(capped(2 * NEED))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=389))
    assert planner.plan().decisions == ()
    planner.apply(Delta(as_of=390))
    (renew,) = planner.plan().decisions
    assert isinstance(renew, Renew)
    assert (renew.funded_until_seconds, renew.reserved[0].amount) == (390 + 780, 8000 * 390)


def test_what_runs_of_a_suspended_member_is_not_renewed():
    made = capped(2 * NEED)
    planner, before = Planner(made), made.catalogue.pool
    (member,) = before.members
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=390, pool=replace(before, members=(replace(member, suspended=True),))))
    assert planner.plan().decisions == ()
    planner.apply(Delta(as_of=391, pool=before))
    (renew,) = planner.plan().decisions
    assert isinstance(renew, Renew)


def test_a_refused_renewal_is_told_once_and_taken_back_if_the_cap_grows():
    planner = Planner(capped(NEED))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=400))
    refused = planner.plan()
    short = CapShort("a", "monthly", is_at_once=False, asked=8000 * 400, left=0)
    assert (Refuse(AttemptId("j", 1), 780, short),) == refused.decisions
    planner.commit(refused)
    assert planner.plan().decisions == ()
    planner.apply(Delta(as_of=500, caps=(CapWindow("monthly", "a", 0, HOUR, NEED),)))
    (renew,) = planner.plan().decisions
    assert isinstance(renew, Renew)


def test_a_fast_precision_and_a_dear_tier_cost_more():
    made = pool("a", tiers=(replace(worlds_tier(), factor=1500),), policy=SHORT)
    (admit,) = plan(snapshot(made, nodes("a", 1), [job("j", "a", precision="fp8")])).decisions
    assert admit.gpu_rate == 2000 * 1500 // 1000


def worlds_tier():
    from pools import MIDDLE

    return MIDDLE


def test_an_urgent_job_takes_its_victims_place_under_a_cap_at_once():
    made = pool("a", caps_at_once=(CapAtOnce("most", "a", 8000),))
    planner = Planner(build(made, nodes("a", 2), [job("low", "a", "low")]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=1, jobs=(replace(job("high", "a", "high"), shape=shape()),)))
    assert planner.plan().decisions == ()  # the other node is free, and the cap allows no more: nobody is stopped
    assert planner.plan().explanations["reason"].tolist() == ["ExceedsCap"]


@pytest.mark.parametrize(
    ("workers", "stopped"),
    [
        pytest.param(1, [], id="who goes first is another member's, whom the cap does not count"),
        pytest.param(2, ["low", "rival"], id="both have to go for the gang, and one of them is enough for the cap"),
    ],
)
def test_a_gang_starts_if_a_cap_at_once_counts_enough_of_those_that_have_to_go_for_it(monkeypatch, workers, stopped):
    made = pool("a", "b", caps_at_once=(CapAtOnce("most", "a", 8000 * workers),))
    planner = Planner(build(made, nodes("a", 2), [job("low", "a", "low"), job("rival", "b")]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=1, jobs=(job("high", "a", "high", workers=workers),)))
    if not stopped:  # one look at the line is enough: its head is not looked for
        monkeypatch.setattr(Victims, "_head", None)
    stops = [stop.attempt.job for each in planner.plan().decisions if isinstance(each, Admit) for stop in each.stops]
    assert sorted(stops) == stopped


def test_a_cap_at_once_counts_a_core_that_shares_rounded_up_whatever_runs_beyond_it():
    """Each uses 307.8 mH: six together are 1,847 rounded up, but one is not these less five times 308."""
    made = pool(
        "a", accelerators=(AcceleratorClass("h100", {"bf16": 600}, 78),), caps_at_once=(CapAtOnce("most", "a", 615),)
    )
    there = nodes("a", 7, gpus=1, mem_gib=78, limit_gib=78, tenants=1)
    asked = {"gpus": 1, "slices": Slices(40, 40)}
    gang = job("gang", "a", options=[Option("h100", 1, 6)], **asked)
    extras = tuple(Extra(index, each.name, 1) for index, each in enumerate(there[1:6], 1))
    runs = Attempt(
        "gang", 1, "h100", Rung.HOME, 0, 0, 0, HOUR, 600, (Placed(there[0].name, 1, 1),), extras=extras, numbered=6
    )  # fmt: skip
    decided = plan(snapshot(made, there, [gang, job("other", "a", submitted=1, **asked)], [runs]))
    assert ((), ["ExceedsCap"]) == (decided.decisions, decided.explanations["reason"].tolist())


TREE = (
    organisation("a/lab", "a"),
    organisation("a/lab/x", "a/lab"),
    organisation("a/lab/y", "a/lab"),
    organisation("a/z", "a"),
)


@pytest.mark.parametrize(
    ("cap", "started"),
    [
        pytest.param("a/lab/x", ["y", "z"], id="a leaf's cap is its own"),
        pytest.param("a/lab", ["z"], id="an organisation's cap counts what is below it"),
        pytest.param("a", [], id="a member's cap counts all"),
    ],
)
@pytest.mark.parametrize("is_at_once", [True, False])
def test_a_cap_counts_its_organisation_and_all_below_it(cap, started, is_at_once):
    caps = {"caps_at_once": (CapAtOnce("most", cap, 7999),)}
    if not is_at_once:
        caps = {"caps": (CapWindow("most", cap, 0, HOUR, NEED - 1),)}
    jobs = [
        job(name, leaf, checkpoint_seconds=300) for name, leaf in (("x", "a/lab/x"), ("y", "a/lab/y"), ("z", "a/z"))
    ]
    decided = plan(snapshot(pool("a", organisations=TREE, policy=SHORT, **caps), nodes("a", 3), jobs))
    assert started == sorted(each.attempt.job for each in decided.decisions)
    assert {"ExceedsCap"} == set(decided.explanations["reason"].tolist())


def test_one_admission_takes_from_each_cap_above_it():
    limits = {"a/lab/x": 2 * NEED, "a/lab": 2 * NEED, "a": NEED, "a/z": 0}
    made = pool(
        "a", organisations=TREE, policy=SHORT,
        caps=tuple(CapWindow("most", name, 0, HOUR, left) for name, left in limits.items()),
    )  # fmt: skip
    jobs = [job(name, "a/lab/x", checkpoint_seconds=300) for name in "jk"]
    planner = Planner(snapshot(made, nodes("a", 2), jobs))
    decided = planner.plan()
    (admit,) = decided.decisions
    assert [("a/lab/x", NEED), ("a/lab", NEED), ("a", NEED)] == [
        (each.organisation, each.amount) for each in admit.reserved
    ]
    planner.commit(decided)
    assert [0, NEED, NEED, 0] == [each.left for each in planner.snapshot.caps]


@pytest.mark.parametrize(
    ("caps", "said"),
    [
        (
            {"caps": (CapWindow("project", "a/lab", 0, HOUR, NEED - 1),)},
            "the cap project has 1.733 H100e-hours left in this window, and it needs 1.734 to start",
        ),
        (
            {"caps_at_once": (CapAtOnce("most", "a", 7999),)},
            "the cap most allows 7.999 H100e more at once, and it needs 8",
        ),
    ],
    ids=["over a window", "at once"],
)
def test_the_reason_names_the_cap_and_what_it_lacks(caps, said):
    made = pool("a", organisations=TREE, policy=SHORT, **caps)
    (row,) = plan(snapshot(made, nodes("a", 1), [job("j", "a/lab/x", checkpoint_seconds=300)])).explanations
    assert f"ExceedsCap: asks for 8 h100, 8 free; {said}" == sentence(row)


@pytest.mark.parametrize(("unplaced", "started"), [((), 1), ((Unplaced("a/x", 1),), 0), ((Unplaced("b", 1),), 1)])
def test_a_cap_at_once_counts_what_runs_where_the_pool_has_nothing_any_more(unplaced, started):
    made = pool(
        "a", "b", organisations=(organisation("a/x", "a"),), caps_at_once=(CapAtOnce("most", "a", 8000),),
        unplaced=unplaced,
    )  # fmt: skip
    decided = plan(snapshot(made, nodes("a", 2), [job("one", "a/x")])).decisions
    assert started == sum(isinstance(each, Admit) for each in decided)


@pytest.mark.parametrize(("borrowed", "started"), [(("", 0), 1), (("h100", 1000), 0), (("ascend", 1000), 1)])
def test_a_borrowing_limit_counts_what_was_borrowed_where_the_pool_has_nothing_any_more(borrowed, started):
    member = Member("a", borrowing_limits={"h100": 8000})
    made = pool(member, "b", unplaced=(Unplaced("a", 8000, *borrowed),))
    decided = plan(snapshot(made, nodes("b", 1), [job("one", "a")])).decisions
    assert started == sum(isinstance(each, Admit) for each in decided)
