"""plan() says what the slow reference says, decision by decision, on small pools and on what happens to them."""

import worlds
from hypothesis import given
from hypothesis import strategies as st
from reference import Reference

from hanse.scheduler import reading
from hanse.scheduler.decisions import Admit, Fall, Rise


def told(plan):
    """Return a plan's decisions in the reference's form, without funding."""
    return [_told(decision) for decision in plan.decisions if isinstance(decision, Admit | Rise | Fall)]


def _told(decision):
    kind = type(decision).__name__
    if isinstance(decision, Admit):
        placed = tuple((each.node, each.workers) for each in decision.placed)
        stopped = tuple(sorted(stop.attempt.job for stop in decision.stops))
        label = decision.label
        return (kind, decision.attempt.job, label.rung, label.cover, placed, stopped, _fallen(decision.falls))
    label, falls = decision.change.after, decision.falls if isinstance(decision, Rise) else ()
    return (kind, decision.change.attempt.job, label.rung, label.cover, (), (), _fallen(falls))


def _fallen(falls):
    return tuple((fall.attempt.job, fall.after.rung, fall.after.cover) for fall in falls)


def expected(pool, snapshot):
    reference = Reference(
        pool, reading.nodes(snapshot), reading.jobs(snapshot), reading.attempts(snapshot), snapshot.as_of
    )
    return [(kind, job, *rest) for kind, job, _, *rest in reference.run()]


@given(world=worlds.worlds(), data=st.data())
def test_the_plan_is_the_references(world, data):
    for _ in range(data.draw(st.integers(1, 5), label="cycles")):
        before, plan, _ = world.step()
        assert expected(world.pool, before) == told(plan)
        if data.draw(st.booleans(), label="released"):
            world.release()
        world.happen(data)
