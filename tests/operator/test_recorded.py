"""The ledger never refuses what the planner decides: caps, one live attempt a job, the state of each attempt."""

import asyncio
import contextlib
import itertools
import random
import uuid
from collections import Counter

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parties import Parties
from psycopg import sql

from hanse.ledger import attempts, outbox
from hanse.operator import actuator, cycle, effects, following

NAMES = itertools.count()
CYCLES = 12


@contextlib.contextmanager
def new_parties(plane, template, seed):
    name = f"recorded_{next(NAMES)}"
    with psycopg.connect(plane.database_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    parties = Parties(plane.database_url.rpartition("/")[0] + f"/{name}", random.Random(seed))  # noqa: S311
    try:
        parties.begin()
        yield parties
    finally:
        parties.close()
        with psycopg.connect(plane.database_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_nothing_that_is_decided_is_refused(plane, template):
    """Whatever happens around it; and enough of every kind is decided for that to mean something."""
    decided = Counter()

    @settings(max_examples=32, derandomize=True)
    @given(seed=st.integers(0, 2**32))
    def follow(seed):
        with new_parties(plane, template, seed) as parties:
            for _ in range(CYCLES):
                parties.happen()
                assert [] == parties.cycle()
            assert [] == parties.noticed_again()
            decided.update(parties.decided())

    follow()
    kinds = {"Admit", "Preempt", "Rise", "Fall", "Renew", "Refuse", "End", "Expire", "Resize", "Left"}
    assert kinds <= decided.keys()


@pytest.fixture(name="overtaken")
def _overtaken(plane, template):
    """Parties of which all attempts are to end; one of them ends by itself after the plan and before the record."""
    with new_parties(plane, template, seed=1) as parties:
        while len(parties.leader.mirror.live) < 2:
            parties.submits()
            parties.cycle()
        for kind, namespace, name in parties.jobs():
            parties.drop(kind, name, namespace)
        first, *others = (parties.leader.mirror.live[job] for job in sorted(parties.leader.mirror.live))
        record = parties.leader._record

        def late(situation, groups):
            attempts.grant(parties.api, first.cluster, first.id, first.fence, uuid.uuid4())
            attempts.release(parties.api, first.cluster, first.id, first.fence, "Succeeded")
            return record(situation, groups)

        parties.leader._record = late
        yield parties, len(others)


def test_what_ends_while_it_is_planned_for_is_planned_again_and_nobody_is_held_back(overtaken):
    parties, others = overtaken
    assert ["plan_overtaken"] == [each["event"] for each in parties.cycle()]
    assert parties.leader.woken.is_set()
    assert [] == parties.cycle()
    assert (others, {}) == (parties.decided()["End"], parties.leader._held_back)


def test_a_pool_in_which_something_always_ends_goes_on(overtaken):
    parties, others = overtaken
    parties.leader._overtaken = cycle.OVERTAKEN_MAX
    assert ["plan_refused", "group_overtaken"] == [each["event"] for each in parties.cycle()]
    assert (others, {}) == (parties.decided()["End"], parties.leader._held_back)


def test_what_is_deleted_ends_though_no_good_settings_are_known(plane, template):
    """As after a restart: nothing is admitted then, and what a plan would renew is not."""
    with new_parties(plane, template, seed=1) as parties:
        while len(parties.leader.mirror.live) < 2:
            parties.submits()
            parties.cycle()
        before, live = parties.decided(), len(parties.leader.mirror.live)
        members = parties.world._objects["Member"]
        (uid,) = (uid for uid, each in members.items() if each.metadata.name == "red")
        whole = {"share_thousandths": {"h100": 1000}}
        tree = [each.model_copy(update=whole) for each in members[uid].spec.organisations]
        spec = members[uid].spec.model_copy(update={"organisations": tuple(tree)})
        members[uid] = members[uid].model_copy(update={"spec": spec})
        parties.world.pool_version += 1
        parties.leader._follower = following.Follower()
        parties.followed_is_built = lambda: None  # it cannot be
        for kind, namespace, name in parties.jobs():
            parties.drop(kind, name, namespace)
        assert ["pool_refused"] == [each["event"] for each in parties.cycle()]
        assert parties.leader.progress.pool_problem.endswith(": nothing is admitted or renewed")
        assert {"End": live} == parties.decided() - before


def test_orders_that_wait_keep_none_behind_them_from_being_carried_out(plane, template, monkeypatch):
    monkeypatch.setattr(actuator, "ORDERS_MAX", 1)
    with new_parties(plane, template, seed=1) as parties:
        while len(parties.leader.mirror.live) < 2:
            parties.submits()
            parties.cycle()
        *waiting, last = outbox.pending(parties.engine, 100)
        asyncio.run(_carried_out(parties.leader._actuator, last))
        assert waiting == outbox.pending(parties.engine, 100)
        assert len(waiting) == parties.leader._actuator.orders_left


async def _carried_out(acting, last):
    """Let an actuator, which holds what its leader's cycles have found, carry out the *last* order: others wait."""

    async def carry_out(_body, sequence):
        if sequence != last.sequence:
            raise effects.NotYetError

    acting._effects.carry_out = carry_out
    acting.take()
    running = asyncio.create_task(acting.run())
    while last.decision in acting._orders:  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])
