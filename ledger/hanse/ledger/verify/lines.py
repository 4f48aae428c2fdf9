"""A member's own lines against the public log, offline: each opens a leaf, and the leaf is in the log.

In: the file that `hanse audit own-lines` wrote, a copy of the log's files, and the member's copy of the policy. Out:
findings, and how many lines are in the log. Nothing here needs the export, which is the auditor's.
"""

import functools
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.evidence import canonical, commitments, merkle, tiles
from hanse.evidence.checkpoints import Checkpoint
from hanse.evidence.errors import EvidenceError
from hanse.evidence.policy import Policy
from hanse.evidence.shape import Fields
from hanse.ledger.verify.finding import FINDINGS_MAX, Finding

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class OwnLines:
    """What came of a member's lines: how many of which kind are in the log, and how many are too new for it."""

    checkpoint: Checkpoint
    cosigned_at: dict[str, int]
    findings: list[Finding] = field(default_factory=list)
    lines: Counter[str] = field(default_factory=Counter)
    newer: int = 0


def verify(file: Path, log: Path, policy: Policy) -> OwnLines:
    """Check each line of *file* against the log in the folder *log*.

    Raises:
        EvidenceError: the log is not one that the policy accepts.
        OSError: a file cannot be read.

    """
    accepted = policy.accept((log / tiles.CHECKPOINT).read_bytes())
    its = OwnLines(accepted.checkpoint, accepted.cosigned_at)
    reader = _Reader(log, its)
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            where = f"{file.name}:{number}"
            try:
                reader.line(Fields(canonical.decode(line.removesuffix(b"\n")), where), where)
            except EvidenceError as error:
                its.findings.append(Finding("C3", where, str(error)))
                if len(its.findings) >= FINDINGS_MAX:
                    break
    return its


class _Reader:
    def __init__(self, log: Path, its: OwnLines) -> None:
        checkpoint = its.checkpoint
        self._its = its
        self._seen: set[tuple[int, int]] = set()
        self._node = tiles.node_reader(lambda path: (log / path).read_bytes(), checkpoint.size)

        @functools.lru_cache(maxsize=64)
        def bundle_at(number: int) -> list[bytes]:
            width = min(tiles.WIDTH, checkpoint.size - number * tiles.WIDTH)
            path = tiles.Tile(tiles.ENTRIES, number, width).path
            try:
                return tiles.decode_bundle((log / path).read_bytes())
            except OSError as error:
                raise EvidenceError(f"{path} of the log is missing") from error

        self._bundle_at: Callable[[int], list[bytes]] = bundle_at

    def line(self, fields: Fields, where: str) -> None:
        index, salt, shown = fields.integer("leaf"), fields.digest("salt"), fields.value("shown")
        fields.done()
        said = Fields(shown, where)
        kind, part = said.text("file"), said.integer("part") if said.has("part") else 0
        if index >= self._its.checkpoint.size:
            self._its.newer += 1
            return
        if (index, part) in self._seen:
            raise EvidenceError(f"leaf {index} is opened twice")
        self._seen.add((index, part))
        self._check(index, commitments.opened(salt, canonical.encode(shown)))
        self._its.lines[kind] += 1

    def _check(self, index: int, entry: bytes) -> None:
        its = self._its.checkpoint
        entries = self._bundle_at(index // tiles.WIDTH)
        if index % tiles.WIDTH >= len(entries) or entries[index % tiles.WIDTH] != entry:
            raise EvidenceError(f"is not what leaf {index} of the log committed to")
        proof = merkle.inclusion(self._node, index, its.size)
        merkle.check_inclusion(proof, index, its.size, merkle.leaf_hash(entry), its.root)
