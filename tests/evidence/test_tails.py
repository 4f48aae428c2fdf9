"""A tail is opened by its owner, with the blind, as the worker's that it is of; and by nobody else."""

import uuid

import hypothesis
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import strategies as st

from hanse.evidence import sealing, tails
from hanse.evidence.errors import EvidenceError
from hanse.evidence.tails import Tail, Worker

SECRETS = st.binary(min_size=32, max_size=32)
WORKERS = st.builds(Worker, st.uuids(), st.integers(1, 99), st.integers(0, 8191))
# Each example agrees on keys several times; a seal that opens when it should not does so for most of what is drawn.
FEWER = hypothesis.settings(max_examples=hypothesis.settings().max_examples // 4)
LOW_ORDER = [bytes(32), b"\x01" + bytes(31), (2**255 - 19).to_bytes(32, "little")]


def public(key):
    return key.public_key().public_bytes_raw()


@FEWER
@hypothesis.given(SECRETS, SECRETS, WORKERS, st.binary(max_size=2000), st.booleans())
def test_the_owner_opens_what_was_sealed_to_its_blinded_key(secret, blind, worker, text, is_cut):
    key = X25519PrivateKey.from_private_bytes(secret)
    sealed = tails.seal(sealing.blinded(public(key), blind), worker, Tail(text, is_cut))
    assert Tail(text, is_cut) == tails.unseal(key, blind, worker, sealed)
    assert len(sealed) <= len(text) + tails.OVERHEAD_BYTES


@FEWER
@hypothesis.given(SECRETS, SECRETS, SECRETS, WORKERS, WORKERS)
def test_nobody_else_opens_it_and_not_as_another_workers(secret, blind, another, worker, other):
    hypothesis.assume(worker != other and len({secret, blind, another}) == 3)
    key, rival = (X25519PrivateKey.from_private_bytes(each) for each in (secret, another))
    hypothesis.assume(public(key) != public(rival))
    sealed = tails.seal(sealing.blinded(public(key), blind), worker, Tail(b"secret"))
    assert b"secret" not in sealed
    for opened_by, with_blind, of in [
        (rival, blind, worker),  # a member that sees the row
        (X25519PrivateKey.from_private_bytes(blind), blind, worker),  # the hub: it has the blind alone
        (key, blind, other),
    ]:
        with pytest.raises(EvidenceError):
            tails.unseal(opened_by, with_blind, of, sealed)
    with pytest.raises(EvidenceError):
        sealing.unseal(key, worker.context, sealed)


def test_two_attempts_of_one_owner_have_keys_that_do_not_look_alike():
    key = public(X25519PrivateKey.generate())
    blinded = {sealing.blinded(key, uuid.uuid4().bytes * 2) for _ in range(20)}
    assert (20, False) == (len(blinded), key in blinded)


@pytest.mark.parametrize("key", [*LOW_ORDER, b"short"], ids=["zero", "one", "the prime", "short"])
def test_what_is_no_key_is_refused_and_nothing_is_sealed_to_it(key):
    with pytest.raises(EvidenceError):
        sealing.blinded(key, uuid.uuid4().bytes * 2)
