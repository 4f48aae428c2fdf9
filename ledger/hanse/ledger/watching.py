"""How far the sealer has come, and what it tells Prometheus and the kubelet of it.

In: what a round finds and does. Out: metrics, and `/healthz`, which fails when no round was begun for so long that a
restart would help. What keeps a round from ending well, a database that is away say, is no reason for that: it is in
the log and in the lag. No label names anybody. :mod:`hanse.ledger.sealer` reports to it; it must not hold up a round.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from wsgiref import simple_server
from wsgiref.types import StartResponse, WSGIEnvironment

import prometheus_client

STUCK_SECONDS_MAX = 900.0
REGISTRY = prometheus_client.CollectorRegistry()
LEAVES = prometheus_client.Gauge(
    "hanse_sealer_leaves", "Leaves under the newest published checkpoint.", registry=REGISTRY
)
LAG = prometheus_client.Gauge(
    "hanse_sealer_lag_seconds", "For how long there have been rows that no published checkpoint covers, at most.",
    registry=REGISTRY,
)  # fmt: skip
PUBLISHED = prometheus_client.Gauge(
    "hanse_sealer_checkpoint_timestamp_seconds",
    "When a checkpoint was last published, in Unix time.",
    registry=REGISTRY,
)
MISSING = prometheus_client.Gauge(
    "hanse_sealer_witnesses_missing", "Witnesses with a URL that have not cosigned the newest checkpoint.",
    registry=REGISTRY,
)  # fmt: skip
ROUNDS = prometheus_client.Counter(
    "hanse_sealer_rounds", "Rounds of sealing, by outcome.", ["outcome"], registry=REGISTRY
)


@dataclass(frozen=True)
class Horizon:
    """Of a database at a time: all transactions below *ended* had ended, and none from *next* on had begun."""

    ended: int
    next: int


@dataclass
class Progress:
    """Since when everything that was begun is under a published checkpoint.

    Who holds a transaction open keeps the rows behind it from being sealed, and each round ends well all the same. So a
    round that ended well covers what had begun by a mark before it, if all transactions below the mark had ended.
    """

    covered_until: float = field(default_factory=time.time)
    looked_at: float = field(default_factory=time.monotonic)
    _mark: tuple[float, int] | None = None

    def begun(self) -> None:
        """Note that a round begins."""
        self.looked_at = time.monotonic()

    def ended_well(self, at: float, horizon: Horizon) -> None:
        """Note that all rows below a horizon, seen *at* a time before the round, are published now."""
        if self._mark is not None and self._mark[1] <= horizon.ended:
            self.covered_until, self._mark = self._mark[0], None
        if horizon.next <= horizon.ended:
            self.covered_until, self._mark = at, None
        elif self._mark is None:
            self._mark = (at, horizon.next)

    def lag_seconds(self) -> float:
        """Return for how long there may have been rows that nothing published covers."""
        return max(0.0, time.time() - self.covered_until)

    def is_stuck(self) -> bool:
        """Whether no round was begun for long."""
        return time.monotonic() - self.looked_at > STUCK_SECONDS_MAX


def published(leaves: int, witnesses_missing: int) -> None:
    """Note what is published now."""
    LEAVES.set(leaves)
    MISSING.set(witnesses_missing)
    PUBLISHED.set_to_current_time()


def serve(progress: Progress, host: str, port: int) -> None:
    """Answer Prometheus and the kubelet, in a thread."""
    LAG.set_function(progress.lag_seconds)
    metrics = prometheus_client.make_wsgi_app(REGISTRY)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        if environ["PATH_INFO"] != "/healthz":
            yield from metrics(environ, start_response)
            return
        status = HTTPStatus.SERVICE_UNAVAILABLE if progress.is_stuck() else HTTPStatus.OK
        start_response(f"{status.value} {status.phrase}", [("Content-Type", "text/plain")])
        yield b"no round was begun for long\n" if progress.is_stuck() else b"ok\n"

    server = simple_server.make_server(host, port, answer, handler_class=_Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()


class _Silent(simple_server.WSGIRequestHandler):
    """Requests of probes are in no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""
