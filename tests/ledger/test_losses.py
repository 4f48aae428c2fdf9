"""Lost work is credited once, by what decisions say, and the verifier finds who was credited otherwise."""

import dataclasses
import shutil

import pytest
from played import HOME, HOUR, act, lines_of, rewrite

from hanse.ledger import attempts, compensating, export, posting, reports, verify

AT = 1800
LOST = 900
RATE = 1200


@pytest.fixture(scope="module", name="stopped")
def _stopped(make_world):
    """Four attempts that were stopped half an hour into an hour, which is over."""
    world = make_world()
    its = {
        "borrower": world.admit("tencent", on="alibaba", gpus=1),
        "saver": world.admit("tencent", on="alibaba", gpus=1),
        "own": world.admit("alibaba", on="tencent", gpus=1),
        "liar": world.admit("tencent", on="tencent", gpus=1, tier=("spot", 700)),
    }
    world.record(*its.values())
    for entry in its.values():
        world.grant(entry)
    save(world, its["borrower"], 1)
    world.set_clock(world.START + AT)
    owner, guest = (dataclasses.replace(world.admit("alibaba", on=node), strength=HOME) for node in world.MEMBERS)
    lost = {"lostGpuSeconds": LOST}
    world.record(
        owner, *(world.stop(its[name], cause_index=0, detail=lost) for name in ("borrower", "saver")),
        guest, world.stop(its["own"], cause_index=3, detail=lost),
        world.stop(its["liar"], cause_index=3, detail={"lostGpuSeconds": 10**9}),
    )  # fmt: skip
    save(world, its["saver"], 1)
    save(world, its["borrower"], 1)  # sent again: it was saved before
    world.set_clock(world.START + AT + 60)
    for entry in its.values():
        attempts.release(world.api, entry.admission.cluster, entry.attempt, 1, "preempted")
    act(world)
    world.set_clock(world.START + HOUR + 1000)
    for member, names in (("alibaba", ("borrower", "saver")), ("tencent", ("own", "liar"))):
        world.meter(member, world.START, {str(its[name].attempt): 500 for name in names}, range(AT // 300))
    return world, {name: entry.attempt for name, entry in its.items()}


def save(world, entry, step):
    cluster = entry.admission.cluster
    assert reports.commit_checkpoint(world.api, cluster, entry.attempt, 1, step=step, uri=f"s3://{step}") is None


def credited(world):
    statement = "SELECT attempt, debit, credit, amount FROM ledger.transfer WHERE purpose = 'lost-work'"
    return {row[0]: row[1:] for row in world.super.execute(statement).fetchall()}


@pytest.fixture(scope="module", name="exported")
def _exported(stopped, tmp_path_factory):
    world, _ = stopped
    test_who_was_stopped_for_another_member_is_credited_once_whoever_dies_meanwhile(stopped)
    folder = tmp_path_factory.mktemp("lost") / "export"
    export.export(world.auditor, "2026-11", folder)
    return folder


def test_who_was_stopped_for_another_member_is_credited_once_whoever_dies_meanwhile(stopped):
    world, its = stopped
    whole = compensating.credited

    def dying(*_):
        raise KeyboardInterrupt

    compensating.credited = dying
    try:
        with pytest.raises(KeyboardInterrupt):
            posting.post(world.operator, world.term, world.START)
    except pytest.fail.Exception:
        assert credited(world)  # it was posted by the other of the two that come here
    finally:
        compensating.credited = whole
    for _ in range(2):
        posting.post(world.operator, world.term, world.START)
    charged = AT * 700  # the pool bears no more than was charged
    assert credited(world) == {
        its["borrower"]: ("pool/adjustments", "tencent/use", LOST * RATE),
        its["liar"]: ("pool/adjustments", "tencent/use", charged),
    }


def changed(lines, *, of, **new):
    return [line | {"body": line["body"] | new} if of(line) else line for line in lines]


def is_credit(line):
    return line["body"].get("purpose") == "lost-work"


def is_saved(line):
    return line["kind"] == "SavedWhenStopped"


def of_borrower(exported):
    return lambda line: line["body"].get("kind") == "Preempt" and line["body"]["attempt"] == borrower_of(exported)


def borrower_of(exported):
    return next(line["body"]["attempt"] for line in lines_of(exported, "transfers") if is_credit(line))


def test_an_export_with_lost_work_verifies(exported):
    assert verify.verify(exported).findings == ()


@pytest.mark.parametrize(
    ("file", "tamper"),
    [
        ("transfers", lambda lines: changed(lines, of=is_credit, amount=LOST * RATE - 1)),
        ("transfers", lambda lines: [line for line in lines if not is_credit(line)]),
        ("transfers", lambda lines: changed(lines, of=is_credit, credit="alibaba/use")),
        ("facts", lambda lines: [line for line in lines if not is_saved(line)]),
        ("facts", lambda lines: [line | {"sequence": 1} if is_saved(line) else line for line in lines]),
        ("facts", lambda lines: [line | {"sequence": 10**6} if is_saved(line) else line for line in lines]),
    ],
    ids=["another amount", "left out", "to another", "saving denied", "saved before", "saved after"],
)
def test_lost_work_that_is_credited_otherwise_is_found(exported, tmp_path, file, tamper):
    shutil.copytree(exported, tmp_path / "export")
    rewrite(tmp_path / "export", file, tamper(lines_of(exported, file)))
    findings = [str(each) for each in verify.verify(tmp_path / "export").findings]
    assert any("C10" in each and "lost work" in each for each in findings), findings


def test_lost_work_that_no_decision_caused_is_found(exported, tmp_path):
    shutil.copytree(exported, tmp_path / "export")
    lines = [
        line | {"body": line["body"] | {"detail": {}}} if of_borrower(exported)(line) else line
        for line in lines_of(exported, "decisions")
    ]
    rewrite(tmp_path / "export", "decisions", lines)
    findings = [str(each) for each in verify.verify(tmp_path / "export").findings]
    assert any("no decision made it lose" in each for each in findings), findings
