"""Ingest, post, acknowledge, dispute, rule and settle: whoever dies at whichever step, what comes after is the same."""

import contextlib
from datetime import UTC, datetime

import pytest
from dying import whoever_dies
from played import HOUR, act

from hanse.evidence import acknowledgements, signatures
from hanse.ledger import acknowledging, database, disputes, errors, export, periods, posting, verify
from hanse.ledger import slots as ledger_slots

DAY = 86400
TERMS = periods.Terms(window_seconds=DAY, true_up_seconds=70 * DAY)
LAST = int(datetime(2026, 11, 30, 23, tzinfo=UTC).timestamp())


def count(world, query):
    return world.super.execute(f"SELECT count(*) FROM ledger.{query}").fetchone()[0]  # noqa: S608  # no input


@contextlib.contextmanager
def once():
    """Let what was done already be refused."""
    with contextlib.suppress(errors.RefusedError):
        yield


@pytest.fixture(scope="module", name="closer")
def _closer(world):
    engine = database.engine(world.url, role="hanse_closer")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module", name="world")
def _world(make_world):
    """The last hour of a month: tencent used all of alibaba's GPUs."""
    world = make_world()
    world.set_clock(LAST - HOUR)
    world.entry = world.admit("tencent", on="alibaba", funding=(world.funding(2 * HOUR, 10**9),))
    world.record(world.entry)
    world.grant(world.entry)
    world.set_clock(LAST + HOUR)
    yield world
    world.close()


def test_from_slots_to_statements_whoever_dies(world, closer, tmp_path):
    attempt = world.entry.attempt
    its = [world.slot("alibaba", LAST + 300 * number, {str(attempt): 1000}) for number in range(12)]
    stored = lambda: count(world, "slot") in {0, 12}  # noqa: E731  # a name for what each death is followed by
    assert whoever_dies(world.api, lambda: ledger_slots.ingest(world.api, "alibaba", its), stored) > 3
    world.meter("tencent", LAST, {"idle": 1000})
    assert count(world, "violation") == 0

    world.set_clock(LAST + DAY)
    posted = lambda: posting.post(world.operator, world.term, LAST)  # noqa: E731
    assert whoever_dies(world.operator, posted) > 8
    assert count(world, "cutoff") == 1
    assert count(world, "posting") == 2
    act(world)

    key = world.keys["tencent"]
    said = acknowledgements.Acknowledgement("tencent", attempt, LAST, 0, acknowledgements.Basis.OWN_RECORD)
    signed = [acknowledgements.sign(said, key)]
    public = signatures.public_bytes(key)

    def together():
        there = [count(world, table) for table in ("acknowledgement", "violation", "act")]
        assert there in ([0, 0, 0], [1, 1, 1]), "acknowledged without its dispute, or the other way round"

    assert whoever_dies(world.api, lambda: acknowledging.acknowledge(world.api, "tencent", public, signed), together)
    assert there_is(world, 1)
    dispute_and_rule(world, closer, disputes.Matter("tencent", LAST, str(attempt)))
    settle(world)
    folder = tmp_path / "export"
    export.export(world.auditor, "2026-11", folder)
    assert [str(each) for each in verify.verify(folder).findings] == []


def there_is(world, acts):
    return count(world, "act") == acts


def dispute_and_rule(world, closer, by_ledger):
    """One is accepted, one withdrawn, one refused, one expires."""
    with database.transaction(closer) as connection:
        posted = disputes.postings(connection, by_ledger.id)[0]

    def accept():
        with once():
            disputes.accept(closer, by_ledger.id, [(posted.id, 10)], granted=5, reason="so it was")

    def booked():
        assert count(world, "transfer WHERE kind = 'correction' OR purpose = 'adjustment'") == 2 * (
            count(world, "act WHERE convert_from(body, 'UTF8')::jsonb ->> 'state' = 'accepted'")
        )

    assert whoever_dies(closer, accept, booked) > 3
    whole = disputes.Matter("alibaba", LAST)
    assert whoever_dies(world.api, lambda: disputes.open_(world.api, whole, claimed=0, reason="not mine"))

    def withdraw():
        with once():
            disputes.withdraw(world.api, "alibaba", whole.id)

    assert whoever_dies(world.api, withdraw)
    other = disputes.open_(world.api, disputes.Matter("tencent", LAST), claimed=0, reason="no")

    def refuse():
        with once():
            disputes.refuse(closer, other, "it stands")

    assert whoever_dies(closer, refuse)
    last = disputes.Matter("alibaba", LAST, by_ledger.attempt)
    disputes.open_(world.api, last, claimed=0, reason="nobody looks")
    world.set_clock(world.now + DAY)
    assert whoever_dies(world.operator, lambda: disputes.expire(world.operator, world.term, DAY))
    with database.transaction(world.operator) as connection:
        states = [str(each.state) for each in disputes.listed(connection)]
    assert states == ["accepted", "withdrawn", "refused", "expired"]
    assert there_is(world, 2 * len(states))


def settle(world):
    """All pairs come to each stage at once, or none does."""
    pairs = len(periods.pairs(world.MEMBERS))

    def all_or_none():
        assert count(world, "settlement") % pairs == 0

    for number, at in enumerate((LAST + 4 * DAY, LAST + 6 * DAY, LAST + 80 * DAY), 1):
        world.set_clock(at)
        assert whoever_dies(world.operator, lambda: periods.settle(world.operator, world.term, TERMS), all_or_none)
        assert count(world, "settlement") == number * pairs or number == 2  # too little of the month is known
