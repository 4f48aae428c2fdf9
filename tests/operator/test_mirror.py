"""The mirror reads what the ledger has of attempts: here, when those ended whose GPUs others wait for."""

import uuid

import pytest

from hanse.ledger import attempts, database, decisions, registry, term
from hanse.operator.mirror import Mirror

DIGEST = bytes(32)


@pytest.fixture(name="admit")
def _admit(pool):
    """A function that records that a job is admitted, behind others whose GPUs it gets; it returns the decision."""
    engine = database.engine(pool.url, role="hanse_operator")
    registry.register_member(engine, "red", login=None, verify_key=DIGEST)
    number = term.take(engine, "test")
    cycles = iter(range(1, 9))

    def admit(*awaits, strength=decisions.Strength(decisions.Label.HOME, 0, 500)):  # noqa: B008  # nobody changes it
        admission = decisions.Admission(
            cluster="blue-1", accelerator_class="h100", precision="bf16", tier="standard", milli_h100e=1000,
            tier_thousandths=1000, lease_seconds=60, grace_seconds=5,
        )  # fmt: skip
        entry = decisions.Entry(
            kind="Admit", effect=decisions.Effect.ADMIT, verdict="Admitted", reason="HOME", member="red",
            job=uuid.uuid4(), fence=1, admission=admission, nodes={},
            strength=strength,
            detail={
                "asOf": 1, "namespace": "red", "name": "job", "organisation": "red", "placed": [],
                "awaits": [str(each.attempt) for each in awaits],
            },
        )  # fmt: skip
        decisions.record(
            engine, decisions.Cycle(number, next(cycles), 1, DIGEST, DIGEST, DIGEST, DIGEST, entries=(entry,))
        )
        return entry

    yield admit
    engine.dispose()


def test_when_those_ended_that_a_job_waits_for_is_read_until_it_has_its_lease(pool, admit):
    first, second = admit(), admit()
    heir = admit(first, second)
    followed = Mirror()

    def ended():
        """Return what a mirror that follows knows, which is what one knows that begins now."""
        begun = Mirror()
        for each in (followed, begun):
            each.poll(pool.api, [])
        assert begun.ended_at == followed.ended_at
        return followed.ended_at

    def release(entry):
        attempts.grant(pool.api, "blue-1", entry.attempt, 1, uuid.uuid4())
        assert attempts.release(pool.api, "blue-1", entry.attempt, 1, "Stopped")

    assert {} == ended()
    release(first)
    assert {first.attempt} == ended().keys()
    release(second)
    rows = pool.rows("SELECT id, ended_at_seconds FROM ledger.attempt WHERE ended_at_seconds IS NOT NULL")
    assert {row.id: row.ended_at_seconds for row in rows} == ended()
    assert attempts.grant(pool.api, "blue-1", heir.attempt, 1, uuid.uuid4()).granted
    assert {} == ended()


def test_what_gives_for_an_attempt_on_exchange_is_read_by_whoever_leads_next(pool, admit):
    admit(strength=decisions.Strength(decisions.Label.EXCHANGE, 0, 500, {"ascend": 6667, "b200": 1}))
    begun = Mirror()
    begun.poll(pool.api, [])
    (live,) = begun.live.values()
    assert {"label": "EXCHANGE", "cover": 0, "tierRank": 500, "donors": {"ascend": 6667, "b200": 1}} == live.strength
