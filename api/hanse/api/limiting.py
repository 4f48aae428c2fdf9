"""How often somebody may ask: so many requests a minute for each identity, and failed attempts for each address.

In: who asks. Out: nothing, or a :class:`TooManyError` that says when to ask again. Each process counts for itself and
in memory: what is kept out is one client that floods, not one that asks all processes in turn. Agents may ask oftener
than people: their leases hang on it.
"""

import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from hanse.api.problems import TooManyError

AGENT_PER_MINUTE = 1200
PERSON_PER_MINUTE = 300
LOGS_PER_MINUTE = 60
"""Of these, the ones that carry logs: the only large ones that nobody's lease hangs on."""
FAILED_PER_MINUTE = 600
"""A token that is not valid costs the API server a review; behind one address there may be a whole member."""


class Limits:
    """The counts of one process."""

    def __init__(
        self, *, agent: int = AGENT_PER_MINUTE, person: int = PERSON_PER_MINUTE, failed: int = FAILED_PER_MINUTE
    ) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._agent, self._person = RateLimitItemPerMinute(agent), RateLimitItemPerMinute(person)
        self._failed = RateLimitItemPerMinute(failed)
        self._logs = RateLimitItemPerMinute(LOGS_PER_MINUTE)

    def count(self, identity: str, *, is_agent: bool) -> None:
        """Count a request of somebody who is known.

        Raises:
            TooManyError: it is one too many.

        """
        item = self._agent if is_agent else self._person
        if not self._limiter.hit(item, "identity", identity):
            raise self._too_many(item, ("identity", identity), f"{identity} has sent {item.amount} requests")

    def count_logs(self, cluster: str) -> None:
        """Count a request of a cluster's agent that carries logs.

        Raises:
            TooManyError: it is one too many.

        """
        if not self._limiter.hit(self._logs, "logs", cluster):
            raise self._too_many(self._logs, ("logs", cluster), f"{cluster} has sent logs {self._logs.amount} times")

    def count_failed(self, address: str) -> None:
        """Count an attempt whose token was not valid."""
        self._limiter.hit(self._failed, "failed", address)

    def check_failed(self, address: str) -> None:
        """Refuse an address from which too many attempts failed, before anybody is asked about its next token.

        Raises:
            TooManyError: there were too many.

        """
        if not self._limiter.test(self._failed, "failed", address):
            said = f"{self._failed.amount} requests with tokens that are not valid came from {address}"
            raise self._too_many(self._failed, ("failed", address), said)

    def _too_many(self, item: RateLimitItem, key: tuple[str, str], said: str) -> TooManyError:
        reset = self._limiter.get_window_stats(item, *key).reset_time
        seconds = max(1, math.ceil(reset - time.time()))
        return TooManyError(f"{said} within a minute: wait {seconds} s, and ask less often", seconds)
