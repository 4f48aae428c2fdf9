"""A month of books for a pool that was made a minute ago, so that questions about usage have something to add up.

In: the members that the ledger knows, a number of transfers, a seed. Out: the last whole month's transfers, recorded by
the ledger's own function as postings are, and what each member's GPUs did in each hour. Amounts are made up; who owes
whom is consistent, and no attempt or slot stands behind it.
"""

import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from hanse.devcluster.progress import Line
from hanse.ledger import books, database, transfers
from hanse.ledger.charge import HOUR_SECONDS

AMOUNT_MAX = 3_600_000
_CUTOFF = "INSERT INTO ledger.cutoff (hour_seconds, run, slots, slots_sha256) VALUES (%s, 0, 0, sha256(''))"
_POSTING = (
    "INSERT INTO ledger.posting (hour_seconds, run, member, used, idle, down, unknown) "
    "VALUES (%s, 0, %s, 2000000, 800000, 0, 80000)"
)


@dataclass(frozen=True)
class Month:
    """The last month that is over: its hours, as Unix seconds, and its period."""

    start_seconds: int
    end_seconds: int

    @property
    def period(self) -> str:
        """The settlement period, `YYYY-MM`."""
        return transfers.period(self.start_seconds)

    @property
    def hours(self) -> range:
        """The beginnings of its hours."""
        return range(self.start_seconds, self.end_seconds, HOUR_SECONDS)


def last_month() -> Month:
    """Return the last month that is over."""
    end = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    start = (end - timedelta(days=1)).replace(day=1)
    return Month(int(start.timestamp()), int(end.timestamp()))


@dataclass(frozen=True)
class Books:
    """About *count* transfers between *members* over the hours of *month*."""

    month: Month
    members: Sequence[str]
    count: int
    seed: int


def record(database_url: str, wanted: Books, line: Line) -> int:
    """Record what is *wanted*; return how many transfers there are."""
    month, members = wanted.month, wanted.members
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.executemany(_CUTOFF, [(hour,) for hour in month.hours])
        cursor.executemany(_POSTING, [(hour, name) for hour in month.hours for name in members])
    made = list(_made(wanted, random.Random(wanted.seed)))  # noqa: S311  # no secret is made of it
    engine = database.engine(database_url)
    try:
        for start in range(0, len(made), books.BATCH_MAX):
            with database.transaction(engine) as connection_of_books:
                books.apply(connection_of_books, made[start : start + books.BATCH_MAX])
            line.update(f"{start} of {len(made)} transfers recorded")
    finally:
        engine.dispose()
    return len(made)


def _made(wanted: Books, rng: random.Random) -> Iterator[transfers.Transfer]:
    """Yield transfers as an hour posts them: use, and the factor of its tier, for one attempt after another."""
    hours = wanted.month.hours
    for hour in hours:
        for _ in range(max(1, wanted.count // len(hours) // 2)):
            user, lender = rng.choice(wanted.members), rng.choice(wanted.members)
            amount = rng.randrange(1, AMOUNT_MAX)
            sides = (transfers.use(user), transfers.contribution_used(lender))
            yield _single(transfers.Purpose.USE, sides, amount, hour, rng)
            yield _single(transfers.Purpose.TIER, (transfers.use(user), transfers.TIERS), amount, hour, rng)


def _single(
    purpose: transfers.Purpose, sides: tuple[str, str], amount: int, hour: int, rng: random.Random
) -> transfers.Transfer:
    return transfers.Transfer(
        id=uuid.UUID(int=rng.getrandbits(128), version=4), kind=transfers.Kind.SINGLE, purpose=purpose,
        debit=sides[0], credit=sides[1], amount=amount, hour_seconds=hour, period=transfers.period(hour), run=0,
    )  # fmt: skip
