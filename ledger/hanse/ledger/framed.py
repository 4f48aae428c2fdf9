"""Cycles and frames of an export, for :mod:`hanse.ledger.replaying`.

In: the folder of an export that was made with its frames. Out: its cycles with their decisions, and frames by cycle.
The frames of a period begin with the key frame that its first cycle leads back to. Their hashes are in `cycles.jsonl`,
so the manifest need not name them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hanse.evidence.canonical import Json
from hanse.ledger import bundle
from hanse.ledger.bundle import BundleError
from hanse.ledger.replaying import Cycle

FOLDER = "frames"


def path(folder: Path, term: int, cycle: int) -> Path:
    """Return where an export in *folder* has the frame of a cycle."""
    return folder / FOLDER / f"{term}-{cycle}.zz"


class Exported:
    """What an export holds; with a *decision*, the cycle of that one only."""

    def __init__(self, folder: Path, decision: str = "") -> None:
        self._folder, self._decision = folder, decision

    def cycles(self) -> Iterator[Cycle]:
        """Yield the cycles of the period, in the order in which they were recorded.

        Raises:
            BundleError: a file is missing, or a line is not what it should be.

        """
        wanted = self._key_of(self._decision) if self._decision else None
        bodies = self._bodies(wanted)
        for where, line in bundle.read_values(self._folder, "cycles"):
            row: Any = line
            try:
                if wanted in {None, (row["term"], row["cycle"])}:
                    yield _cycle(where, row, bodies.get((row["term"], row["cycle"]), {}))
            except (KeyError, TypeError, ValueError) as error:
                raise BundleError(where, f"is no cycle: {error!r}") from error

    def frame(self, term: int, cycle: int) -> bytes | None:
        """Return the frame of a cycle, if the export has it."""
        try:
            return path(self._folder, term, cycle).read_bytes()
        except OSError:
            return None

    def _key_of(self, decision: str) -> tuple[int, int]:
        for _, row in self._decisions():
            if row["id"] == decision:
                return row["body"]["term"], row["body"]["cycle"]
        raise BundleError("decisions.jsonl", f"has no decision {decision}: name an export of the month that it is of")

    def _bodies(self, wanted: tuple[int, int] | None) -> Mapping[tuple[int, int], dict[str, Mapping[str, Json]]]:
        found: dict[tuple[int, int], dict[str, Mapping[str, Json]]] = defaultdict(dict)
        for where, row in self._decisions():
            key = row["body"]["term"], row["body"]["cycle"]
            if row["id"] in found[key]:
                raise BundleError(where, f"decision {row['id']} is there twice")
            if wanted in {None, key}:
                found[key][row["id"]] = row["body"]
        return found

    def _decisions(self) -> Iterator[tuple[str, Any]]:
        for where, line in bundle.read_values(self._folder, "decisions"):
            row: Any = line
            try:
                _ = row["id"], row["body"]["term"], row["body"]["cycle"]
            except (KeyError, TypeError) as error:
                raise BundleError(where, f"is no decision: {error!r}") from error
            yield where, row


def _cycle(where: str, row: Mapping[str, Any], bodies: Mapping[str, Mapping[str, Json]]) -> Cycle:
    base, state, code = (bytes.fromhex(row[name]) for name in ("base", "state", "code"))
    return Cycle(where, row["term"], row["cycle"], row["asOf"], base, state, code, bodies)
