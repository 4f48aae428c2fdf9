"""A transparency log as static files (C2SP tlog-tiles): any web server can be the log, and any client can check it.

In: a size and a function that reads a file. Out: where each file is, its content, hashes of complete subtrees for
:mod:`hanse.evidence.merkle`, and what is wrong with a set of files. A tile has up to 256 hashes of one level; a bundle
has the entries of the leaves of a tile of level 0. Who writes the files is :mod:`hanse.ledger.publishing`.
"""

import functools
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hanse.evidence import merkle
from hanse.evidence.errors import EvidenceError

WIDTH = 256
ENTRIES = -1
"""The level of bundles of entries, which is below that of their hashes."""
CHECKPOINT = "checkpoint"
ENTRY_BYTES_MAX = 2**16 - 1
_HEIGHT = 8
_LENGTH = struct.Struct(">H")

# Returns what is in the file at a path, or raises OSError.
Read: TypeAlias = Callable[[str], bytes]


@dataclass(frozen=True, order=True)
class Tile:
    """One file: the hashes (or entries) number *index* · 256 and following of a level, as many as *width*."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The file's path in the log: the index in groups of three digits, all but the last with an x."""
        rest, digits = divmod(self.index, 1000)
        groups = f"{digits:03d}"
        while rest:
            rest, digits = divmod(rest, 1000)
            groups = f"x{digits:03d}/{groups}"
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{groups}" + ("" if self.width == WIDTH else f".p/{self.width}")


def count(level: int, size: int) -> int:
    """Return how many hashes (or entries) of a level a log of *size* leaves has in its tiles."""
    return size >> _HEIGHT * max(level, 0)


def of(size: int, since: int = 0) -> Iterator[Tile]:
    """Yield the tiles of a log of *size* leaves, from the bundles up; with *since*, those that one so large had not."""
    level = ENTRIES
    while level <= 0 or count(level, size):
        now, before = count(level, size), count(level, since)
        for index in range(before // WIDTH, -(-now // WIDTH)):
            tile = Tile(level, index, min(WIDTH, now - index * WIDTH))
            if index * WIDTH + tile.width > before:
                yield tile
        level += 1


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Return the content of a bundle of entries.

    Raises:
        EvidenceError: one is too long for the format.

    """
    if any(len(entry) > ENTRY_BYTES_MAX for entry in entries):
        raise EvidenceError(f"an entry of a log has at most {ENTRY_BYTES_MAX} bytes")
    return b"".join(_LENGTH.pack(len(entry)) + entry for entry in entries)


def decode_bundle(data: bytes) -> list[bytes]:
    """Return the entries in a bundle.

    Raises:
        EvidenceError: it ends within one.

    """
    entries = []
    at = 0
    while at < len(data):
        start = at + _LENGTH.size
        end = start + (_LENGTH.unpack_from(data, at)[0] if start <= len(data) else 0)
        if start > len(data) or end > len(data):
            raise EvidenceError("the bundle ends within an entry")
        entries.append(data[start:end])
        at = end
    return entries


def decode_tile(data: bytes) -> list[bytes]:
    """Return the hashes in a tile."""
    return [data[at : at + merkle.HASH_BYTES] for at in range(0, len(data), merkle.HASH_BYTES)]


def node_reader(read: Read, size: int) -> merkle.Node:
    """Return a function that reads hashes of complete subtrees from the tiles of a log of *size* leaves.

    It raises EvidenceError where a tile is not there or too short.

    """

    @functools.lru_cache(maxsize=64)
    def hashes(level: int, index: int) -> list[bytes]:
        tile = Tile(level, index, min(WIDTH, count(level, size) - index * WIDTH))
        return _hashes(read, tile)

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, _HEIGHT)
        first = index << height
        own = hashes(tile_level, first // WIDTH)
        return merkle.root_of(own[first % WIDTH : (first % WIDTH) + (1 << height)])

    return node


def problems(read: Read, size: int, root: bytes) -> Iterator[tuple[str, str]]:
    """Yield (path, what is wrong) for a log of *size* leaves and this root: everything is computed from the entries."""
    frontier = merkle.Frontier()
    above: list[list[bytes]] = [[]]  # by level, the hashes of the tile that is being filled
    for bundle in of(size):
        if bundle.level != ENTRIES:
            break
        try:
            entries = decode_bundle(_content(read, bundle))
        except EvidenceError as error:
            yield bundle.path, str(error)
            return  # from here on everything would be wrong
        if len(entries) != bundle.width:
            yield bundle.path, f"holds {len(entries)} entries, not {bundle.width}"
            return
        for entry in entries:
            leaf = merkle.leaf_hash(entry)
            frontier.append(leaf)
            yield from _risen(read, above, leaf)
    for level, own in enumerate(above):
        if own:
            yield from _differs(read, Tile(level, count(level, size) // WIDTH, len(own)), own)
    if frontier.root() != root:
        yield CHECKPOINT, f"its root is not that of the {size} entries in the log"


def _risen(read: Read, above: list[list[bytes]], leaf: bytes, seen: int = 0) -> Iterator[tuple[str, str]]:
    """Add a hash to level *seen*; a tile that is full is compared with its file, and its root goes one level up."""
    own = above[seen]
    own.append(leaf)
    if len(own) < WIDTH:
        return
    if len(above) == seen + 1:
        above.append([])
    yield from _differs(read, Tile(seen, _index_of_full(above, seen)), own)
    above[seen] = []
    yield from _risen(read, above, merkle.root_of(own), seen + 1)


def _index_of_full(above: list[list[bytes]], level: int) -> int:
    """Return the index of the tile of *level* that has just become full: how many are counted above it."""
    index = 0
    for own in reversed(above[level + 1 :]):
        index = index * WIDTH + len(own)
    return index


def _differs(read: Read, tile: Tile, wanted: list[bytes]) -> Iterator[tuple[str, str]]:
    try:
        if _hashes(read, tile) != wanted:
            yield tile.path, "does not hold the hashes of what is below it"
    except EvidenceError as error:
        yield tile.path, str(error)


def _hashes(read: Read, tile: Tile) -> list[bytes]:
    data = _content(read, tile)
    if len(data) != tile.width * merkle.HASH_BYTES:
        raise EvidenceError(f"{tile.path} has {len(data)} bytes, not {tile.width * merkle.HASH_BYTES}")
    return decode_tile(data)


def _content(read: Read, tile: Tile) -> bytes:
    try:
        return read(tile.path)
    except OSError as error:
        raise EvidenceError(f"{tile.path} is missing") from error
