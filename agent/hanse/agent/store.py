"""What the agent must still know after a crash: its gangs with their deadlines, and slots that the hub has not got yet.

In: gangs and signed slots. Out: the same, after any crash. A SQLite file: a plan's gangs are in it before any of the
plan is carried out, and a slot together with the hash that the node's next slot carries. Deadlines are times of one
boot of one machine; in another they mean nothing, and the gangs are forgotten: what then runs has no known lease.
"""

import fcntl
import sqlite3
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from hanse.agent.gangs import Gang
from hanse.evidence import canonical, slots

_GANG = TypeAdapter(Gang)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS boot (id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS instance (id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS gang (attempt TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS slot (number INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL, signature BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS chain (node TEXT PRIMARY KEY, sha256 BLOB NOT NULL);
"""


class StateInUseError(Exception):
    """Another process has the state."""


class Store:
    """The file in *folder*, which is made if it is not there."""

    def __init__(self, folder: Path, boot: uuid.UUID) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateInUseError(f"another agent runs with the state in {folder}: one agent a cluster") from error
        self._file = sqlite3.connect(folder / "agent.sqlite", isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = FULL")
        self._file.executescript(_SCHEMA)
        if self._file.execute("SELECT id FROM boot").fetchone() != (str(boot),):
            self._file.executescript("BEGIN; DELETE FROM gang; DELETE FROM boot; COMMIT")
            self._file.execute("INSERT INTO boot VALUES (?)", (str(boot),))
        if self._file.execute("SELECT id FROM instance").fetchone() is None:
            self._file.execute("INSERT INTO instance VALUES (?)", (str(uuid.uuid4()),))

    def close(self) -> None:
        """Close the file, and let another process have it."""
        self._file.close()
        self._lock.close()

    @property
    def instance(self) -> uuid.UUID:
        """Which agent this is to the hub; one that comes back with its state is the same, and goes on at once."""
        return uuid.UUID(self._file.execute("SELECT id FROM instance").fetchone()[0])

    def gangs(self) -> dict[uuid.UUID, Gang]:
        """Return all gangs that were saved in this boot, by another process."""
        found = [_GANG.validate_json(body) for (body,) in self._file.execute("SELECT body FROM gang")]
        return {gang.attempt: gang.recalled() for gang in found}

    def save_gangs(self, before: Mapping[uuid.UUID, Gang], after: Mapping[uuid.UUID, Gang]) -> None:
        """Make *after* of what was saved as *before*."""
        gone = [(str(attempt),) for attempt in before.keys() - after.keys()]
        new = [(str(a), _GANG.dump_json(gang)) for a, gang in after.items() if before.get(a) != gang]
        if not gone and not new:
            return
        with self._file:
            self._file.execute("BEGIN IMMEDIATE")
            self._file.executemany("DELETE FROM gang WHERE attempt = ?", gone)
            self._file.executemany("INSERT OR REPLACE INTO gang VALUES (?, ?)", new)

    def previous_sha256(self, node: str) -> bytes:
        """Return the hash of the node's last slot, for the next one."""
        row = self._file.execute("SELECT sha256 FROM chain WHERE node = ?", (node,)).fetchone()
        return row[0] if row else slots.NO_PREVIOUS

    def add_slots(self, signed: Iterable[tuple[str, bytes, bytes]]) -> None:
        """Keep slots (node, body, signature) until the hub has them."""
        with self._file:
            self._file.execute("BEGIN IMMEDIATE")
            for node, body, signature in signed:
                self._file.execute("INSERT INTO slot (body, signature) VALUES (?, ?)", (body, signature))
                self._file.execute("INSERT OR REPLACE INTO chain VALUES (?, ?)", (node, canonical.sha256(body)))

    def slots(self, limit: int) -> list[tuple[int, bytes, bytes]]:
        """Return the oldest slots (number, body, signature) that the hub has not got."""
        statement = "SELECT number, body, signature FROM slot ORDER BY number LIMIT ?"
        return list(self._file.execute(statement, (limit,)))

    def drop_slots(self, numbers: Sequence[int]) -> None:
        """Forget slots that the hub has answered for."""
        with self._file:
            self._file.execute("BEGIN IMMEDIATE")
            self._file.executemany("DELETE FROM slot WHERE number = ?", [(number,) for number in numbers])
