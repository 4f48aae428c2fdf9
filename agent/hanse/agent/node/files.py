"""Files that others read while they change: each is the old one or the new one, never a part."""

import os
from pathlib import Path


def replace(file: Path, text: str) -> None:
    """Make *text* the content of *file*, in one step and for good; anybody may read it."""
    aside = file.with_name(f".{file.name}.new")
    with aside.open("w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    aside.chmod(0o644)
    aside.replace(file)
