"""Exchange: what a member leaves unused in its other classes stands for a gang that its own class does not cover."""

from dataclasses import replace

import pytest
from pools import ASCEND, H100, job, nodes, organisation, pool, snapshot
from test_strength import arrives, running

from hanse.scheduler import Delta, Planner, build, exchange, plan, reading, seeing
from hanse.scheduler.decisions import AttemptId, Fall, Label, Rise
from hanse.scheduler.pool import AcceleratorClass, NodeState, Option, Rung
from hanse.scheduler.records import Donor

B200 = AcceleratorClass("b200", {"bf16": 2250})
FOUR = {"gpus": 4}


def ascend(count=1):
    return nodes("a", count, accelerator="ascend")


def begun(*jobs, others=("b", "c"), **changes):
    """Run *jobs* in a pool in which *a* has Ascend alone and *b* has H100s alone."""
    return running(pool("a", *others, **changes), ascend() + nodes("b", 1), *jobs)


def labels(planner):
    return {each.job: (each.rung.name, each.cover, each.donors) for each in reading.attempts(planner.snapshot)}


def test_unused_entitlement_of_another_class_covers_a_gang():
    planner = begun(job("a1", "a", **FOUR))
    # 4 H100 are worth 6.67 Ascend, rounded up to a thousandth.
    assert labels(planner) == {"a1": ("EXCHANGE", 0, (Donor("ascend", 6667),))}


@pytest.mark.parametrize(("gpus", "rung"), [(4, "EXCHANGE"), (5, "BORROW")])
def test_it_covers_no_more_than_it_is_worth(gpus, rung):
    assert labels(begun(job("a1", "a", gpus=gpus)))["a1"][0] == rung


def test_what_was_given_is_used_and_covers_nobody_else():
    planner = begun(job("a1", "a", gpus=3), job("a2", "a", gpus=2))
    assert [label[0] for label in labels(planner).values()] == ["EXCHANGE", "BORROW"]
    planner.apply(Delta(as_of=1, jobs_gone=("a1",)))
    (rise,) = planner.plan().decisions
    assert isinstance(rise, Rise)
    assert rise.change.after == Label(Rung.EXCHANGE, 0, (Donor("ascend", 3334),))


def test_it_stops_who_borrows_and_nobody_else():
    planner = begun(job("c1", "c"))
    assert arrives(planner, job("a1", "a", **FOUR)) == [("a1", "EXCHANGE", 0, ["c1"], [])]
    planner = begun(job("b1", "b"))
    assert arrives(planner, job("a1", "a", **FOUR)) == []


def test_its_nodes_owner_stops_it():
    planner = begun(job("a1", "a", **FOUR))
    assert arrives(planner, job("b1", "b")) == [("b1", "HOME", 0, ["a1"], [])]


def test_who_is_covered_in_kind_stops_it_by_rule_b():
    recalled = [replace(each, state=NodeState.RECALLED) for each in nodes("c", 1)]
    planner = running(pool("a", "b", "c"), ascend() + nodes("b", 1) + recalled, job("a1", "a", **FOUR))
    assert arrives(planner, job("c1", "c")) == [("c1", "AWAY", 0, ["a1"], [])]


def test_what_was_given_is_taken_back_in_kind_and_it_runs_on_as_a_borrower():
    planner = begun(job("a1", "a", **FOUR))
    assert arrives(planner, job("a2", "a", accelerator="ascend")) == [("a2", "HOME", 0, [], ["a1"])]
    assert labels(planner)["a1"] == ("BORROW", -1, ())


def test_a_leaf_takes_back_what_was_given_for_its_sibling():
    tree = [organisation("a/x", "a"), organisation("a/y", "a")]
    planner = running(pool("a", "b", organisations=tree), ascend() + nodes("b", 1), job("x1", "a/x", **FOUR))
    comes = job("y1", "a/y", accelerator="ascend", gpus=4)
    assert arrives(planner, comes) == [("y1", "HOME", 1, [], ["x1"])]
    assert labels(planner)["x1"][0] == "BORROW"


def test_a_higher_tier_of_the_leaf_takes_it_over():
    planner = running(pool("a", "b"), ascend() + nodes("b", 2), job("a1", "a", "low", **FOUR))
    assert arrives(planner, job("a2", "a", "high", **FOUR)) == [("a2", "EXCHANGE", 0, [], ["a1"])]
    assert arrives(planner, job("a3", "a", "middle", **FOUR)) == [("a3", "BORROW", -1, [], [])]


def test_it_falls_when_the_class_that_gives_shrinks_and_rises_again():
    planner = begun(job("a1", "a", **FOUR))
    (donor,) = ascend()
    for state, kind, rung in ((NodeState.CORDONED, Fall, Rung.BORROW), (NodeState.READY, Rise, Rung.EXCHANGE)):
        planner.apply(Delta(as_of=planner.snapshot.as_of + 1, nodes=(replace(donor, state=state),)))
        decided = planner.plan()
        (change,) = decided.decisions
        assert (type(change), change.change.after.rung) == (kind, rung)
        planner.commit(decided)


def test_it_falls_when_the_class_that_gives_is_worth_less():
    planner = begun(job("a1", "a", **FOUR))
    cheaper = replace(
        planner.snapshot.catalogue.pool, accelerators=(H100, replace(ASCEND, h100_equivalents={"bf16": 500}))
    )
    planner.apply(Delta(as_of=1, pool=cheaper))
    decided = planner.plan()
    # All that is left, 8 Ascend at a half, covers it once more: it falls, and rises with more given for it.
    assert [type(each) for each in decided.decisions] == [Fall, Rise]
    planner.commit(decided)
    assert labels(planner)["a1"] == ("EXCHANGE", 0, (Donor("ascend", 8000),))


def test_classes_give_in_the_order_of_their_names_each_rounded_up():
    raw = [600, 2250, 1000]
    assert exchange.donors(raw, [5000, 8000, 9000], 2, 4000) == ((0, 5000), (1, 445))
    assert exchange.donors(raw, [0, 1, 9000], 2, 4000) is None
    assert exchange.donors([600, 0, 1000], [0, 8000, 0], 2, 1000) is None
    assert exchange.donors([600, 0, 1000], [8000, 8000, 0], 1, 1000) is None


def test_a_gang_never_gives_from_its_own_class():
    made = pool("a", "b", accelerators=(H100, ASCEND, B200))
    planner = running(made, nodes("a", 1, gpus=2) + nodes("a", 1, accelerator="b200") + nodes("b", 1), job("a1", "a"))
    assert labels(planner)["a1"] == ("EXCHANGE", 0, (Donor("b200", 3556),))


def test_what_is_recorded_of_it_is_all_that_a_new_leader_needs():
    planner = begun(job("a1", "a", **FOUR), job("c1", "c", **FOUR))
    found = planner.snapshot
    made = found.catalogue.pool
    again = build(made, reading.nodes(found), reading.jobs(found), reading.attempts(found), as_of=found.as_of)
    assert labels(Planner(again)) == labels(planner)
    assert plan(again).to_bytes() == planner.plan().to_bytes()
    planner.apply(Delta(as_of=1, ended=(AttemptId("a1", 1),)))
    assert planner.snapshot.exchanges == ()


def test_donors_that_are_gone_let_it_fall():
    planner = begun(job("a1", "a", **FOUR))
    (attempt,) = reading.attempts(planner.snapshot)
    found = planner.snapshot
    without = build(found.catalogue.pool, reading.nodes(found), reading.jobs(found), [replace(attempt, donors=())])
    assert [type(each) for each in plan(without).decisions] == [Fall, Rise]


def test_nothing_is_given_where_there_is_one_class():
    made = pool("a", "b", accelerators=(H100,))
    decided = plan(snapshot(made, nodes("b", 1), [job("a1", "a", **FOUR)]))
    assert [each.label.rung for each in decided.decisions] == [Rung.BORROW]


def test_an_auditor_sees_what_gives_for_whom_and_it_is_not_called_covered_in_its_own_class():
    wanted = [Option("h100", 1), Option("ascend", 1)]
    planner = begun(job("a1", "a", **FOUR))
    planner.apply(Delta(as_of=1, jobs=(job("a2", "a", options=wanted, gpus=1),)))
    said = list(seeing.seen(planner.snapshot, planner.plan(), "a2"))
    assert "a was entitled to 0 h100; 0 were covered by it, 4 ran in all" in said
    assert "6.667 ascend of it stood for what its member ran on exchange in other classes" in said
    first = snapshot(pool("a", "b"), ascend() + nodes("b", 1), [job("a1", "a", **FOUR)])
    said = list(seeing.seen(first, plan(first), "a1"))
    assert any(each.endswith("EXCHANGE at depth 0, for 6.667 ascend that are not used") for each in said)
