"""What the verifier demands of lost work, row by row: without a ledger, and against one that lies."""

import uuid

import pytest

from hanse.ledger import losses, rows, transfers
from hanse.ledger.bundle import Bundle, Header
from hanse.ledger.transfers import Purpose, Run
from hanse.ledger.verify.lost import LostWork

START = 1793491200
HOUR = Run(START, 0)
RATE, LOST = 1200, 900
CHARGED = 1000 * RATE
POSTED = 50
VICTIM, STOP, CAUSE = (uuid.UUID(int=number) for number in (1, 2, 3))
USE = ("tencent/use", "alibaba/contribution-used")
OVERRUN = (transfers.OVERRUN, "tencent/use")


def exported(cause="alibaba", *, names_cause=True, carried=False):
    """A month with one attempt of tencent's that was stopped; *cause* is whose decision that was for, if it is here."""
    body = {"kind": losses.KIND, "effect": "stop", "member": "tencent", "attempt": str(VICTIM)}
    body |= {"detail": {losses.GPU_SECONDS: LOST}} | ({"cause": str(CAUSE)} if names_cause else {})
    its = [rows.Decision("decisions.jsonl:1", 10, 10, STOP, carried, body, b"")]
    if cause:
        its.append(rows.Decision("decisions.jsonl:2", 11, 11, CAUSE, carried, {"member": cause}, b""))
    attempt = rows.Attempt(
        "attempts.jsonl:1", 1, 1, VICTIM, uuid.UUID(int=4), 1, "tencent", "h100-80g", "bf16", "standard", 1000, 1200,
        uuid.UUID(int=5), "released", START, START + 1800,
    )  # fmt: skip
    posting = rows.Posting("postings.jsonl:1", POSTED, POSTED, START, 0, "tencent", (0, 0, 0, 0))
    header = Header("2026-11", START, START + 30 * 86400, START + 86400, 300, 0, 0)
    return Bundle(header, decisions=its, attempts=[attempt], postings=[posting])


def booked(*its):
    return [
        rows.Booked(f"transfers.jsonl:{number}", POSTED + number, 0, each, b"", b"", carried=False)
        for number, each in enumerate(its, 1)
    ]


def charged(purpose, sides, amount):
    return transfers.single(HOUR, purpose, sides, amount, VICTIM)


def credit(amount):
    return losses.transfer(losses.Lost(VICTIM, STOP, LOST * RATE), "tencent", START, amount)


def found(read, *its):
    lost = LostWork(read)
    for row in booked(*its):
        lost.add(row)
    return [str(each) for each in lost.left()]


@pytest.mark.parametrize("borne", [0, CHARGED // 2, CHARGED])
def test_what_the_pool_bore_as_an_overrun_is_not_credited_again(borne):
    use = [charged(Purpose.USE, USE, CHARGED), *([charged(Purpose.OVERRUN, OVERRUN, borne)] if borne else [])]
    due = min(LOST * RATE, CHARGED - borne)
    assert found(exported(), *use, *([credit(due)] if due else [])) == []
    assert any("were due" in each for each in found(exported(), *use, credit(due + 1)))


@pytest.mark.parametrize(
    "lies",
    [{"cause": None, "names_cause": False}, {"cause": None}, {"cause": None, "names_cause": False, "carried": True}],
    ids=["for nobody", "for who is not there", "for nobody, the month before"],
)  # fmt: skip
def test_who_was_stopped_for_nobody_that_can_be_seen_is_credited_nothing(lies):
    use = charged(Purpose.USE, USE, CHARGED)
    assert any("0 were due" in each for each in found(exported(**lies), use, credit(LOST * RATE)))
    assert found(exported(**lies), use) == []


def test_a_cause_of_the_month_before_need_not_be_in_the_export():
    use = charged(Purpose.USE, USE, CHARGED)
    read = exported(None, carried=True)
    assert found(read, use, credit(LOST * RATE)) == []
    assert found(read, use) == []
    assert any("were due" in each for each in found(read, use, credit(LOST * RATE + 1)))
