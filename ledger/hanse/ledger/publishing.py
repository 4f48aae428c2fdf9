"""The log as static files: what `nginx` or an object store then serves.

In: a tree head, its checkpoint, and the entries in Postgres. Out: tiles and bundles, and last the checkpoint, each
written aside and moved, so that a reader never sees half a file, nor a checkpoint of tiles that are not there. A folder
that is lost is written again from the leaves. Files are the same whoever writes them, and a full one never changes.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hanse.evidence import checkpoints, merkle, notes, tiles
from hanse.evidence.checkpoints import Checkpoint
from hanse.evidence.errors import EvidenceError
from hanse.evidence.tiles import Tile

# The entries of the leaves from one index up to another.
Entries = Callable[[int, int], Sequence[bytes]]


class Folder:
    """A folder that is a log."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> bytes:
        """Return the content of a file of the log."""
        return (self._root / path).read_bytes()

    def published(self) -> Checkpoint | None:
        """Return the checkpoint that is there.

        Raises:
            EvidenceError: what is there is none.

        """
        try:
            data = self.read(tiles.CHECKPOINT)
        except FileNotFoundError:
            return None
        return checkpoints.parse(notes.parse(data).text)

    def publish(self, note: bytes, entries: Entries) -> None:
        """Write all files that the checkpoint in *note* needs and that are not there, and then the checkpoint.

        Raises:
            EvidenceError: what is there belongs to another log, or does not lead to the checkpoint's root.

        """
        self.prepare(note, entries)
        self.finish(note)

    def prepare(self, note: bytes, entries: Entries) -> None:
        """Write all files but the checkpoint: what proofs for witnesses are made from before anybody sees it."""
        new = checkpoints.parse(notes.parse(note).text)
        old = self.published()
        if old is not None and (old.origin != new.origin or old.size > new.size):
            raise EvidenceError(
                f"in {self._root} is {old.origin} with {old.size} leaves: publish to a folder of its own"
            )
        since = old.size if old else 0
        for tile in tiles.of(new.size, since):
            self.write(tile.path, self._content(tile, since, entries))
        self._check(since, old, new)

    def finish(self, note: bytes) -> None:
        """Write the checkpoint, all files of which are there, and forget what it makes needless."""
        old = self.published()
        size = checkpoints.parse(notes.parse(note).text).size
        if old is None or self.read(tiles.CHECKPOINT) != note:
            self.write(tiles.CHECKPOINT, note)
        self._forget_partial(tiles.of(size, old.size if old else 0))

    def write(self, path: str, data: bytes) -> None:
        """Write a file whole, so that it is there after a power cut."""
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f".{target.name}.part")
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _content(self, tile: Tile, since: int, entries: Entries) -> bytes:
        first = tile.index * tiles.WIDTH
        if tile.level == tiles.ENTRIES:
            return tiles.encode_bundle(entries(first, first + tile.width))
        known = min(max(tiles.count(tile.level, since) - first, 0), tile.width)
        own = self.read(Tile(tile.level, tile.index, known).path) if known else b""
        if tile.level == 0:
            bundle = tiles.decode_bundle(self.read(Tile(tiles.ENTRIES, tile.index, tile.width).path))
            return own + b"".join(map(merkle.leaf_hash, bundle[known:]))
        below = (Tile(tile.level - 1, index) for index in range(first + known, first + tile.width))
        return own + b"".join(merkle.root_of(tiles.decode_tile(self.read(each.path))) for each in below)

    def _check(self, since: int, old: Checkpoint | None, new: Checkpoint) -> None:
        """Check that what was written leads to the new root, and from the old one: what was on disk may have rotted."""
        node = tiles.node_reader(self.read, new.size)
        root = merkle.subtree(node, 0, new.size)
        if root != new.root:
            raise EvidenceError(f"the files in {self._root} do not lead to the root of {new.size} leaves: delete them")
        if old is not None:
            proof = merkle.consistency(node, since, new.size)
            merkle.check_consistency(proof, (since, old.root), (new.size, new.root))

    def _forget_partial(self, added: Iterable[Tile]) -> None:
        """Delete the partial tiles of tiles that have become full: whoever needs one takes the full one."""
        for tile in added:
            partial = self._root / f"{tile.path}.p"
            if tile.width == tiles.WIDTH and partial.is_dir():
                for file in partial.iterdir():
                    file.unlink()
                partial.rmdir()
