"""Credits: one row a member and posted hour, from what was posted, whenever it came."""

from played import lines_of

from hanse.ledger import credits as credits_
from hanse.ledger import export, posting

HALF_LIFE_SECONDS = 3600
RAW = {"h100-80g": 1000}
HOUR = 3600
SLOT = 2 * 300 * 1000
"""What two H100 come to in a slot, in raw mH·s."""


def terms(**changes):
    return credits_.Terms(**{"half_life_seconds": HALF_LIFE_SECONDS, "raw_by_class": RAW, "parents": {}} | changes)


def brought(world, said):
    """Return the debits after the last posted hour, by member."""
    until = credits_.due(world.operator)
    credits_.record(world.operator, said, until, term=world.term)
    assert credits_.due(world.operator) is None
    with world.operator.connect() as connection:
        found = credits_.read(connection)
    assert found.as_of_seconds == until
    return dict(found.debits)


def begun(world):
    """Let tencent run on alibaba's node; return the attempt's name in slots."""
    entry = world.admit("tencent", on="alibaba")
    world.record(entry)
    world.grant(entry)
    return str(entry.attempt)


def posted(world, hour, slots_of, late=()):
    """Meter an hour of alibaba's node and post it; what is *late* comes after that."""
    start = world.START + hour * HOUR
    world.set_clock(start + HOUR + 900)
    world.meter("alibaba", start, {world.runs: 1000}, slots_of)
    posting.post(world.operator, world.term, start)
    world.meter("alibaba", start, {world.runs: 1000}, late)


def test_use_of_others_is_a_debit_and_lending_a_credit_and_both_decay(world):
    assert credits_.due(world.operator) is None
    world.runs = begun(world)
    posted(world, 0, range(6), late=(6, 7))
    assert brought(world, terms()) == {"tencent": 6 * SLOT, "alibaba": -6 * SLOT}
    # The late slots ran in the first hour: half of them is left, as of what was in time.
    posting.post(world.operator, world.term, world.START)
    posted(world, 1, range(4))
    expected = 4 * SLOT + (6 * SLOT) // 2 + (2 * SLOT) // 2
    found = brought(world, terms())
    assert found["tencent"] == -found["alibaba"]
    assert 0 <= expected - found["tencent"] <= 2
    rows = world.super.execute("SELECT count(*), count(DISTINCT id) FROM ledger.fact WHERE kind = 'Credit'").fetchone()
    assert rows == (4, 4)


def test_lending_to_a_relative_earns_nothing_and_what_is_kept_of_a_levy_is_owed(world):
    world.runs = begun(world)
    posted(world, 0, range(6))
    said = terms(parents={"tencent": "firm", "alibaba": "firm"}, kept_by_member={"alibaba": 500})
    assert brought(world, said) == {"tencent": 6 * SLOT, "alibaba": 500 * HOUR}


def test_a_slow_class_counts_by_its_worth_whatever_the_precision(world):
    world.runs = begun(world)
    posted(world, 0, range(6))
    assert brought(world, terms(raw_by_class={"h100-80g": 600}))["tencent"] == 6 * SLOT * 600 // 1000


def test_the_credits_by_which_a_month_begins_are_in_its_export(world, tmp_path):
    """Decisions of its first hour name them."""
    world.runs = begun(world)
    for hour in range(2):
        posted(world, hour, range(6))
        brought(world, terms())
    _, december = export.bounds("2026-11")
    world.set_clock(december + 60)
    export.export(world.auditor, "2026-12", tmp_path / "export")
    found = {line["id"] for line in lines_of(tmp_path / "export", "facts") if line["kind"] == "Credit"}
    assert found == {str(credits_.row_id(each, world.START + 2 * HOUR)) for each in ("alibaba", "tencent")}
