"""A member's own lines: what it may see of what concerns it, and what opens the leaves of it.

In: the member's own login, for which the database shows `own_leaf` and others of that form. Out: a file of lines, one a
leaf or part of one, to be checked by :mod:`hanse.ledger.verify.lines` against the public log, away from the database.
Nothing in it is about, or can be traced to, another member.
"""

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import canonical, commitments
from hanse.evidence.canonical import Json

_OWN = sa.text(
    "SELECT index AS leaf, file, part, said, salt, parts FROM ledger.own_leaf UNION ALL "
    "SELECT index, file, part, said, salt, parts FROM ledger.own_leaf_of_use UNION ALL "
    "SELECT index, file, part, said, salt, parts FROM ledger.own_leaf_of_dispute ORDER BY leaf, part"
)


def write(engine: Engine, file: Path) -> int:
    """Write the lines of the member that *engine* is logged in as to a new file; return how many there are."""
    written = 0
    with engine.connect() as connection, file.open("xb") as out:
        for line in _lines(connection):
            out.write(canonical.encode(line) + b"\n")
            written += 1
    return written


def _lines(connection: Connection) -> Iterator[dict[str, Json]]:
    for row in connection.execution_options(yield_per=1000).execute(_OWN):
        shown: dict[str, Json] = {"file": row.file, "row": row.said}
        if row.part is not None:
            width = commitments.ENTRY_BYTES
            hashes = [row.parts[at : at + width] for at in range(0, len(row.parts), width)]
            value = canonical.decode(commitments.shown(canonical.encode({**shown, "part": row.part}), hashes))
            shown = value if isinstance(value, dict) else shown
        yield {"leaf": row.leaf, "salt": row.salt.hex(), "shown": shown}
