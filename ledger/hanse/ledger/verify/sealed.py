"""C1 to C3 of the log: it is signed, its files lead to its root, and its leaves are the export's rows, one for one.

In: the folder of an export, and the reader's own copy of the policy. Out: findings, and how much of the log is there. A
row that was changed does not open its leaf; a row that was dropped leaves a leaf of the period that nothing opens; a
row that was made up has no leaf.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hanse.evidence import checkpoints, commitments, notes, tiles
from hanse.evidence.canonical import Json
from hanse.evidence.checkpoints import Checkpoint
from hanse.evidence.errors import EvidenceError
from hanse.evidence.policy import Policy
from hanse.evidence.shape import Fields
from hanse.ledger import bundle, leaves
from hanse.ledger.bundle import Header
from hanse.ledger.verify.finding import Finding

UNSEALED_SECONDS_MAX = 300
"""So long before the export a row may have been recorded that is not in the log yet."""
_OPENINGS = f"{bundle.OPENINGS}.jsonl"


@dataclass(frozen=True)
class LogVerdict:
    """What came of it: the checkpoint, if there is one, who cosigned it when.

    And how many rows are not sealed yet, and how many of the period were sealed after its end, so that their leaves are
    among those of the next one.
    """

    findings: tuple[Finding, ...]
    checkpoint: Checkpoint | None = None
    cosigned_at: dict[str, int] | None = None
    unsealed: int = 0
    late: int = 0


@dataclass(frozen=True)
class _Opening:
    where: str
    index: int
    salt: bytes
    file: str
    sequence: int
    row: dict[str, Json] | None


def check_log(folder: Path, header: Header, policy: Policy | None = None) -> LogVerdict:
    """Check the log in an export's folder; without a policy nobody's signature is.

    Raises:
        BundleError: a file of the export is missing or cannot be read.

    """
    data = _read(folder, tiles.CHECKPOINT)
    if not data:
        missing = Finding("C1", tiles.CHECKPOINT, "is empty: nothing was sealed when this was exported")
        return LogVerdict((missing,) if policy or header.end_leaf else ())
    findings: list[Finding] = []
    cosigned_at = None
    try:
        checkpoint = checkpoints.parse(notes.parse(data).text)
    except EvidenceError as error:
        return LogVerdict((Finding("C1", tiles.CHECKPOINT, str(error)),))
    if policy:
        try:
            cosigned_at = policy.accept(data).cosigned_at
        except EvidenceError as error:
            findings.append(Finding("C1", tiles.CHECKPOINT, str(error)))
    wrong = tiles.problems(lambda path: (folder / path).read_bytes(), checkpoint.size, checkpoint.root)
    findings += [Finding("C2", path, what) for path, what in wrong]
    unsealed = late = 0
    if not any(each.check == "C2" for each in findings):
        reader = _Reader(folder, header, checkpoint.size)
        findings += reader.findings()
        unsealed, late = reader.unsealed, reader.late
    return LogVerdict(tuple(findings), checkpoint, cosigned_at, unsealed, late)


class _Reader:
    """Compares rows with leaves."""

    def __init__(self, folder: Path, header: Header, size: int) -> None:
        self._folder, self._header, self._size = folder, header, size
        self.unsealed = self.late = 0
        self._seen: set[str] = set()  # cycles and decisions that are exported

        @functools.lru_cache(maxsize=16)
        def bundle_at(number: int) -> list[bytes]:
            tile = tiles.Tile(tiles.ENTRIES, number, min(tiles.WIDTH, size - number * tiles.WIDTH))
            return tiles.decode_bundle((folder / tile.path).read_bytes())

        self._bundle_at: Callable[[int], list[bytes]] = bundle_at

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong."""
        openings: dict[int, _Opening] = {}
        opened: dict[int, str] = {}
        for where, value in bundle.read_values(self._folder, bundle.OPENINGS):
            try:
                opening = _opening(where, value)
            except EvidenceError as error:
                yield Finding("C3", where, str(error))
                continue
            if opening.index in opened or opening.sequence in openings:
                yield Finding("C3", where, f"leaf {opening.index} or row {opening.sequence} is opened twice")
            if opening.index >= self._size:
                yield Finding("C3", where, f"the log has {self._size} leaves, and no leaf {opening.index}")
                continue
            opened[opening.index] = where
            openings[opening.sequence] = opening
        yield from self._exported(openings)
        yield from self._others(openings)
        for index in range(self._header.first_leaf, self._header.end_leaf):
            if index not in opened:
                yield Finding(
                    "C3", _OPENINGS, f"leaf {index} was sealed in the period and is not opened: a row is left out"
                )

    def _exported(self, openings: dict[int, _Opening]) -> Iterator[Finding]:
        """Compare each exported row with its leaf; the openings that are left are of rows that are not exported."""
        seen: dict[int, str] = {}
        unsealed_from_us = (self._header.exported_at_seconds - UNSEALED_SECONDS_MAX) * 10**6
        for file in leaves.SEALED:
            for where, value in bundle.read_values(self._folder, file):
                row = value if isinstance(value, dict) else {}
                if file == "cycles":
                    self._seen.add(_key("cycle", row.get("term"), row.get("cycle")))
                elif file == "decisions":
                    self._seen.add(_key("decision", row.get("id")))
                sequence = _integer(row, "sequence")
                opening = openings.pop(sequence, None)
                if sequence in seen:
                    yield Finding("C3", where, f"sequence {sequence} is that of {seen[sequence]} too")
                elif opening is None and _integer(row, "recorded") >= unsealed_from_us:
                    self.unsealed += 1
                elif opening is None:
                    yield Finding("C3", where, "is not in the log, and was recorded long before the export")
                elif opening.row is not None or opening.file != file:
                    yield Finding("C3", where, f"is opened as something else in {opening.where}")
                else:
                    yield from self._compared(opening, row, where)
                seen.setdefault(sequence, where)

    def _others(self, openings: dict[int, _Opening]) -> Iterator[Finding]:
        for opening in openings.values():
            if opening.row is None:
                missing = f"row {opening.sequence} of {opening.file}.jsonl is in leaf {opening.index}, and not there"
                yield Finding("C3", opening.where, missing)
                continue
            yield from self._compared(opening, opening.row, opening.where)
            if _integer(opening.row, "sequence") != opening.sequence or _belongs(opening, self._header, self._seen):
                yield Finding("C3", opening.where, f"belongs into {opening.file}.jsonl, and is not there")

    def _compared(self, opening: _Opening, row: dict[str, Json], where: str) -> Iterator[Finding]:
        recorded_seconds = _integer(row, "recorded") // 10**6
        if self._header.start_seconds <= recorded_seconds < self._header.end_seconds:
            if opening.index < self._header.first_leaf:
                yield Finding("C3", where, f"was recorded in the period, and leaf {opening.index} is before its first")
            self.late += opening.index >= self._header.end_leaf
        entry = self._bundle_at(opening.index // tiles.WIDTH)[opening.index % tiles.WIDTH]
        if commitments.entry(opening.salt, leaves.body(opening.file, row)) != entry:
            yield Finding("C3", where, f"is not what leaf {opening.index} of the log committed to")


def _opening(where: str, value: Json) -> _Opening:
    fields = Fields(value, bundle.OPENINGS)
    row = fields.value("row") if fields.has("row") else None
    opening = _Opening(
        where, fields.integer("index"), fields.digest("salt"), fields.text("file"), fields.integer("sequence"),
        row if isinstance(row, dict) else None,
    )  # fmt: skip
    fields.done()
    if opening.file not in leaves.SEALED:
        raise EvidenceError(f"{opening.file!r} is no file of rows that are sealed")
    return opening


def _belongs(opening: _Opening, header: Header, exported: set[str]) -> bool:
    """Whether a row that is opened beside the files belongs into its file: by its time, or by other rows there."""
    row = opening.row or {}
    body = row.get("body")
    said = body if isinstance(body, dict) else {}
    seconds_by_file = {
        "cycles": _integer(row, "recorded") // 10**6,
        "facts": _integer(row, "recorded") // 10**6,
        "violations": _integer(row, "recorded") // 10**6,
        "slots": _integer(said, "start"),
        "cutoffs": _integer(row, "hour"),
        "postings": _integer(row, "hour"),
    }
    if opening.file in seconds_by_file:
        return header.start_seconds <= seconds_by_file[opening.file] < header.end_seconds
    return {
        "decisions": _key("cycle", said.get("term"), said.get("cycle")) in exported,
        "effects": _key("decision", row.get("decision")) in exported,
        "enrolments": _integer(said, "start") < header.end_seconds,
        "transfers": said.get("period") == header.period,
    }.get(opening.file, True)  # of the others all are exported


def _key(*parts: Json | None) -> str:
    return "/".join(map(str, parts))


def _integer(row: dict[str, Json], name: str) -> int:
    value = row.get(name)
    return value if isinstance(value, int) else 0


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise bundle.BundleError(name, "is missing") from error
