"""Who asks, as an OpenID provider says: people bring an ID token that the provider made for this service.

In: a token, the provider's address. Out: a :class:`~hanse.api.identity.User`. Names and groups get a prefix, so that
nobody at the provider can be called what somebody in the hub is called; Members and the PoolPolicy name them with it.
The provider is asked for its keys only, rarely, and never because of a token alone: whoever makes up tokens cannot have
it flooded. A token is good until it expires, as nobody is asked about it; tokens are to be short-lived.
"""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Semaphore, Thread
from typing import Any

import jwt
import urllib3

from hanse.api.identity import User
from hanse.api.problems import UnauthenticatedError, UnavailableError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a key pair only: what checks a token must not be able to make one."""
REQUIRED = ("iss", "aud", "sub", "exp", "iat")
LEEWAY_SECONDS = 10
TIMEOUT_SECONDS = 5.0
FRESH_SECONDS = 600.0
"""After so long the keys are asked for again."""
KEPT_SECONDS = 3600.0
"""For so long keys are used while the provider does not answer."""
ASK_SECONDS = 10.0
"""The provider is not asked oftener, whatever keys tokens name."""
WAIT_SECONDS = 2 * TIMEOUT_SECONDS
WAITING_MAX = 8
"""Of the process's 40 threads: whoever makes up names of keys must not have all of them wait."""
_UNREADABLE = "the OpenID provider's keys cannot be read: try again later, or tell the coordinator"


@dataclass(frozen=True)
class Provider:
    """An OpenID provider, the client that its tokens are for, and the prefix of its names here."""

    issuer: str
    audience: str
    prefix: str = "oidc:"
    user_claim: str = "sub"
    groups_claim: str = "groups"
    certificate_authority: Path | None = None
    """PEM; whose certificates are believed to be the provider's. Absent, those that the system trusts are."""

    def __post_init__(self) -> None:
        is_local = self.issuer.startswith(("http://localhost:", "http://127.0.0.1:"))
        if not self.issuer.startswith("https://") and not is_local:
            raise ValueError(f"--oidc-issuer is {self.issuer}: it must begin with https://, as its keys are read there")
        if not self.audience:
            raise ValueError("--oidc-audience is empty: name the client for which the provider makes tokens")
        if self.certificate_authority and not self.certificate_authority.is_file():
            option = f"--oidc-certificate-authority {self.certificate_authority}"
            raise ValueError(f"{option} is no file: name one with certificates in PEM")
        if "system:".startswith(self.prefix) or self.prefix.startswith("system:"):
            said = "choose one with which nobody can be called what the hub's own are: their names begin with system:"
            raise ValueError(f"--oidc-prefix is {self.prefix!r}: {said}")


class Oidc:
    """Tokens of one provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._keys = _Keys(provider.issuer, provider.certificate_authority)

    def issued(self, token: str) -> bool:
        """Whether a token says that it is of this provider. It is not believed anything yet."""
        try:
            said = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            return False
        return bool(said.get("iss") == self._provider.issuer)

    def user(self, token: str) -> User:
        """Return whose token it is.

        Raises:
            UnauthenticatedError: it is not this provider's, not for this service, or not in force.
            UnavailableError: the provider's keys are not known and cannot be asked for.

        """
        try:
            key = self._keys.named(str(jwt.get_unverified_header(token).get("kid")))
            said = jwt.decode(
                token,
                key.key,
                algorithms=list(key.algorithms),
                audience=self._provider.audience,
                issuer=self._provider.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": list(REQUIRED)},
            )
        except jwt.PyJWTError as error:
            raise UnauthenticatedError(
                f"the token is not valid here: {error}; get a new one from your provider"
            ) from error
        name = self._name(said)
        groups = said.get(self._provider.groups_claim, [])
        named = [each for each in groups if isinstance(each, str)] if isinstance(groups, list) else []
        return User(f"{self._provider.prefix}{name}", frozenset(f"{self._provider.prefix}{each}" for each in named))

    def _name(self, said: dict[str, Any]) -> str:
        """Return what the token calls its holder; an address of mail only if the provider has made sure whose it is."""
        claim = self._provider.user_claim
        name = said.get(claim)
        if not name or not isinstance(name, str):
            raise UnauthenticatedError(
                f"the token is not valid here: its {claim} is empty; ask your provider for one that names you"
            )
        if claim == "email" and said.get("email_verified") is not True:
            raise UnauthenticatedError(
                "the token is not valid here: its email is not verified; verify it at your provider"
            )
        return name


@dataclass(frozen=True)
class _Key:
    """A public key, and what it may be used with; a key that names no algorithm may be used with any that fits it."""

    key: Any
    algorithms: tuple[str, ...]


class _Keys:
    """The provider's public keys, as it publishes them.

    They are read beside the requests, one time at a time: who brings a token with a known key never waits for a
    provider that hangs. Of those whose key is not known yet, only some wait, and not for long.
    """

    def __init__(self, issuer: str, certificate_authority: Path | None) -> None:
        self._issuer, self._lock, self._places = issuer, Lock(), Semaphore(WAITING_MAX)
        trusted = str(certificate_authority) if certificate_authority else None
        self._http = urllib3.PoolManager(timeout=TIMEOUT_SECONDS, retries=False, ca_certs=trusted)
        self._by_id: Mapping[str, _Key] = {}
        self._read_at = self._asked_at = float("-inf")
        self._reading: Event | None = None

    def named(self, key_id: str) -> _Key:
        now = time.monotonic()
        with self._lock:
            is_wanted = key_id not in self._by_id or now - self._read_at > FRESH_SECONDS
            if is_wanted and self._reading is None and now - self._asked_at > ASK_SECONDS:
                self._asked_at, self._reading = now, Event()
                Thread(target=self._refresh, args=(self._reading,), daemon=True).start()
            reading, is_usable = self._reading, now - self._read_at <= KEPT_SECONDS
            if is_usable and key_id in self._by_id:
                return self._by_id[key_id]
        if reading is not None:
            self._wait(reading)
        with self._lock:
            if time.monotonic() - self._read_at > KEPT_SECONDS:
                raise UnavailableError(_UNREADABLE)
            if key_id not in self._by_id:
                raise jwt.InvalidTokenError("its provider has no such key")
            return self._by_id[key_id]

    def _wait(self, reading: Event) -> None:
        if not self._places.acquire(blocking=False):
            raise UnavailableError(_UNREADABLE)
        try:
            if not reading.wait(WAIT_SECONDS):
                raise UnavailableError(_UNREADABLE)
        finally:
            self._places.release()

    def _refresh(self, reading: Event) -> None:
        """Read the keys; those known stay if the provider does not answer as it should."""
        began, found = time.monotonic(), None
        # Whatever it answers, nobody may be left waiting, and the keys must be read again later.
        with contextlib.suppress(
            urllib3.exceptions.HTTPError, AttributeError, KeyError, TypeError, ValueError, RecursionError
        ):
            described = self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            if described.get("issuer") == self._issuer:
                found = dict(_readable(self._get(str(described["jwks_uri"]))["keys"]))
        with self._lock:
            if found is not None:
                self._by_id, self._read_at = found, began
            self._reading = None
        reading.set()

    def _get(self, url: str) -> dict[str, Any]:
        answer = self._http.request("GET", url)
        found: dict[str, Any] = json.loads(answer.data)
        return found


def _readable(published: list[dict[str, Any]]) -> Iterator[tuple[str, _Key]]:
    """Yield the keys for signatures, by id; one of a kind that is not known here does not keep the others out."""
    for each in published:
        named = each.get("alg")
        algorithms = tuple(known for known in ALGORITHMS if named in {None, known})
        if algorithms and each.get("use", "sig") == "sig":
            with contextlib.suppress(jwt.PyJWTError):
                yield str(each.get("kid")), _Key(jwt.PyJWK.from_dict(each).key, algorithms)
