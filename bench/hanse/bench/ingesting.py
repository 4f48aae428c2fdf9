"""`ledger-ingest`: a full pool's slots of one interval, at once, through the API service into PostgreSQL; then posted.

In: enrolled nodes in four clusters, a job on each. Out: a report. The API service and the sealer are processes as in
production; each cluster's agent is a client of its own, with its own token, that sends as large batches as it may. The
ledger's clock goes on as the machine's does, from a time that the bench sets, so that an hour can be over.
"""

import asyncio
import base64
import statistics
import time
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from hanse.agent.hub import Hub as ApiService
from hanse.bench import hub, ledgers, reports
from hanse.bench.ledgers import CLASS, HOUR_SECONDS, PRECISION, SLOT_SECONDS, START_SECONDS
from hanse.bench.reports import Report
from hanse.devcluster import cluster, files
from hanse.devcluster.progress import Line
from hanse.evidence import canonical, enrolments, identity, signatures, slots
from hanse.evidence.enrolments import Enrolment
from hanse.ledger import attempts, database, decisions, outbox, posting, registry, term
from hanse.resources.protocol import SLOTS_MAX, SignedSlot, SlotsRequest

if TYPE_CHECKING:
    from pathlib import Path

NAME = "ledger-ingest"
SEED = 1
NODES, CLUSTERS, GPUS = 20_000, 4, 8
BURST_SECONDS_MAX = 5.0
POSTINGS_PER_SECOND_MIN = 5000.0
SEAL_LAG_SECONDS_MAX = 15.0
SEALED_SECONDS_MAX = 120.0
_PROCESS = uuid.UUID(int=7)
_CLOCK = """
CREATE TABLE public.bench_clock (since timestamptz, start timestamptz);
INSERT INTO public.bench_clock VALUES (pg_catalog.clock_timestamp(), to_timestamp({start}));
GRANT SELECT ON public.bench_clock TO PUBLIC;
CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS
$$ SELECT start + (pg_catalog.clock_timestamp() - since) FROM public.bench_clock $$
"""
_UNSEALED = """
SELECT count(*) FROM ledger.slot s LEFT JOIN ledger.leaf l ON l.sequence = s.sequence WHERE l.sequence IS NULL
"""
_LAGS = """
SELECT extract(epoch FROM h.sealed_at - s.recorded_at)
FROM ledger.slot s JOIN ledger.leaf l ON l.sequence = s.sequence
JOIN LATERAL (SELECT sealed_at FROM ledger.tree_head WHERE size > l.index ORDER BY size LIMIT 1) h ON true
"""


def run(scale: float) -> Report:
    """Ingest and post; *scale* is the part of the nodes that is there."""
    place = reports.Place()
    nodes = max(CLUSTERS, round(NODES * scale))
    with hub.plane(cluster.Wanted()) as own, Line(NAME) as line:
        pool = _Pool(hub.Hub(own), nodes)
        line.update("enrolling nodes and admitting jobs")
        pool.prepare()
        line.update("sending slots")
        burst_seconds = asyncio.run(pool.burst())
        line.update("waiting for the sealer")
        lags = pool.lags()
        line.update("posting the hour")  # last, as the clock is put forward for it
        posted, posting_seconds = pool.post()
    figures = {
        "burst_seconds": burst_seconds,
        "slots_per_second": nodes / burst_seconds,
        "postings_per_second": posted / posting_seconds,
        "postings": posted,
        "seal_lag_seconds_p50": statistics.median(lags),
        "seal_lag_seconds_p99": reports.percentile(lags, 99),
    }
    whole = scale == 1
    gates = {
        f"burst_seconds < {BURST_SECONDS_MAX:g}": whole and burst_seconds < BURST_SECONDS_MAX,
        f"postings_per_second >= {POSTINGS_PER_SECOND_MIN:g}": figures["postings_per_second"]
        >= POSTINGS_PER_SECOND_MIN,
        f"seal_lag_seconds_p99 < {SEAL_LAG_SECONDS_MAX:g}": figures["seal_lag_seconds_p99"] < SEAL_LAG_SECONDS_MAX,
    }
    return Report(NAME, figures, {}, {"nodes": nodes, "clusters": CLUSTERS, "scale": scale}, SEED, gates, place)


class _Pool:
    def __init__(self, own: hub.Hub, nodes: int) -> None:
        self._hub, self._url = own, own.own.database_url
        self._nodes = [
            (number % CLUSTERS, identity.node_id(f"c{number % CLUSTERS}", f"n{number}")) for number in range(nodes)
        ]
        self._keys = [
            Ed25519PrivateKey.from_private_bytes(canonical.sha256(b"%d" % number)) for number in range(CLUSTERS)
        ]
        self._attempts: list[str] = []
        self._tokens: list[Path] = []

    def prepare(self) -> None:
        """Start what is measured, and record all that slots are judged by."""
        self._hub.install()
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(_CLOCK.format(start=START_SECONDS))
        self._hub.apply(hub.accelerator(CLASS))
        for number in range(CLUSTERS):
            self._hub.apply(*hub.member(_member(number)))
            self._tokens.append(self._hub.admit_cluster(f"c{number}", _member(number)).token_file)
        self._hub.start_api()
        self._start_sealer()
        operator = database.engine(self._url, role="hanse_operator")
        api = database.engine(self._url, role="hanse_api")
        try:
            self._enrol(operator, api)
            self._admit(operator, api)
        finally:
            operator.dispose()
            api.dispose()

    def _start_sealer(self) -> None:
        folder = self._hub.folder
        log = ledgers.Keys.of(SEED).log[0]
        key = files.write_secret(folder / "log.key", f"{log}\n")
        policy = folder / "policy"
        policy.write_text(f"log {log.key}\nquorum none\n")
        self._hub.run("sealer", "log", "seal", f"--policy={policy}", f"--key-file={key}", f"--out={folder / 'log'}")

    def _enrol(self, operator: Engine, api: Engine) -> None:
        for number, key in enumerate(self._keys):
            public = signatures.public_bytes(key)
            registry.register_member(operator, _member(number), login=f"login_{number}", verify_key=public)
        for number, node in self._nodes:
            public = signatures.public_bytes(self._keys[number])
            enrolment = Enrolment(
                node=node, member=_member(number), cluster=f"c{number}", accelerator_class=CLASS, milli_h100e=1000,
                gpus=_gpus(node), node_key=signatures.public_bytes(ledgers.node_key(node)),
                start_seconds=START_SECONDS,
            )  # fmt: skip
            registry.enrol(api, *enrolments.sign(enrolment, self._keys[number]), public)
        registry.publish_class_rate(operator, CLASS, PRECISION, 1000)
        registry.publish_tier_rate(operator, "standard", 1200)

    def _admit(self, operator: Engine, api: Engine) -> None:
        """Admit a job for each node, and grant it its lease."""
        self._term = term.take(operator, "bench")
        digest = bytes(32)
        entries = [self._admission(number, node) for number, node in self._nodes]
        decisions.record(
            operator, decisions.Cycle(self._term, 1, START_SECONDS, digest, digest, digest, digest, tuple(entries))
        )
        pending = outbox.pending(operator, len(entries))
        outbox.done(operator, self._term, {order.decision: None for order in pending})
        for entry in entries:
            held = ledgers.held(entry)
            attempts.grant(api, *held, 1, _PROCESS)
            self._attempts.append(str(held[1]))

    def _admission(self, number: int, node: str) -> decisions.Entry:
        admission = decisions.Admission(
            cluster=f"c{number}", accelerator_class=CLASS, precision=PRECISION, tier="standard", milli_h100e=1000,
            tier_thousandths=1200, lease_seconds=3600, grace_seconds=30,
        )  # fmt: skip
        return decisions.Entry(
            kind="Admit", effect=decisions.Effect.ADMIT, verdict="Admitted", reason="Covered",
            member=_member((number + 1) % CLUSTERS), job=uuid.uuid4(), fence=1, admission=admission,
            nodes={node: 1000 * GPUS}, strength=decisions.Strength(decisions.Label.AWAY, 0, 10),
        )  # fmt: skip

    def _set_clock(self, seconds: int) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(
                "UPDATE public.bench_clock SET since = pg_catalog.clock_timestamp(), start = to_timestamp(%s)",
                [seconds],
            )

    async def burst(self) -> float:
        """Send all nodes' slots of an interval in which they were granted; return the seconds until all are stored."""
        start = START_SECONDS + HOUR_SECONDS
        requests: list[list[SlotsRequest]] = [[] for _ in range(CLUSTERS)]
        for number in range(CLUSTERS):
            its = [
                self._signed(node, attempt, start)
                for (at, node), attempt in zip(self._nodes, self._attempts, strict=True) if at == number
            ]  # fmt: skip
            requests[number] = [
                SlotsRequest(slots=tuple(its[at : at + SLOTS_MAX])) for at in range(0, len(its), SLOTS_MAX)
            ]
        self._set_clock(start + SLOT_SECONDS + 1)
        services = [ApiService(self._hub.api_url, token) for token in self._tokens]
        try:
            began = time.monotonic()
            async with asyncio.TaskGroup() as tasks:
                for service, its_requests in zip(services, requests, strict=True):
                    tasks.create_task(_send(service, its_requests))
            return time.monotonic() - began
        finally:
            for service in services:
                await service.close()

    def _signed(self, node: str, attempt: str, start: int) -> SignedSlot:
        segment = slots.Segment(0, SLOT_SECONDS, 2**GPUS - 1, ((attempt, slots.WHOLE_MILLI_GPUS),), 1000, 10**6)
        slot = slots.Slot(node, _PROCESS, start, SLOT_SECONDS, _gpus(node), (segment,), slots.NO_PREVIOUS)
        body, signature = slots.sign(slot, ledgers.node_key(node))
        return SignedSlot(body=base64.urlsafe_b64encode(body), signature=base64.urlsafe_b64encode(signature))

    def post(self) -> tuple[int, float]:
        """Post the hour; return how many transfers that were, and in how many seconds."""
        self._set_clock(START_SECONDS + 2 * HOUR_SECONDS + 1000)
        engine = database.engine(self._url, role="hanse_operator")
        try:
            began = time.monotonic()
            done = posting.post(engine, self._term, START_SECONDS + HOUR_SECONDS)
            seconds = time.monotonic() - began
        finally:
            engine.dispose()
        if done is None or done.failed:
            raise RuntimeError(f"the hour was not posted: {done}")
        return done.transfers, seconds

    def lags(self) -> list[float]:
        """Wait until all slots are sealed; return how long each waited for that."""
        with psycopg.connect(self._url, autocommit=True) as connection:

            def sealed() -> bool:
                row = connection.execute(_UNSEALED).fetchone()
                return row is not None and row[0] == 0

            if not hub.until(sealed, SEALED_SECONDS_MAX):
                raise RuntimeError("the sealer did not seal what came")
            return [float(lag) for (lag,) in connection.execute(_LAGS)]


async def _send(service: ApiService, requests: Sequence[SlotsRequest]) -> None:
    for request in requests:
        answer = await service.slots(request)
        wrong = [each for each in answer.verdicts if each.verdict != "stored"]
        if wrong:
            raise RuntimeError(f"{len(wrong)} slots were not stored: {wrong[0]}")


def _member(number: int) -> str:
    return f"m{number}"


def _gpus(node: str) -> tuple[str, ...]:
    return tuple(f"{node}/{gpu}" for gpu in range(GPUS))
