"""In which order, and how often, orders are carried out. What one does in the API server is not played here."""

import asyncio
import uuid

import pytest

from hanse.ledger import outbox
from hanse.ledger.outbox import Order
from hanse.operator.actuator import Actuator
from hanse.operator.effects import NotYetError
from hanse.operator.kube import KubeError
from hanse.operator.mirror import Mirror
from hanse.operator.world import World


class Hands:
    """Notes what is carried out; an order whose sequence is in `held` goes on only when it is taken out of there."""

    def __init__(self):
        self.begun, self.held, self.problems = [], {}, {}

    async def carry_out(self, _body, sequence):
        self.begun.append(sequence)
        if sequence in self.held:
            await self.held[sequence].wait()
        if sequence in self.problems:
            raise self.problems.pop(sequence)


def order(sequence, attempt, *, is_stop=False):
    return Order(uuid.UUID(int=sequence), sequence, {"attempt": attempt}, is_stop)


@pytest.fixture(name="recorded")
def _recorded(monkeypatch):
    found = {}
    monkeypatch.setattr(outbox, "done", lambda _engine, _term, outcomes: found.update(outcomes))
    return found


def played(hands, story):
    """Let an actuator run while a story is told."""

    async def tell():
        actuator = Actuator(None, 1, World(), Mirror(), hands)
        running = asyncio.create_task(actuator.run())
        await story(actuator)
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(asyncio.wait_for(tell(), 60))


async def until(holds):
    while not holds():  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0.001)


def give(actuator, *orders):
    actuator._found += orders
    actuator.take()


def test_a_stop_waits_for_the_start_that_is_under_way_and_others_do_not(recorded):
    hands = Hands()

    async def story(actuator):
        hands.held[1] = asyncio.Event()
        give(actuator, order(1, "a"))
        await until(lambda: hands.begun == [1])
        give(actuator, order(2, "b"), order(3, "a", is_stop=True))
        await until(lambda: uuid.UUID(int=2) in recorded)
        assert [1, 2] == hands.begun
        hands.held[1].set()
        await until(lambda: uuid.UUID(int=1) in recorded)
        actuator.take()
        await until(lambda: not actuator.orders_left)

    played(hands, story)
    assert [1, 2, 3] == hands.begun
    assert dict.fromkeys(uuid.UUID(int=each) for each in (1, 2, 3)) == recorded


def test_stops_come_before_what_was_ordered_before_them(recorded):
    hands = Hands()

    async def story(actuator):
        give(actuator, order(1, "a"), order(2, "b"), order(3, "c", is_stop=True))
        await until(lambda: not actuator.orders_left)

    played(hands, story)
    assert [3, 1, 2] == hands.begun
    assert 3 == len(recorded)


def test_what_cannot_be_done_now_is_tried_after_the_next_look_and_what_never_can_is_recorded_so(recorded):
    hands = Hands()
    hands.problems = {1: KubeError(0, "away"), 2: NotYetError(), 3: KubeError(422, "too large"), 4: ValueError("bug")}

    async def story(actuator):
        give(actuator, *(order(number, str(number)) for number in (1, 2, 3, 4)))
        await until(lambda: len(hands.begun) == 4 and actuator.orders_left == 3)
        actuator.take()
        await until(lambda: not actuator.orders_left)

    played(hands, story)
    assert [1, 2, 3, 4, 1, 2, 4] == hands.begun
    assert [None, None, "too large", None] == [recorded[uuid.UUID(int=number)] for number in (1, 2, 3, 4)]


def test_after_a_restart_what_is_under_way_is_not_begun_again(recorded):
    hands = Hands()

    async def story(actuator):
        hands.held[1] = asyncio.Event()
        give(actuator, order(1, "a"))
        await until(lambda: hands.begun == [1])
        give(actuator, order(2, "a"))
        actuator.restart()
        assert 1 == actuator.orders_left
        give(actuator, order(1, "a"), order(2, "a"))
        hands.held[1].set()
        await until(lambda: uuid.UUID(int=1) in recorded)
        actuator.take()
        await until(lambda: not actuator.orders_left)

    played(hands, story)
    assert [1, 2] == hands.begun
