"""Whose a token is: an OpenID provider's if the token says so and one is configured, else the API server's to say.

In: a request's bearer token and address. Out: a :class:`~hanse.api.identity.User`, counted. What a token says of itself
only chooses who is to check it, and a token that one refuses is not shown to the other. Addresses from which too much
failed are refused, but not the tokens from there that were good a while ago: behind one gateway there may be everybody,
and nobody who makes up tokens may cost agents their leases.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from hanse.api.identity import Directory, User
from hanse.api.limiting import Limits
from hanse.api.oidc import Oidc
from hanse.api.problems import UnauthenticatedError

GOOD_SECONDS = 900.0
GOOD_MAX = 4096


class Good:
    """Tokens that were good a while ago, by their hashes; one that is not good any more is none of them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._until = OrderedDict[bytes, float]()

    def has(self, token: str) -> bool:
        """Whether it was good a while ago."""
        with self._lock:
            return self._until.get(_hash(token), 0.0) > self._clock()

    def note(self, token: str, *, is_good: bool) -> None:
        """Remember what was found out about a token now."""
        key = _hash(token)
        with self._lock:
            self._until.pop(key, None)
            if is_good:
                self._until[key] = self._clock() + GOOD_SECONDS
                while len(self._until) > GOOD_MAX:
                    self._until.popitem(last=False)


class Authenticator:
    """Finds out who asks, within limits."""

    def __init__(self, directory: Directory, oidc: Oidc | None, limits: Limits) -> None:
        self._directory, self._oidc, self._limits = directory, oidc, limits
        self._good = Good()

    def user(self, token: str | None, address: str) -> User:
        """Return whose token it is.

        Raises:
            UnauthenticatedError: nobody's, or not one for this service.
            TooManyError: they have asked too often, or too many tokens from there were nobody's.
            UnavailableError: who would know cannot be asked.

        """
        if not token:
            raise UnauthenticatedError("send a token: Authorization: Bearer ...")
        if not self._good.has(token):
            self._limits.check_failed(address)
        try:
            found = self._reviewed(token)
        except UnauthenticatedError:
            self._good.note(token, is_good=False)
            self._limits.count_failed(address)
            raise
        self._good.note(token, is_good=True)
        self._limits.count(found.name, is_agent=found.is_agent)
        return found

    def count_logs(self, cluster: str) -> None:
        """Count a request that carries logs.

        Raises:
            TooManyError: the cluster's agent has sent them too often.

        """
        self._limits.count_logs(cluster)

    def check_address(self, address: str) -> None:
        """Refuse an address from which too much was tried that was nobody's.

        Raises:
            TooManyError: it is one.

        """
        self._limits.check_failed(address)

    def count_failed(self, address: str) -> None:
        """Count an attempt with a code or session that is nobody's."""
        self._limits.count_failed(address)

    def _reviewed(self, token: str) -> User:
        if self._oidc is not None and self._oidc.issued(token):
            return self._oidc.user(token)
        return self._directory.user(token)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
