"""A month of transfers is not held in memory while it is verified, and nothing is lost on the way."""

import dataclasses
import gc
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.bench import days, ledgers
from hanse.ledger import bundle, rows, transfers, verify
from hanse.ledger.transfers import Kind, Purpose
from hanse.ledger.verify.spilled import Spilled

HOURS = st.integers(0, 5).map(lambda number: 3600 * number)
REFERENCES = st.none() | st.uuids()
NUMBERS = st.integers(0, 2**53 - 1)
HASHES = st.binary(min_size=32, max_size=32)
TRANSFERS = st.builds(
    transfers.Transfer, id=st.uuids(), kind=st.sampled_from(Kind), purpose=st.sampled_from(Purpose), debit=st.text(),
    credit=st.text(), amount=NUMBERS, hour_seconds=HOURS, period=st.text(), run=st.none() | NUMBERS, attempt=REFERENCES,
    decision=REFERENCES, pending=REFERENCES, reverses=REFERENCES, reason=st.none() | st.text(),
)  # fmt: skip
BOOKED = st.builds(rows.Booked, st.text(), NUMBERS, NUMBERS, TRANSFERS, HASHES, HASHES, st.booleans())


@given(st.lists(BOOKED, max_size=6), st.integers(1, 4))
def test_transfers_come_back_by_the_hour_as_they_were_and_in_their_order(booked, rows_max):
    with Spilled(rows_max) as spilled:
        for row in booked:
            spilled.add(row)
        assert spilled.hours() == sorted({row.transfer.hour_seconds for row in booked})
        for hour in spilled.hours():
            assert spilled.take(hour) == [row for row in booked if row.transfer.hour_seconds == hour]
            assert spilled.take(hour) == []
        assert spilled.hours() == []


def test_each_field_of_a_transfer_comes_back():
    """A field that is new, and that the file does not have, is noticed here."""
    names = [field.name for field in dataclasses.fields(transfers.Transfer)]
    values = {name: name for name in names}
    values |= {name: uuid.uuid4() for name in ("id", "attempt", "decision", "pending", "reverses")}
    values |= {"kind": Kind.POST, "purpose": Purpose.CAP, "amount": 1, "hour_seconds": 2, "run": 3}
    row = rows.Booked("w", 4, 5, transfers.Transfer(**values), b"6", b"7", carried=True)
    with Spilled(1) as spilled:
        spilled.add(row)
        assert spilled.take(2) == [row]


@pytest.fixture(scope="module", name="policy")
def _policy():
    return ledgers.Keys.of(1).policy(witnesses=True)


@pytest.fixture(name="day")
def _day(tmp_path):
    def make(hours):
        folder = tmp_path / str(hours)
        folder.mkdir()
        days.Day(folder, 2, hours, 1).write(1, lambda _: None)
        return folder

    return make


def test_between_two_hours_no_slot_and_no_transfer_is_held(day, policy):
    """What a verification holds on to is there whenever it says how far it is."""
    folder = day(4)
    held = []

    def watch(what, *_):
        held.append((what, sum(isinstance(each, rows.Booked | rows.Metered) for each in gc.get_objects())))

    verdict = verify.verify(folder, policy=policy, workers=1, watch=watch)
    assert verdict.good
    assert verdict.examined.booked.transfers == 4 * 2 * 3
    assert [count for what, count in held if what != "slots"] == [0] * (len(held) - 4)
    assert all(count <= 1 for _, count in held)  # the last one of a loop


def changed(folder, change):
    path = folder / "transfers.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(lines)))
    header, _ = bundle.read_manifest(folder)
    bundle.write_csv(folder)
    bundle.write_manifest(folder, header)
    return header


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines[:7] + lines[8:], "C9 "),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "C3 transfers.jsonl:5: sequence"),
        (lambda lines: [*lines, lines[-1]], "comes after"),
    ],
    ids=["dropped", "reordered", "twice"],
)
def test_what_is_wrong_with_transfers_is_found_as_they_pass(day, policy, change, said):
    folder = day(2)
    changed(folder, change)
    assert any(said in str(finding) for finding in verify.verify(folder, policy=policy).findings)


def test_a_spreadsheet_that_says_otherwise_is_named(day, policy):
    folder = day(1)
    with (folder / bundle.TRANSFERS_CSV).open("a") as file:
        file.write("\n")
    header, _ = bundle.read_manifest(folder)
    bundle.write_manifest(folder, header)
    (finding,) = verify.verify(folder, policy=policy).findings
    assert str(finding) == "C2 transfers.csv: does not say the same as transfers.jsonl"
