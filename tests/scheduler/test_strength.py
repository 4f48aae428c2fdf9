"""Who may stop whom, rule by rule, and what happens to labels."""

from dataclasses import replace

import pytest
from pools import HIGH, LOW, MIDDLE, job, nodes, organisation, pool, snapshot

from hanse.scheduler import Delta, Planner, plan, reading
from hanse.scheduler.decisions import Admit, AttemptId, Fall, Label, Rise
from hanse.scheduler.pool import Member, NodeState, Rung, Tier

FIRM = Tier("firm", 20, preemptible=False)
PATIENT = Tier("patient", 30, preempts=False)
PROTECTED = Tier("protected", 5, run_seconds_min=100)
TIERS = (LOW, MIDDLE, HIGH, FIRM, PATIENT, PROTECTED)


def running(made, node_records, *jobs):
    """Return a planner with these jobs admitted, each in a cycle of its own."""
    planner = Planner(snapshot(made, node_records, []))
    for each in jobs:
        planner.apply(Delta(as_of=planner.snapshot.as_of, jobs=(each,)))
        planner.commit(planner.plan())
    return planner


def arrives(planner, *jobs, as_of=10):
    """Return what is decided when more jobs come, in short: job, label, whom it stops, who falls."""
    planner.apply(Delta(as_of=as_of, jobs=jobs))
    decided = planner.plan()
    planner.commit(decided)
    return [short(each) for each in decided.decisions if isinstance(each, Admit)]


def short(admit):
    stops = [stop.attempt.job for stop in admit.stops]
    return (
        admit.attempt.job,
        admit.label.rung.name,
        admit.label.cover,
        stops,
        [fall.attempt.job for fall in admit.falls],
    )


def two_leaves(name):
    return [organisation(f"{name}/x", name), organisation(f"{name}/y", name)]


def test_rule_a_home_takes_its_nodes_back_from_a_borrower():
    planner = running(pool("a", "b", tiers=TIERS), nodes("a", 1) + nodes("b", 1), job("b1", "b"), job("b2", "b"))
    assert arrives(planner, job("a1", "a", "low")) == [("a1", "HOME", 0, ["b2"], [])]


def test_who_is_covered_goes_to_idle_nodes_elsewhere_before_it_stops_a_borrower_at_home():
    planner = running(pool("a", "b", "c", tiers=TIERS), nodes("a", 1) + nodes("b", 1), job("c1", "c"))
    assert {"a-h100-000"} == on_nodes(planner, "c1")
    assert arrives(planner, job("a1", "a", "low")) == [("a1", "AWAY", 0, [], [])]
    # The owner of those nodes has them back; who was placed there is covered as before, and goes home.
    assert arrives(planner, job("b1", "b"), as_of=20) == [("b1", "HOME", 0, ["a1"], [])]
    planner.apply(Delta(as_of=30, ended=(AttemptId("a1", 1),)))
    assert arrives(planner, as_of=30) == [("a1", "HOME", 0, ["c1"], [])]


def test_who_comes_after_one_that_is_away_takes_none_of_its_entitlement():
    planner = running(pool("a", "b", "c", tiers=TIERS), nodes("a", 1) + nodes("b", 1), job("c1", "c"), job("a1", "a"))
    assert arrives(planner, job("a2", "a", submitted=5)) == []
    # A higher tier does, as it would at home.
    assert arrives(planner, job("a3", "a", "high", submitted=6)) == [("a3", "HOME", 0, ["c1"], ["a1"])]


def on_nodes(planner, uid):
    placed = next(each.placed for each in reading.attempts(planner.snapshot) if each.job == uid)
    return {each.node for each in placed}


def test_rule_a_takes_them_back_also_from_anothers_away():
    owner = nodes("a", 1)
    lost = [replace(each, state=NodeState.RECALLED) for each in nodes("b", 1)]
    planner = running(pool("a", "b", tiers=TIERS), owner + lost, job("b1", "b"))
    (attempt,) = planner.snapshot.attempts
    assert (attempt["rung"], attempt["cover"]) == (Rung.AWAY, 0)
    assert arrives(planner, job("a1", "a")) == [("a1", "HOME", 0, ["b1"], [])]


def test_rule_b_away_stops_a_borrower_anywhere_but_no_away():
    recalled = [replace(each, state=NodeState.RECALLED) for each in nodes("b", 2)]
    made = pool("a", "b", "c", tiers=TIERS)
    planner = running(made, nodes("a", 1) + recalled, job("c1", "c"))
    assert arrives(planner, job("b1", "b")) == [("b1", "AWAY", 0, ["c1"], [])]
    assert arrives(planner, job("b2", "b", submitted=1)) == []


def test_rule_c_a_leaf_takes_back_what_its_sibling_uses_of_it():
    made = pool("a", organisations=two_leaves("a"), tiers=TIERS)
    planner = running(made, nodes("a", 2), job("x1", "a/x"), job("x2", "a/x"))
    assert arrives(planner, job("y1", "a/y", "low")) == [("y1", "HOME", 1, ["x2"], [])]


@pytest.mark.parametrize(
    ("runs", "comes", "stopped"),
    [
        pytest.param("low", "high", ["old"], id="a higher tier stops a lower one"),
        pytest.param("middle", "middle", None, id="an equal one does not"),
        pytest.param("high", "low", None, id="a lower one does not"),
        pytest.param("firm", "high", None, id="one that is not preemptible stays"),
        pytest.param("low", "patient", None, id="one that may not preempt waits"),
        pytest.param("protected", "high", ["old"], id="the least time to run does not hold off HOME"),
    ],
)
def test_rule_d_within_a_leaf_the_higher_tier_goes_first(runs, comes, stopped):
    planner = running(pool("a", tiers=TIERS), nodes("a", 1), job("old", "a", runs))
    decided = arrives(planner, job("new", "a", comes, submitted=5))
    assert decided == ([] if stopped is None else [("new", "HOME", 0, stopped, [])])


def test_the_least_time_to_run_holds_off_away_for_its_time_only():
    recalled = [replace(each, state=NodeState.RECALLED) for each in nodes("b", 1)]
    planner = running(pool("a", "b", "c", tiers=TIERS), nodes("a", 1) + recalled, job("c1", "c", "protected"))
    assert arrives(planner, job("b1", "b"), as_of=99) == []
    assert arrives(planner, as_of=100) == [("b1", "AWAY", 0, ["c1"], [])]


def test_a_lower_tier_at_home_comes_before_a_higher_one_beyond_the_leafs_entitlement():
    made = pool("a", organisations=two_leaves("a"), tiers=TIERS)
    planner = running(made, nodes("a", 2), job("x1", "a/x", "high"), job("x2", "a/x", "high", submitted=1))
    assert arrives(planner, job("y1", "a/y", "low", submitted=2)) == [("y1", "HOME", 1, ["x2"], [])]


def test_who_loses_only_its_entitlement_falls_and_runs_on():
    made = pool("a", organisations=two_leaves("a"), tiers=TIERS)
    planner = running(made, nodes("a", 2), job("low", "a/x", "low", gpus=8))
    assert arrives(planner, job("high", "a/x", "high", gpus=4)) == [("high", "HOME", 1, [], ["low"])]
    labels = [Label(Rung(each["rung"]), int(each["cover"])) for each in planner.snapshot.attempts]
    assert [Label(Rung.HOME, 1), Label(Rung.AWAY, 0)] == labels


def test_a_borrower_rises_when_entitlement_comes_free():
    planner = running(pool("a", "b", tiers=TIERS), nodes("a", 1) + nodes("b", 1), job("a1", "a"), job("a2", "a"))
    planner.apply(Delta(as_of=5, jobs_gone=("a1",)))
    (rise,) = planner.plan().decisions
    assert isinstance(rise, Rise)
    assert (AttemptId("a2", 1), Label(Rung.BORROW, -1), Label(Rung.AWAY, 0)) == (
        rise.change.attempt, rise.change.before, rise.change.after,
    )  # fmt: skip


def test_losing_a_node_never_demotes_who_runs_on_the_members_own():
    planner = running(pool("a", "b"), nodes("a", 2) + nodes("b", 1), job("a1", "a"), job("a2", "a"))
    gone = replace(nodes("a", 2)[1], state=NodeState.DOWN)
    planner.apply(Delta(as_of=5, nodes=(gone,), ended=(AttemptId("a2", 1),)))
    assert [each for each in planner.plan().decisions if isinstance(each, Fall)] == []


def test_losing_a_node_lets_those_fall_that_run_elsewhere_first():
    recalled = [replace(each, state=NodeState.RECALLED) for each in nodes("a", 1)]
    planner = running(pool("a", "b"), recalled + nodes("a", 1, first=1) + nodes("b", 1), job("a1", "a"), job("a2", "a"))
    labels = [(Rung(each["rung"]), each["cover"]) for each in planner.snapshot.attempts]
    assert labels == [(Rung.HOME, 0), (Rung.AWAY, 0)]
    planner.apply(Delta(as_of=5, nodes_gone=(recalled[0].name,)))
    (fall,) = planner.plan().decisions
    assert (AttemptId("a2", 1), Label(Rung.BORROW, -1)) == (fall.change.attempt, fall.change.after)


def test_a_grant_is_home_on_levied_nodes_up_to_its_worth():
    made = pool(Member("a", levy=500), Member("b", grants={"h100": 4}))
    decided = plan(snapshot(made, nodes("a", 2), [job("b1", "b", gpus=4), job("b2", "b", gpus=4, submitted=1)]))
    labels = [(each.attempt.job, each.label.rung, each.placed[0].node) for each in decided.decisions]
    assert labels == [("b1", Rung.HOME, "a-h100-000"), ("b2", Rung.BORROW, "a-h100-000")]


def test_a_levied_node_is_no_home_to_who_gave_it():
    made = pool(Member("a", levy=500), Member("b", grants={"h100": 8}))
    decided = plan(
        snapshot(made, nodes("a", 2), [job("a1", "a"), job("a2", "a", submitted=1), job("b1", "b", submitted=2)])
    )
    admits = [each for each in decided.decisions if isinstance(each, Admit)]
    assert [(each.attempt.job, each.label.rung.name, each.placed[0].node) for each in admits] == [
        ("a1", "HOME", "a-h100-001"),
        ("b1", "HOME", "a-h100-000"),
    ]


def test_what_a_victim_leaves_over_goes_to_who_was_refused_before():
    """The older x1 cannot stop the firm gang, y1 can; x1 gets the rest of its GPUs in the same plan."""
    made = pool("a", "b", organisations=two_leaves("a"), tiers=TIERS)
    recalled = [replace(each, state=NodeState.RECALLED) for each in nodes("a", 2)]
    planner = running(made, recalled + nodes("b", 1), job("gang", "a/x", "firm", gpus=8))
    label = planner.snapshot.attempts[0]
    assert (label["rung"], label["cover"]) == (Rung.AWAY, 1)
    shrunk = [organisation("a/x", "a", 250), organisation("a/y", "a", 250)]
    planner.apply(Delta(as_of=1, pool=pool("a", "b", organisations=shrunk, tiers=TIERS)))
    planner.commit(planner.plan())
    decided = arrives(
        planner, job("x1", "a/x", "low", gpus=4, submitted=1), job("y1", "a/y", "low", gpus=4, submitted=2)
    )
    assert decided == [("y1", "AWAY", 1, ["gang"], []), ("x1", "AWAY", 0, [], [])]
    # It was refused as AWAY at its leaf before that, once in that pass: its label rises in the next cycle.
    (rise,) = planner.plan().decisions
    assert (AttemptId("x1", 1), 1) == (rise.change.attempt, rise.change.after.cover)


def test_who_was_refused_everywhere_is_tried_again_when_a_victim_leaves_room():
    """The firm gang borrows: its own leaf's x1 may not stop it, y1 of another may; and x1 is covered too."""
    made = pool("a", "b", organisations=[organisation("a/x", "a", 100), organisation("a/y", "a", 100)], tiers=TIERS)
    recalled = [replace(each, state=NodeState.RECALLED) for each in nodes("a", 1, gpus=7)]
    planner = running(made, recalled + nodes("b", 1), job("gang", "a/x", "firm"))
    decided = arrives(planner, job("x1", "a/x", "low", gpus=3), job("y1", "a/y", "low", gpus=3, submitted=1))
    assert decided == [("y1", "AWAY", 0, ["gang"], []), ("x1", "AWAY", 0, [], [])]
