"""Whether the service could answer now: whether the ledger's database and the leading operator answer it.

In: an engine of the ledger, the leader. Out: sentences about what does not answer, after a bounded time. Whoever asks
needs no credential, so each part is asked once at a time, and its answer holds for a while: many askers are no burden.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from hanse.api.leader import Leader
from hanse.api.problems import ProblemError

ANSWER_SECONDS_MAX = 3.0
FRESH_SECONDS = 1.0


class Health:
    """What the service depends on."""

    def __init__(self, engine: Engine, leader: Leader) -> None:
        def ask_ledger() -> None:
            with engine.connect() as connection:
                connection.execute(sa.text("SELECT 1"))

        # Of no member the queue is empty: the leader says so to nobody but a service with the right token.
        self._parts = {
            "the ledger's database": _Part(ask_ledger),
            "the leader": _Part(lambda: leader.queue(frozenset())),
        }

    def problems(self) -> list[str]:
        """Return what does not answer, and why."""
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        asked = {name: part.asked() for name, part in self._parts.items()}
        said = {name: _problem(each, deadline - time.monotonic()) for name, each in asked.items()}
        return [f"{name}: {problem}" for name, problem in said.items() if problem]


class _Part:
    def __init__(self, ask: Callable[[], object]) -> None:
        self._ask, self._lock = ask, Lock()
        self._asked: Future[None] | None = None
        self._at = 0.0

    def asked(self) -> Future[None]:
        """Return the question that is open or was answered just now, else ask."""
        with self._lock:
            if self._asked is None or (self._asked.done() and time.monotonic() - self._at > FRESH_SECONDS):
                self._asked, self._at = Future(), time.monotonic()
                # No pool of threads: the process would wait for its end, and a connection may hang for minutes.
                Thread(target=self._settle, args=(self._asked,), daemon=True).start()
            return self._asked

    def _settle(self, asked: Future[None]) -> None:
        try:
            self._ask()
        except Exception as error:  # noqa: BLE001  # told where it is looked at
            asked.set_exception(error)
        else:
            asked.set_result(None)


def _problem(asked: Future[None], seconds: float) -> str:
    try:
        asked.result(max(0.0, seconds))
    except TimeoutError:
        return f"no answer within {ANSWER_SECONDS_MAX:g} s"
    except SQLAlchemyError:
        return "it cannot be reached, or does not take the service's user"
    except ProblemError as error:
        return str(error)
    return ""
