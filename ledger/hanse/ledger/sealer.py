"""The sealer's round: persist, sign, publish; in this order, so that it can die anywhere and be started again.

In: rows that are committed. Out: a log that anyone can read. First leaves and head are committed to Postgres; a head
has one root for its size for ever, so signing again after a crash never signs a second one. Then the head is signed,
checked against the policy, and the note stored; then the tiles are written, the policy's witnesses asked to cosign,
what they sign stored, and the checkpoint written last. A second sealer does no harm: it finds that the log has grown,
and publishes the same.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from hanse.evidence import checkpoints, notes
from hanse.evidence.checkpoints import Checkpoint
from hanse.evidence.errors import EvidenceError
from hanse.evidence.notes import Note
from hanse.evidence.policy import Party, Policy
from hanse.ledger import cosigning, database, sealing, watching
from hanse.ledger.errors import LedgerError
from hanse.ledger.models.log import Cosignature, SignedHead, TreeHead
from hanse.ledger.publishing import Folder
from hanse.ledger.signing import Signing, SigningError
from hanse.ledger.watching import Progress

_logger = logging.getLogger(__name__)
_SIGN = sa.text("SELECT ledger.sign_head(:size, :note)")
# Among so many of the newest heads a cosigned one is looked for; a witness that was last heard before them is away.
_HEADS = 20
_COSIGN = sa.text("SELECT ledger.add_cosignatures(:size, :keys, :lines)")


class ForkError(LedgerError):
    """The database does not have what the log has shown: whoever seals on signs a second history."""

    @classmethod
    def older(cls, here: int, shown: int) -> "ForkError":
        """Return the error for a database that has fewer leaves than the log has shown."""
        return cls(
            f"the database has {here} leaves, and the log has shown {shown}: it is an older copy. Nothing is sealed: "
            "restore it up to the end (docs/operations.md, A database is restored)"
        )

    @classmethod
    def other(cls, shown: int) -> "ForkError":
        """Return the error for a database whose leaves have another root."""
        return cls(
            f"the first {shown} leaves of the database do not have the root that the log has shown: others were sealed "
            "in their place. Nothing is sealed: restore the database that the log was made from"
        )


@dataclass(frozen=True)
class Sealer:
    """What a round needs."""

    engine: Engine
    policy: Policy
    signing: Signing
    folder: Folder
    progress: Progress = field(default_factory=Progress)

    def round(self) -> int:
        """Do all that is due; return how many leaves are new. Nothing that was left halfway before is lost.

        Raises:
            LedgerError: another sealer is at work, or nothing was signed.
            ForkError: the folder shows what the database does not have; nothing is sealed.
            EvidenceError: what was signed, or what is in the folder, is not what it should be.

        """
        self._check_shown()
        # Until a batch is not full, and not until there is nothing new: while rows keep coming that may be never.
        added = sealed = sealing.seal(self.engine)
        while sealed == sealing.LEAVES_MAX:
            sealed = sealing.seal(self.engine)
            added += sealed
        note = self.signed()
        if note is not None:
            self.publish(note)
        return added

    def publish(self, note: Note) -> None:
        """Publish a signed head, with the cosignatures of the witnesses that can be reached.

        One that cannot does not keep it from being published: whether a checkpoint counts is for each reader's policy.
        """
        self.folder.prepare(note.encode(), self.entries)
        cosigned = self.cosigned(note)
        self.folder.finish(cosigned.encode())
        watching.published(checkpoints.parse(note.text).size, len(self._missing(cosigned)))

    def cosigned(self, note: Note) -> Note:
        """Return the head with the cosignatures that were still missing, if they come; they are stored first."""
        asked = cosigning.ask(note, self._missing(note), self.folder.read)
        for name, why in asked.refused.items():
            _logger.warning("the witness %s has not cosigned: %s", name, why)
        if not asked.signatures:
            return note
        lines = [str(each).rstrip("\n") for each in asked.signatures]
        size = checkpoints.parse(note.text).size
        with database.transaction(self.engine) as connection:
            keys = [f"{each.name}+{each.id.hex()}" for each in asked.signatures]
            connection.execute(_COSIGN, {"size": size, "keys": keys, "lines": lines})
            return _stored(connection, size)

    def run(self, ended: threading.Event, every_seconds: float) -> None:
        """Do a round again and again; what fails is logged and tried again: nothing is lost by waiting."""
        while not ended.is_set():
            try:
                self.progress.begun()
                at, horizon = time.time(), sealing.horizon(self.engine)
                added = self.round()
                self.progress.ended_well(at, horizon)
                watching.ROUNDS.labels("sealed").inc()
                if added:
                    _logger.info("%d leaves are new", added)
            except (LedgerError, EvidenceError, DBAPIError, OSError) as error:
                watching.ROUNDS.labels("failed").inc()
                _logger.error("not sealed: %s: %s", type(error).__name__, str(error)[:500])  # noqa: TRY400  # a sentence
            ended.wait(every_seconds)

    def signed(self) -> Note | None:
        """Return the newest head as a note, signed now if it is not yet; None while the log is empty."""
        with database.transaction(self.engine) as connection:
            head = connection.execute(sa.select(TreeHead.__table__).order_by(TreeHead.size.desc()).limit(1)).first()
            stored = newest_note(connection)
        if head is None:
            return None
        if stored is not None and checkpoints.parse(stored.text).size == head.size:
            return stored
        checkpoint = Checkpoint(origin(self.policy), head.size, head.root)
        note = Note(checkpoint.text, self.signing.sign(checkpoint, int(time.time())))
        self._check(note)
        with database.transaction(self.engine) as connection:
            first = connection.execute(_SIGN, {"size": head.size, "note": note.encode()}).scalar_one()
        return notes.parse(bytes(first))

    def _check_shown(self) -> None:
        """Check that the database has what the folder shows: it may have been restored from before that."""
        shown = self.folder.published()
        if shown is None or shown.origin != origin(self.policy):
            return  # an empty folder is written anew, and one of another log is refused when it is written to
        with database.transaction(self.engine) as connection:
            size = connection.execute(sa.select(sa.func.coalesce(sa.func.max(TreeHead.size), 0))).scalar_one()
            root = connection.execute(sa.select(TreeHead.root).where(TreeHead.size == shown.size)).scalar_one_or_none()
        if size < shown.size:
            raise ForkError.older(size, shown.size)
        if root != shown.root:
            raise ForkError.other(shown.size)

    def entries(self, start: int, end: int) -> Sequence[bytes]:
        """Return the entries of the leaves from *start* up to *end*."""
        with database.transaction(self.engine) as connection:
            return sealing.entries(connection, start, end)

    def _missing(self, note: Note) -> dict[str, Party]:
        """Return the witnesses that can be asked and have not cosigned."""
        have = {(each.name, each.id) for each in note.signatures}
        return {
            name: party
            for name, party in self.policy.witnesses.items()
            if party.url and (party.key.name, party.key.id) not in have
        }

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
    newest = sa.select(SignedHead.size).order_by(SignedHead.size.desc()).limit(1)
    size = connection.execute(newest).scalar_one_or_none()
    return None if size is None else _stored(connection, size)


def cosigned_note(connection: Connection) -> Note | None:
    """Return, of the newest signed heads, the one that most witnesses have cosigned; of several of these the newest.

    The very newest may be without cosignatures that it gets a moment later, and no reader's policy would take it then.
    """
    newest = sa.select(SignedHead.size).order_by(SignedHead.size.desc()).limit(_HEADS).subquery()
    cosigned = newest.outerjoin(Cosignature, Cosignature.size == newest.c.size)
    best = (
        sa.select(newest.c.size)
        .select_from(cosigned)
        .group_by(newest.c.size)
        .order_by(sa.func.count(Cosignature.key).desc(), newest.c.size.desc())
        .limit(1)
    )
    size = connection.execute(best).scalar_one_or_none()
    return None if size is None else _stored(connection, size)


def _stored(connection: Connection, size: int) -> Note:
    """Return the signed head of a size with the cosignatures that it has, in the order of their lines."""
    note = notes.parse(connection.execute(sa.select(SignedHead.note).where(SignedHead.size == size)).scalar_one())
    lines = connection.execute(sa.select(Cosignature.line).where(Cosignature.size == size)).scalars()
    return Note(note.text, (*note.signatures, *map(notes.parse_signature, sorted(lines))))
