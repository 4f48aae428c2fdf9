"""What members are entitled to is kept as it changes, by the leader alone, and never changed."""

import psycopg
import pytest

from hanse.ledger import database, entitlements, errors
from hanse.ledger.entitlements import Entitled

MINE = Entitled("tencent", "h100-80g", 8000, 8000)


@pytest.fixture(name="kept")
def _kept(make_world):
    world = make_world()
    yield world
    world.close()


def record(world, *found, term=None):
    return entitlements.record(world.operator, found, term=world.term if term is None else term)


def history(world, start, end, member="tencent"):
    found, after = [], 0
    while page := entitlements.history(world.api, [member, "nobody"], (start, end), after, 2):
        found, after = found + page, page[-1].sequence
    return [(each.at_seconds, each.entitled.accelerator_class, each.entitled.milli_gpus) for each in found]


def test_only_what_changes_is_recorded_and_what_is_gone_is_nought(kept):
    start = kept.now
    assert (1, 0) == (record(kept, MINE), record(kept, MINE))
    kept.set_clock(start + 100)
    more, other = Entitled("tencent", "h100-80g", 16000, 16000), Entitled("tencent", "ascend", 4000, 2400)
    assert 2 == record(kept, more, other)
    kept.set_clock(start + 200)
    worth_more = Entitled("tencent", "h100-80g", 16000, 17000)
    assert (2, 0) == (record(kept, worth_more), record(kept, worth_more))
    assert 1 == record(kept, worth_more, Entitled("alibaba", "ascend", 1, 1), Entitled("nobody", "ascend", 1, 1))
    found = [(start, "h100-80g", 8000), (start + 100, "ascend", 4000), (start + 100, "h100-80g", 16000),
             (start + 200, "ascend", 0), (start + 200, "h100-80g", 16000)]  # fmt: skip
    assert found == history(kept, start, start + 300)
    assert found[1:3] == history(kept, start + 101, start + 150), "what held at the start comes first"
    assert [(start + 200, "ascend", 1)] == history(kept, start, start + 300, "alibaba")


def test_an_old_leader_keeps_nothing(kept):
    with pytest.raises(errors.StaleTermError):
        record(kept, MINE, term=kept.term - 1)
    assert [] == history(kept, 0, kept.now + 1)


def test_who_does_not_lead_cannot_and_nobody_changes_a_row(kept):
    record(kept, MINE)
    for engine in (kept.api, kept.auditor):
        with pytest.raises(Exception, match="permission denied"), database.transaction(engine) as connection:
            connection.exec_driver_sql("SELECT ledger.record_entitlements('{}', '{}', '{}', '{}')")
    for change in ("UPDATE ledger.entitlement SET milli_gpus = 1", "DELETE FROM ledger.entitlement"):
        with pytest.raises(psycopg.errors.Error, match="what is recorded is never changed"):
            kept.super.execute(change)
