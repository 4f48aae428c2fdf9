"""The log's files made again from the leaves in the database, as far as the log has shown itself to others.

In: the database, after a restore for instance, and the newest checkpoint that anybody has: in a copy of the log, or
with a reader. Out: the folder, byte by byte as it was, from which a sealer goes on. A database that does not lead to
that checkpoint is refused: it is older than what the log has shown, and sealing on from it makes a second history.
"""

import functools

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import checkpoints, merkle
from hanse.evidence.checkpoints import Checkpoint
from hanse.evidence.errors import EvidenceError
from hanse.evidence.notes import Note
from hanse.evidence.policy import Policy
from hanse.ledger import sealing
from hanse.ledger.models.log import Leaf
from hanse.ledger.publishing import Folder
from hanse.ledger.sealer import ForkError


def rebuild(engine: Engine, policy: Policy, note: Note, folder: Folder) -> Checkpoint:
    """Write all files of the log up to the checkpoint in *note*, which the log has signed; return it.

    Raises:
        ForkError: the leaves in the database do not lead to it.
        EvidenceError: the log has not signed it, or in the folder is another log.

    """
    if not checkpoints.verified(note, [log.key for log in policy.logs]):
        raise EvidenceError("none of the policy's keys of the log has signed this checkpoint")
    checkpoint = checkpoints.parse(note.text)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        leads_to(connection, checkpoint)
        folder.publish(note.encode(), functools.partial(sealing.entries, connection))
    return checkpoint


def leads_to(connection: Connection, checkpoint: Checkpoint) -> None:
    """Check that the leaves in the database, computed one by one, have a checkpoint's root.

    Raises:
        ForkError: they have not, or there are fewer.

    """
    frontier = merkle.Frontier()
    statement = sa.select(Leaf.entry).where(Leaf.index < checkpoint.size).order_by(Leaf.index)
    for (entry,) in connection.execution_options(yield_per=10_000).execute(statement):
        frontier.append(merkle.leaf_hash(entry))
    if frontier.size < checkpoint.size:
        raise ForkError.older(frontier.size, checkpoint.size)
    if frontier.root() != checkpoint.root:
        raise ForkError.other(checkpoint.size)
