"""Whether database, log and checkpoints say the same: for who runs them, as `fsck` is for a file system.

In: the database, and the folder that is the log. Out: findings, and how much was looked at. Everything is computed
from the rows: each row older than a few minutes has its leaf and opens it, each leaf has its row, the leaves make the
root of every head that was stored, every head that was signed is one of these, the published files are those of the
leaves, and the published checkpoint is one that the policy accepts and that the database knows.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import checkpoints, merkle, notes, tiles
from hanse.evidence.checkpoints import Checkpoint
from hanse.evidence.errors import EvidenceError
from hanse.evidence.policy import Policy
from hanse.ledger import archive, leaves, lines, sealing
from hanse.ledger.models.log import Leaf, SignedHead, TreeHead
from hanse.ledger.publishing import Folder
from hanse.ledger.verify.finding import FINDINGS_MAX, Finding
from hanse.ledger.verify.sealed import UNSEALED_SECONDS_MAX

_SNAPSHOT = "REPEATABLE READ"


@dataclass
class Checked:
    """What came of it."""

    findings: list[Finding] = field(default_factory=list)
    leaves: int = 0
    rows: int = 0
    unsealed: int = 0
    heads: int = 0
    published: int = 0
    archived: int = 0

    def wrong(self, check: str, where: str, message: str) -> None:
        """Add a finding; beyond a hundred nobody reads them."""
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(check, where, message))


def check(engine: Engine, folder: Folder, policy: Policy, archived: Path | None = None) -> Checked:
    """Return what is wrong between the database, the log in *folder* and its checkpoints.

    Days of slots that are no longer in the database are looked at in the folder *archived*, or not at all.

    """
    checked = Checked()
    # The folder first: what is published is in the database already, and not the other way round.
    published = _published(checked, folder, policy)
    with engine.connect().execution_options(isolation_level=_SNAPSHOT) as connection, connection.begin():
        connection.execute(sa.text("SET TRANSACTION READ ONLY"))
        _rows(checked, connection, archive.Archive(connection, archived), looked_at=archived is not None)
        roots = _heads(checked, connection, published.size if published else 0)
        if published and roots.get(published.size) != published.root:
            what = f"its root is not the one that the leaves in the database have at {published.size}"
            checked.wrong("C2", tiles.CHECKPOINT, what)
        _signed(checked, connection, roots)
        if published:
            _entries(checked, connection, folder, published.size)
    return checked


def _published(checked: Checked, folder: Folder, policy: Policy) -> Checkpoint | None:
    try:
        data = folder.read(tiles.CHECKPOINT)
        its = checkpoints.parse(notes.parse(data).text)
    except (OSError, EvidenceError) as error:
        checked.wrong("C1", tiles.CHECKPOINT, f"cannot be read: {error}")
        return None
    try:
        policy.accept(data)
    except EvidenceError as error:
        checked.wrong("C1", tiles.CHECKPOINT, str(error))
    for path, what in tiles.problems(folder.read, its.size, its.root):
        checked.wrong("C2", path, what)
    checked.published = its.size
    return its


def _rows(checked: Checked, connection: Connection, gone: archive.Archive, *, looked_at: bool) -> None:
    """Compare each row with its leaf, both ways."""
    now = connection.execute(sa.text("SELECT extract(epoch FROM ledger.clock())")).scalar_one()
    due = int(now) - UNSEALED_SECONDS_MAX
    sealed = 0
    for kind in lines.KINDS:
        table = kind.table.__table__
        statement = sa.select(table, Leaf.index.label("leaf"), Leaf.salt, Leaf.entry).outerjoin_from(
            table, Leaf.__table__, Leaf.sequence == table.c.sequence
        )
        for row in connection.execution_options(yield_per=1000).execute(statement):
            checked.rows += 1
            where = f"{kind.name}, sequence {row.sequence}"
            if row.leaf is None:
                checked.unsealed += 1
                if row.recorded_at.timestamp() < due:
                    checked.wrong("C3", where, f"was recorded over {UNSEALED_SECONDS_MAX} s ago and is in no leaf")
                continue
            sealed += 1
            if leaves.seal(kind.name, kind.line(row), row.salt).entry != row.entry:
                checked.wrong("C3", where, f"is not what leaf {row.leaf} committed to")
    if looked_at:
        _archived(checked, connection, gone)
    checked.archived = gone.slots
    sealed += gone.slots
    count = connection.execute(sa.select(sa.func.count()).select_from(Leaf)).scalar_one()
    if sealed != count:
        checked.wrong("C3", "leaf", f"there are {count} leaves, and rows for {sealed} of them")


def _archived(checked: Checked, connection: Connection, gone: archive.Archive) -> None:
    """Compare each archived slot with its leaf."""
    for batch in _batches(gone.all()):
        entries = sa.select(Leaf.index, Leaf.entry).where(Leaf.index.in_([slot.leaf for slot in batch]))
        entry_by_leaf = dict(connection.execute(entries).tuples().all())
        for slot in batch:
            checked.rows += 1
            if archive.entry(slot) != entry_by_leaf.get(slot.leaf):
                where = f"slots, sequence {slot.sequence} (archived)"
                checked.wrong("C3", where, f"is not what leaf {slot.leaf} committed to")


def _batches(found: Iterator[archive.Slot]) -> Iterator[list[archive.Slot]]:
    while batch := list(itertools.islice(found, 1000)):
        yield batch


def _heads(checked: Checked, connection: Connection, published: int) -> dict[int, bytes]:
    """Return the root at each size that a head has, computed from the leaves; it must be what the head says."""
    heads = {head.size: head for head in connection.execute(sa.select(TreeHead.__table__))}
    frontier = merkle.Frontier()
    roots: dict[int, bytes] = {}
    gap = False
    found = connection.execution_options(yield_per=10_000).execute(
        sa.select(Leaf.index, Leaf.entry).order_by(Leaf.index)
    )
    for index, entry in found:
        if index != frontier.size and not gap:
            gap = True
            checked.wrong("C15", "leaf", f"leaf {frontier.size} is missing: {index} comes next")
        frontier.append(merkle.leaf_hash(entry))
        if frontier.size in heads or frontier.size == published:
            roots[frontier.size] = frontier.root()
    for size, head in sorted(heads.items()):
        if roots.get(size) != head.root:
            checked.wrong("C2", "tree_head", f"the root at {size} is not that of the leaves")
    if heads and max(heads) != frontier.size:
        checked.wrong("C2", "tree_head", f"the newest head has {max(heads)} leaves, and there are {frontier.size}")
    checked.leaves, checked.heads = frontier.size, len(heads)
    return roots


def _signed(checked: Checked, connection: Connection, roots: dict[int, bytes]) -> None:
    for size, note in connection.execute(sa.select(SignedHead.size, SignedHead.note).order_by(SignedHead.size)):
        try:
            its = checkpoints.parse(notes.parse(note).text)
        except EvidenceError as error:
            checked.wrong("C1", "signed_head", f"the note of {size} leaves: {error}")
            continue
        if (its.size, its.root) != (size, roots.get(size)):
            checked.wrong("C1", "signed_head", f"what was signed at {size} is not the head that the leaves make")


def _entries(checked: Checked, connection: Connection, folder: Folder, size: int) -> None:
    """Compare the published entries with the leaves, to name the first that differs where roots do."""
    for tile in (tile for tile in tiles.of(size) if tile.level == tiles.ENTRIES):
        first = tile.index * tiles.WIDTH
        if _bundle(folder, tile) != sealing.entries(connection, first, first + tile.width):
            checked.wrong("C2", tile.path, "does not hold the entries that the database has")


def _bundle(folder: Folder, tile: tiles.Tile) -> list[bytes]:
    try:
        return tiles.decode_bundle(folder.read(tile.path))
    except (OSError, EvidenceError):
        return []


def sentences(checked: Checked) -> Iterator[str]:
    """Yield what was looked at."""
    yield f"{checked.rows} rows, of which {checked.unsealed} are not in the log yet"
    if checked.archived:
        yield f"{checked.archived} slots are archived; they are looked at with --archive, the folder of their files"
    yield f"{checked.leaves} leaves make the roots of {checked.heads} heads; {checked.published} leaves are published"
