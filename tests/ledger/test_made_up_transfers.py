"""Transfers that nobody may book: the verifier finds them, whoever sealed them, row by row and without a ledger."""

import dataclasses
import uuid

import pytest

from hanse.evidence import canonical, identity
from hanse.ledger import acts, rows, transfers
from hanse.ledger.bundle import Bundle, Header
from hanse.ledger.transfers import Kind, Purpose, Run, Transfer
from hanse.ledger.verify import booked, documents
from hanse.ledger.verify.settled import Settled

START = 1793491200
HOUR = Run(START, 0)
ATTEMPT = uuid.UUID(int=1)
HEADER = Header("2026-11", START, START + 30 * 86400, START + 86400, 300, 0, 0)
USE = ("tencent/use", "alibaba/contribution-used")
CAP = ("tencent/cap/month/0", transfers.RESERVED)
OVERRUN = (transfers.OVERRUN, "tencent/use")
HELD = Transfer(
    uuid.UUID(int=2), Kind.SINGLE, Purpose.LOST_WORK, transfers.ADJUSTMENTS, "tencent/use", 5, START, "2026-11",
    attempt=ATTEMPT, decision=uuid.UUID(int=3),
)  # fmt: skip


def row(its, sequence=10, *, carried=False):
    digest = canonical.sha256(transfers.body(its))
    return rows.Booked(f"transfers.jsonl:{sequence}", sequence, START * 10**6, its, digest, digest, carried)


def single(purpose, sides, amount=100, run=HOUR):
    return transfers.single(run, purpose, sides, amount, ATTEMPT)


def granted(member="tencent", debit=transfers.ADJUSTMENTS):
    return Transfer(
        transfers.adjustment_id(member, START, ATTEMPT), Kind.SINGLE, Purpose.ADJUSTMENT, debit,
        f"{member}/adjustments", 5, START, "2026-11", attempt=ATTEMPT, reason="so it was",
    )  # fmt: skip


GOOD = [single(Purpose.USE, USE), single(Purpose.CAP, CAP), single(Purpose.OVERRUN, OVERRUN), granted()]


def of_itself(its):
    return [str(each) for each in documents.transfer(row(its), HEADER)]


@pytest.mark.parametrize("its", GOOD, ids=lambda its: str(its.purpose))
def test_what_is_booked_is_of_its_purpose(its):
    assert of_itself(its) == []


@pytest.mark.parametrize(
    "its",
    [
        dataclasses.replace(GOOD[0], run=None),
        single(Purpose.CAP, (CAP[0], "alibaba/use")),
        single(Purpose.OVERRUN, ("alibaba/use", "tencent/use")),
        single(Purpose.OVERRUN, (transfers.OVERRUN, "tencent/adjustments")),
        dataclasses.replace(HELD, debit="alibaba/use"),
        dataclasses.replace(HELD, run=0),
        granted(debit="alibaba/adjustments"),
    ],
    ids=["use in no run", "a cap", "another's overrun", "to another account", "lost work", "in a run", "a grant"],
)
def test_what_is_in_no_run_or_between_other_accounts_is_found(its):
    assert any("C10" in each and "it is not between" in each for each in of_itself(its))


@pytest.mark.parametrize(("charged", "borne", "is_found"), [(100, 100, False), (100, 101, True), (0, 1, True)])
def test_the_pool_bears_no_more_than_the_run_charges(charged, borne, is_found):
    its = [single(Purpose.USE, USE, charged + 20), single(Purpose.TIER, (transfers.TIERS, USE[0]), 20)]
    findings = list(booked._borne([*map(row, its), row(single(Purpose.OVERRUN, OVERRUN, borne))]))
    assert bool(findings) == is_found


@pytest.mark.parametrize(("payer", "carried", "is_found"), [("tencent", 0, 0), ("alibaba", 0, 1), ("alibaba", 1, 0)])
def test_an_overrun_is_given_to_who_pays_for_the_attempt(payer, carried, is_found):
    attempt = rows.Attempt(
        "attempts.jsonl:1", 1, 1, ATTEMPT, uuid.UUID(int=4), 1, payer, "h100-80g", "bf16", "standard", 1000, 1200,
        uuid.UUID(int=5), "released", START, START + 1800,
    )  # fmt: skip
    violation = rows.Remark("violations.jsonl:1", 2, 2, "Overrun", START, str(ATTEMPT), None, "", 100, "tencent")
    checked = booked._Overruns(Bundle(HEADER, attempts=[attempt], violations=[violation]))
    findings = list(checked.add(row(single(Purpose.OVERRUN, OVERRUN), carried=bool(carried))))
    assert bool(findings) == bool(is_found)


@pytest.mark.parametrize("purpose", [Purpose.OFFERED, Purpose.USE])
def test_a_correction_has_the_purpose_of_what_it_corrects(purpose):
    """What is a memo cannot be taken back as what is owed."""
    memo = single(Purpose.OFFERED, (transfers.OFFERED, "tencent/contribution-offered"))
    back = dataclasses.replace(transfers.correction(memo, 10, "2026-11", "so it was", 0), purpose=purpose)
    findings = list(booked._references([row(memo, 1), row(back, 2)]))
    assert bool(findings) == (purpose is Purpose.USE)


def ruling(member, named):
    dispute = str(identity.dispute_id(member, START, str(ATTEMPT)))
    body = {"v": 1, "dispute": dispute, "state": "accepted", "reason": "so it was", "transfers": [str(named)]}
    at = (START + 60) * 10**6
    return acts.Act("acts.jsonl:1", 9, at, uuid.UUID(int=6), "Dispute", dispute, body, b"", b"")


@pytest.mark.parametrize(
    ("its_rulings", "is_found"),
    [
        ([ruling("tencent", granted().id)], False),
        ([], True),
        ([ruling("tencent", ATTEMPT)], True),
        ([ruling("alibaba", granted().id)], True),
    ],
    ids=["its own", "none", "of something else", "another's"],
)
def test_what_no_ruling_granted_is_found(its_rulings, is_found):
    settled = Settled(Bundle(HEADER, acts=its_rulings))
    settled.add(row(granted()))
    assert any("no ruling has granted" in str(each) for each in settled.check()) == is_found


def test_what_a_ruling_granted_is_booked_once():
    settled = Settled(Bundle(HEADER, acts=[ruling("tencent", granted().id)]))
    settled.add(row(granted(), 10))
    assert not any("booked twice" in str(each) for each in settled._found)
    settled.add(row(granted(), 11))
    assert any("booked twice" in str(each) for each in settled.check())
