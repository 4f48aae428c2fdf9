"""Remembering: what was found out about a token a moment ago is not asked again.

In: a question that costs a request, and a token. Out: the answer, or the one of a moment ago. Only good answers are
kept, by the token's hash, for a few seconds and in bounded number: it must not hold a token, nor make a refusal last.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

KEPT_SECONDS = 10.0
"""As long as the API server itself takes a token's review for granted."""
KEPT_MAX = 4096
Answer = TypeVar("Answer")


class Remembering(Generic[Answer]):
    """Asks *question* of a token, at most once in a while for each."""

    def __init__(self, question: Callable[[str], Answer], clock: Callable[[], float] = time.monotonic) -> None:
        self._question, self._clock = question, clock
        self._lock = threading.Lock()
        self._kept: dict[bytes, tuple[float, Answer]] = {}
        """Until when, and what; the oldest first, as all are kept equally long."""

    def ask(self, token: str) -> Answer:
        """Return the answer for *token*; whatever the question raises is raised, and asked again the next time."""
        key, now = hashlib.sha256(token.encode()).digest(), self._clock()
        with self._lock:
            until, answer = self._kept.get(key, (now, None))
        if answer is not None and now < until:
            return answer
        answer = self._question(token)
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = now + KEPT_SECONDS, answer
            while len(self._kept) > KEPT_MAX or next(iter(self._kept.values()))[0] <= now:
                del self._kept[next(iter(self._kept))]
        return answer
