"""Exports for auditors: a period as a ZIP archive, made in a folder, and packed while it is sent.

In: the ledger, and a folder with so much room. Out: an answer. One export is made at a time: it reads a whole period.
One that takes more room than there is, is refused before the volume is full: a pod that fills its volume is evicted,
and agents renew their leases through it. Nothing of an export is left when its answer is sent, or when nobody takes it.
"""

import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

from fastapi.responses import StreamingResponse
from sqlalchemy import Engine
from starlette.types import Receive, Scope, Send

from hanse.api import books, openapi
from hanse.api.problems import NoRoomError, TooManyError
from hanse.ledger import export
from hanse.ledger.errors import NoRoomLeftError

RETRY_SECONDS = 60
PREFIX = "hanse-export-"
CHUNK_BYTES = 1 << 20
MIB = 1 << 20


class Exports:
    """Makes exports in *folder*, which is its alone; all that lie there at once take *mib_max* MiB, 0 for no bound."""

    def __init__(self, folder: Path | None = None, mib_max: int = 0) -> None:
        self._folder, self._mib_max, self._making = folder, mib_max, Lock()
        # What a process that was killed has left.
        for left in folder.glob(f"{PREFIX}*") if folder else ():
            shutil.rmtree(left)

    def answer(self, engine: Engine, period: str) -> "Archive":
        """Return a period's export as an answer.

        Raises:
            InvalidError: the period is none.
            TooManyError: another export is being made.
            NoRoomError: it takes more room than there is.

        """
        return Archive(self._made(engine, period), f"hanse-{period}.zip")

    def _made(self, engine: Engine, period: str) -> "tempfile.TemporaryDirectory[str]":
        """Return a folder with the export in it."""
        books.period_bounds(period)
        if not self._making.acquire(blocking=False):
            raise TooManyError(f"another export is being made: ask again in {RETRY_SECONDS} s", RETRY_SECONDS)
        folder = tempfile.TemporaryDirectory(prefix=PREFIX, dir=self._folder)
        try:
            room = export.Room(self._folder or Path(folder.name), self._mib_max * MIB)
            export.export(engine, period, Path(folder.name) / f"hanse-{period}", room)
        except BaseException as error:
            folder.cleanup()
            if isinstance(error, NoRoomLeftError):
                raise NoRoomError(
                    f"the export of {period} does not fit into the {self._mib_max} MiB that exports have here; "
                    "ask the coordinator for more (--exports-mib-max), or for one that `hanse audit export` has made"
                ) from error
            raise
        finally:
            self._making.release()
        return folder


class Archive(StreamingResponse):
    """The ZIP archive of a folder, which is packed while it is sent, and gone when that is over, well or not."""

    def __init__(self, folder: "tempfile.TemporaryDirectory[str]", name: str) -> None:
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        super().__init__(_packed(Path(folder.name)), media_type=openapi.ZIP, headers=headers)
        self._made_in = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._made_in.cleanup()


def _packed(root: Path) -> Iterator[bytes]:
    """Yield the ZIP archive of a folder, piece by piece."""
    sent = _Sent()
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(each for each in root.rglob("*") if each.is_file()):
            name = zipfile.ZipInfo.from_file(file, file.relative_to(root))
            name.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(name, "w") as entry, file.open("rb") as content:
                while chunk := content.read(CHUNK_BYTES):
                    entry.write(chunk)
                    yield sent.taken()
    yield sent.taken()


class _Sent(io.RawIOBase):
    """What an archive is written to: it cannot go back, so that what was written may be sent."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        held, self._held = bytes(self._held), bytearray()
        return held
