"""Slots that come late, from the future, twice, out of their chain or with another key: each is taken or on record."""

import dataclasses
import itertools
import json
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from played import HOUR, act, lines_of, rewrite

from hanse.evidence import canonical, enrolments, slots
from hanse.ledger import complete, export, metering, posting, verify
from hanse.ledger import slots as ledger_slots
from hanse.ledger.errors import RefusedError

DAY = 24 * HOUR
BOOT, OTHER_BOOT = uuid.UUID(int=7), uuid.UUID(int=8)


@pytest.fixture(name="shared", scope="module")
def _shared(make_world):
    """One database for the tests of this file that each use hours of their own."""
    world = make_world()
    yield world
    world.close()


@pytest.fixture(name="hour")
def _hour(shared):
    """Return an hour that no other test uses, which has just ended."""
    start = shared.START + HOUR * next(HOURS)
    shared.set_clock(start + HOUR)
    return start


HOURS = itertools.count(1)


def signed(world, start, previous, *, boot=BOOT, key=None, **other):
    """Sign a slot of alibaba's node that follows the one with the hash *previous*."""
    body, _ = world.slot("alibaba", start, {"idle": 1000}).body, None
    slot = dataclasses.replace(slots.decode(body), previous_sha256=previous, boot_id=boot, **other)
    return ledger_slots.Signed(*slots.sign(slot, key or world.node_keys["alibaba"]))


def sha256(each):
    return canonical.sha256(each.body)


def violations(world, kind):
    rows = world.super.execute(
        "SELECT node, amount, detail FROM ledger.violation WHERE kind = %s AND recorded_at > "
        "(SELECT now - interval '1 hour' FROM public.test_clock) ORDER BY sequence", [kind]
    )  # fmt: skip
    return rows.fetchall()


@pytest.mark.parametrize(("ahead", "outcome"), [(0, "stored"), (5, "stored"), (6, "refused")])
def test_a_slot_of_the_future_is_refused_with_what_to_do(shared, hour, ahead, outcome):
    start = hour + HOUR - 300
    shared.set_clock(start + 300 - ahead)
    (answer,) = shared.ingest("alibaba", signed(shared, start, slots.NO_PREVIOUS))
    assert answer.outcome == outcome
    if outcome == "refused":
        assert "ends 6 s after the ledger's time: set the clock of the machine that meters the node" in answer.reason
        ((node, amount, detail),) = violations(shared, "SlotRefused")
        assert (node, amount, answer.reason in detail) == ("alibaba-node", start, True)


def test_late_slots_are_marked_and_refused_when_their_month_is_closed(make_world, tmp_path):
    world = make_world()
    in_time, late, at_last, too_late = (world.slot("alibaba", world.START + 300 * n, {"idle": 1000}) for n in range(4))
    world.set_clock(world.START + 300 + 900)
    world.ingest("alibaba", in_time)
    world.set_clock(world.START + 600 + 901)
    world.ingest("alibaba", late)
    ends = metering.taken_until(world.START)
    assert ends == world.START + 120 * DAY, "November has 30 days"
    world.set_clock(ends - 1)
    assert world.ingest("alibaba", at_last)[0].outcome == "stored"
    world.set_clock(ends)
    (answer,) = world.ingest("alibaba", too_late)
    assert answer.outcome == "refused"
    assert "taken until 90 days after its end: its time is unknown" in answer.reason
    marks = world.super.execute("SELECT late FROM ledger.slot ORDER BY start_seconds").fetchall()
    assert marks == [(False,), (True,), (True,)]
    assert [("alibaba-node", world.START + 900)] == [each[:2] for each in violations(world, "SlotRefused")]
    posting.post(world.operator, world.term, world.START)
    row = "SELECT idle, unknown FROM ledger.posting WHERE member = 'alibaba'"
    assert world.super.execute(row).fetchone() == (3 * 300 * 2000, 9 * 300 * 2000)
    _assert_named_when_recorded_too_late(world, tmp_path)
    world.close()


def _assert_named_when_recorded_too_late(world, tmp_path):
    """Somebody who owns the database puts the slot in nevertheless."""
    world.super.execute("ALTER TABLE ledger.slot_20261101 DISABLE TRIGGER ALL")
    world.super.execute("UPDATE ledger.slot SET recorded_at = to_timestamp(%s) WHERE start_seconds = %s",
                        [metering.taken_until(world.START) + 6, world.START])  # fmt: skip
    export.export(world.auditor, "2026-11", tmp_path / "export")
    found = [str(each) for each in verify.verify(tmp_path / "export").findings]
    assert any(
        "C13 slots/2026-11-01T00.jsonl:1: was taken when the slots of its month were not" in each for each in found
    )


def test_the_same_is_a_duplicate_and_another_body_a_conflict_on_record(shared, hour):
    first = signed(shared, hour, slots.NO_PREVIOUS)
    other = signed(shared, hour, slots.NO_PREVIOUS, boot=OTHER_BOOT)
    assert ["stored", "duplicate", "conflict", "conflict"] == [
        shared.ingest("alibaba", each)[0].outcome for each in (first, first, other, other)
    ]
    assert [("alibaba-node", hour)] == [each[:2] for each in violations(shared, "SlotConflict")]
    assert ["stored", "conflict"] == [
        each.outcome for each in shared.ingest(
            "alibaba", signed(shared, hour + 300, sha256(first)), signed(shared, hour + 300, bytes(32))
        )
    ], "in one batch"  # fmt: skip


def test_a_slot_that_does_not_continue_its_chain_is_refused_and_on_record(shared, hour):
    first = signed(shared, hour, slots.NO_PREVIOUS)
    second = signed(shared, hour + 300, sha256(first))
    forked = signed(shared, hour + 300, b"x" * 32)
    third = signed(shared, hour + 600, sha256(second))
    assert ["stored", "refused"] == [each.outcome for each in shared.ingest("alibaba", first, forked)]
    (answer,) = shared.ingest("alibaba", forked)
    assert "let one go on, with its state folder" in answer.reason
    assert ["stored"] == [each.outcome for each in shared.ingest("alibaba", third)], "what is between has not come"
    assert ["refused", "stored"] == [shared.ingest("alibaba", each)[0].outcome for each in (forked, second)]
    ((node, start, _),) = violations(shared, "SlotRefused")
    assert (node, start) == ("alibaba-node", hour + 300)


def test_a_slot_that_the_next_one_does_not_follow_is_refused(shared, hour):
    """The order in which they come does not matter: of two that contradict each other the second is not taken."""
    first, other = (signed(shared, hour, previous) for previous in (slots.NO_PREVIOUS, b"y" * 32))
    second = signed(shared, hour + 300, sha256(first))
    assert ["stored", "refused", "stored"] == [
        shared.ingest("alibaba", each)[0].outcome for each in (second, other, first)
    ]


@pytest.mark.parametrize("previous", [slots.NO_PREVIOUS, None], ids=["a chain of its own", "the chain goes on"])
def test_another_boot_begins_a_chain_or_goes_on(shared, hour, previous):
    first = signed(shared, hour, slots.NO_PREVIOUS)
    after = signed(shared, hour + 300, sha256(first) if previous is None else previous, boot=OTHER_BOOT)
    assert ["stored", "stored"] == [each.outcome for each in shared.ingest("alibaba", first, after)]


def test_a_node_that_lost_its_state_goes_on_after_a_gap_and_not_right_behind(shared, hour):
    first = signed(shared, hour, slots.NO_PREVIOUS)
    behind, later = (signed(shared, hour + 300 * number, slots.NO_PREVIOUS) for number in (1, 2))
    assert ["stored", "refused", "stored"] == [each.outcome for each in shared.ingest("alibaba", first, behind, later)]


def segments(*parts):
    return [
        {"offset": offset, "length": length, "mask": mask, "shares": [["idle", 1000]], "millijoules": 0}
        for offset, length, mask in parts
    ]


@pytest.mark.parametrize(
    "parts",
    [
        ((0, 300, 1),),
        ((0, 300, 3), (0, 300, 3)),
        ((0, 299, 3),),
        ((0, 200, 3), (100, 200, 3)),
        ((0, 300, 3), (300, 10, 3)),
        ((0, 300, 7),),
    ],
    ids=["a GPU left out", "twice", "too short", "overlapping", "beyond the end", "a GPU too many"],
)
def test_segments_that_do_not_partition_the_slot_are_refused_and_on_record(shared, hour, parts):
    value = json.loads(shared.slot("alibaba", hour, {"idle": 1000}).body)
    body = canonical.encode({**value, "segments": segments(*parts)})
    (answer,) = shared.ingest("alibaba", ledger_slots.Signed(body, bytes(64)))
    assert answer.outcome == "refused"
    assert "GPU" in answer.reason or "order" in answer.reason
    ((node, _, detail),) = violations(shared, "SlotRefused")
    assert (node, canonical.sha256(body).hex() in detail) == (None, True)


def test_a_slot_that_is_signed_with_a_key_that_is_not_certified_is_refused(shared, hour):
    """Nor is it worth anything with the key of another node, or of the member itself."""
    forged = signed(shared, hour, slots.NO_PREVIOUS, key=Ed25519PrivateKey.from_private_bytes(b"k" * 32))
    (answer,) = shared.ingest("alibaba", forged)
    assert answer.outcome == "refused"
    assert "the key that alibaba-node is enrolled with for this time signs, and no other" in answer.reason


def test_a_flood_of_refused_slots_leaves_one_record_a_rule_node_and_hour(shared, hour):
    made_up = [signed(shared, hour + 300 * number, slots.NO_PREVIOUS, node=f"made-up-{number}") for number in range(12)]
    forms = [ledger_slots.Signed(b'{"v":%d}' % number, bytes(64)) for number in range(12)]
    assert {"refused"} == {each.outcome for each in shared.ingest("tencent", *made_up, *forms)}
    assert [None, None] == [node for node, _, _ in violations(shared, "SlotRefused")]


def test_what_did_not_come_is_unknown_and_credits_nobody(make_world, tmp_path):
    """An agent is dead for some slots: just these are unknown, in the postings, to the auditor, and in the report."""
    world = make_world()
    entry = world.admit()
    world.record(entry)
    world.grant(entry)
    act(world)
    world.set_clock(world.START + HOUR + 900)
    world.meter("alibaba", world.START, {str(entry.attempt): 1000}, [0, 1, 2, 10, 11])
    world.meter("tencent", world.START, {"idle": 1000})
    posting.post(world.operator, world.term, world.START)
    rows = "SELECT member, used, idle, down, unknown FROM ledger.posting ORDER BY member"
    slot = 300 * 2000
    assert world.super.execute(rows).fetchall() == [
        ("alibaba", 5 * slot, 0, 0, 7 * slot), ("tencent", 0, 12 * slot, 0, 0),
    ]  # fmt: skip
    credited = "SELECT credits_posted FROM ledger.account WHERE name = 'alibaba/contribution-used'"
    assert world.super.execute(credited).fetchone() == (5 * 300 * 2000,)
    (node,) = complete.check(world.auditor).gaps
    assert (node.name, node.due - node.came, node.first_gap_seconds) == ("alibaba-node", 7, world.START + 900)
    export.export(world.auditor, "2026-11", tmp_path / "export")
    verdict = verify.verify(tmp_path / "export")
    assert verdict.good
    assert "unknown 1" in next(each.figures for each in verdict.checks if each.number == "C8")
    assert "17 of 30 slots; least of alibaba, 33.3 %" in next(
        each.figures for each in verdict.checks if each.number == "C6"
    )
    assert "17 of 30 slots came in; what did not is unknown" in (tmp_path / "export" / "REPORT.md").read_text()
    world.close()


def test_a_new_key_signs_from_its_enrolment_on_and_the_old_one_before(make_world):
    world = make_world()
    old, new = world.node_keys["alibaba"], world.private_key("another")
    world.enrol("alibaba", world.START + 600, new)
    world.set_clock(world.START + HOUR)
    outcomes = [
        world.ingest("alibaba", signed(world, world.START + start, slots.NO_PREVIOUS, key=key))[0].outcome
        for start, key in [(0, old), (600, old), (600, new), (1200, new), (1800, old)]
    ]
    assert outcomes == ["stored", "refused", "stored", "stored", "refused"]
    world.close()


def test_a_revoked_key_is_worth_nothing_from_its_revocation_on_whatever_the_time(make_world, tmp_path):
    """Whoever stole it could else fill what is unknown until the month is closed."""
    world = make_world()
    old, new = world.node_keys["alibaba"], world.private_key("another")
    world.set_clock(world.START + 900)
    first, second, stolen = (
        signed(world, world.START + start, slots.NO_PREVIOUS, boot=uuid.UUID(int=start + 1)) for start in (0, 300, 600)
    )
    assert [each.outcome for each in world.ingest("alibaba", first, second)] == ["stored"] * 2
    world.enrol("alibaba", world.START + 900, new, revokes=True)
    assert [world.ingest("alibaba", each)[0].outcome for each in (first, stolen)] == ["refused", "refused"]
    ((node, start, detail),) = violations(world, "SlotRefused")
    assert (node, start) == ("alibaba-node", world.START)
    assert "the key that alibaba-node was enrolled with for this time is revoked" in detail
    with pytest.raises(RefusedError, match="the key of node alibaba-node was revoked: take a new one"):
        world.enrol("alibaba", world.START + 1800, old)
    world.node_keys["alibaba"] = new
    world.set_clock(world.START + HOUR + 900)
    later = signed(world, world.START + 900, slots.NO_PREVIOUS, boot=OTHER_BOOT)
    assert world.ingest("alibaba", later)[0].outcome == "stored"
    posting.post(world.operator, world.term, world.START)
    export.export(world.auditor, "2026-11", tmp_path / "good")
    assert verify.verify(tmp_path / "good").good
    # An owner of the database moves the revocation before what was signed: what came after it is named.
    world.super.execute("ALTER TABLE ledger.enrolment DISABLE TRIGGER ALL")
    world.super.execute("UPDATE ledger.enrolment SET sequence = 1 WHERE revokes")
    export.export(world.auditor, "2026-11", tmp_path / "bad")
    found = [str(each) for each in verify.verify(tmp_path / "bad").findings]
    assert any("alibaba-node at 1793491200: its key was revoked before it came" in each for each in found)
    world.close()


def test_a_node_has_a_key_of_its_own(make_world, tmp_path):
    world = make_world()
    with pytest.raises(RefusedError, match="the key of node tencent-node is that of another node"):
        world.enrol("tencent", world.START + 300, world.node_keys["alibaba"])
    export.export(world.auditor, "2026-11", tmp_path / "export")
    lines = lines_of(tmp_path / "export", "enrolments")
    forged = dataclasses.replace(
        enrolments.decode(canonical.encode(lines[1]["body"])), node_key=bytes.fromhex(lines[0]["body"]["key"])
    )
    body, signature = enrolments.sign(forged, world.keys["tencent"])
    lines[1] |= {"body": json.loads(body), "signature": signature.hex()}
    rewrite(tmp_path / "export", "enrolments", lines)
    found = [str(each) for each in verify.verify(tmp_path / "export").findings]
    assert found == [
        "C7 enrolments.jsonl:2: tencent-node is enrolled with the key of alibaba-node: each node has one of its own"
    ]
    world.close()


def test_late_slots_of_a_settled_month_are_refused_one_by_one_and_others_are_taken(make_world):
    """What waits on an agent's disk does not keep its newer slots from being taken."""
    world = make_world()
    world.set_clock(world.START + 32 * DAY)
    world.super.execute(
        "INSERT INTO ledger.settlement (period, pair, stage, owed, pool_thousandths, member_thousandths, "
        "window_seconds) VALUES ('2026-11', 'alibaba/tencent', 'final', 0, 990, 900, 0)"
    )
    late = signed(world, world.START, slots.NO_PREVIOUS)
    now = signed(world, world.START + 32 * DAY - 300, slots.NO_PREVIOUS)
    refused, taken = world.ingest("alibaba", late, now)
    assert (refused.outcome, taken.outcome) == ("refused", "stored")
    assert "the slot is late, and 2026-11 is settled: its time is unknown" in refused.reason
    assert [("alibaba-node", world.START)] == [each[:2] for each in violations(world, "SlotRefused")]
    world.close()
