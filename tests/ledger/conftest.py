"""A real Postgres for all tests of the ledger; each test module gets a database cloned from a migrated template."""

import itertools
import os
import uuid
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import sql

from hanse.devcluster import cluster, postgres
from hanse.evidence import enrolments, signatures, slots
from hanse.ledger import attempts, database, decisions, registry, term
from hanse.ledger import slots as ledger_slots

ROOT = Path(__file__).parents[2]
# 1 November 2026, 00:00 UTC: the start of a settlement period.
START = 1793491200
DIGEST = bytes(32)
NUMBERS = itertools.count()
PROCESS = uuid.UUID(int=7)


def alembic_config(url):
    config = Config(ROOT / "migrations" / "alembic.ini")
    config.attributes["url"] = url
    return config


@pytest.fixture(scope="session", name="config_for")
def _config_for():
    return alembic_config


@pytest.fixture(scope="session", name="server")
def _server():
    with cluster.running(f"test-{os.getpid()}-ledger", cluster.Wanted(control_plane=False)) as running:
        with psycopg.connect(running.database_url, autocommit=True) as connection:
            # An ANALYZE by itself, of any database here, keeps rows from being sealed for the moment that it takes.
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")
        yield running.database_url


@pytest.fixture(scope="session", name="migrated")
def _migrated(server):
    """The URL of a database as the migrations leave it."""
    url = postgres.create_database(server, "migrated")
    command.upgrade(alembic_config(url), "head")
    return url


@pytest.fixture(scope="session", name="template")
def _template(server, migrated):
    """The same with a clock that tests set: the only function that is replaced."""
    clone(server, "template", migrated.rpartition("/")[2])
    with psycopg.connect(server.rpartition("/")[0] + "/template", autocommit=True) as connection:
        connection.execute(f"CREATE TABLE public.test_clock AS SELECT to_timestamp({START}::bigint) AS now")
        connection.execute("GRANT SELECT ON public.test_clock TO PUBLIC")
        connection.execute(
            "CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
            "$$ SELECT now FROM public.test_clock $$"
        )
    return "template"


def clone(server, name, template):
    with psycopg.connect(server, autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return server.rpartition("/")[0] + f"/{name}"


@pytest.fixture(scope="session", name="make_world")
def _make_world(server, template):
    """Make a pool in a database of its own; who makes it closes it, and what is left is closed in the end."""
    made = []

    def make():
        made.append(World(clone(server, f"world_{next(NUMBERS)}", template), server))
        return made[-1]

    yield make
    for world in made:
        if not world.super.closed:
            world.close()


@pytest.fixture(scope="session", name="take_over")
def _take_over(server):
    """Make a world of a pool that is there already; who makes it closes it."""
    return lambda url: World.of(url, server)


@pytest.fixture(name="world")
def _world(make_world):
    made = make_world()
    yield made
    made.close()


def private_key(name):
    """Return the key of a member or a node."""
    return Ed25519PrivateKey.from_private_bytes(slots.canonical.sha256(name.encode()))


class World:
    """Two members with one node of two GPUs each, a leader, and a clock."""

    MEMBERS = ("alibaba", "tencent")
    GPUS = 2
    START = START
    private_key = staticmethod(private_key)

    def __init__(self, url, server):
        self._open(url, server)
        self.now = START
        self.keys = {name: private_key(name) for name in self.MEMBERS}
        self.node_keys = {name: private_key(f"{name}-node") for name in self.MEMBERS}
        for member in self.MEMBERS:
            key = signatures.public_bytes(self.keys[member])
            registry.register_member(self.operator, member, login=f"login_{member}", verify_key=key)
            self.enrol(member)
        registry.publish_class_rate(self.operator, "h100-80g", "bf16", 1000)
        registry.publish_tier_rate(self.operator, "standard", 1200)
        registry.publish_tier_rate(self.operator, "spot", 700)
        self.term = term.take(self.operator, "leader-0")

    @classmethod
    def of(cls, url, server):
        """Take over a pool that is there already, as another leader."""
        world = cls.__new__(cls)
        world._open(url, server)
        world.term = term.take(world.operator, "leader-1")
        return world

    def _open(self, url, server):
        self.url = url
        self.server = server
        self.operator = database.engine(url, role="hanse_operator")
        self.api = database.engine(url, role="hanse_api")
        self.auditor = database.engine(url, role="hanse_auditor")
        self.super = psycopg.connect(url, autocommit=True)
        self.previous = {}
        self.cycle = 0

    def close(self):
        for engine in (self.operator, self.api, self.auditor):
            engine.dispose()
        self.super.close()
        with psycopg.connect(self.server, autocommit=True) as connection:
            name = sql.Identifier(self.url.rpartition("/")[2])
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def set_clock(self, seconds):
        self.now = seconds
        self.super.execute("UPDATE public.test_clock SET now = to_timestamp(%s)", [seconds])

    def enrol(self, member, start=START, node_key=None, **more):
        """Enrol a member's node, with another *node_key* from then on if one is given."""
        key = self.keys[member]
        self.node_keys[member] = node_key or self.node_keys[member]
        enrolment = enrolments.Enrolment(
            node=f"{member}-node", member=member, cluster=f"{member}-cluster", accelerator_class="h100-80g",
            milli_h100e=1000, gpus=tuple(f"{member}-gpu-{gpu}" for gpu in range(self.GPUS)),
            node_key=signatures.public_bytes(self.node_keys[member]), start_seconds=start, **more,
        )  # fmt: skip
        registry.enrol(self.api, *enrolments.sign(enrolment, key), signatures.public_bytes(key))

    def plan(self, *entries, term=None, cycle=None):
        number = cycle or self.cycle + 1
        return decisions.Cycle(term or self.term, number, self.now, DIGEST, DIGEST, DIGEST, DIGEST, entries)

    def record(self, *entries):
        recorded = decisions.record(self.operator, self.plan(*entries))
        self.cycle += 1
        return recorded

    def admit(self, member="tencent", on="alibaba", *, job=None, fence=1, gpus=2, tier=("standard", 1200), **more):  # noqa: PLR0913
        admission = decisions.Admission(
            cluster=f"{on}-cluster", accelerator_class="h100-80g", precision="bf16", tier=tier[0],
            milli_h100e=1000, tier_thousandths=tier[1], lease_seconds=60, grace_seconds=30,
        )  # fmt: skip
        return decisions.Entry(
            kind="Admit", effect=decisions.Effect.ADMIT, verdict="Admitted", reason="Covered", member=member,
            job=job or uuid.uuid4(), fence=fence, admission=admission, nodes={f"{on}-node": 1000 * gpus},
            strength=decisions.Strength(decisions.Label.AWAY, 0, 10), **more,
        )  # fmt: skip

    def stop(self, entry, **more):
        return decisions.Entry(
            kind="Preempt", effect=decisions.Effect.STOP, verdict="Stopped", reason="Preempted", member=entry.member,
            job=entry.job, fence=entry.fence, strength=entry.strength, **more,
        )  # fmt: skip

    def expire(self, entry):
        return decisions.Entry(
            kind="Expire", effect=decisions.Effect.EXPIRE, verdict="Expired", reason="ClusterUnreachable",
            member=entry.member, job=entry.job, fence=entry.fence,
        )  # fmt: skip

    def funding(self, seconds, ceiling, rate=2400, start=None, cap="month"):
        begin = start or self.now
        return decisions.Funding(cap, START, ceiling, begin, begin + seconds, rate)

    def grant(self, entry, process=PROCESS):
        return attempts.grant(self.api, entry.admission.cluster, entry.attempt, entry.fence, process)

    def slot(self, member, start, shares):
        """Sign a slot in which each GPU of the member's node has the same *shares* all the time."""
        node = f"{member}-node"
        gpus = tuple(f"{member}-gpu-{gpu}" for gpu in range(self.GPUS))
        segment = slots.Segment(0, 300, 2**self.GPUS - 1, tuple(sorted(shares.items())), 1000, 10**6)
        slot = slots.Slot(
            node, uuid.UUID(int=7), start, 300, gpus, (segment,), self.previous.get(node, slots.NO_PREVIOUS)
        )
        body, signature = slots.sign(slot, self.node_keys[member])
        self.previous[node] = slots.canonical.sha256(body)
        return ledger_slots.Signed(body, signature)

    def ingest(self, member, *signed):
        return ledger_slots.ingest(self.api, member, signed)

    def meter(self, member, hour, shares, slots_of=range(12)):
        """Fill an hour of a member's node with slots; the clock must be past it."""
        return self.ingest(member, *(self.slot(member, hour + 300 * number, shares) for number in slots_of))
