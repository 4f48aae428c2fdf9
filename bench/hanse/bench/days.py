"""A day of a large pool as an export on disk, made without a database: what `audit-month` verifies.

In: how many nodes. Out: a folder that a ledger could have exported: enrolments and slots signed by their keys, plans,
attempts, leases, every hour posted, balances, each row sealed in a log of its own, which witnesses have cosigned.
Amounts are those of :mod:`hanse.ledger.metering`, as posting's are. Each node runs one job at a time, for six hours.
"""

import multiprocessing
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hanse.bench.ledgers import CLASS, HOUR_SECONDS, PERIOD, PRECISION, SLOT_SECONDS, START_SECONDS, Keys, node_key
from hanse.evidence import canonical, checkpoints, commitments, enrolments, identity, merkle, signatures, slots
from hanse.evidence.canonical import Json
from hanse.evidence.checkpoints import Checkpoint
from hanse.evidence.enrolments import Enrolment
from hanse.ledger import bundle, leaves, lines, metering, transfers
from hanse.ledger.bundle import Header
from hanse.ledger.metering import InForce, Measured, Terms
from hanse.ledger.publishing import Folder
from hanse.ledger.transfers import Run

MEMBERS = 30
GPUS = 8
TIER, TIER_THOUSANDTHS = "standard", 1200
JOB_HOURS = 6
_US = 10**6
Row = dict[str, Json]


@dataclass(frozen=True)
class Node:
    """A node and what it signs with."""

    name: str
    member: str
    gpus: tuple[str, ...]


class Day:
    """The first *hours* of a month of a pool of *nodes* nodes."""

    def __init__(self, folder: Path, nodes: int, hours: int, seed: int) -> None:
        self.folder, self.hours, self.keys = folder, hours, Keys.of(seed)
        members = [f"member-{number:02d}" for number in range(min(MEMBERS, nodes))]
        self._signing = {
            name: Ed25519PrivateKey.from_private_bytes(canonical.sha256(name.encode())) for name in members
        }
        self._members = members
        self.nodes = [
            Node(f"{members[number % len(members)]}-node-{number:05d}", members[number % len(members)],
                 tuple(f"gpu-{number:05d}-{gpu}" for gpu in range(GPUS)))
            for number in range(nodes)
        ]  # fmt: skip
        self._sequence = 0
        self._entries: list[bytes] = []
        self._rows: dict[str, list[Row]] = defaultdict(list)
        self._terms: dict[str, Terms] = {}
        self._sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self._in_force = InForce([], [])

    def write(self, workers: int, told: Callable[[int], None]) -> Header:
        """Write it; *told* hears of each hour that is done."""
        self._begin()
        self._slots_of_all(workers, told)
        self._end()
        header = Header(
            PERIOD, START_SECONDS, START_SECONDS + 30 * 24 * HOUR_SECONDS, self._at(self.hours) + HOUR_SECONDS,
            SLOT_SECONDS, 0, len(self._entries), bundle.slot_files(self.folder),
        )  # fmt: skip
        for name in (*bundle.READERS, bundle.OPENINGS):
            bundle.write_lines(self.folder, name, self._rows.pop(name, []))
        root = merkle.root_of([merkle.leaf_hash(entry) for entry in self._entries])
        checkpoint = Checkpoint(self.keys.log[0].key.name, len(self._entries), root)
        at = header.exported_at_seconds
        note = self.keys.cosigned(checkpoints.sign(checkpoint, self.keys.log, at), at)
        Folder(self.folder).publish(note.encode(), lambda start, end: self._entries[start:end])
        (self.folder / bundle.REPORT).touch()
        bundle.write_csv(self.folder)
        bundle.write_manifest(self.folder, header)
        return header

    @staticmethod
    def _at(hour: int) -> int:
        return START_SECONDS + hour * HOUR_SECONDS

    def _add(self, file: str, at_seconds: int, /, **said: Json) -> Row:
        """Record a row, and seal it."""
        self._sequence += 1
        row: Row = {"sequence": self._sequence, "recorded": at_seconds * _US, **said}
        salt = commitments.new_salt()
        row |= {leaves.LEAF: len(self._entries), leaves.SALT: salt.hex()}
        self._entries.append(leaves.seal(file, row, salt).entry)
        self._rows[file].append(row)
        return row

    def _begin(self) -> None:
        """Record members, keys, enrolments and rates, a term, and the first plans."""
        enrolled = []
        for name in self._members:
            public = signatures.public_bytes(self._signing[name])
            self._add("members", START_SECONDS, name=name)
            self._add("keys", START_SECONDS, member=name, key=public.hex())
        for node in self.nodes:
            key = self._signing[node.member]
            public = signatures.public_bytes(key)
            certified = signatures.public_bytes(node_key(node.name))
            enrolment = Enrolment(
                node=node.name, member=node.member, cluster=f"{node.member}-cluster", accelerator_class=CLASS,
                milli_h100e=1000, gpus=node.gpus, node_key=certified, start_seconds=START_SECONDS,
            )  # fmt: skip
            body, signature = enrolments.sign(enrolment, key)
            said = {"body": canonical.decode(body), "signature": signature.hex(), "memberKey": public.hex()}
            self._add("enrolments", START_SECONDS, **said)
            enrolled.append(enrolment)
        self._in_force = InForce(enrolled, [])
        for subject, thousandths in ((f"class/{CLASS}/{PRECISION}", 1000), (f"tier/{TIER}", TIER_THOUSANDTHS)):
            self._add("rates", START_SECONDS, subject=subject, version=1, thousandths=thousandths)
        self._add("facts", START_SECONDS, id=str(uuid.UUID(int=1)), kind="TermTaken", at=START_SECONDS, amount=1)
        for turn in range(-(-self.hours // JOB_HOURS)):
            self._plan(turn)

    def _plan(self, turn: int) -> None:
        """Admit a job for each node, in one plan, and grant each its lease."""
        at = START_SECONDS
        bodies: list[Row] = []
        for index, node in enumerate(self.nodes):
            member = self._members[(index + turn + 1) % len(self._members)]
            job = _job(index, turn)
            bodies.append({
                "term": 1, "cycle": turn + 1, "index": index, "kind": "Admit", "effect": "admit", "verdict": "Admitted",
                "reason": "Covered", "member": member, "job": str(job), "fence": 1,
                "attempt": str(identity.attempt_id(job, 1)), "class": CLASS, "precision": PRECISION, "tier": TIER,
                "milliH100e": 1000, "tierThousandths": TIER_THOUSANDTHS, "cluster": f"{node.member}-cluster",
                "nodes": {node.name: GPUS * slots.WHOLE_MILLI_GPUS},
            })  # fmt: skip
        digests = [canonical.sha256(canonical.encode(body)) for body in bodies]
        zero = bytes(32).hex()
        self._add(
            "cycles", at, term=1, cycle=turn + 1, asOf=at, decisions=len(bodies),
            digest=canonical.sha256(b"".join(digests)).hex(), base=zero, state=zero, policy=zero, code=zero,
        )  # fmt: skip
        for body, digest in zip(bodies, digests, strict=True):
            decision = identity.decision_id(1, turn + 1, int(str(body["index"])))
            row = self._add("decisions", at, id=str(decision), body=body, sha256=digest.hex())
            row["carried"] = 0
            self._admitted(row, body, at)

    def _admitted(self, row: Row, body: Row, at: int) -> None:
        attempt, job = str(body["attempt"]), str(body["job"])
        nodes = body["nodes"]
        self._terms[attempt] = Terms(
            str(body["member"]),
            1000,
            TIER_THOUSANDTHS,
            at,
            None,
            {str(key): GPUS * 1000 for key in nodes} if isinstance(nodes, dict) else {},
        )
        self._rows["attempts"].append({
            "sequence": row["sequence"], "recorded": row["recorded"], "id": attempt, "job": job, "fence": 1,
            "member": body["member"], "class": CLASS, "precision": PRECISION, "tier": TIER, "milliH100e": 1000,
            "tierThousandths": TIER_THOUSANDTHS, "admittedBy": row["id"], "state": "leased", "grantedAt": at,
        })  # fmt: skip
        self._add("effects", at, decision=row["id"], outcome="done")
        fact = str(uuid.uuid5(uuid.UUID(int=2), attempt))
        self._add("facts", at, id=fact, kind="LeaseGranted", at=at, attempt=attempt, fence=1)

    def attempt(self, index: int, hour: int) -> str:
        """Return the attempt that runs on a node in an hour."""
        return str(identity.attempt_id(_job(index, hour // JOB_HOURS), 1))

    def _slots_of_all(self, workers: int, told: Callable[[int], None]) -> None:
        """Sign each node's slots of the whole day by the hour; the hash of the one before is all that goes on."""
        global _day  # noqa: PLW0603  # what a process inherits it need not be sent
        _day = self
        parts = [range(first, min(first + _PART, len(self.nodes))) for first in range(0, len(self.nodes), _PART)]
        previous = {number: [slots.NO_PREVIOUS] * len(part) for number, part in enumerate(parts)}
        with ProcessPoolExecutor(workers, multiprocessing.get_context("fork")) as pool:
            for hour in range(self.hours):
                asked = [pool.submit(_signed, part, hour, previous[number]) for number, part in enumerate(parts)]
                bodies: dict[tuple[int, str], tuple[Node, bytes, bytes]] = {}
                for number, answer in enumerate(asked):
                    signed, previous[number] = answer.result()
                    for index, start, body, signature in signed:
                        bodies[start, self.nodes[index].name] = (self.nodes[index], body, signature)
                self._post(hour, bodies)
                told(hour + 1)

    def _post(self, hour: int, bodies: Mapping[tuple[int, str], tuple[Node, bytes, bytes]]) -> None:
        """Record an hour's slots, and post it."""
        at = self._at(hour)
        rows = []
        digests = []
        measured = metering.begin(at, SLOT_SECONDS, self._in_force)
        for (start, _), (node, body, signature) in sorted(bodies.items()):
            value = canonical.decode(body)
            rows.append(self._add(
                "slots", start + SLOT_SECONDS, member=node.member, body=value, signature=signature.hex()
            ))  # fmt: skip
            digests.append(canonical.sha256(body))
            metering.add(measured, slots.read(value), self._in_force, self._terms)
        bundle.write_lines(self.folder, bundle.slot_file(at), rows)
        self._rows["slots"].clear()
        self._book(at, at + HOUR_SECONDS, digests, measured)

    def _book(self, hour_seconds: int, at: int, digests: list[bytes], measured: Measured) -> None:
        digest = canonical.sha256(b"".join(digests)).hex()
        self._add("cutoffs", at, hour=hour_seconds, run=0, slots=len(digests), digest=digest)
        for member in self._members:
            its = measured.by_member[member]
            parts = {"used": its.used, "idle": its.idle, "down": its.down, "unknown": its.unknown}
            self._add("postings", at, hour=hour_seconds, run=0, member=member, **parts)
        for attempt_id, use in sorted(measured.uses().items()):
            whose = self._terms[attempt_id].member
            self._add(
                "usage", at, hour=hour_seconds, run=0, attempt=attempt_id, member=whose, used=use.milli_gpu_seconds,
                **lines.measured(use),
            )  # fmt: skip
        run = Run(hour_seconds, 0)
        for line, amount in sorted(metering.amounts(measured, self._terms).items()):
            attempt = metering.attempt_id(line.attempt)
            its_transfer = transfers.single(run, line.purpose, (line.debit, line.credit), amount, attempt)
            body = transfers.body(its_transfer)
            said = {"id": str(its_transfer.id), "body": canonical.decode(body), "sha256": canonical.sha256(body).hex()}
            self._add("transfers", at, **said)["carried"] = 0
            self._sums[line.debit][0] += amount
            self._sums[line.credit][1] += amount

    def _end(self) -> None:
        """Write the accounts: what the transfers add up to."""
        names = [*transfers.OF_POOL, *(name for member in self._members for name in transfers.of_member(member))]
        for name in sorted(names):
            now: list[Any] = [str(each) for each in self._sums[name]]
            self._rows["accounts"].append({"name": name, "now": now, "before": ["0"] * 4, "after": ["0"] * 4})


_PART = 1000
_day: Day | None = None  # of a process that signs: it was there before the process was


def _job(index: int, turn: int) -> uuid.UUID:
    """Return the job that is planned for a node in a turn."""
    return uuid.UUID(bytes=canonical.sha256(b"job %d %d" % (turn, index))[:16], version=4)


def _signed(part: range, hour: int, previous: list[bytes]) -> tuple[list[tuple[int, int, bytes, bytes]], list[bytes]]:
    """Return an hour's slots of some nodes, and the hash of the last one of each."""
    if _day is None:
        raise RuntimeError("this process was not started to sign")
    found: list[tuple[int, int, bytes, bytes]] = []
    last = []
    for index, before in zip(part, previous, strict=True):
        found += _of_node(_day, index, hour, before)
        last.append(canonical.sha256(found[-1][2]))
    return found, last


def _of_node(day: Day, index: int, hour: int, previous: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    node = day.nodes[index]
    key = node_key(node.name)
    who = ((day.attempt(index, hour), slots.WHOLE_MILLI_GPUS),)
    segments = (slots.Segment(0, SLOT_SECONDS, 2**GPUS - 1, who, 70_000, 1_500_000_000),)
    first = START_SECONDS + hour * HOUR_SECONDS
    for start in range(first, first + HOUR_SECONDS, SLOT_SECONDS):
        slot = slots.Slot(node.name, uuid.UUID(int=index + 1), start, SLOT_SECONDS, node.gpus, segments, previous)
        body, signature = slots.sign(slot, key)
        previous = canonical.sha256(body)
        yield index, start, body, signature
