"""Ways to tamper with a ledger: with rows in the database, with the lines and files of an export, and with its log.

In: a random choice, and what to tamper with. Out: the same, changed, and a few words for what was done. Whoever does it
knows the formats: hashes, spreadsheet and manifest are made again, so that only what cannot be made again tells.
"""

import contextlib
import dataclasses
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from hanse.bench.ledgers import Keys
from hanse.evidence import canonical, checkpoints, commitments, merkle, tiles
from hanse.evidence.checkpoints import Checkpoint
from hanse.ledger import bundle, leaves
from hanse.ledger.bundle import BundleError
from hanse.ledger.publishing import Folder

_HOUR_US = 3600 * 10**6
_ORIGIN_AT = 0
Rows = list[dict[str, Any]]


def of_export(chance: random.Random, folder: Path, *, rebuilt: bool) -> str:
    """Change something in an export; what concerns the log's files makes no sense to who rebuilds the log."""
    ways: list[tuple[int, Callable[[random.Random, Path], str]]] = [(12, _line), (2, _truncated), (1, _without_hour)]
    if not rebuilt:
        ways += [(2, _byte), (1, _signature), (1, _leaf)]
    weights, functions = zip(*ways, strict=True)
    chosen: Callable[[random.Random, Path], str] = chance.choices(functions, weights)[0]
    return chosen(chance, folder)


def remake(folder: Path) -> None:
    """Make spreadsheet and manifest again, as far as the files can be read."""
    with contextlib.suppress(BundleError, ValueError):
        header, _ = bundle.read_manifest(folder)
        bundle.write_manifest(folder, header)
        bundle.write_csv(folder)
        bundle.write_manifest(folder, header)


def _names(folder: Path) -> list[str]:
    return [name for name in (*bundle.READERS, bundle.OPENINGS, *bundle.slot_files(folder)) if _lines(folder, name)]


def _lines(folder: Path, name: str) -> Rows:
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_bytes().splitlines()]


def _write(folder: Path, name: str, rows: Rows) -> None:
    for row in rows:
        if "sha256" in row and "body" in row:
            row["sha256"] = canonical.sha256(canonical.encode(row["body"])).hex()
    bundle.write_lines(folder, name, rows)


def _line(chance: random.Random, folder: Path) -> str:
    """Edit, delete, repeat, move or backdate a line of a file, each file as likely as another."""
    name = chance.choice(_names(folder))
    rows = _lines(folder, name)
    number = chance.randrange(len(rows))
    what = chance.choice(("edit", "edit", "edit", "delete", "repeat", "swap", "backdate", "add"))
    if what == "swap" and len(rows) == 1:
        what = "delete"
    if what == "backdate" and "recorded" not in rows[number]:
        what = "edit"
    if what == "edit":
        said = _edited(chance, rows[number])
    else:
        said = ""
        _moved(chance, what, rows, number)
    _write(folder, name, rows)
    return f"{what} {bundle.kind_of(name)} {said}".rstrip()


def _moved(chance: random.Random, what: str, rows: Rows, number: int) -> None:
    if what == "delete":
        del rows[number]
    elif what == "repeat":
        rows.insert(number, rows[number])
    elif what == "swap":
        other = (number + 1) % len(rows)
        rows[number], rows[other] = rows[other], rows[number]
    elif what == "backdate":
        rows[number]["recorded"] -= chance.randrange(1, 48) * _HOUR_US
    else:  # a row that never was, from one that was
        made_up = json.loads(json.dumps(rows[number]))
        made_up.pop("leaf", None)
        made_up.pop("salt", None)
        if "sequence" in made_up:
            made_up["sequence"] = max(row["sequence"] for row in rows) + 1
        rows.append(made_up)


def _edited(chance: random.Random, row: dict[str, Any]) -> str:
    """Change one value somewhere in a row; return where."""
    places = list(_places(row))
    holder, key, path = chance.choice(places)
    holder[key] = _other(chance, holder[key])
    return str(path)


def _places(value: Any, path: str = "") -> Any:
    """Yield each value that is no container: what holds it, under which key, and the path of keys."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        if key == "sha256":
            continue  # it is made again
        here = f"{path}.{key}" if path and not isinstance(key, int) else path or str(key)
        if isinstance(each, dict | list):
            yield from _places(each, here)
        else:
            yield value, key, here


def _other(chance: random.Random, value: Any) -> Any:
    if isinstance(value, int):
        return chance.choice([value + 1, value + 300, max(value - 1, 0) if value else 2, value * 2 + 1])
    text = str(value)
    at = chance.randrange(len(text))
    return text[:at] + ("1" if text[at] != "1" else "0") + text[at + 1 :]


def _truncated(chance: random.Random, folder: Path) -> str:
    """Cut the end of a file off, as if the rest had never been."""
    name = chance.choice(_names(folder))
    rows = _lines(folder, name)
    _write(folder, name, rows[: chance.randrange(len(rows))])
    return f"truncate {bundle.kind_of(name)}"


def _without_hour(chance: random.Random, folder: Path) -> str:
    """Drop a whole hour of slots."""
    (folder / f"{chance.choice(bundle.slot_files(folder))}.jsonl").unlink()
    return "truncate hour"


def _byte(chance: random.Random, folder: Path) -> str:
    """Flip a bit in any file but those that are made again."""
    made_again = {bundle.MANIFEST, bundle.REPORT, bundle.TRANSFERS_CSV}
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in made_again]
    path = chance.choice([path for path in paths if path.stat().st_size])
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(data))
    return f"bit {path.relative_to(folder).parts[0]}"


def _signature(chance: random.Random, folder: Path) -> str:
    """Take witnesses' lines, or the log's, off the checkpoint."""
    path = folder / tiles.CHECKPOINT
    text, _, signatures = path.read_text().partition("\n\n")
    kept = [line for line in signatures.splitlines() if not line.startswith("— w")]
    kept = kept if chance.random() < 0.5 else signatures.splitlines()[1:]  # noqa: PLR2004  # either
    path.write_text("\n".join([text, "", *kept, ""]))
    return "unsign checkpoint"


def _leaf(chance: random.Random, folder: Path) -> str:
    """Change an entry of the log together with all that is above it, but for the signed root."""
    entries = _entries(folder)
    entries[chance.randrange(len(entries))] = chance.randbytes(commitments.ENTRY_BYTES)
    note = (folder / tiles.CHECKPOINT).read_bytes()
    _publish(folder, entries, note)
    (folder / tiles.CHECKPOINT).write_bytes(note)
    return "leaf log"


def reseal(folder: Path, keys: Keys) -> None:
    """Build the log anew over the rows as they are now, signed with the log's key: the witnesses' lines are gone."""
    with contextlib.suppress(BundleError, ValueError, KeyError):
        found: list[tuple[int, int, str, int, dict[str, Any]]] = []
        rows_by_name = {}
        for name in (*leaves.SEALED, bundle.OPENINGS, *bundle.slot_files(folder)):
            if name == bundle.SLOTS:
                continue
            rows_by_name[name] = rows = _lines(folder, name)
            found += [(_leaf_of(row), _sequence(row), name, number, row) for number, row in enumerate(rows)]
        entries = [
            _resealed(index, name, row) for index, (*_, name, _, row) in enumerate(sorted(found, key=lambda at: at[:4]))
        ]
        for name, rows in rows_by_name.items():
            bundle.write_lines(folder, name, rows)
        header, _ = bundle.read_manifest(folder)
        end = min(header.end_leaf, len(entries)) if header.first_leaf else len(entries)
        root = merkle.root_of([merkle.leaf_hash(entry) for entry in entries])
        note = checkpoints.sign(Checkpoint(keys.log[0].key.name, len(entries), root), keys.log, _ORIGIN_AT)
        _publish(folder, entries, note.encode())
        bundle.write_manifest(folder, dataclasses.replace(header, end_leaf=end, slot_files=bundle.slot_files(folder)))


def _leaf_of(row: dict[str, Any]) -> int:
    found = row.get("leaf", row.get("index", 2**60))
    return found if isinstance(found, int) else 2**60


def _sequence(row: dict[str, Any]) -> int:
    its = row.get("sequence", 0)
    return its if isinstance(its, int) else 0


def _resealed(index: int, name: str, row: dict[str, Any]) -> bytes:
    salt = commitments.new_salt()
    if name == bundle.OPENINGS:
        row["index"], row["salt"] = index, salt.hex()
        return leaves.seal(row["file"], row["row"], salt).entry
    row["leaf"], row["salt"] = index, salt.hex()
    return leaves.seal(bundle.kind_of(name), row, salt).entry


def _entries(folder: Path) -> list[bytes]:
    size = checkpoints.parse(_text(folder)).size
    found: list[bytes] = []
    for tile in tiles.of(size):
        if tile.level == tiles.ENTRIES:
            found += tiles.decode_bundle((folder / tile.path).read_bytes())
    return found


def _text(folder: Path) -> bytes:
    return (folder / tiles.CHECKPOINT).read_bytes().partition(b"\n\n")[0] + b"\n"


def _publish(folder: Path, entries: Sequence[bytes], note: bytes) -> None:
    """Write the log's files over what is there; what does not lead to the note's root is written all the same."""
    for path in sorted((folder / "tile").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (folder / tiles.CHECKPOINT).unlink(missing_ok=True)
    with contextlib.suppress(Exception):
        Folder(folder).publish(note, lambda start, end: list(entries[start:end]))


def of_database(chance: random.Random, connection: psycopg.Connection[Any]) -> str:
    """Change rows as the owner of the server can: triggers and constraints are off, partitions may be emptied."""
    connection.execute("SET session_replication_role = replica")
    if chance.random() < 0.1:  # noqa: PLR2004  # now and then a partition
        connection.execute("ALTER TABLE ledger.slot_20261101 DISABLE TRIGGER ALL")
        connection.execute("TRUNCATE ledger.slot_20261101")
        return "truncate partition"
    table = chance.choice(_TABLES)
    its = sql.Identifier("ledger", table)
    connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(its))
    where = sql.SQL("sequence = (SELECT sequence FROM {} ORDER BY sequence LIMIT 1 OFFSET %s)").format(its)
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(its)).fetchone()
    number = chance.randrange(row[0]) if row and row[0] else 0
    what = chance.choice(("delete", "backdate", "edit", "edit"))
    if what == "delete":
        connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(its, where), [number])
    elif what == "backdate":
        change = sql.SQL("UPDATE {} SET recorded_at = recorded_at - interval '7 hours' WHERE {}").format(its, where)
        connection.execute(change, [number])
    else:
        try:
            what = f"edit {_changed(chance, connection, table, where, number)}"
        except psycopg.errors.CheckViolation:  # no such value: then the row goes
            connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(its, where), [number])
            what = "delete"
    return f"{what} in {table}"


_TABLES = (
    "transfer",
    "slot_20261101",
    "decision",
    "effect",
    "fact",
    "violation",
    "cutoff",
    "posting",
    "cycle",
    "enrolment",
    "rate",
    "usage",
    "acknowledgement",
    "act",
    "entitlement",
    "levy",
)
_NUMBERS: dict[str, tuple[str, ...]] = {
    "transfer": ("amount", "hour_seconds"), "slot_20261101": ("sequence",), "decision": ("sequence",),
    "effect": ("sequence",), "fact": ("at_seconds",), "violation": ("at_seconds",), "cutoff": ("slots",),
    "posting": ("used", "idle"), "cycle": ("as_of_seconds", "decisions"), "enrolment": ("sequence",),
    "rate": ("thousandths",), "usage": ("milli_gpu_seconds",), "acknowledgement": ("hour_seconds",),
    "act": ("sequence",), "entitlement": ("milli_gpus", "milli_h100e"), "levy": ("start_seconds",),
}  # fmt: skip


def _changed(
    chance: random.Random, connection: psycopg.Connection[Any], table: str, where: sql.Composed, number: int
) -> str:
    column = chance.choice(_NUMBERS[table])
    its = sql.Identifier("ledger", table)
    more = 10**6 if column == "sequence" else chance.choice([1, 300])
    change = sql.SQL("UPDATE {} SET {} = {} + %s WHERE {}").format(its, *[sql.Identifier(column)] * 2, where)
    connection.execute(change, [more, number])
    return column
