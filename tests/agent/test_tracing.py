"""What the agent traces of a gang: each step once, in order, and nothing of what was there before it."""

import itertools
import uuid

import pytest

from hanse.agent.gangs import Gang, Seat, Stop, Worker
from hanse.agent.tracing import Tracer
from hanse.evidence import traces
from hanse.evidence.traces import Step
from hanse.resources.protocol import Outcome


@pytest.fixture(name="told")
def _told():
    found = []
    end = traces.hand_to(found.append)
    yield found
    end()


@pytest.fixture(name="placement")
def _placement(make_placement):
    return make_placement()


def gang_of(placement, **more):
    seats = tuple(Seat(each.rank, each.node, tuple(each.gpus)) for each in placement.spec.workers)
    attempt = uuid.UUID(placement.spec.attempt)
    return Gang(attempt, placement.spec.fence, placement.metadata.name, 0.0, 0.0, 60.0, seats=seats, **more)


def worker(placement, rank, node="node"):
    attempt = uuid.UUID(placement.spec.attempt)
    return Worker(f"w{rank}", f"u{rank}", attempt, placement.spec.fence, placement.metadata.name, rank, node)


def test_each_step_is_told_once_and_begins_where_the_one_before_it_ended(placement, told):
    attempt, tracer = uuid.UUID(placement.spec.attempt), Tracer()
    gang, placements = gang_of(placement), {uuid.UUID(placement.spec.attempt): placement}
    looks = [
        ({}, [], {}, [Step.PLACEMENT_SEEN]),
        ({attempt: gang}, [], {}, [Step.LEASE_GRANTED]),
        ({attempt: gang}, [], {attempt: {0}}, []),
        ({attempt: gang}, [worker(placement, 0), worker(placement, 1, "")], {attempt: {0, 1}}, [Step.PODS_CREATED]),
        ({attempt: gang}, [worker(placement, 0), worker(placement, 1)], {}, [Step.PODS_BOUND]),
        ({attempt: gang_of(placement, ran=True)}, [], {}, [Step.WORKERS_STARTED]),
        ({attempt: gang_of(placement, ran=True)}, [], {}, []),
        ({}, [], {}, []),
    ]
    for gangs, workers, made, expected in looks:
        before = len(told)
        tracer.look(placements, gangs, workers, made)
        assert expected == [span.step for span in told[before:]]
    for earlier, later in itertools.pairwise(told):
        assert earlier.end_nanoseconds == later.start_nanoseconds
    assert {attempt.int} == {span.trace_id for span in told}
    assert [{"fence": 1}] * 5 == [span.attributes for span in told]


def test_a_gang_that_was_there_when_the_agent_began_is_not_traced(placement, told):
    attempt, tracer = uuid.UUID(placement.spec.attempt), Tracer()
    tracer.look({attempt: placement}, {attempt: gang_of(placement)}, [], {})
    tracer.look({attempt: placement}, {attempt: gang_of(placement, ran=True)}, [], {})
    assert [] == told


def test_a_gang_that_ends_before_it_ran_has_no_start(placement, told):
    attempt, tracer = uuid.UUID(placement.spec.attempt), Tracer()
    tracer.look({attempt: placement}, {}, [], {})
    tracer.look({attempt: placement}, {attempt: gang_of(placement, stop=Stop(Outcome.FAILED))}, [], {})
    tracer.look({attempt: placement}, {attempt: gang_of(placement, stop=Stop(Outcome.FAILED), ran=True)}, [], {})
    assert [Step.PLACEMENT_SEEN, Step.LEASE_GRANTED] == [span.step for span in told]


def test_ids_follow_from_attempt_and_step():
    """For ever: a newer process must find the traces of an older one."""
    span = traces.Span(uuid.UUID(int=1), Step.ATTEMPT, 0, 0, {})
    assert (1, 0x14D2E81DE118153D, None) == (span.trace_id, span.span_id, span.parent_id)
    ids = {traces.Span(uuid.UUID(int=n), step, 0, 0, {}).span_id for n in (1, 2) for step in Step}
    assert 2 * len(Step) == len(ids)
