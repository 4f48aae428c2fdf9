"""A ledger with a few hours of life in it, for benches that do something to ledgers.

In: a database, a seed. Out: members with nodes and keys, jobs that were admitted, granted, stopped for others and
released, caps, signed slots, some late, posted hours, lost work, a correction, disputes, and a log that witnesses have
cosigned; all through the ledger's own functions, with a clock that is set. The same seed plays the same hours; salts
are chance.
"""

import dataclasses
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hanse.devcluster import paths
from hanse.evidence import acknowledgements, canonical, checkpoints, enrolments, notes, policy, signatures, slots
from hanse.evidence.acknowledgements import Acknowledgement, Basis
from hanse.evidence.notes import Note, Signature, Signer
from hanse.evidence.policy import Policy
from hanse.ledger import (
    acknowledging,
    attempts,
    books,
    database,
    decisions,
    disputes,
    entitlements,
    losses,
    outbox,
    posting,
    registry,
    sealing,
    signing,
    term,
)
from hanse.ledger import slots as ledger_slots
from hanse.ledger.publishing import Folder
from hanse.ledger.sealer import Sealer

START_SECONDS = 1793491200
"""1 November 2026, 00:00 UTC: the start of a settlement period."""
PERIOD = "2026-11"
HOUR_SECONDS = 3600
SLOT_SECONDS = 300
GPUS = 4
CLASS, PRECISION = "h100-80g", "bf16"
TIERS = {"standard": 1200, "spot": 700}
ORIGIN = "bench.example/ledger"
_DIGEST = bytes(32)
_PROCESS = uuid.UUID(int=7)
_HOME = decisions.Strength(decisions.Label.HOME, 1, 10)


@dataclass(frozen=True)
class Keys:
    """Who signs for the log, and its witnesses."""

    log: tuple[Signer, ...]
    witnesses: tuple[Signer, ...]

    @classmethod
    def of(cls, seed: int) -> "Keys":
        """Return keys that follow from a seed."""
        made = [
            notes.signer(f"w{number}.example/w", notes.COSIGNATURE, canonical.sha256(b"%d %d" % (seed, number)))
            for number in range(3)
        ]
        log = notes.signer(ORIGIN, notes.ED25519, canonical.sha256(b"log %d" % seed))
        return cls((log,), tuple(made))

    def policy(self, *, witnesses: bool) -> Policy:
        """Return the policy, with or without a quorum of two of three witnesses."""
        lines = [f"log {each.key}" for each in self.log]
        if witnesses:
            lines += [f"witness w{number} {each.key}" for number, each in enumerate(self.witnesses)]
            lines += [f"group all 2 {' '.join(f'w{number}' for number in range(len(self.witnesses)))}", "quorum all"]
        else:
            lines.append("quorum none")
        return policy.parse("\n".join(lines) + "\n")

    def cosigned(self, note: Note, at_seconds: int) -> Note:
        """Return a checkpoint as all witnesses have cosigned it."""
        more: tuple[Signature, ...] = tuple(checkpoints.cosign(note, each, at_seconds) for each in self.witnesses)
        return Note(note.text, (*note.signatures, *more))


def migrate(url: str) -> None:
    """Make the ledger in a database, with a clock that is set."""
    config = Config(paths.sources().parent / "migrations" / "alembic.ini")
    config.attributes["url"] = url
    command.upgrade(config, "head")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE public.bench_clock AS SELECT to_timestamp({START_SECONDS}::bigint) AS now")
        connection.execute("GRANT SELECT ON public.bench_clock TO PUBLIC")
        connection.execute(
            "CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
            "$$ SELECT now FROM public.bench_clock $$"
        )


@contextmanager
def opened(url: str, seed: int) -> Iterator["Ledger"]:
    """Yield the ledger in a database."""
    own = Ledger(url, seed)
    try:
        yield own
    finally:
        own.close()


@dataclass
class _Running:
    entry: decisions.Entry
    node: str
    gpus: int


@dataclass
class Ledger:
    """A small pool's ledger, as its operator, its API service and its sealer write it."""

    url: str
    seed: int
    now: int = START_SECONDS
    _previous: dict[str, bytes] = field(default_factory=dict)
    _running: list[_Running] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311  # a seed, not a secret
        self.keys = Keys.of(self.seed)
        self.operator = database.engine(self.url, role="hanse_operator")
        self.api = database.engine(self.url, role="hanse_api")
        self.auditor = database.engine(self.url, role="hanse_auditor")
        self.sealer = database.engine(self.url, role="hanse_sealer")
        self.superuser = psycopg.connect(self.url, autocommit=True)
        self._cycle = 0

    def close(self) -> None:
        """Let go of the database."""
        for engine in (self.operator, self.api, self.auditor, self.sealer):
            engine.dispose()
        self.superuser.close()

    def set_clock(self, seconds: int) -> None:
        """Set the ledger's clock."""
        self.now = seconds
        self.superuser.execute("UPDATE public.bench_clock SET now = to_timestamp(%s)", [seconds])

    def play(self, members: int, hours: int) -> None:
        """Play some hours of a pool: each member has one node, and jobs come and go on all of them."""
        self.members = [f"member-{number}" for number in range(members)]
        self._key_by_member = {
            name: Ed25519PrivateKey.from_private_bytes(canonical.sha256(name.encode())) for name in self.members
        }
        for name in self.members:
            self._join(name)
        registry.publish_class_rate(self.operator, CLASS, PRECISION, 1000)
        for tier, thousandths in TIERS.items():
            registry.publish_tier_rate(self.operator, tier, thousandths)
        self._term = term.take(self.operator, "leader-0")
        for hour in range(hours):
            self._hour(START_SECONDS + hour * HOUR_SECONDS)
        self._correct()
        self._declare()
        self.set_clock(self.now + HOUR_SECONDS)

    def seal(self, folder: Path) -> None:
        """Seal all of it into a log in *folder*, and have the witnesses cosign it."""
        work = Sealer(self.sealer, self.keys.policy(witnesses=False), signing.KeyFile(self.keys.log), Folder(folder))
        while sealing.seal(self.sealer):
            pass
        note = work.signed()
        if note is None:
            raise RuntimeError("nothing was sealed")
        more = self.keys.cosigned(note, self.now).signatures[len(note.signatures) :]
        with self.sealer.begin() as connection:
            connection.exec_driver_sql(
                "SELECT ledger.add_cosignatures(%s, %s, %s)",
                (checkpoints.parse(note.text).size, [f"{each.name}+{each.id.hex()}" for each in more],
                 [str(each).rstrip("\n") for each in more]),
            )  # fmt: skip

    def _join(self, member: str) -> None:
        key = self._key_by_member[member]
        public = signatures.public_bytes(key)
        registry.register_member(self.operator, member, login=f"login_{member}", verify_key=public)
        enrolment = enrolments.Enrolment(
            node=f"{member}-node", member=member, cluster=f"{member}-cluster", accelerator_class=CLASS,
            milli_h100e=1000, gpus=tuple(f"{member}-gpu-{gpu}" for gpu in range(GPUS)),
            node_key=signatures.public_bytes(node_key(f"{member}-node")), start_seconds=START_SECONDS,
        )  # fmt: skip
        registry.enrol(self.api, *enrolments.sign(enrolment, key), public)

    def _hour(self, start: int) -> None:
        """Play an hour: jobs are placed at its start on nodes that are idle, and stopped or released within it."""
        self._place(start)
        late: list[tuple[str, ledger_slots.Signed]] = []
        batches = {member: self._slots(member, start) for member in self.members}
        self.set_clock(start + self.chance.randrange(1800, 3300))
        self._end()
        self.set_clock(start + HOUR_SECONDS + 1000)
        for member, batch in batches.items():
            if self.chance.random() < 0.3:  # noqa: PLR2004  # in about a third of the hours one comes late
                late.append((member, batch.pop()))
            ledger_slots.ingest(self.api, member, batch)
        posting.post(self.operator, self._term, start)
        for member, signed in late:
            ledger_slots.ingest(self.api, member, [signed])
        posting.post(self.operator, self._term, start)
        posting.void_unused(self.operator, self._term)

    def _place(self, start: int) -> None:
        self.set_clock(max(start, self.now))
        busy = {each.node for each in self._running}
        hosts = [host for host in self.members if f"{host}-node" not in busy]
        entries = [self._admission(host) for host in hosts if self.chance.random() < 0.8]  # noqa: PLR2004  # most are
        if not entries:
            return
        self._record(entries)
        for entry in entries:
            attempts.grant(self.api, *held(entry), 1, _PROCESS)
            self._running.append(_Running(entry, next(iter(entry.nodes)), GPUS))

    def _admission(self, host: str) -> decisions.Entry:
        member = self.chance.choice(self.members)
        tier = self.chance.choice(sorted(TIERS))
        funding = decisions.Funding(
            "month", START_SECONDS, 10**9, self.now, self.now + 2 * HOUR_SECONDS, 4 * TIERS[tier]
        )
        admission = decisions.Admission(
            cluster=f"{host}-cluster", accelerator_class=CLASS, precision=PRECISION, tier=tier, milli_h100e=1000,
            tier_thousandths=TIERS[tier], lease_seconds=60, grace_seconds=30,
        )  # fmt: skip
        return decisions.Entry(
            kind="Admit", effect=decisions.Effect.ADMIT, verdict="Admitted", reason="Covered", member=member,
            job=uuid.UUID(int=self.chance.getrandbits(128), version=4), fence=1, admission=admission,
            nodes={f"{host}-node": 1000 * GPUS}, strength=decisions.Strength(decisions.Label.AWAY, 0, 10),
            funding=(funding,),
        )  # fmt: skip

    def _end(self) -> None:
        """Stop some of what runs by a decision, and let some of it end."""
        for running in list(self._running):
            what = self.chance.random()
            if what > 0.6:  # noqa: PLR2004  # the others run on
                continue
            entry = running.entry
            owner = self._stop(running) if what < 0.3 else None  # noqa: PLR2004  # half of those that end are stopped
            attempts.release(self.api, *held(entry), 1, "ended")
            self._running.remove(running)
            if owner:
                attempts.grant(self.api, *held(owner), 1, _PROCESS)
                self._running.append(_Running(owner, running.node, GPUS))

    def _stop(self, running: _Running) -> decisions.Entry | None:
        """Stop an attempt for a job of the node's own member, and say what it loses by that; the owner's for nobody."""
        entry, host = running.entry, running.node.removesuffix("-node")
        if entry.strength == _HOME:
            self._record([dataclasses.replace(entry, kind="End", effect=decisions.Effect.STOP, verdict="Stopped",
                                              reason="Suspended", admission=None, nodes={}, funding=())])  # fmt: skip
            return None
        owner = dataclasses.replace(self._admission(host), member=host, strength=_HOME)
        stop = decisions.Entry(
            kind=losses.KIND, effect=decisions.Effect.STOP, verdict="Stopped", reason="Preempted", member=entry.member,
            job=entry.job, fence=1, strength=entry.strength, cause_index=0,
            detail={losses.GPU_SECONDS: self.chance.randrange(1, HOUR_SECONDS)},
        )  # fmt: skip
        self._record([owner, stop])
        return owner

    def _slots(self, member: str, start: int) -> list[ledger_slots.Signed]:
        node = f"{member}-node"
        who = next((str(each.entry.attempt) for each in self._running if each.node == node), slots.IDLE)
        return [self._slot(member, start + at, who) for at in range(0, HOUR_SECONDS, SLOT_SECONDS)]

    def _slot(self, member: str, start: int, who: str) -> ledger_slots.Signed:
        node = f"{member}-node"
        segment = slots.Segment(0, SLOT_SECONDS, 2**GPUS - 1, ((who, slots.WHOLE_MILLI_GPUS),), 1000, 10**6)
        slot = slots.Slot(
            node, uuid.UUID(int=7), start, SLOT_SECONDS, tuple(f"{member}-gpu-{gpu}" for gpu in range(GPUS)),
            (segment,), self._previous.get(node, slots.NO_PREVIOUS),
        )  # fmt: skip
        body, signature = slots.sign(slot, node_key(node))
        self._previous[node] = canonical.sha256(body)
        return ledger_slots.Signed(body, signature)

    def _record(self, entries: list[decisions.Entry]) -> None:
        self._cycle += 1
        plan = decisions.Cycle(self._term, self._cycle, self.now, _DIGEST, _DIGEST, _DIGEST, _DIGEST, tuple(entries))
        decisions.record(self.operator, plan)
        outbox.done(
            self.operator,
            self._term,
            {order.decision: None for order in outbox.pending(self.operator, len(entries) + 9)},
        )

    def _correct(self) -> None:
        row = self.superuser.execute(
            "SELECT id FROM ledger.transfer WHERE purpose = 'use' ORDER BY sequence LIMIT 1"
        ).fetchone()
        if row:
            books.correct(self.operator, self._term, books.Correction(row[0], 1000, "agreed in dispute 1"))

    def _declare(self) -> None:
        """Record what else there is: a levy, entitlements, what somebody used as it says, disputes and a ruling."""
        first = self.members[0]
        registry.set_levy(self.operator, f"{first}-node", self.now + HOUR_SECONDS, levied=True, term=self._term)
        given = [entitlements.Entitled(name, CLASS, 1000 * GPUS, 1000 * GPUS) for name in self.members]
        entitlements.record(self.operator, given, term=self._term)
        row = self.superuser.execute(
            "SELECT member, attempt, hour_seconds FROM ledger.usage ORDER BY sequence"
        ).fetchone()
        if row is None:
            return
        member, attempt, hour = row
        key = self._key_by_member[member]
        said = Acknowledgement(member, attempt, hour, 0, Basis.OWN_RECORD)
        public = signatures.public_bytes(key)
        acknowledging.acknowledge(self.api, member, public, [acknowledgements.sign(said, key)])
        closer = database.engine(self.url, role="hanse_closer")
        try:
            disputes.accept(closer, disputes.Matter(member, hour, str(attempt)).id, [], granted=1000, reason="agreed")
            other = disputes.open_(self.api, disputes.Matter(first, START_SECONDS), claimed=0, reason="it had stopped")
            disputes.refuse(closer, other, "it had not")
        finally:
            closer.dispose()


def node_key(node: str) -> Ed25519PrivateKey:
    """Return the key that a node signs with, the same in each run."""
    return Ed25519PrivateKey.from_private_bytes(canonical.sha256(node.encode()))


def held(entry: decisions.Entry) -> tuple[str, uuid.UUID]:
    """Return the cluster and the attempt of an admission."""
    if entry.admission is None or entry.attempt is None:
        raise ValueError(f"{entry.kind} admits nothing")
    return entry.admission.cluster, entry.attempt
