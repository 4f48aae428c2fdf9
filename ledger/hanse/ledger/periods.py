"""Periods are closed: an initial statement, time to dispute it, a final one, a true-up; pair by pair.

In: what is posted of a period that is over, how much of its GPU time is known, and the alliance's terms. Out:
settlements, each with what the first of a pair of parties owes the second. What a pair's books say is fixed once they
are final: what is found later is corrected in the open period, and the true-up states it together. Called by the
leader's :mod:`hanse.operator.closing`; :mod:`hanse.ledger.verify.settled` does these sums again. The stages:

    from      to                when
    (none)    initial           two days after its end, when all of its hours are posted, for all pairs at once
    initial   final             the dispute window is over, nothing of the pair is disputed, enough is known of both
    initial   true-up           so long after the period's end that what has not come will not come
    final     true-up           the same

Enough is known when 90 % of a member's GPU time is known, and 99 % of that of all members of which so much is: so
whoever withholds slots holds up its own pairs and nobody else's. What members owe the pool is final when they are among
one another, as late slots of others change it.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.ledger import database, disputes, export, transfers
from hanse.ledger.models.settlements import Settlement

MILLI = 1000
LATE_SLOTS_SECONDS = 2 * 86400
"""For so long after a period's end late slots are waited for, before its initial statement is made."""


class Stage(StrEnum):
    """How far a period's settlement has come."""

    INITIAL = "initial"
    FINAL = "final"
    TRUE_UP = "true-up"


@dataclass(frozen=True)
class Terms:
    """What the alliance has agreed: parts of GPU time that have to be known, and seconds from statement to statement.

    *true_up_seconds* counts from the period's end.
    """

    pool_thousandths: int = 990
    member_thousandths: int = 900
    window_seconds: int = 10 * 86400
    true_up_seconds: int = 90 * 86400


@dataclass(frozen=True)
class Books:
    """How a period stands: its members, when its initial statement was made, which pairs are further, what holds up.

    *known* is how much of a member's GPU time is known, and how much there was, in milli-GPU-seconds.
    """

    end_seconds: int
    members: tuple[str, ...]
    is_posted: bool = False
    initial_at_seconds: int | None = None
    final: frozenset[str] = frozenset()
    trued_up: frozenset[str] = frozenset()
    known: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    held: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Settled:
    """What was settled now."""

    period: str
    stage: Stage
    pairs: tuple[str, ...]


_POSTED = """
SELECT coalesce(max(hour_seconds), 0) + 3600 >= :end AND NOT EXISTS (
  SELECT FROM ledger.cutoff c, ledger.member m WHERE c.hour_seconds >= :start AND c.hour_seconds < :end
    AND m.sequence < c.sequence AND NOT EXISTS (
      SELECT FROM ledger.posting p WHERE (p.hour_seconds, p.run, p.member) = (c.hour_seconds, c.run, m.name)))
FROM ledger.cutoff
"""
_KNOWN = """
SELECT member, sum(used + idle + down) AS known, sum(used + idle + down + unknown) AS whole FROM (
  SELECT DISTINCT ON (hour_seconds, member) * FROM ledger.posting WHERE hour_seconds >= :start AND hour_seconds < :end
  ORDER BY hour_seconds, member, run DESC) AS last GROUP BY member
"""
_ENDED = sa.text("""
SELECT period FROM ledger.settlement GROUP BY period
HAVING count(*) FILTER (WHERE stage = 'true-up') = count(*) FILTER (WHERE stage = 'initial')
""")
_BEGAN = sa.text("SELECT min(hour_seconds) FROM ledger.cutoff")
_SETTLE = sa.text("SELECT ledger.settle(:term, :period, :stage, CAST(:pairs AS text[]), :pool, :member, :window)")


def settle(engine: Engine, term: int, terms: Terms) -> list[Settled]:
    """Settle all that is due; return what was.

    Raises:
        StaleTermError: another leader has taken over.
        RefusedError: something came in between: try again.

    """
    done = []
    with database.transaction(engine) as connection:
        now = int(connection.execute(sa.text("SELECT ledger.clock_seconds()")).scalar_one())
        books = {period: _books(connection, period) for period in _open_periods(connection, now)}
    for period, its in books.items():
        for stage, pairs in due(its, terms, now).items():
            with database.transaction(engine) as connection:
                connection.execute(
                    _SETTLE,
                    {
                        "term": term, "period": period, "stage": str(stage), "pairs": list(pairs),
                        "pool": terms.pool_thousandths, "member": terms.member_thousandths,
                        "window": terms.window_seconds,
                    },
                )  # fmt: skip
            done.append(Settled(period, stage, pairs))
    return done


def due(books: Books, terms: Terms, now_seconds: int) -> dict[Stage, tuple[str, ...]]:
    """Return the pairs that come to a stage now; pure."""
    everybody = pairs(books.members)
    if not everybody:
        return {}
    if books.initial_at_seconds is None:
        return (
            {Stage.INITIAL: everybody}
            if books.is_posted and now_seconds >= books.end_seconds + LATE_SLOTS_SECONDS
            else {}
        )
    if now_seconds < books.initial_at_seconds + terms.window_seconds:
        return {}
    left = [pair for pair in everybody if pair not in books.trued_up and not _is_held(pair, books.held)]
    if now_seconds >= books.end_seconds + terms.true_up_seconds:
        return {Stage.TRUE_UP: tuple(left)} if left else {}
    found = final(books, terms, [pair for pair in left if pair not in books.final])
    return {Stage.FINAL: found} if found else {}


def final(books: Books, terms: Terms, left: list[str]) -> tuple[str, ...]:
    """Return those of the pairs that are *left* of whom enough is known; those with the pool after all others."""
    enough = complete(books.known, terms.pool_thousandths, terms.member_thousandths)
    ready = {name for name in books.members if name in enough or books.known.get(name, (0, 0))[1] == 0}
    among = {pair for pair in left if set(pair.split("/")) <= ready}
    settled = books.final | books.trued_up | among
    for name in books.members:
        others = {
            pair for pair in pairs(books.members) if name in pair.split("/") and transfers.POOL not in pair.split("/")
        }
        if others <= settled and (own := _pair(name, transfers.POOL)) in left:
            among.add(own)
    return tuple(sorted(among))


def complete(known: Mapping[str, tuple[int, int]], pool_thousandths: int, member_thousandths: int) -> frozenset[str]:
    """Return the members of whose GPU time enough is known: none, if of all such together too little is."""
    enough = {name: its for name, its in known.items() if its[0] * MILLI >= its[1] * member_thousandths}
    came, whole = (sum(its[part] for its in enough.values()) for part in (0, 1))
    return frozenset(enough) if came * MILLI >= whole * pool_thousandths else frozenset()


def pairs(members: tuple[str, ...]) -> tuple[str, ...]:
    """Return all pairs of members, of each with itself, and of each with the pool."""
    among = itertools.combinations_with_replacement(sorted(members), 2)
    return tuple(sorted({*(_pair(*each) for each in among), *(_pair(name, transfers.POOL) for name in members)}))


def _pair(one: str, other: str) -> str:
    return "/".join(sorted((one, other)))


def _is_held(pair: str, held: frozenset[str]) -> bool:
    return bool({pair, *pair.split("/")} & held)


def _open_periods(connection: Connection, now: int) -> list[str]:
    """Return the periods that are over and not trued up."""
    ended = set(connection.execute(_ENDED).scalars())
    began = connection.execute(_BEGAN).scalar_one()
    found = []
    seconds = now if began is None else int(began)
    while (period := transfers.period(seconds)) < transfers.period(now):
        found.append(period)
        seconds = export.bounds(period)[1]
    return [period for period in found if period not in ended]


def _books(connection: Connection, period: str) -> Books:
    start, end = export.bounds(period)
    bounds = {"start": start, "end": end}
    over = datetime.fromtimestamp(end, UTC)
    statement = sa.text("SELECT name FROM ledger.member WHERE recorded_at < :over ORDER BY name")
    members = tuple(connection.execute(statement, {"over": over}).scalars())
    rows = connection.execute(
        sa.select(Settlement.pair, Settlement.stage, Settlement.recorded_at).where(Settlement.period == period)
    ).all()
    by_stage = {stage: {row.pair: row.recorded_at for row in rows if row.stage == stage} for stage in Stage}
    initial = max((int(at.timestamp()) for at in by_stage[Stage.INITIAL].values()), default=None)
    if initial is None:
        return Books(end, members, bool(connection.execute(sa.text(_POSTED), bounds).scalar_one()))
    known = {row.member: (int(row.known), int(row.whole)) for row in connection.execute(sa.text(_KNOWN), bounds)}
    return Books(
        end, members, is_posted=True, initial_at_seconds=initial, final=frozenset(by_stage[Stage.FINAL]),
        trued_up=frozenset(by_stage[Stage.TRUE_UP]), known=known, held=disputes.held_up(connection, period),
    )  # fmt: skip
