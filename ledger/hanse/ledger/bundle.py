"""An export on disk: a folder of JSON lines, CSV for spreadsheets, a manifest of hashes, and a report.

In: rows to write, or a folder to read. Out: files, or a :class:`Bundle` of typed rows. Each line is canonical JSON, so
that there is one way to write it. The manifest's own hash stands for the whole folder: who has it from elsewhere can
tell any copy from the original.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from hanse.evidence import canonical, tiles
from hanse.evidence.canonical import Json
from hanse.evidence.errors import EvidenceError
from hanse.evidence.shape import Fields
from hanse.ledger import rows

VERSION = 3
MANIFEST = "manifest.json"
REPORT = "REPORT.md"
T = TypeVar("T", bound=rows.Row)


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
    """

    period: str
    start_seconds: int
    end_seconds: int
    exported_at_seconds: int
    slot_seconds: int
    first_leaf: int
    end_leaf: int


@dataclass
class Bundle:
    """An export, read: the rows of each file in the order of their lines."""

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
    slots: list[rows.Metered] = field(default_factory=list)
    cutoffs: list[rows.Cutoff] = field(default_factory=list)
    postings: list[rows.Posting] = field(default_factory=list)
    transfers: list[rows.Booked] = field(default_factory=list)
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
    "slots": rows.metered,
    "cutoffs": rows.cutoff,
    "postings": rows.posting,
    "transfers": rows.booked,
    "accounts": rows.account,
}
TRANSFERS_CSV = "transfers.csv"
# What the log says, by :mod:`hanse.ledger.openings`; its tiles are checked against the checkpoint, not the manifest.
OPENINGS = "openings"
FILES = (*(f"{name}.jsonl" for name in (*READERS, OPENINGS)), TRANSFERS_CSV, REPORT, tiles.CHECKPOINT)


def write_lines(folder: Path, name: str, lines: Iterable[Json]) -> None:
    """Write the file of *name*, one line a row."""
    with (folder / f"{name}.jsonl").open("wb") as file:
        for line in lines:
            file.write(canonical.encode(line) + b"\n")


def write_csv(folder: Path, bundle: Bundle) -> None:
    """Write the transfers as CSV: the same as their JSON lines, for people with a spreadsheet."""
    (folder / TRANSFERS_CSV).write_text(transfers_csv(bundle))


def transfers_csv(bundle: Bundle) -> str:
    """Return the transfers as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "kind", "purpose", "debit", "credit", "amount_mHs", "hour", "period", "attempt", "carried"])
    for row in bundle.transfers:
        its = row.transfer
        writer.writerow([
            its.id, its.kind, its.purpose, its.debit, its.credit, its.amount, its.hour_seconds, its.period,
            its.attempt or "", int(row.carried),
        ])  # fmt: skip
    return text.getvalue()


def write_manifest(folder: Path, header: Header) -> bytes:
    """Write the manifest over all other files; return its SHA-256."""
    data = canonical.encode(
        {
            "v": VERSION,
            **_header_value(header),
            "files": {name: canonical.sha256((folder / name).read_bytes()).hex() for name in FILES},
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
        hashes = {name: files.digest(name) for name in FILES}
        files.done()
        fields.done()
    except OSError as error:
        raise BundleError(MANIFEST, "is missing: this is no export") from error
    except EvidenceError as error:
        raise BundleError(MANIFEST, str(error)) from error
    return header, hashes


def read(folder: Path, header: Header) -> Bundle:
    """Read all rows.

    Raises:
        BundleError: a file is missing, or a line is not what it should be.

    """
    bundle = Bundle(header)
    for name, reader in READERS.items():
        setattr(bundle, name, list(_read_lines(folder, name, reader)))
    return bundle


def read_values(folder: Path, name: str) -> Iterator[tuple[str, Json]]:
    """Yield each line of a file: where it is, and what it says.

    Raises:
        BundleError: the file is missing, or a line is not canonical.

    """
    file = f"{name}.jsonl"
    try:
        lines = (folder / file).read_bytes().split(b"\n")
    except OSError as error:
        raise BundleError(file, "is missing") from error
    if lines.pop() != b"":
        raise BundleError(file, "ends within a line")
    for number, line in enumerate(lines, 1):
        where = f"{file}:{number}"
        try:
            yield where, canonical.decode(line)
        except ValueError as error:
            raise BundleError(where, str(error)) from error


def _read_lines(folder: Path, name: str, reader: Callable[[str, Fields], T]) -> Iterable[T]:
    for where, value in read_values(folder, name):
        try:
            fields = Fields(value, name)
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
