"""Sessions of the dashboard, and the codes that open them: a token, sealed under a secret that only its holder has.

In: a token. Out: a secret, for which the token is given back: once for a code, until it ends or is closed for a
session. The database has the secret's hash, and the token encrypted under the secret: who reads it, or a backup of it,
can neither open a session nor use a token. All processes of the API service share the sessions, and none holds any.
"""

import hashlib
import secrets
from enum import StrEnum

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Engine

from hanse.ledger import database
from hanse.ledger.errors import RefusedError

SECRET_BYTES = 32
SECRET_LENGTH = len(secrets.token_urlsafe(SECRET_BYTES))
TOKEN_BYTES_MAX = 16_384
OWN_MAX = 20
"""Of each kind, of one person: who opens another one ends their oldest."""
SESSIONS_MAX = 10_000
_OPEN = "SELECT ledger.open_session(:digest, :kind, :owner, :sealed, :seconds, :own, :most)"
_NONCE = bytes(12)
"""Each key seals one token, so that it needs no other."""


class Kind(StrEnum):
    """What a secret is good for."""

    CODE = "code"
    SESSION = "session"


def open_(engine: Engine, kind: Kind, owner: str, token: str, seconds: int) -> str:
    """Keep *token* of *owner* for so long; return the secret for it.

    Raises:
        RefusedError: the token is too long, or there are too many sessions.

    """
    plain = token.encode()
    if len(plain) > TOKEN_BYTES_MAX:
        raise RefusedError(f"the token has {len(plain)} bytes: a session can hold {TOKEN_BYTES_MAX} at most")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    sealed = AESGCM(_key(secret)).encrypt(_NONCE, plain, kind.encode())
    given = {
        "digest": _digest(secret),
        "kind": kind,
        "owner": hashlib.sha256(owner.encode()).digest(),
        "sealed": sealed,
        "seconds": seconds,
        "own": OWN_MAX,
        "most": SESSIONS_MAX,
    }
    with database.transaction(engine) as connection:
        connection.execute(sa.text(_OPEN), given)
    return secret


def take(engine: Engine, code: str) -> str | None:
    """Return the token for a code, which is good for nothing from now on; None if it was not any more."""
    return _opened(engine, "SELECT ledger.take_code(:digest)", Kind.CODE, code)


def read(engine: Engine, secret: str) -> str | None:
    """Return the token of a session, if it has not ended."""
    return _opened(engine, "SELECT ledger.read_session(:digest)", Kind.SESSION, secret)


def close(engine: Engine, secret: str) -> None:
    """End a session."""
    with database.transaction(engine) as connection:
        connection.execute(sa.text("SELECT ledger.close_session(:digest)"), {"digest": _digest(secret)})


def _opened(engine: Engine, statement: str, kind: Kind, secret: str) -> str | None:
    with database.transaction(engine) as connection:
        sealed = connection.execute(sa.text(statement), {"digest": _digest(secret)}).scalar_one()
    if sealed is None:
        return None
    try:
        return AESGCM(_key(secret)).decrypt(_NONCE, sealed, kind.encode()).decode()
    except InvalidTag:
        return None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(b"hanse session digest\n" + secret.encode()).digest()


def _key(secret: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"hanse session key").derive(secret.encode())
