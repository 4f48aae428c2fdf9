"""C1 to C3 of the log: it is signed, its files lead to its root, and its leaves are the export's rows, one for one.

In: the folder of an export, its rows as they are read, and the reader's own copy of the policy. Out: findings, and how
much of the log is there. A row that was changed does not open its leaf; a row that was dropped leaves a leaf of the
period that nothing opens; a row that was made up has no leaf. Of the leaves one bit each is kept.
"""

import functools
from array import array
from collections.abc import Callable, Iterable, Iterator
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
from hanse.ledger.verify.finding import FINDINGS_MAX, Finding

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

    @property
    def size(self) -> int:
        """How many leaves the log has."""
        return self.checkpoint.size if self.checkpoint else 0


def head(folder: Path, header: Header, policy: Policy | None = None) -> LogVerdict:
    """Return what the log's checkpoint says and who has signed it; without a policy nobody's signature is checked.

    Raises:
        BundleError: it is missing.

    """
    data = _read(folder, tiles.CHECKPOINT)
    if not data:
        missing = Finding("C1", tiles.CHECKPOINT, "is empty: nothing was sealed when this was exported")
        return LogVerdict((missing,) if policy or header.end_leaf else ())
    try:
        checkpoint = checkpoints.parse(notes.parse(data).text)
    except EvidenceError as error:
        return LogVerdict((Finding("C1", tiles.CHECKPOINT, str(error)),))
    try:
        cosigned_at = policy.accept(data).cosigned_at if policy else None
    except EvidenceError as error:
        return LogVerdict((Finding("C1", tiles.CHECKPOINT, str(error)),), checkpoint)
    return LogVerdict((), checkpoint, cosigned_at)


def files(folder: Path, checkpoint: Checkpoint | None) -> Iterator[Finding]:
    """Yield what is wrong with the log's files: everything is computed from the entries."""
    if checkpoint is not None:
        for path, what in tiles.problems(lambda path: (folder / path).read_bytes(), checkpoint.size, checkpoint.root):
            yield Finding("C2", path, what)


class Opened:
    """Compares rows with the leaves that they open, as they are read; what several have seen can be put together.

    *leaves* are the numbers of those that were opened.
    """

    def __init__(self, folder: Path, header: Header, size: int) -> None:
        self._header, self._size = header, size
        self._unsealed_from_us = (header.exported_at_seconds - UNSEALED_SECONDS_MAX) * 10**6
        self.findings: list[Finding] = []
        self.leaves = array("q")
        self.unsealed = self.late = 0

        @functools.lru_cache(maxsize=512)
        def bundle_at(number: int) -> list[bytes]:
            tile = tiles.Tile(tiles.ENTRIES, number, min(tiles.WIDTH, size - number * tiles.WIDTH))
            try:
                return tiles.decode_bundle((folder / tile.path).read_bytes())
            except (OSError, EvidenceError):
                return []  # the file is named by the check of files

        self._bundle_at: Callable[[int], list[bytes]] = bundle_at

    def row(self, file: str, where: str, line: dict[str, Json], own: bytes | None = None) -> None:
        """Compare a row that is exported; *own*, if it is known, is what the leaf of a row without parts commits to."""
        if file not in leaves.SEALED:
            return
        index, salt = line.get(leaves.LEAF), line.get(leaves.SALT)
        if isinstance(index, int) and isinstance(salt, str):
            self.compare(index, salt, file, line, where, own)
        elif index is not None or salt is not None:
            self._wrong(where, "says a leaf without its salt, or a salt without its leaf")
        elif integer(line, "recorded") >= self._unsealed_from_us:
            self.unsealed += 1
        elif self._size:
            self._wrong(where, "is not in the log, and was recorded long before the export")

    def slot(self, where: str, line: dict[str, Json], own: bytes) -> None:
        """Compare a slot."""
        self.row(bundle.SLOTS, where, line, own)

    def compare(  # noqa: PLR0913, PLR0917  # a leaf, a row, and what is known of both
        self, index: int, salt: str, file: str, row: dict[str, Json], where: str, own: bytes | None = None
    ) -> None:
        """Compare a row with leaf *index*."""
        if not 0 <= index < self._size:
            self._wrong(where, f"the log has {self._size} leaves, and no leaf {index}")
            return
        self.leaves.append(index)
        recorded_seconds = integer(row, "recorded") // 10**6
        if self._header.start_seconds <= recorded_seconds < self._header.end_seconds:
            if index < self._header.first_leaf:
                self._wrong(where, f"was recorded in the period, and leaf {index} is before its first")
            self.late += index >= self._header.end_leaf
        entries = self._bundle_at(index // tiles.WIDTH)
        try:
            its_salt = bytes.fromhex(salt)
            if its_salt.hex() != salt:
                self._wrong(where, f"writes its salt as {salt!r}: there is one way, in small letters")
            wanted = commitments.entry(its_salt, own) if own else leaves.seal_again(file, row, its_salt).entry
        except (ValueError, KeyError):
            wanted = b""
        if entries and (index % tiles.WIDTH >= len(entries) or entries[index % tiles.WIDTH] != wanted):
            self._wrong(where, f"is not what leaf {index} of the log committed to")

    def taken(self) -> "array[int]":
        """Return the leaves that were opened since this was asked last."""
        leaves_, self.leaves = self.leaves, array("q")
        return leaves_

    def others(self, folder: Path, exported: set[str]) -> None:
        """Compare the rows that are opened beside the files; *exported* are cycles and decisions that are in them."""
        for where, value in bundle.read_values(folder, bundle.OPENINGS):
            try:
                fields = Fields(value, bundle.OPENINGS)
                index, salt = fields.integer("index"), fields.digest("salt").hex()
                file, row = fields.text("file"), fields.value("row")
                fields.done()
            except EvidenceError as error:
                self._wrong(where, str(error))
                continue
            if file not in leaves.SEALED or not isinstance(row, dict):
                self._wrong(where, f"{file!r} is no file of rows that are sealed")
                continue
            self.compare(index, salt, file, row, where)
            if _belongs(file, row, self._header, exported):
                self._wrong(where, f"belongs into {file}.jsonl, and is not there")

    def _wrong(self, where: str, message: str) -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding("C3", where, message))


def exported_keys(file: str, line: dict[str, Json]) -> str | None:
    """Return how other rows refer to a cycle or a decision that is exported."""
    if file == "cycles":
        return _key("cycle", line.get("term"), line.get("cycle"))
    return _key("decision", line.get("id")) if file == "decisions" else None


class Leaves:
    """Which leaves of a log of *size* were opened, one bit each; and the first that were twice."""

    def __init__(self, size: int) -> None:
        self._size, self._seen = size, bytearray(-(-size // 8))
        self.twice: list[int] = []

    def add(self, opened: "array[int]") -> None:
        """Take up leaves that were opened."""
        seen = self._seen
        for index in opened:
            if seen[index >> 3] >> (index & 7) & 1 and len(self.twice) < FINDINGS_MAX:
                self.twice.append(index)
            seen[index >> 3] |= 1 << (index & 7)

    def missing(self, header: Header) -> list[int]:
        """Return the first leaves of the period that nothing opened."""
        seen, end = self._seen, min(header.end_leaf, self._size)
        missing: list[int] = []
        index = header.first_leaf
        while index < end and len(missing) < FINDINGS_MAX:
            if not index & 7 and seen[index >> 3] == 0xFF:  # noqa: PLR2004  # all eight are
                index += 8
                continue
            if not seen[index >> 3] >> (index & 7) & 1:
                missing.append(index)
            index += 1
        return missing


def unopened(missing: Iterable[int]) -> Iterator[Finding]:
    """Yield a finding for each leaf of the period that nothing opens."""
    for index in missing:
        yield Finding("C3", _OPENINGS, f"leaf {index} was sealed in the period and is not opened: a row is left out")


def _belongs(file: str, row: dict[str, Json], header: Header, exported: set[str]) -> bool:
    """Whether a row that is opened beside the files belongs into its file: by its time, or by other rows there."""
    body = row.get("body")
    said = body if isinstance(body, dict) else {}
    seconds_by_file = {
        "cycles": integer(row, "recorded") // 10**6,
        "facts": integer(row, "recorded") // 10**6,
        "entitlements": integer(row, "recorded") // 10**6,
        "violations": integer(row, "recorded") // 10**6,
        "slots": integer(said, "start"),
        "cutoffs": integer(row, "hour"),
        "postings": integer(row, "hour"),
        "usage": integer(row, "hour"),
        "acknowledgements": integer(said, "hour"),
    }
    if file in seconds_by_file:
        return header.start_seconds <= seconds_by_file[file] < header.end_seconds
    return {
        "decisions": _key("cycle", said.get("term"), said.get("cycle")) in exported,
        "effects": _key("decision", row.get("decision")) in exported,
        "enrolments": integer(said, "start") < header.end_seconds,
        "transfers": said.get("period") == header.period,
        "settlements": row.get("period") == header.period or _recorded_within(row, header),
    }.get(file, True)  # of the others all are exported


def _recorded_within(row: dict[str, Json], header: Header) -> bool:
    return header.start_seconds <= integer(row, "recorded") // 10**6 < header.end_seconds


def _key(*parts: Json | None) -> str:
    return "/".join(map(str, parts))


def integer(row: dict[str, Json], name: str) -> int:
    """Return an integer of a row, 0 if it has none."""
    value = row.get(name)
    return value if isinstance(value, int) else 0


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise bundle.BundleError(name, "is missing") from error
