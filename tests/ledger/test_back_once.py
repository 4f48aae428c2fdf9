"""What was charged goes back once: by a ruling or as lost work, whichever comes first, and never by both."""

import contextlib
import dataclasses
import threading
import time

import pytest
import sqlalchemy as sa
from played import HOME, HOUR, act, lines_of, rewrite

from hanse.ledger import attempts, books, compensating, database, disputes, export, posting, verify
from hanse.ledger.errors import RefusedError

RATE = 1200
LOST = 900


@pytest.fixture(name="closer")
def _closer(world):
    engine = database.engine(world.url, role="hanse_closer")
    yield engine
    engine.dispose()


def run(world, seconds):
    """Let a job of tencent's run for so long, on half of alibaba's node, and be stopped for alibaba."""
    borrower = world.admit("tencent", on="alibaba", gpus=1)
    world.record(borrower)
    world.grant(borrower)
    world.set_clock(world.START + seconds)
    owner = dataclasses.replace(world.admit("alibaba", on="alibaba", gpus=1), strength=HOME)
    world.record(owner, world.stop(borrower, cause_index=0, detail={"lostGpuSeconds": LOST}))
    attempts.release(world.api, "alibaba-cluster", borrower.attempt, 1, "preempted")
    act(world)
    return borrower.attempt


def meter(world, attempt, hour, seconds):
    world.meter("alibaba", hour, {str(attempt): 500, "idle": 500}, range(seconds // 300))


def post(world, hour):
    if world.now < hour + HOUR + 1000:
        world.set_clock(hour + HOUR + 1000)
    assert posting.post(world.operator, world.term, hour).failed == {}


def ran_half_an_hour(world):
    """Let a job run for so long, and be charged for it and credited for what it lost; return its attempt."""
    attempt = run(world, 1800)
    world.set_clock(world.START + HOUR + 1000)
    meter(world, attempt, world.START, 1800)
    post(world, world.START)
    return attempt


def disputed(world, attempt="", hour=None):
    """Open a dispute of tencent's; return its id and what it may have back, by purpose."""
    matter = disputes.Matter("tencent", world.START if hour is None else hour, str(attempt))
    disputes.open_(world.api, matter, claimed=0, reason="it did nothing")
    with database.transaction(world.operator) as connection:
        return matter.id, {each.purpose: each for each in disputes.postings(connection, matter.id)}


def credited(world):
    return world.super.execute("SELECT amount FROM ledger.transfer WHERE purpose = 'lost-work'").fetchall()


def found(world, folder):
    export.export(world.auditor, "2026-11", folder)
    return [str(each) for each in verify.verify(folder).findings]


def test_a_ruling_after_the_credit_gives_back_no_more_than_was_paid(world, closer, tmp_path):
    attempt = ran_half_an_hour(world)
    assert credited(world) == [(LOST * RATE,)]
    dispute, its = disputed(world, attempt)
    tier = (its["tier"].id, its["tier"].amount)
    left = (1800 - LOST) * RATE - its["tier"].amount
    for too_much in (1, its["use"].amount - left):
        with pytest.raises(RefusedError, match="credited for lost work"):
            disputes.accept(
                closer,
                dispute,
                [(its["tier"].id, its["tier"].amount), (its["use"].id, left + too_much)],
                0,
                "so it was",
            )
    with pytest.raises(RefusedError, match="credited for lost work"):
        disputes.accept(closer, dispute, [], (1800 - LOST) * RATE + 1, "so it was")
    disputes.accept(closer, dispute, [tier, (its["use"].id, left)], 0, "so it was")
    with pytest.raises(RefusedError, match="credited for lost work"):
        books.correct(world.operator, world.term, books.Correction(its["use"].id, 1, "more"))
    whole, _ = disputed(world)
    with pytest.raises(RefusedError, match="credited for lost work"):
        disputes.accept(closer, whole, [], 1, "and more")
    assert found(world, tmp_path / "export") == []
    never_credited(tmp_path / "export")


def never_credited(folder):
    """An export says that all was given back: the credit came before."""
    lines = lines_of(folder, "transfers")
    back = next(line for line in lines if line["body"]["kind"] == "correction" and line["body"]["purpose"] == "use")
    back["body"]["amount"] += 1
    rewrite(folder, "transfers", lines)
    findings = [str(each) for each in verify.verify(folder).findings]
    assert any("C10" in each and "has 1 back that it never paid" in each for each in findings), findings


def test_who_gives_the_credit_back_has_all_that_it_was_charged(world, closer, tmp_path):
    attempt = ran_half_an_hour(world)
    dispute, its = disputed(world, attempt)
    disputes.accept(closer, dispute, [(each.id, each.amount) for each in its.values()], 0, "it never ran")
    assert found(world, tmp_path / "export") == []


@pytest.mark.parametrize("by", ["corrections", "a grant", "a grant for all of the hour"])
def test_a_credit_after_the_ruling_is_of_what_was_paid(world, closer, tmp_path, by):
    attempt = run(world, HOUR + 600)
    world.set_clock(world.START + HOUR + 1000)
    meter(world, attempt, world.START, HOUR)
    meter(world, attempt, world.START + HOUR, 600)
    post(world, world.START)
    dispute, its = disputed(world, "" if by == "a grant for all of the hour" else attempt)
    back = [(each.id, each.amount) for each in its.values()] if by == "corrections" else []
    disputes.accept(closer, dispute, back, 0 if back else HOUR * RATE, "so it was")
    post(world, world.START + HOUR)
    assert credited(world) == [(600 * RATE,)]
    assert found(world, tmp_path / "export") == []
    lines = lines_of(tmp_path / "export", "transfers")
    for line in lines:
        if line["body"]["purpose"] == "lost-work":
            line["body"]["amount"] = LOST * RATE
    rewrite(tmp_path / "export", "transfers", lines)
    findings = [str(each) for each in verify.verify(tmp_path / "export").findings]
    assert any(f"{LOST * RATE} for lost work, and {600 * RATE} were due" in each for each in findings), findings


def test_a_ruling_on_a_whole_hour_of_which_no_use_was_recorded_gives_back_no_more_than_was_paid_either(world, closer):
    """An earlier version posted it, which recorded none."""
    ran_half_an_hour(world)
    world.super.execute(
        "ALTER TABLE ledger.usage DISABLE TRIGGER USER; DELETE FROM ledger.usage;"
        " ALTER TABLE ledger.usage ENABLE TRIGGER USER"
    )
    whole, _ = disputed(world)
    with pytest.raises(RefusedError, match="would have 1 back that it never paid"):
        disputes.accept(closer, whole, [], (1800 - LOST) * RATE + 1, "so it was")
    disputes.accept(closer, whole, [], (1800 - LOST) * RATE, "so it was")


def test_who_has_too_much_back_may_be_charged_again_in_part(world):
    """An earlier version let a grant pass the bound; part of the credit is taken back, and no more is given."""
    attempt = ran_half_an_hour(world)
    world.super.execute(
        "INSERT INTO ledger.transfer"
        " (id, payload_sha256, kind, purpose, debit, credit, amount, hour_seconds, period, attempt)"
        " VALUES (gen_random_uuid(), '', 'single', 'adjustment', 'pool/adjustments', 'tencent/adjustments',"
        " %s, %s, '2026-11', %s)",
        [1800 * RATE, world.START, attempt],
    )
    posted = dict(
        world.super.execute("SELECT purpose, id FROM ledger.transfer WHERE attempt = %s", [attempt]).fetchall()
    )
    books.correct(world.operator, world.term, books.Correction(posted["lost-work"], LOST * RATE - 1, "saved"))
    with pytest.raises(RefusedError, match="would have 2 back that it never paid"):
        books.correct(world.operator, world.term, books.Correction(posted["use"], 1, "more"))
    books.correct(world.operator, world.term, books.Correction(posted["lost-work"], 1, "saved"))
    with pytest.raises(RefusedError, match="would have 1 back that it never paid"):
        books.correct(world.operator, world.term, books.Correction(posted["use"], 1, "more"))


def test_what_a_later_month_gives_back_is_in_the_export_of_the_month_it_is_about(world, closer, tmp_path):
    attempt = ran_half_an_hour(world)
    dispute, _ = disputed(world, attempt)
    world.super.execute(
        "INSERT INTO ledger.settlement (period, pair, stage, owed, pool_thousandths, member_thousandths,"
        " window_seconds)"
        " SELECT '2026-11', 'pool/tencent', stage, 0, 0, 0, 0 FROM (VALUES ('initial'), ('final')) AS s (stage)"
    )
    world.set_clock(world.START + 31 * 24 * HOUR)
    with pytest.raises(RefusedError, match="credited for lost work"):
        disputes.accept(closer, dispute, [], (1800 - LOST) * RATE + 1, "so it was")
    disputes.accept(closer, dispute, [], (1800 - LOST) * RATE, "so it was")
    assert [each for each in found(world, tmp_path / "export") if "transfers.jsonl" in each or "C10" in each] == []
    lines = lines_of(tmp_path / "export", "transfers")
    (grant,) = [line for line in lines if line["body"]["purpose"] == "adjustment"]
    assert (grant["carried"], grant["body"]["period"]) == (1, "2026-12")
    grant["body"]["amount"] += 1
    rewrite(tmp_path / "export", "transfers", lines)
    findings = [str(each) for each in verify.verify(tmp_path / "export").findings]
    assert any("has 1 back that it never paid" in each for each in findings), findings


def test_of_a_ruling_and_a_credit_at_once_one_is_made_again(world, closer, monkeypatch, tmp_path):
    attempt = run(world, HOUR + 600)
    world.set_clock(world.START + 2 * HOUR + 1000)
    meter(world, attempt, world.START, HOUR)
    post(world, world.START)
    dispute, _ = disputed(world, attempt)
    computed = compensating.credited

    def overtaken(*arguments):
        its = computed(*arguments)
        if its:
            monkeypatch.undo()
            disputes.accept(closer, dispute, [], (HOUR - 100) * RATE, "so it was")
        return its

    monkeypatch.setattr(compensating, "credited", overtaken)
    failed = posting.post(world.operator, world.term, world.START + HOUR).failed
    assert {member: type(error) for member, error in failed.items()} == {"tencent": RefusedError}
    post(world, world.START + HOUR)
    assert credited(world) == [(100 * RATE,)]
    assert found(world, tmp_path / "export") == []


def test_of_a_ruling_and_a_correction_at_once_the_second_finds_what_the_first_left(world, closer, tmp_path):
    """They have no account in common. The correction begins when the ruling is booked and not committed yet."""
    attempt = ran_half_an_hour(world)
    dispute, its = disputed(world, attempt)
    refused = []

    def correct():
        try:
            books.correct(world.operator, world.term, books.Correction(its["use"].id, 1, "more"))
        except RefusedError as error:
            refused.append(str(error))

    other = threading.Thread(target=correct)

    def begin(_connection):
        other.start()
        while other.is_alive() and not waits(world):
            time.sleep(0.01)

    with committing(closer, begin):
        disputes.accept(closer, dispute, [], (1800 - LOST) * RATE, "so it was")
    other.join()
    assert len(refused) == 1
    assert "with that it would have 1 back that it never paid" in refused[0]
    assert found(world, tmp_path / "export") == []


@contextlib.contextmanager
def committing(engine, do):
    """Do it each time before something is committed."""
    sa.event.listen(engine, "commit", do)
    yield
    sa.event.remove(engine, "commit", do)


def waits(world):
    """Say whether somebody waits for what somebody else holds."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return world.super.execute(query).fetchone()[0] > 0
