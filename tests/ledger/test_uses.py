"""What attempts used: time, memory and energy as measured, never made up; and what consumers say of it."""

import dataclasses
import json
import uuid

import pytest
from played import HOUR, act, lines_of, rewrite

from hanse.evidence import acknowledgements, signatures, slots
from hanse.evidence.acknowledgements import Acknowledgement, Basis
from hanse.evidence.errors import EvidenceError, SignatureError
from hanse.ledger import acknowledging, disputes, export, posting, verify
from hanse.ledger import slots as ledger_slots
from hanse.ledger.errors import RefusedError
from hanse.ledger.metering import Use

PERIOD = "2026-11"


def segment(offset, length, who, *measured, mask=3):
    """Return a segment; *measured* is memory (MiB over seconds), energy (millijoules), whose, how busy, by whom."""
    return slots.Segment(offset, length, mask, tuple(sorted(who.items())), *measured)


def meter(world, start, *segments):
    """Store a slot of alibaba's node with these segments."""
    plain = slots.decode(world.slot("alibaba", start, {"idle": 1000}).body)
    slot = dataclasses.replace(plain, segments=segments)
    body, signature = slots.sign(slot, world.node_keys["alibaba"])
    world.previous["alibaba-node"] = slots.canonical.sha256(body)
    (answer,) = world.ingest("alibaba", ledger_slots.Signed(body, signature))
    assert answer.outcome == "stored"


@pytest.fixture(name="ran", scope="module")
def _ran(make_world):
    """Two jobs of tencent's on alibaba's node: one alone, then both on shared GPUs, with gaps of the meters."""
    world = make_world()
    alone, beside = world.admit(gpus=2), world.admit(gpus=1)
    for entry in (alone, beside):
        world.record(entry)
        world.grant(entry)
    act(world)
    a, b = str(alone.attempt), str(beside.attempt)
    world.set_clock(world.START + HOUR + 900)
    meter(world, world.START, segment(0, 300, {a: 1000}, 48_000_000, 360_000_000))
    meter(world, world.START + 300, segment(0, 300, {a: 1000}))
    meter(world, world.START + 600, segment(0, 100, {a: 1000}, 16_000_001), segment(100, 200, {"idle": 1000}, 5, 9))
    meter(world, world.START + 900, segment(0, 300, {a: 600, b: 400}, 1_000_001, 1001))
    by = tuple(sorted({a: 100, b: 700}.items()))
    meter(world, world.START + 1200, segment(0, 300, {a: 600, b: 400}, 1000, None, by, 500_001))
    computed = tuple(sorted({a: 100_000, b: 300_000}.items()))
    meter(world, world.START + 1500, segment(0, 300, {a: 600, b: 400}, None, 6000, None, 500_000, computed))
    posting.post(world.operator, world.term, world.START)
    world.attempts = (a, b)
    yield world
    world.close()


def test_memory_and_energy_are_what_was_measured_and_nothing_where_nothing_was(ran):
    a, b = ran.attempts
    found = {each.attempt: each.use for each in acknowledging.posted(ran.api, "tencent", ran.START, ran.START + HOUR)}
    whole, hundred, shared = 2 * 300 * 1000, 2 * 100 * 1000, 2 * 300
    assert found == {
        a: Use(2 * whole + hundred + 3 * shared * 600,
               48_000_000 + 16_000_001 + 600_000 + 100, whole + hundred + 2 * shared * 600,
               360_000_000 + 600 + 1600, whole + 2 * shared * 600, 300_000 + 100_000, 2 * shared * 600),
        b: Use(3 * shared * 400, 400_000 + 700, 2 * shared * 400,
               400 + 3400, 2 * shared * 400, 200_000 + 300_000, 2 * shared * 400),
    }  # fmt: skip


def test_what_nobody_measures_is_null_and_not_nought(make_world, tmp_path):
    """Simulated nodes and the cluster agent have no meter for memory and energy, and say so by saying nothing."""
    world = make_world()
    entry = world.admit()
    world.record(entry)
    world.grant(entry)
    act(world)
    world.set_clock(world.START + HOUR + 900)
    meter(world, world.START, segment(0, 300, {str(entry.attempt): 1000}))
    posting.post(world.operator, world.term, world.START)
    (posted,) = acknowledging.posted(world.api, "tencent", world.START, world.START + HOUR)
    assert posted.use == Use(600_000, None, 0, None, 0)
    export.export(world.auditor, PERIOD, tmp_path / "export")
    ((line),) = lines_of(tmp_path / "export", "usage")
    assert "mibSeconds" not in line
    assert "millijoules" not in line
    assert not {"busyMilliseconds", "busyMillisecondsOf"} & line.keys()
    (body,) = (each["body"] for each in lines_of(tmp_path / "export", "slots"))
    assert body["segments"][0].keys() == {"offset", "length", "mask", "shares"}
    world.close()


def test_a_late_slot_makes_a_run_with_a_new_row_of_what_it_changes_alone(ran):
    a, b = ran.attempts
    meter(ran, ran.START + 1800, segment(0, 300, {b: 1000}, mask=1), segment(0, 300, {"idle": 1000}, mask=2))
    assert posting.post(ran.operator, ran.term, ran.START).run.number == 1
    rows = ran.super.execute("SELECT run, attempt::text, milli_gpu_seconds FROM ledger.usage ORDER BY run, attempt")
    runs = [(run, attempt) for run, attempt, _ in rows.fetchall()]
    assert sorted(runs) == sorted([(0, a), (0, b), (1, b)])


def said(world, attempt, used, member="tencent", hour_seconds=None):
    hour_seconds = world.START if hour_seconds is None else hour_seconds
    one = Acknowledgement(member, attempt, hour_seconds, used, Basis.OWN_RECORD)
    return acknowledgements.sign(one, world.keys[member])


def acknowledge(world, *signed, member="tencent"):
    return acknowledging.acknowledge(world.api, member, signatures.public_bytes(world.keys[member]), signed)


def opened(world):
    """Return what is disputed: attempt, hour, and what it should come to."""
    with world.auditor.connect() as connection:
        found = disputes.listed(connection, "tencent")
    return [(each.matter.attempt, each.matter.hour_seconds, each.claimed) for each in found]


@pytest.fixture(name="hour")
def _hour(make_world):
    """An hour in which an attempt of tencent's used both GPUs of alibaba's node for 40 minutes, as slots say."""
    world = make_world()
    entry = world.admit()
    world.record(entry)
    world.grant(entry)
    act(world)
    world.set_clock(world.START + HOUR + 900)
    world.meter("alibaba", world.START, {str(entry.attempt): 1000}, range(8))
    world.meter("tencent", world.START, {"idle": 1000})
    posting.post(world.operator, world.term, world.START)
    world.entry, world.posted = entry, 8 * 300 * 2 * 1000
    yield world
    world.close()


MINUTE = 60 * 2 * 1000


@pytest.mark.parametrize(
    ("less", "disputed"),
    [(0, False), (MINUTE, False), (MINUTE + 1, True), (40 * MINUTE, True), (-20 * MINUTE, False)],
    ids=["the same", "a minute of all GPUs", "more than that", "nothing ran", "more is unknown"],
)
def test_an_acknowledgement_is_kept_and_what_slots_say_beyond_it_is_on_record(hour, tmp_path, less, disputed):
    world, used = hour, hour.posted - less
    (answer,) = acknowledge(world, said(world, world.entry.attempt, used))
    assert (answer.outcome, answer.differs) == ("recorded", less if disputed else None)
    rows = "SELECT member, attempt, at_seconds, amount, detail FROM ledger.violation WHERE kind = 'UseDisputed'"
    expected = ("tencent", world.entry.attempt, world.START, less,
                f"slots say {world.posted} milli-GPU-seconds, the consumer {used}")  # fmt: skip
    assert world.super.execute(rows).fetchall() == ([expected] if disputed else [])
    assert opened(world) == ([(str(world.entry.attempt), world.START, used * 1200 // 1000)] if disputed else [])
    assert [each.outcome for each in acknowledge(world, said(world, world.entry.attempt, used))] == ["duplicate"]
    assert [each.outcome for each in acknowledge(world, said(world, world.entry.attempt, 7))] == ["contradiction"]
    (posted,) = acknowledging.posted(world.api, "tencent", world.START, world.START + HOUR)
    assert posted.acknowledged == used
    export.export(world.auditor, PERIOD, tmp_path / "export")
    verdict = verify.verify(tmp_path / "export")
    assert verdict.good, verdict.findings
    figures = next(each.figures for each in verdict.checks if each.number == "C12")
    assert f"1 of 1 uses of an hour acknowledged, {int(disputed)} disputed" in figures


def test_only_the_consumer_acknowledges_its_own_attempts_with_its_own_key(hour):
    world, attempt = hour, hour.entry.attempt
    assert [each.outcome for each in acknowledge(world, said(world, attempt, 1, "alibaba"), member="alibaba")] == [
        "foreign"
    ]
    with pytest.raises(RefusedError, match="member is alibaba, but the credential is for tencent"):
        acknowledge(world, acknowledgements.sign(
            Acknowledgement("alibaba", attempt, world.START, 1, Basis.LEASES), world.keys["tencent"]
        ))  # fmt: skip
    forged = (said(world, attempt, 1)[0], said(world, attempt, 1, "alibaba")[1])
    with pytest.raises(SignatureError):
        acknowledge(world, forged)
    other = said(world, attempt, 1, hour_seconds=world.START + HOUR)
    assert [each.outcome for each in acknowledge(world, other)] == ["unposted"]
    assert world.super.execute("SELECT count(*) FROM ledger.acknowledgement").fetchone() == (0,)


def test_a_later_run_is_compared_with_what_was_acknowledged_before(hour):
    """Slots that come when the consumer has spoken cannot pass by it."""
    world = hour
    acknowledge(world, said(world, world.entry.attempt, world.posted))
    world.meter("alibaba", world.START, {str(world.entry.attempt): 1000}, range(8, 12))
    posting.post(world.operator, world.term, world.START)
    rows = "SELECT amount FROM ledger.violation WHERE kind = 'UseDisputed'"
    assert world.super.execute(rows).fetchall() == [(4 * 300 * 2 * 1000,)]
    assert opened(world) == [(str(world.entry.attempt), world.START, world.posted * 1200 // 1000)]


@pytest.mark.parametrize(
    ("file", "change", "named"),
    [
        ("usage", lambda line: line.update(used=line["used"] + 1), "C9 usage.jsonl:1: what"),
        ("usage", lambda line: line.update(millijoules=1, millijoulesOf=1), "C9 usage.jsonl:1: what"),
        ("usage", lambda line: line.update(member="alibaba"), "C9 usage.jsonl:1: what"),
        ("acknowledgements", lambda line: line["body"].update(used=7), "C12 acknowledgements.jsonl:1: the ack"),
        (
            "acknowledgements",
            lambda line: line.update(signature=line["signature"].upper()),
            "C2 acknowledgements.jsonl:1",
        ),
        ("violations", lambda line: line.update(amount=1), "C12 acknowledgements.jsonl:1: the ack"),
    ],
    ids=[
        "more used",
        "energy made up",
        "another consumer",
        "another figure",
        "other letters",
        "the violation says less",
    ],
)
def test_what_is_changed_in_an_export_is_named(disputed, tmp_path, file, change, named):
    folder = tmp_path / "copy"
    export.export(disputed.auditor, PERIOD, folder)
    lines = lines_of(folder, file)
    change(lines[0])
    rewrite(folder, file, lines)
    found = [str(each) for each in verify.verify(folder).findings]
    assert found[0].startswith(named), found


def test_an_acknowledgement_that_the_database_has_under_another_hour_is_named(disputed, tmp_path):
    """What is exported of it is what was signed, in which the hour is the right one."""
    moved = "UPDATE ledger.acknowledgement SET hour_seconds = hour_seconds + 1"
    disputed.super.execute("ALTER TABLE ledger.acknowledgement DISABLE TRIGGER ALL")
    disputed.super.execute(moved)
    disputed.super.execute("ALTER TABLE ledger.acknowledgement ENABLE TRIGGER ALL")
    export.export(disputed.auditor, PERIOD, tmp_path)
    found = [str(each) for each in verify.verify(tmp_path).findings]
    assert any(f"is in the database as one of the hour {disputed.START + 1}" in each for each in found), found


def test_a_violation_or_a_use_that_is_left_out_is_named(disputed, tmp_path):
    for file, named in (("violations", "C12 acknowledgements.jsonl:1: "), ("usage", "C9 cutoffs.jsonl:1: what ")):
        export.export(disputed.auditor, PERIOD, tmp_path / file)
        rewrite(tmp_path / file, file, [])
        assert any(str(each).startswith(named) for each in verify.verify(tmp_path / file).findings)


@pytest.fixture(name="disputed", scope="module")
def _disputed(make_world):
    world = make_world()
    entry = world.admit()
    world.record(entry)
    world.grant(entry)
    act(world)
    world.set_clock(world.START + HOUR + 900)
    world.meter("alibaba", world.START, {str(entry.attempt): 1000})
    world.meter("tencent", world.START, {"idle": 1000})
    posting.post(world.operator, world.term, world.START)
    acknowledge(world, said(world, entry.attempt, 0))
    yield world
    world.close()


def test_an_acknowledgement_is_read_back_as_it_was_said_or_not_at_all():
    one = Acknowledgement("north", uuid.UUID(int=5), 3600, 5, Basis.LEASES)
    assert acknowledgements.decode(acknowledgements.encode(one)) == one
    value = json.loads(acknowledgements.encode(one))
    for change in ({"basis": "hearsay"}, {"used": -1}, {"more": 1}, {"v": 2}):
        with pytest.raises(EvidenceError):
            acknowledgements.decode(slots.canonical.encode({**value, **change}))
