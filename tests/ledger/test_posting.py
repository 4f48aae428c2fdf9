"""Hourly postings: each second of each GPU once (I7), what ran is always booked (I4), and again after any crash."""

import itertools
import tempfile
from collections import Counter
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.ledger import attempts, balances, charge, errors, export, posting, registry, slots, verify

FEW = hypothesis.settings(max_examples=max(8, hypothesis.settings().max_examples // 10), deadline=None)
UNKNOWN = "00000000-0000-0000-0000-000000000009"
# Who has which share of both GPUs of a node in a slot; None is a slot that never comes.
USES = st.sampled_from([None, {"A": 1000}, {"A": 300, "idle": 700}, {"B": 7, "A": 993}, {"idle": 1000}, {"down": 1000},
                        {"X": 500, "idle": 500}])  # fmt: skip


def balance(world):
    return {each.name: each.debits_posted - each.credits_posted for each in balances.read(world.operator)}


@FEW
@hypothesis.example(uses=[None] * 6 + [{"A": 1000}] * 2 + [None] * 16, late={6}, levied=False)
@given(st.lists(USES, min_size=24, max_size=24), st.sets(st.integers(0, 23)), st.booleans())
def test_postings_are_what_an_auditor_adds_up_by_hand(make_world, uses, late, levied):
    """Two nodes, two attempts at odd rates, slots missing and late: the model knows neither SQL nor the code."""
    world = make_world()
    try:
        names = admitted(world, levied)
        world.set_clock(world.START + 4500)
        signed = {}  # in their order, whenever they come
        for number, its in enumerate(uses):
            if its is not None:
                member, at = ("alibaba", "tencent")[number // 12], world.START + number % 12 * 300
                shares = {names.get(who, who): milli for who, milli in its.items()}
                signed[number] = member, world.slot(member, at, shares)
        for batch in (set(range(24)) - late, late):
            for number in sorted(batch & signed.keys()):
                (answer,) = world.ingest(*signed[number])
                assert answer.outcome is slots.Outcome.STORED
            posting.post(world.operator, world.term, world.START)
        compare(world, uses, levied)
        with tempfile.TemporaryDirectory() as folder:
            export.export(world.auditor, "2026-11", Path(folder))
            assert {finding.check for finding in verify.verify(Path(folder)).findings} <= {"C4"}
    finally:
        world.close()


def admitted(world, levied):
    """Admit A on both nodes at a factor above one, B on both at one below; neither rate is round."""
    registry.publish_tier_rate(world.operator, "standard", 1237)
    registry.publish_tier_rate(world.operator, "spot", 791)
    if levied:
        registry.set_levy(world.operator, "tencent-node", world.START, levied=True)
    both = {"alibaba-node": 2000, "tencent-node": 2000}
    entries = [world.admit("tencent", tier=("standard", 1237)), world.admit("alibaba", tier=("spot", 791))]
    entries = [type(each)(**{**vars(each), "nodes": both}) for each in entries]
    world.record(*entries)
    for entry in entries:
        world.grant(entry)
    return {"A": str(entries[0].attempt), "B": str(entries[1].attempt), "X": UNKNOWN}


def compare(world, uses, levied):
    used, did = Counter(), Counter()
    for number, shares in enumerate(uses):
        owner = ("alibaba", "tencent")[number // 12]
        for who, milli in (shares or {"X": 1000}).items():
            milli_gpu_seconds = milli * 300 * 2
            kind = {"A": "used", "B": "used", "X": "unknown"}.get(who, who)
            did[owner, kind] += milli_gpu_seconds
            if kind == "used":
                used[who, owner] += milli_gpu_seconds
    expected = Counter()
    for (who, owner), milli_gpu_seconds in used.items():
        payer, rate = {"A": ("tencent", 1237), "B": ("alibaba", 791)}[who]
        raw, whole = milli_gpu_seconds, rate * milli_gpu_seconds // 1000
        credited = "pool/levy" if levied and owner == "tencent" else f"{owner}/contribution-used"
        expected.update({f"{payer}/use": whole, credited: -raw, "pool/tiers": raw - whole})
    for (owner, kind), milli_gpu_seconds in did.items():
        if kind in {"used", "idle"}:
            expected.update({f"{owner}/contribution-offered": -milli_gpu_seconds, "pool/offered": milli_gpu_seconds})
    found = {name: amount for name, amount in balance(world).items() if amount}
    assert found == {name: amount for name, amount in expected.items() if amount}
    rows = world.super.execute(
        "SELECT DISTINCT ON (member) member, used, idle, down, unknown FROM ledger.posting ORDER BY member, run DESC"
    ).fetchall()
    for member, *seconds in rows:
        assert seconds == [did[member, kind] for kind in ("used", "idle", "down", "unknown")]
        assert sum(seconds) == 2 * 3600 * 1000
    assert balances.mismatches(world.operator) == []


@pytest.fixture(name="ran")
def _ran(world):
    """An attempt under a cap that ran for an hour on alibaba's node."""

    def run(ceiling, rate):
        entry = world.admit(funding=(world.funding(3600, ceiling, rate=rate),))
        world.record(entry)
        world.grant(entry)
        world.set_clock(world.START + 4500)
        world.meter("alibaba", world.START, {str(entry.attempt): 1000})
        posting.post(world.operator, world.term, world.START)
        return entry

    return run


CHARGE = 2 * 3600 * 1200


@pytest.mark.parametrize(
    ("ceiling", "rate", "overrun"),
    [
        (10**9, 2400, 0),
        (10**9, 3000, 0),
        (10**9, 1000, 0),
        (4_000_000, 1000, CHARGE - 4_000_000),
        (3_600_000, 1000, CHARGE - 3_600_000),
    ],
    ids=["funded exactly", "rest given back", "room in the cap", "some room", "no room"],
)
def test_what_ran_is_booked_and_what_no_cap_holds_is_borne_by_the_pool(world, ran, ceiling, rate, overrun):
    ran(ceiling, rate)
    found = {each.name: each for each in balances.read(world.operator)}
    cap = found[f"tencent/cap/month/{world.START}"]
    assert (cap.debits_posted, cap.debits_pending) == (CHARGE - overrun, 0)
    assert found["pool/overrun"].debits_posted == overrun
    assert balance(world)["tencent/use"] == CHARGE - overrun
    assert balance(world)["alibaba/contribution-used"] == -2 * 3600 * 1000
    violations = world.super.execute("SELECT kind, amount FROM ledger.violation").fetchall()
    assert violations == ([("Overrun", overrun)] if overrun else [])


def test_an_hour_that_was_posted_halfway_is_finished_with_the_same_entries(world, monkeypatch):
    """The poster dies after any member's part; another one goes on."""
    entry = world.admit()
    world.record(entry)
    world.grant(entry)
    world.set_clock(world.START + 4500)
    world.meter("alibaba", world.START, {str(entry.attempt): 1000})
    whole = posting._post_member
    calls = itertools.count()

    def dies(*arguments):
        if next(calls) == 1:
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr(posting, "_post_member", dies)
    with pytest.raises(KeyboardInterrupt):
        posting.post(world.operator, world.term, world.START)
    late = world.slot("tencent", world.START, {"idle": 1000})
    world.ingest("tencent", late)
    assert posting.post(world.operator, world.term, world.START).run.number == 0
    assert balance(world)["pool/offered"] == 2 * 3600 * 1000
    assert posting.post(world.operator, world.term, world.START).run.number == 1
    assert balance(world)["pool/offered"] == 2 * 3600 * 1000 + 2 * 300 * 1000
    assert posting.post(world.operator, world.term, world.START) is None


def test_use_outside_of_lease_or_placement_is_credited_to_nobody(world):
    entry = world.admit(gpus=1)
    world.record(entry)
    world.set_clock(world.START + 600)
    world.grant(entry)
    world.set_clock(world.START + 1500)
    attempts.release(world.api, "alibaba-cluster", entry.attempt, 1, "done")
    world.set_clock(world.START + 4500)
    half = {str(entry.attempt): 500, "idle": 500}
    world.meter("alibaba", world.START, half, range(7))
    world.ingest("alibaba", world.slot("alibaba", world.START + 2100, {str(entry.attempt): 1000}))
    world.ingest("tencent", world.slot("tencent", world.START + 600, half))
    posting.post(world.operator, world.term, world.START)
    assert balance(world)["alibaba/contribution-used"] == -3 * 300 * 1000
    found = world.super.execute("SELECT DISTINCT detail FROM ledger.violation WHERE kind = 'UncoveredUse'").fetchall()
    assert {detail for (detail,) in found} == {
        "the attempt had no lease yet", "the attempt had ended", "the attempt was not placed on the node",
    }  # fmt: skip


def test_an_hour_is_not_posted_before_the_grace_for_its_slots(world):
    world.set_clock(world.START + 3600 + 899)
    with pytest.raises(errors.RefusedError):
        posting.post(world.operator, world.term, world.START)


def test_what_an_ended_attempt_had_reserved_is_given_back(world):
    entry = world.admit(funding=(world.funding(7200, 10**9),))
    world.record(entry)
    world.grant(entry)
    world.set_clock(world.START + 1000)
    attempts.release(world.api, "alibaba-cluster", entry.attempt, 1, "done")
    assert posting.void_unused(world.operator, world.term) == 1
    assert posting.void_unused(world.operator, world.term) == 0
    found = {each.name: each for each in balances.read(world.operator)}
    assert found[f"tencent/cap/month/{world.START}"].debits_pending == 3600 * 2400


def test_slots_are_stored_once_and_contradictions_are_on_record(world):
    world.set_clock(world.START + 600)
    first, other = (world.slot("alibaba", world.START, shares) for shares in ({"idle": 1000}, {"down": 1000}))
    outcomes = [world.ingest("alibaba", signed)[0].outcome for signed in (first, first, other)]
    assert outcomes == ["stored", "duplicate", "conflict"]
    forged = slots.Signed(first.body, bytes(64))
    future = world.slot("alibaba", world.START + 600, {"idle": 1000})
    refused = world.ingest("alibaba", forged, future, slots.Signed(b"{}", bytes(64)))
    assert [answer.outcome for answer in refused] == ["refused"] * 3
    (foreign,) = world.ingest("tencent", first)
    assert foreign.reason == "the node is not enrolled by this member at this time"
    kinds = Counter(kind for (kind,) in world.super.execute("SELECT kind FROM ledger.violation").fetchall())
    assert kinds == {"SlotConflict": 1, "SlotRefused": 4}


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 10**4))
def test_hours_cover_an_interval_exactly(start, hour_start, length):
    begin = start + hour_start
    parts = list(charge.hours(begin, begin + length))
    assert sum(seconds for _, seconds in parts) == length
    assert all(hour % 3600 == 0 and 0 < seconds <= 3600 for hour, seconds in parts)
    assert len({hour for hour, _ in parts}) == len(parts)


def test_overruns_of_one_attempt_and_hour_may_be_equal_in_two_runs(world, tmp_path):
    """Each is booked, and each has its violation: the verifier tells them apart."""
    entry = world.admit(funding=(world.funding(300, 300 * 2400, rate=2400),))
    world.record(entry)
    world.grant(entry)
    world.set_clock(world.START + 4500)
    for slots_of in (range(6), range(6, 9), range(9, 12)):
        world.meter("alibaba", world.START, {str(entry.attempt): 1000}, slots_of)
        posting.post(world.operator, world.term, world.START)
    rows = world.super.execute(
        "SELECT amount FROM ledger.violation WHERE kind = 'Overrun' ORDER BY sequence"
    ).fetchall()
    assert rows[1] == rows[2] == (3 * 300 * 2 * 1200,)
    export.export(world.auditor, "2026-11", tmp_path / "export")
    found = [str(each) for each in verify.verify(tmp_path / "export").findings if each.check != "C4"]
    assert found == []
