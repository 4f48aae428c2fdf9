"""What the API service tells members of their books, from slots that were really posted."""

import pytest
from typer.testing import CliRunner

from hanse.api import books
from hanse.api.problems import InvalidError
from hanse.cli.main import app
from hanse.ledger import balances, posting
from hanse.ledger import books as ledger_books

ROLLUPS = "SELECT * FROM ledger.rollup ORDER BY account, period, hour_seconds, purpose, is_correction, is_own"
HOUR = 3600
GPU_HOUR = 3600 * 1000
BOTH = frozenset({"alibaba", "tencent"})


@pytest.fixture(name="posted")
def _posted(world):
    """Tencent runs on both nodes for an hour, at 1.2; half of its own node's slots come late, in a second run."""
    entry = world.admit("tencent")
    entry = type(entry)(**{**vars(entry), "nodes": {"alibaba-node": 2000, "tencent-node": 2000}})
    world.record(entry)
    world.grant(entry)
    world.set_clock(world.START + 4500)
    shares = {str(entry.attempt): 1000}
    world.meter("alibaba", world.START, shares)
    world.meter("tencent", world.START, shares, range(6))
    posting.post(world.operator, world.term, world.START)
    world.meter("tencent", world.START, shares, range(6, 12))
    posting.post(world.operator, world.term, world.START)
    return world


def usage(world, *members, start=0, limit=10, cursor=""):
    bounds = (world.START + start, world.START + start + HOUR)
    return books.usage(world.api, frozenset(members), bounds, limit, cursor)


def test_an_hour_says_what_was_charged_lent_and_done_once(posted):
    (hour,) = usage(posted, "tencent").items
    assert (posted.START, 4 * GPU_HOUR * 1200 // 1000, 0) == (hour.hour_seconds, hour.charged, hour.lent)
    assert (2 * GPU_HOUR, 0, 0, 0) == (
        hour.used_milli_gpu_seconds, hour.idle_milli_gpu_seconds, hour.down_milli_gpu_seconds,
        hour.unknown_milli_gpu_seconds,
    )  # fmt: skip
    (hour,) = usage(posted, "alibaba").items
    assert (0, 2 * GPU_HOUR) == (hour.charged, hour.lent)


def test_hours_come_in_pages_and_only_those_that_were_asked_for(posted):
    first = usage(posted, *BOTH, limit=1)
    rest = usage(posted, *BOTH, limit=1, cursor=first.next)
    assert (["alibaba"], ["tencent"], None) == (
        [hour.member for hour in first.items],
        [hour.member for hour in rest.items],
        rest.next,
    )
    assert () == usage(posted, *BOTH, start=HOUR).items
    assert () == usage(posted, "nobody").items


def test_rollups_are_what_the_transfers_add_up_to_and_can_be_made_again(posted):
    """Corrections too, and the member's own use apart from others'."""
    (original,) = posted.super.execute(
        "SELECT id FROM ledger.transfer WHERE purpose = 'use' AND debit = 'tencent/use' AND credit LIKE 'alibaba/%'"
    ).fetchone()
    ledger_books.correct(posted.operator, posted.term, ledger_books.Correction(original, 1000, "counted twice"))
    kept = posted.super.execute(ROLLUPS).fetchall()
    assert {True, False} == {each[5] for each in kept} == {each[4] for each in kept}
    assert kept == posted.super.execute(ROLLUPS.replace("rollup", "summed")).fetchall()
    assert (0, "all sums were those of the transfers") == made_again(posted)
    assert kept == posted.super.execute(ROLLUPS).fetchall()
    posted.super.execute("UPDATE ledger.rollup SET debits = debits + 1 WHERE account = 'tencent/use' AND is_own")
    told = usage(posted, "tencent").items
    # What is wrong counts as it was and as it should be.
    wrong = 2 * len([each for each in kept if each[0] == "tencent/use" and each[5]])
    assert (1, f"{wrong} rows differed, and are made anew") == made_again(posted)
    assert told != usage(posted, "tencent").items
    assert kept == posted.super.execute(ROLLUPS).fetchall()


def made_again(world):
    result = CliRunner().invoke(app, ["ledger", "rollups"], env={"HANSE_DATABASE_URL": world.url})
    return result.exit_code, result.output.strip()


def test_a_correction_is_in_the_hour_of_what_it_takes_back_and_in_the_statement_of_its_period(posted):
    before = usage(posted, "alibaba").items[0].lent
    (original,) = posted.super.execute(
        "SELECT id FROM ledger.transfer WHERE purpose = 'use' AND debit = 'tencent/use' AND credit LIKE 'alibaba/%'"
    ).fetchone()
    posted.super.execute(
        "INSERT INTO ledger.settlement (period, pair, stage, owed, pool_thousandths, member_thousandths,"
        " window_seconds) VALUES ('2026-11', 'alibaba/tencent', 'final', 0, 990, 900, 0)"
    )
    posted.set_clock(posted.START + 40 * 86400)
    ledger_books.correct(posted.operator, posted.term, ledger_books.Correction(original, 1000, "counted twice"))
    assert before - 1000 == usage(posted, "alibaba").items[0].lent
    (alibaba,) = books.statement(posted.api, frozenset({"alibaba"}), "2026-12").members
    assert (-1000, [True]) == (alibaba.standing, [line.is_correction for line in alibaba.lines])


@pytest.mark.parametrize("bounds", [(10, 10), (10, 9), (0, books.RANGE_SECONDS_MAX + 1)])
def test_hours_out_of_bounds_are_refused_with_the_value(world, bounds):
    with pytest.raises(InvalidError, match=f"to is {bounds[1]}, from is {bounds[0]}: to must be later") as refused:
        books.usage(world.api, BOTH, bounds, 10, "")
    assert ("query.to", str(bounds[1])) == (refused.value.field, refused.value.value)


def test_a_statement_adds_up_to_the_accounts_and_is_not_final(posted):
    said = books.statement(posted.api, BOTH, "2026-11")
    assert not said.is_final
    sums = {each.name: each for each in balances.read(posted.operator)}
    for member in said.members:
        booked = {line.account for line in member.lines}
        for account in booked:
            debits = sum(line.debits for line in member.lines if line.account == account)
            credited = sum(line.credits for line in member.lines if line.account == account)
            assert (sums[account].debits_posted, sums[account].credits_posted) == (debits, credited)
    alibaba, tencent = said.members
    assert (1, 1) == (alibaba.hours_posted, tencent.hours_posted)
    # Of what tencent pays above what its own GPUs earned, the factor's part goes to the pool's tiers.
    assert (2 * GPU_HOUR, 2 * GPU_HOUR - 4 * GPU_HOUR * 1200 // 1000) == (alibaba.standing, tencent.standing)
    assert "alibaba" not in str(tencent)


@pytest.mark.parametrize("period", ["2026", "2026-13", "x", "2026-11-02", "9999-12"])
def test_a_period_that_is_none_is_refused(world, period):
    with pytest.raises(InvalidError, match="is no period: write YYYY-MM"):
        books.statement(world.api, BOTH, period)


def test_a_period_without_anything_has_no_lines(world):
    assert [((), 0)] * 2 == [
        (each.lines, each.standing) for each in books.statement(world.api, BOTH, "2020-01").members
    ]
