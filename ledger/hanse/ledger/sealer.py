"""The sealer's round: persist, sign, publish; in this order, so that it can die anywhere and be started again.

In: rows that are committed. Out: a log that anyone can read. First leaves and head are committed to Postgres; a head
has one root for its size for ever, so signing again after a crash never signs a second one. Then the head is signed,
checked against the policy, and the note stored; then the files are written, the checkpoint last. A second sealer does
no harm: it finds that the log has grown, and publishes the same bytes.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from hanse.evidence import checkpoints, notes
from hanse.evidence.checkpoints import Checkpoint
from hanse.evidence.errors import EvidenceError
from hanse.evidence.notes import Note
from hanse.evidence.policy import Policy
from hanse.ledger import database, sealing
from hanse.ledger.errors import LedgerError
from hanse.ledger.models.log import Cosignature, Leaf, SignedHead, TreeHead
from hanse.ledger.publishing import Folder
from hanse.ledger.signing import Signing, SigningError

_logger = logging.getLogger(__name__)
_SIGN = sa.text("SELECT ledger.sign_head(:size, :note)")


@dataclass(frozen=True)
class Sealer:
    """What a round needs."""

    engine: Engine
    policy: Policy
    signing: Signing
    folder: Folder

    def round(self) -> int:
        """Do all that is due; return how many leaves are new. Nothing that was left halfway before is lost.

        Raises:
            LedgerError: another sealer is at work, or nothing was signed.
            EvidenceError: what was signed, or what is in the folder, is not what it should be.

        """
        added = 0
        while sealed := sealing.seal(self.engine):
            added += sealed
        note = self.signed()
        if note is not None:
            self.publish(note)
        return added

    def run(self, ended: threading.Event, every_seconds: float) -> None:
        """Do a round again and again; what fails is logged and tried again: nothing is lost by waiting."""
        while not ended.is_set():
            try:
                added = self.round()
                if added:
                    _logger.info("%d leaves are new", added)
            except (LedgerError, EvidenceError, DBAPIError, OSError) as error:
                _logger.error("not sealed: %s: %s", type(error).__name__, str(error)[:500])  # noqa: TRY400  # a sentence
            ended.wait(every_seconds)

    def signed(self) -> bytes | None:
        """Return the newest head as a note, signed now if it is not yet; None while the log is empty."""
        with database.transaction(self.engine) as connection:
            head = connection.execute(sa.select(TreeHead.__table__).order_by(TreeHead.size.desc()).limit(1)).first()
            stored = newest_note(connection)
        if head is None:
            return None
        if stored is not None and checkpoints.parse(stored.text).size == head.size:
            return stored.encode()
        checkpoint = Checkpoint(origin(self.policy), head.size, head.root)
        note = Note(checkpoint.text, self.signing.sign(checkpoint, int(time.time())))
        self._check(note)
        with database.transaction(self.engine) as connection:
            return bytes(connection.execute(_SIGN, {"size": head.size, "note": note.encode()}).scalar_one())

    def publish(self, note: bytes) -> None:
        """Publish a note and all files that it needs."""
        self.folder.publish(note, self.entries)

    def entries(self, start: int, end: int) -> Sequence[bytes]:
        """Return the entries of the leaves from *start* up to *end*."""
        statement = sa.select(Leaf.entry).where(Leaf.index >= start, Leaf.index < end).order_by(Leaf.index)
        with database.transaction(self.engine) as connection:
            return list(connection.execute(statement).scalars())

    def _check(self, note: Note) -> None:
        """Check that whoever reads the log by this policy would know these signatures."""
        keys = [log.key for log in self.policy.logs]
        known = checkpoints.verified(note, keys)
        if not known or len(known) != len(note.signatures):
            said = ", ".join(str(key) for key in keys)
            raise SigningError(f"the log is signed with a key that its policy does not have; there it is {said}")


def origin(policy: Policy) -> str:
    """Return the one origin of a policy's logs.

    Raises:
        EvidenceError: it has none, or several.

    """
    names = {log.key.name for log in policy.logs}
    if len(names) != 1:
        raise EvidenceError(f"the policy must have the keys of one log, and has those of {sorted(names) or 'none'}")
    return names.pop()


def newest_note(connection: Connection) -> Note | None:
    """Return the newest signed head with the cosignatures that it has."""
    row = connection.execute(sa.select(SignedHead.__table__).order_by(SignedHead.size.desc()).limit(1)).first()
    if row is None:
        return None
    lines = connection.execute(
        sa.select(Cosignature.line).where(Cosignature.size == row.size).order_by(Cosignature.line)
    ).scalars()
    note = notes.parse(row.note)
    return Note(note.text, (*note.signatures, *map(notes.parse_signature, lines)))
