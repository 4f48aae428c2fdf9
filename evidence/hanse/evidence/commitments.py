"""Leaves that say nothing: a log that rivals share holds commitments, and each opens only its own.

In: a row's canonical bytes and a salt of its own. Out: the entry that goes into the log. Who has row and salt can show
that the row is what was logged; who has the log alone learns that something was, and when. With a salt of 32 random
bytes a guess cannot be tried.

A row that concerns several parties has parts, each with a salt of its own that follows from the row's: a party is given
its part, that part's salt, and the hashes of the other parts, which tell it nothing.
"""

import secrets
from collections.abc import Sequence

from hanse.evidence import canonical
from hanse.evidence.canonical import Json, sha256
from hanse.evidence.errors import EvidenceError

SALT_BYTES = 32
ENTRY_BYTES = 32
_CONTEXT = b"hanse.dev/leaf/v1\n"
_OF_PARTS = b"hanse.dev/parts/v1\n"
_OF_SALT = b"hanse.dev/salt/v1\n"
_OTHERS = "others"


def new_salt() -> bytes:
    """Return a salt, which is used once."""
    return secrets.token_bytes(SALT_BYTES)


def entry(salt: bytes, body: bytes) -> bytes:
    """Return the entry that commits to *body*.

    Raises:
        EvidenceError: the salt has another length, so that body and salt could be told apart in more than one way.

    """
    if len(salt) != SALT_BYTES:
        raise EvidenceError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return sha256(_CONTEXT + salt + body)


def salt_of_part(salt: bytes, number: int) -> bytes:
    """Return the salt of a part of a row; it says nothing of the row's own, nor of the other parts'."""
    return sha256(_OF_SALT + salt + bytes([number]))


def parts(salt: bytes, bodies: Sequence[bytes]) -> list[bytes]:
    """Return the hash of each part of a row."""
    return [entry(salt_of_part(salt, number), body) for number, body in enumerate(bodies)]


def of_parts(hashes: Sequence[bytes]) -> bytes:
    """Return the entry that commits to a row's parts."""
    return sha256(_OF_PARTS + b"".join(hashes))


def opened(salt: bytes, said: bytes) -> bytes:
    """Return the entry that somebody opens who shows *said*: a row's body, or a part with the hashes of the others.

    A part is canonical JSON that says its number as `part`; the others' hashes are beside it, as `others`.

    Raises:
        EvidenceError: the salt has another length, or what is shown is not such a part.

    """
    value = canonical.decode(said) if f'"{_OTHERS}"'.encode() in said else None
    if not isinstance(value, dict) or _OTHERS not in value:
        return entry(salt, said)
    others, number = value[_OTHERS], value.get("part")
    if not isinstance(others, list) or not isinstance(number, int) or not 0 <= number <= len(others):
        raise EvidenceError("what is shown is no part of a row")
    own = entry(salt, canonical.encode({name: each for name, each in value.items() if name != _OTHERS}))
    hashes = [_hash(each) for each in others]
    return of_parts([*hashes[:number], own, *hashes[number:]])


def shown(body: bytes, hashes: Sequence[bytes]) -> bytes:
    """Return what is shown of a part: its body with the hashes of the other parts beside it."""
    value = canonical.decode(body)
    number = value.get("part") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(number, int):
        raise EvidenceError("the body is that of no part")
    others: list[Json] = [each.hex() for each in (*hashes[:number], *hashes[number + 1 :])]
    return canonical.encode({**value, _OTHERS: others})


def _hash(value: Json) -> bytes:
    if not isinstance(value, str) or len(value) != 2 * ENTRY_BYTES or value.strip("0123456789abcdef"):
        raise EvidenceError(f"{value!r} is not the hash of a part")
    return bytes.fromhex(value)
