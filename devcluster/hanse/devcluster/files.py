"""Files that only their owner may read."""

from pathlib import Path


def write_secret(file: Path, text: str) -> Path:
    """Write *text* to *file*, which nobody else can read at any time; return *file*."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)
    return file
