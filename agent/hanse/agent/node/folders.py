"""Folders that workers see: one for each set of slices in use, with what that worker is told, and nobody else's.

In: whose slices they are. Out: files. A folder is there before its container starts, and goes when nobody has its
slices any more: as two looks in a row have it, since what was looked at may be older than a folder. Those of another
boot go at once.
"""

import shutil
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from hanse.agent.node import files, hints
from hanse.agent.node.allocating import folder_name

BOOT = "boot-id"


class Folders:
    """The folders in *root*."""

    def __init__(self, root: Path, boot_id: UUID) -> None:
        self._root = root
        self._told: dict[str, str] = {}
        self._unused: frozenset[str] = frozenset()
        root.mkdir(parents=True, exist_ok=True)
        boot = root / BOOT
        if not boot.exists() or boot.read_text() != str(boot_id):
            self._remove(self._there())
            files.replace(boot, str(boot_id))

    @property
    def root(self) -> Path:
        """Where they are."""
        return self._root

    def tell(self, ids: Collection[str], text: str) -> None:
        """Make the hints of whoever has these slices say *text*, if they do not."""
        name = folder_name(ids)
        if self._told.get(name) != text:
            folder = self._root / name
            folder.mkdir(exist_ok=True)
            files.replace(folder / hints.FILE, text)
            self._told[name] = text

    def keep(self, used: Collection[Collection[str]]) -> None:
        """Remove the folders but those of these sets of slices, if the last call did not name them either."""
        unused = self._there() - {folder_name(ids) for ids in used}
        self._remove(unused & self._unused)
        self._unused = unused

    def _there(self) -> frozenset[str]:
        return frozenset(folder.name for folder in self._root.iterdir() if folder.is_dir())

    def _remove(self, names: Collection[str]) -> None:
        for name in names:
            shutil.rmtree(self._root / name, ignore_errors=True)
            self._told.pop(name, None)
