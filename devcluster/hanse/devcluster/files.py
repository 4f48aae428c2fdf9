"""Files that only their owner may read, and locks on folders that are there anyway."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


def write_secret(file: Path, text: str) -> Path:
    """Write *text* to *file*, which nobody else can read at any time; return *file*."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)
    return file


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock on *folder*, which all of us on this machine know, for a `with` block; nothing is written to it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
