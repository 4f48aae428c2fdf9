"""Frames: what a cycle saw, in bytes, so that anybody can plan it again later.

In: the frames of a chain, in their order. Out: snapshots, with the digests of those that they were written of. A *key
frame* holds a whole snapshot, any other one only what changed since the frame before it: rows of nodes, jobs and
attempts by name, in columns, as canonical JSON that is compressed. A chain begins with a key frame, and a changed pool
(a policy, a member, a class) begins a new one, since it moves every index. What frames hold is everybody's: they are
for auditors only. :mod:`hanse.scheduler.framing` writes them.
"""

import json
import typing
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from hanse.scheduler import building, columns, spelling
from hanse.scheduler.catalogue import Catalogue
from hanse.scheduler.columns import Table
from hanse.scheduler.pool import Pool, Shape
from hanse.scheduler.snapshot import Snapshot

VERSION = 1
BYTES_MAX = 2**30
"""What a frame may hold, uncompressed: ten times the pool that this is built for."""

Row: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = dict[str, list[Row]]
KEYS = {"nodes": "name", "jobs": "uid", "attempts": "job", "holdings": "attempt"}
"""What rows of each table are known by, once names stand for rows of other tables: attempts by their jobs' uids."""
LISTED = {
    name: declared
    for name, declared in typing.get_type_hints(Snapshot).items()
    if typing.get_origin(declared) is tuple and name != "shapes"
}
"""What else a snapshot has, as short lists of records: written whole if anything in it changed."""


class FrameError(ValueError):
    """Bytes that are no frame, or do not follow the frame before."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a frame says of its cycle.

    *basis* is the state of the frame that it follows, empty for a key frame; *decided* what the whole plan decided, and
    *recorded* which of these decisions the cycle recorded: the others were left to a later one.
    """

    basis: str
    decided: str
    recorded: tuple[int, ...]

    @property
    def is_key(self) -> bool:
        """Whether it can be read without another frame."""
        return not self.basis


def decode(frame: bytes) -> dict[str, Any]:
    """Return what a frame says.

    Raises:
        FrameError: it is none.

    """
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(frame, BYTES_MAX)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise FrameError(f"it is cut off, or larger than {BYTES_MAX} bytes")
        said = json.loads(text)
    except (zlib.error, ValueError) as error:
        raise FrameError(f"it cannot be read: {error}") from error
    if not isinstance(said, dict) or said.get("v") != VERSION:
        raise FrameError(f"it is not of version {VERSION}: another Hanse wrote it")
    return said


def header(frame: bytes) -> Header:
    """Return what a frame says of its cycle.

    Raises:
        FrameError: it is none.

    """
    return _header(decode(frame))


def _header(said: Mapping[str, Any]) -> Header:
    try:
        known = {name: said[name] for name in ("basis", "decided", "recorded")}
        read: Header = spelling.typed(Header, known)
    except (KeyError, ValueError) as error:
        raise FrameError(f"its header cannot be read: {error}") from error
    return read


class Reader:
    """Follows a chain of frames from a key frame on."""

    def __init__(self) -> None:
        self._catalogue: Catalogue | None = None
        self._as_of = 0
        self._listed: dict[str, tuple[Any, ...]] = {}
        self._rows: dict[str, Rows] = {}

    def take(self, frame: bytes) -> Header:
        """Take up a frame; return what it says of its cycle.

        Raises:
            FrameError: it is none, or it follows another that was not taken up.

        """
        said = decode(frame)
        found = _header(said)
        if not found.is_key and self._catalogue is None:
            raise FrameError("it follows a frame that is not there")
        try:
            if found.is_key:
                self._catalogue = Catalogue(spelling.typed(Pool, said["pool"]))
                self._rows = {name: {} for name in KEYS}
                self._listed = dict.fromkeys(LISTED, ())
            self._take(said)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise FrameError(f"what it holds does not fit together: {error}") from error
        return found

    def _take(self, said: Mapping[str, Any]) -> None:
        self._as_of = int(said["asOf"])
        self._listed |= {
            name: spelling.typed(declared, said[name]) for name, declared in LISTED.items() if name in said
        }
        shapes = spelling.typed(tuple[Shape, ...], said.get("shapes", ()))
        for name, key in KEYS.items():
            changes = said.get(name, {"changed": {}, "gone": []})
            changed: Rows = {}
            for row in _rows(_DTYPES[name], changes["changed"]):
                values = {**row, "shape": shapes[row["shape"]]} if name == "jobs" else row
                changed.setdefault(values[key], []).append(tuple(values.values()))
            for gone in changes["gone"]:
                del self._rows[name][gone]
            self._rows[name] |= changed

    def snapshot(self) -> Snapshot:
        """Return the snapshot that the last frame was written of.

        Raises:
            FrameError: no frame was taken up, or what they hold does not fit together.

        """
        if self._catalogue is None:
            raise FrameError("there is no key frame")
        try:
            snapshot = self._built(self._catalogue)
            building.check(snapshot)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise FrameError(f"what it holds does not fit together: {error}") from error
        return snapshot

    def _built(self, catalogue: Catalogue) -> Snapshot:
        nodes, jobs, attempts, holdings = (self._columns(name) for name in KEYS)
        shapes = {shape: number for number, shape in enumerate(dict.fromkeys(jobs["shape"]))}
        jobs["shape"] = [shapes[shape] for shape in jobs["shape"]]
        tables = {"nodes": _table("nodes", nodes), "jobs": _table("jobs", jobs)}
        row_of_attempt = {uid: row for row, uid in enumerate(attempts["job"])}
        attempts["job"] = _found(tables["jobs"]["uid"], attempts["job"])
        holdings["attempt"] = [row_of_attempt[uid] for uid in holdings["attempt"]]
        holdings["node"] = _found(tables["nodes"]["name"], holdings["node"])
        tables |= {"attempts": _table("attempts", attempts), "holdings": _table("holdings", holdings)}
        rest: dict[str, Any] = {**tables, **self._listed}
        return Snapshot(self._as_of, catalogue, shapes=tuple(shapes), **rest)

    def _columns(self, name: str) -> dict[str, list[Any]]:
        """Return the rows of a table by column, in the order of what they are known by."""
        rows = [row for _, rows in sorted(self._rows[name].items()) for row in rows]
        fields = _DTYPES[name].names or ()
        return (
            dict(zip(fields, map(list, zip(*rows, strict=True)), strict=True))
            if rows
            else {each: [] for each in fields}
        )


_DTYPES = {"nodes": columns.NODES, "jobs": columns.JOBS, "attempts": columns.ATTEMPTS, "holdings": columns.HOLDINGS}


def _table(name: str, by_column: Mapping[str, Sequence[Any]]) -> Table:
    return columns.table(_DTYPES[name], list(zip(*by_column.values(), strict=True)))


def _rows(dtype: np.dtype[Any], said: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Yield rows by field, in the order of *dtype*'s; what an older Hanse did not know is 0, empty or the core."""
    fields = dtype.names or ()
    if unknown := sorted(set(said) - set(fields)):
        raise ValueError(f"there is no column {', '.join(unknown)}: a newer Hanse wrote it")
    count = max(map(len, said.values()), default=0)
    usual = np.zeros(1, dtype)
    if "worker" in fields:
        usual["worker"] = columns.CORE
    ordered = [said.get(each) or [usual[each][0].item()] * count for each in fields]
    for values in zip(*ordered, strict=True):
        yield dict(zip(fields, values, strict=True))


def _found(names: npt.NDArray[np.str_], wanted: Sequence[str]) -> list[int]:
    rows = columns.find(names, wanted)
    if (rows < 0).any():
        raise ValueError(f"{wanted[int(np.argmin(rows))]} is not there")
    found: list[int] = rows.tolist()
    return found
