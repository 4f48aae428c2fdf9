"""An export on disk: a folder of JSON lines, CSV for spreadsheets, a manifest of hashes, and a report.

In: rows to write, or a folder to read. Out: files, or a :class:`Bundle` of typed rows. Each line is canonical JSON, so
that there is one way to write it. The manifest's own hash stands for the whole folder: who has it from elsewhere can
tell any copy from the original. Slots, by far the most rows, have a file for each hour, so that an hour can be read
without the others. A :class:`Bundle` holds neither them nor transfers.
"""

import csv
import dataclasses
import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from hanse.evidence import canonical, tiles
from hanse.evidence.canonical import Json
from hanse.evidence.errors import EvidenceError
from hanse.evidence.shape import Fields
from hanse.ledger import acts as acts_
from hanse.ledger import rows, slot_lines, use_rows

VERSION = 4
MANIFEST = "manifest.json"
REPORT = "REPORT.md"
SLOTS = "slots"
_OF_AN_HOUR = re.compile(r"slots/\d{4}-\d{2}-\d{2}T\d{2}\.jsonl", re.ASCII)
T = TypeVar("T", bound=rows.Row)
# Gets each line as it is read: the file that its row belongs to, where it is, and what it says.
Look = Callable[[str, str, dict[str, Json]], None]
# Gets each line of slots: where it is, what it says, and the bytes that its leaf commits to.
LookAtSlot = Callable[[str, dict[str, Json], bytes], None]


class BundleError(Exception):
    """A file of an export cannot be read; *where* is the file, with the line if it is one."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}")
        self.where = where
        self.message = message


@dataclass(frozen=True)
class Header:
    """What the manifest says about the whole: the period (`YYYY-MM`), when it was exported, the metering interval.

    The leaves from *first_leaf* up to *end_leaf* are those that were sealed in the period; the next one begins there.
    *slot_files* are the names of the files of slots, one an hour, in order.
    """

    period: str
    start_seconds: int
    end_seconds: int
    exported_at_seconds: int
    slot_seconds: int
    first_leaf: int
    end_leaf: int
    slot_files: tuple[str, ...] = ()


@dataclass
class Bundle:
    """An export, read: the rows of each file in the order of their lines; slots and transfers are read one by one."""

    header: Header
    members: list[rows.Member] = field(default_factory=list)
    keys: list[rows.MemberKey] = field(default_factory=list)
    enrolments: list[rows.Enrolled] = field(default_factory=list)
    levies: list[rows.Levied] = field(default_factory=list)
    rates: list[rows.Rated] = field(default_factory=list)
    entitlements: list[rows.Entitled] = field(default_factory=list)
    cycles: list[rows.Cycle] = field(default_factory=list)
    decisions: list[rows.Decision] = field(default_factory=list)
    attempts: list[rows.Attempt] = field(default_factory=list)
    effects: list[rows.Effect] = field(default_factory=list)
    facts: list[rows.Remark] = field(default_factory=list)
    violations: list[rows.Remark] = field(default_factory=list)
    cutoffs: list[rows.Cutoff] = field(default_factory=list)
    postings: list[rows.Posting] = field(default_factory=list)
    usage: list[use_rows.Used] = field(default_factory=list)
    acknowledgements: list[use_rows.Acknowledged] = field(default_factory=list)
    settlements: list[acts_.Settled] = field(default_factory=list)
    acts: list[acts_.Act] = field(default_factory=list)
    accounts: list[rows.Account] = field(default_factory=list)


READERS: dict[str, Callable[[str, Fields], rows.Row]] = {
    "members": rows.member,
    "keys": rows.member_key,
    "enrolments": rows.enrolled,
    "levies": rows.levied,
    "rates": rows.rated,
    "entitlements": rows.entitled,
    "cycles": rows.cycle,
    "decisions": rows.decision,
    "attempts": rows.attempt,
    "effects": rows.effect,
    "facts": rows.remark,
    "violations": rows.remark,
    "cutoffs": rows.cutoff,
    "postings": rows.posting,
    "transfers": rows.booked,
    "usage": use_rows.used,
    "acknowledgements": use_rows.acknowledged,
    "settlements": acts_.settled,
    "acts": acts_.act,
    "accounts": rows.account,
}
TRANSFERS_CSV = "transfers.csv"
CSV_COLUMNS = ("id", "kind", "purpose", "debit", "credit", "amount_mHs", "hour", "period", "attempt", "carried")
# What the log says, by :mod:`hanse.ledger.openings`; its tiles are checked against the checkpoint, not the manifest.
OPENINGS = "openings"
FILES = (*(f"{name}.jsonl" for name in (*READERS, OPENINGS)), TRANSFERS_CSV, REPORT, tiles.CHECKPOINT)


def write_lines(folder: Path, name: str, lines: Iterable[Json]) -> None:
    """Write the file of *name*, one line a row."""
    path = folder / f"{name}.jsonl"
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        for line in lines:
            file.write(canonical.encode(line) + b"\n")


def write_csv(folder: Path) -> None:
    """Write the transfers as CSV: the same as their JSON lines, for people with a spreadsheet.

    Raises:
        BundleError: a line is not what it should be.

    """
    with (folder / TRANSFERS_CSV).open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CSV_COLUMNS)
        writer.writerows(map(csv_row, read_transfers(folder)))


def csv_row(row: rows.Booked) -> tuple[object, ...]:
    """Return a transfer as the spreadsheet has it."""
    its = row.transfer
    return (
        its.id, its.kind, its.purpose, its.debit, its.credit, its.amount, its.hour_seconds, its.period,
        its.attempt or "", int(row.carried),
    )  # fmt: skip


def write_manifest(folder: Path, header: Header) -> bytes:
    """Write the manifest over all other files; return its SHA-256."""
    data = canonical.encode(
        {
            "v": VERSION,
            **_header_value(header),
            "files": {name: sha256_of(folder / name).hex() for name in (*FILES, *_slot_paths(folder))},
        }
    )
    (folder / MANIFEST).write_bytes(data + b"\n")
    return manifest_sha256(folder)


def manifest_sha256(folder: Path) -> bytes:
    """Return the SHA-256 of the manifest, which stands for the whole export."""
    try:
        return canonical.sha256((folder / MANIFEST).read_bytes())
    except OSError as error:
        raise BundleError(MANIFEST, "is missing: this is no export") from error


def read_manifest(folder: Path) -> tuple[Header, dict[str, bytes]]:
    """Return what the manifest says, and the SHA-256 of each file by name.

    Raises:
        BundleError: it is not there, or not a manifest.

    """
    try:
        fields = Fields(canonical.decode((folder / MANIFEST).read_bytes().removesuffix(b"\n")), "manifest")
        fields.integer("v", VERSION, VERSION)
        header = Header(
            period=fields.text("period"),
            start_seconds=fields.integer("start"),
            end_seconds=fields.integer("end"),
            exported_at_seconds=fields.integer("exportedAt"),
            slot_seconds=fields.integer("slotSeconds", 1),
            first_leaf=fields.integer("firstLeaf"),
            end_leaf=fields.integer("endLeaf"),
        )
        files = fields.inner("files")
        names = (*FILES, *sorted(name for name in files.names() if _OF_AN_HOUR.fullmatch(name)))
        hashes = {name: files.digest(name) for name in names}
        files.done()
        fields.done()
        header = dataclasses.replace(header, slot_files=_checked_hours(header, names[len(FILES) :]))
    except OSError as error:
        raise BundleError(MANIFEST, "is missing: this is no export") from error
    except EvidenceError as error:
        raise BundleError(MANIFEST, str(error)) from error
    return header, hashes


def read_into(bundle: Bundle, folder: Path, name: str, look: Look | None = None) -> None:
    """Read the rows of one file; each line is shown to *look* too.

    Raises:
        BundleError: the file is missing, or a line is not what it should be.

    """
    setattr(bundle, name, list(_read_lines(folder, name, READERS[name], look)))


def read_transfers(folder: Path, look: Look | None = None) -> Iterator[rows.Booked]:
    """Yield the transfers."""
    return _read_lines(folder, "transfers", rows.booked, look)


def read_slots(folder: Path, name: str, look: LookAtSlot | None = None) -> Iterator[rows.Metered]:
    """Yield the slots of an hour's file; each line is shown to *look* too, with what its leaf commits to."""
    for where, data, value in _read_bytes(folder, name):
        try:
            row, own = slot_lines.read(where, data, value)
        except ValueError as error:
            raise BundleError(where, str(error)) from error
        if look and isinstance(value, dict):
            look(where, value, own)
        yield row


def slot_file(hour_seconds: int) -> str:
    """Return the name of the file of the slots that start in the hour that starts then (Unix time)."""
    return f"{SLOTS}/{datetime.fromtimestamp(hour_seconds, UTC):%Y-%m-%dT%H}"


def hour_of(name: str) -> int:
    """Return the hour (its start, Unix time) of a file of slots."""
    return int(datetime.strptime(f"{name}+0000", f"{SLOTS}/%Y-%m-%dT%H%z").timestamp())


def slot_files(folder: Path) -> tuple[str, ...]:
    """Return the names of the files of slots that are in a folder, in order."""
    return tuple(path.removesuffix(".jsonl") for path in _slot_paths(folder))


def kind_of(name: str) -> str:
    """Return what the rows of a file are: all of slots' files are of one kind."""
    return SLOTS if name.startswith(f"{SLOTS}/") else name


def located(folder: Path, names: Iterable[str], key: str, wanted: Collection[Json]) -> dict[Json, list[str]]:
    """Return where the lines are whose *key* is one of *wanted*: to name what is wrong, which costs another reading."""
    found: dict[Json, list[str]] = {}
    for name in names:
        for where, value in read_values(folder, name):
            its = value.get(key) if isinstance(value, dict) else None
            if its is not None and its in wanted:
                found.setdefault(its, []).append(where)
    return found


def read_values(folder: Path, name: str) -> Iterator[tuple[str, Json]]:
    """Yield each line of a file: where it is, and what it says.

    Raises:
        BundleError: the file is missing, or a line is not canonical.

    """
    for where, _, value in _read_bytes(folder, name):
        yield where, value


def _read_bytes(folder: Path, name: str) -> Iterator[tuple[str, bytes, Json]]:
    """Yield each line of a file: where it is, its bytes, and what they say."""
    file = f"{name}.jsonl"
    try:
        opened = (folder / file).open("rb")
    except OSError as error:
        raise BundleError(file, "is missing") from error
    with opened as lines:
        for number, line in enumerate(lines, 1):
            where = f"{file}:{number}"
            if not line.endswith(b"\n"):
                raise BundleError(file, "ends within a line")
            data = line[:-1]
            try:
                value = canonical.decode(data)
            except ValueError as error:
                raise BundleError(where, str(error)) from error
            yield where, data, value


def sha256_of(path: Path) -> bytes:
    """Return the SHA-256 of a file, which may be large."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _checked_hours(header: Header, paths: Iterable[str]) -> tuple[str, ...]:
    names = tuple(path.removesuffix(".jsonl") for path in paths)
    try:
        strange = [name for name in names if not header.start_seconds <= hour_of(name) < header.end_seconds]
    except ValueError as error:
        raise BundleError(MANIFEST, f"names a file of slots of no hour: {error}") from error
    if strange:
        raise BundleError(MANIFEST, f"names {strange[0]}.jsonl, which is of another period")
    return names


def _slot_paths(folder: Path) -> list[str]:
    return sorted(f"{SLOTS}/{path.name}" for path in (folder / SLOTS).glob("*.jsonl"))


def _read_lines(folder: Path, name: str, reader: Callable[[str, Fields], T], look: Look | None) -> Iterator[T]:
    for where, value in read_values(folder, name):
        try:
            fields = Fields(value, name)
            if look and isinstance(value, dict):
                look(name, where, value)
            row = reader(where, fields)
            fields.done()
        except ValueError as error:
            raise BundleError(where, str(error)) from error
        yield row


def _header_value(header: Header) -> dict[str, Json]:
    return {
        "period": header.period,
        "start": header.start_seconds,
        "end": header.end_seconds,
        "exportedAt": header.exported_at_seconds,
        "slotSeconds": header.slot_seconds,
        "firstLeaf": header.first_leaf,
        "endLeaf": header.end_leaf,
    }
