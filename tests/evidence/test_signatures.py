"""Two libraries verify, and what holds is what OpenSSL says: also of keys and signatures that RFC 8032 leaves open."""

import hashlib
import itertools

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings

from hanse.evidence import signatures
from hanse.evidence.errors import SignatureError

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19
# Points whose order divides eight, as other libraries list them: y alone, with the sign of x in the highest bit.
OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL = [0, 1, PRIME - 1, PRIME, PRIME + 1, OF_ORDER_8, PRIME - OF_ORDER_8]
POINTS = [(y | sign << 255).to_bytes(32, "little") for y in SMALL for sign in (0, 1)]


def by_openssl(key, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def by_ours(key, message, signature):
    try:
        signatures.verify(key, signatures.SLOT, message, signature)
    except SignatureError:
        return False
    return True


def assert_alike(key, message, signature):
    holds = by_openssl(key, signatures.SLOT + message, signature)
    assert by_ours(key, message, signature) == holds
    return holds


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300), st.data())
def test_what_was_signed_holds_and_nothing_that_was_changed(seed, message, data):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = signatures.public_bytes(private), signatures.sign(private, signatures.SLOT, message)
    assert assert_alike(key, message, signature)
    parts = [key, message, signature]
    changed = data.draw(st.sampled_from([number for number, part in enumerate(parts) if part]))
    bit = data.draw(st.integers(0, len(parts[changed]) * 8 - 1))
    flipped = int.from_bytes(parts[changed], "little") ^ 1 << bit
    parts[changed] = flipped.to_bytes(len(parts[changed]), "little")
    assert not assert_alike(*parts)
    with pytest.raises(SignatureError):
        signatures.verify(key, signatures.ENROLMENT, message, signature)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=1, max_size=40), st.integers(-3, 3))
def test_a_signature_or_key_of_another_length_is_refused(seed, message, longer):
    """Where a signature ends and its document begins is not left to the document."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = signatures.public_bytes(private), signatures.sign(private, signatures.SLOT, message)
    both = signature + signatures.SLOT + message
    assert assert_alike(key, message, both[: 64 + longer]) == (longer == 0)
    assert assert_alike((key + bytes(3))[: 32 + longer], message, signature) == (longer == 0)


def test_of_small_orders_and_large_numbers_the_same_is_said_as_openssl_says():
    """All points of small order, also in the forms that are not canonical, as key and as the signature's first half."""
    said = {
        (key, first, number): assert_alike(key, b"anything", first + number.to_bytes(32, "little"))
        for key, first, number in itertools.product(POINTS, POINTS, (0, 1, ORDER, ORDER + 1))
    }
    assert any(said.values()), "OpenSSL takes some of them"
    assert not any(holds for (*_, number), holds in said.items() if number >= ORDER)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40))
def test_a_number_that_went_round_once_more_is_refused(seed, message):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = signatures.public_bytes(private), signatures.sign(private, signatures.SLOT, message)
    number = int.from_bytes(signature[32:], "little") + ORDER
    assert not assert_alike(key, message, signature[:32] + number.to_bytes(32, "little"))


@pytest.mark.parametrize("point", POINTS, ids=bytes.hex)
def test_of_keys_that_hold_a_part_of_small_order_the_same_is_said_as_openssl_says(point):
    """Whether such a signature holds goes by whether that part is multiplied away by chance."""
    secret, once = 3, 5
    own, first = (
        bindings.crypto_scalarmult_ed25519_base_noclamp(each.to_bytes(32, "little")) for each in (secret, once)
    )
    key = bindings.crypto_core_ed25519_add(own, point)
    said = set()
    for number in range(64):
        message = str(number).encode()
        hashed = int.from_bytes(hashlib.sha512(first + key + signatures.SLOT + message).digest(), "little")
        signature = first + ((once + hashed * secret) % ORDER).to_bytes(32, "little")
        said.add(assert_alike(key, message, signature))
    assert True in said
