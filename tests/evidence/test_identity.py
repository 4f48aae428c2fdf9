"""Ids are the same everywhere and for ever, and do not collide by the way a key's parts are joined."""

import uuid

from hanse.evidence import identity

DECISION = "103f693c-daa4-5a7e-a735-6acb6b9e0c04"
ATTEMPT = "9edaaf1c-41df-5665-b242-425188c0be52"
TRANSFER = "4a3f6852-f0bb-58a1-9f05-0d0ec3d7f96a"


def test_ids_are_what_they_have_always_been():
    """Fixed values: a change here breaks every ledger that was ever written."""
    job = uuid.UUID("11111111-2222-3333-4444-555555555555")
    assert str(identity.decision_id(1, 2, 3)) == DECISION
    assert str(identity.attempt_id(job, 1)) == ATTEMPT
    assert str(identity.transfer_id("use", "a", 3600, 0)) == TRANSFER


def test_the_parts_of_a_key_are_not_simply_joined():
    keys = [("a", "bc"), ("ab", "c"), ("abc",), ("a,bc",), (1, 23), (12, 3), ("1", 23), (123,)]
    assert len(keys) == len({identity.transfer_id(*key) for key in keys})


def test_kinds_of_ids_do_not_meet():
    made = {identity.transfer_id("x"), identity.fact_id("x"), identity.violation_id("x")}
    assert len(made) == 3
