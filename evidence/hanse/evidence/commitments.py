"""Leaves that say nothing: a log that rivals share holds commitments, and each opens only its own.

In: a row's canonical bytes and a salt of its own. Out: the entry that goes into the log. Who has row and salt can show
that the row is what was logged; who has the log alone learns that something was, and when. With a salt of 32 random
bytes a guess cannot be tried.
"""

import secrets

from hanse.evidence.canonical import sha256
from hanse.evidence.errors import EvidenceError

SALT_BYTES = 32
ENTRY_BYTES = 32
_CONTEXT = b"hanse.dev/leaf/v1\n"


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
