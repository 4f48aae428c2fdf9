"""Completeness: nothing that should be in the ledger is missing from it, from enrolment to now.

In: the database. Out: gaps, each with the first of it: slots of enrolled nodes that did not come in, hours that were
not posted, and decisions that have neither their effect nor its recorded failure. A gap is not a wrong: it is unknown,
and credits nobody. Whoever reads a statement wants to know it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import enrolments
from hanse.ledger import charge
from hanse.ledger.archive import Archive
from hanse.ledger.metering import InForce
from hanse.ledger.models.accounts import Cutoff
from hanse.ledger.models.parties import Enrolment
from hanse.ledger.verify.decided import EFFECT_SECONDS_MAX

_CAME = sa.text(
    "SELECT node, count(*) AS slots FROM ledger.slot WHERE start_seconds >= :since AND start_seconds < :until "
    "GROUP BY node"
)
_FIRST_GAP = sa.text(
    "SELECT min(due) "
    "FROM generate_series(CAST(:since AS bigint), CAST(:until AS bigint) - 1, CAST(:length AS bigint)) AS due "
    "WHERE NOT EXISTS (SELECT FROM ledger.slot s WHERE s.start_seconds = due AND s.node = :node)"
)
_WITHOUT_EFFECT = sa.text(
    "SELECT d.id, d.kind FROM ledger.decision d LEFT JOIN ledger.effect e ON e.decision = d.id "
    "WHERE d.effect <> 'none' AND e.decision IS NULL "
    "AND d.recorded_at < ledger.clock() - make_interval(secs => :seconds) ORDER BY d.sequence"
)


@dataclass
class Node:
    """A node's slots: how many came in, how many should have since it was enrolled, and the first that did not."""

    name: str
    member: str
    came: int
    due: int
    first_gap_seconds: int | None = None


@dataclass
class Complete:
    """What is there, and what is missing; slots from before *since_seconds* (Unix time) are archived."""

    nodes: list[Node] = field(default_factory=list)
    without_effect: list[tuple[str, str]] = field(default_factory=list)
    hours_not_posted: list[int] = field(default_factory=list)
    since_seconds: int = 0

    @property
    def gaps(self) -> list[Node]:
        """The nodes with gaps, the largest first."""
        return sorted(
            (node for node in self.nodes if node.came < node.due), key=lambda node: (node.came - node.due, node.name)
        )

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return not (self.gaps or self.without_effect or self.hours_not_posted)

    def by_member(self) -> Iterator[tuple[str, int, int]]:
        """Yield each member with how many slots came in and how many should have."""
        for member in sorted({node.member for node in self.nodes}):
            its = [node for node in self.nodes if node.member == member]
            yield member, sum(node.came for node in its), sum(node.due for node in its)


def check(engine: Engine) -> Complete:
    """Return what is missing of what should have come by now; slots have their grace first."""
    with engine.connect() as connection, connection.begin():
        setting = connection.execute(
            sa.text("SELECT slot_seconds, slot_grace_seconds, ledger.clock_seconds() AS now FROM ledger.setting")
        ).one()
        until = setting.now - setting.slot_grace_seconds - setting.slot_seconds + 1
        known = InForce(map(enrolments.decode, connection.execute(sa.select(Enrolment.body)).scalars()), ())
        since = Archive(connection, None).end_seconds
        found = Complete(_nodes(connection, known, setting.slot_seconds, (since, until)), since_seconds=since)
        for node in found.gaps[:1]:
            stretches = known.stretches(node.name, since, until)
            node.first_gap_seconds = _first_gap(connection, node.name, stretches, setting.slot_seconds)
        rows = connection.execute(_WITHOUT_EFFECT, {"seconds": EFFECT_SECONDS_MAX})
        found.without_effect = [(str(row.id), row.kind) for row in rows]
        found.hours_not_posted = _hours(connection, setting.now - setting.slot_grace_seconds)
        return found


def _nodes(connection: Connection, known: InForce, slot_seconds: int, span: tuple[int, int]) -> list[Node]:
    since, until = span
    came = {row.node: row.slots for row in connection.execute(_CAME, {"since": since, "until": until})}
    nodes = []
    for name in known.nodes():
        stretches = list(known.stretches(name, since, until))
        due = sum(-(-end // slot_seconds) - -(-start // slot_seconds) for start, end, _ in stretches)
        if stretches:
            nodes.append(Node(name, stretches[-1][2], came.get(name, 0), due))
    return nodes


def _first_gap(
    connection: Connection, node: str, stretches: Iterable[tuple[int, int, str]], slot_seconds: int
) -> int | None:
    for start, end, _ in stretches:
        since = -(-start // slot_seconds) * slot_seconds
        said = {"since": since, "until": end, "length": slot_seconds, "node": node}
        gap: int | None = connection.execute(_FIRST_GAP, said).scalar_one()
        if gap is not None:
            return gap
    return None


def _hours(connection: Connection, until: int) -> list[int]:
    """Return the hours since the first that was posted that were not, in order."""
    posted = set(connection.execute(sa.select(Cutoff.hour_seconds)).scalars())
    over = until - until % charge.HOUR_SECONDS
    return [hour for hour in range(min(posted, default=over), over, charge.HOUR_SECONDS) if hour not in posted]
