"""A period is exported and verified, and what was tampered with is found and named."""

import dataclasses
import json
import random
import shutil

import pytest
from typer.testing import CliRunner

from hanse.cli import audit
from hanse.evidence import canonical, identity
from hanse.ledger import attempts, books, bundle, decisions, export, outbox, posting, verify

PERIOD = "2026-11"
HOME = decisions.Strength(decisions.Label.HOME, 1, 10)
HOUR = 3600


def play(world):
    """A pool's day in small: borrowing, preemption, a late slot, an overrun, a correction, all acted on."""
    start = world.now
    borrower = world.admit("tencent", on="alibaba", funding=(world.funding(2 * HOUR, 14_500_000, rate=2000),))
    at_home = world.admit("tencent", on="tencent", gpus=1, tier=("spot", 700))
    world.record(borrower, at_home, decisions.Entry("Reject", decisions.Effect.NONE, "Waits", "WaitingForQuota", "alibaba"))
    world.grant(borrower)
    world.grant(at_home)
    later = start + HOUR + 1800
    world.set_clock(later)
    attempts.renew(world.api, "tencent-cluster", [(at_home.attempt, 1), (at_home.attempt, 7)])
    owner = dataclasses.replace(world.admit("alibaba", on="alibaba"), strength=HOME)
    world.record(owner, world.stop(borrower, cause_index=0))
    world.set_clock(later + 60)
    attempts.release(world.api, "alibaba-cluster", borrower.attempt, 1, "preempted")
    world.grant(owner)
    act(world)
    world.set_clock(start + 2 * HOUR + 1000)
    both = {str(at_home.attempt): 500, "idle": 500}
    world.meter("alibaba", start, {str(borrower.attempt): 1000})
    world.meter("tencent", start, both, range(11))
    late = world.slot("tencent", start + 3300, both)
    world.meter("alibaba", start + HOUR, {str(borrower.attempt): 1000}, range(7))
    world.meter("alibaba", start + HOUR, {str(owner.attempt): 1000}, range(7, 11))
    world.meter("tencent", start + HOUR, {"down": 1000})
    for hour in (start, start + HOUR):
        posting.post(world.operator, world.term, hour)
    world.ingest("tencent", late)
    posting.post(world.operator, world.term, start)
    posting.void_unused(world.operator, world.term)
    used = world.super.execute("SELECT id FROM ledger.transfer WHERE purpose = 'use' ORDER BY sequence LIMIT 1").fetchone()[0]
    books.correct(world.operator, world.term, books.Correction(used, 1000, PERIOD, "agreed in dispute 1"))
    lost = books.LostWork("tencent", borrower.attempt, identity.decision_id(1, 2, 1), 500, start + HOUR)
    books.credit_lost_work(world.operator, world.term, lost)
    world.set_clock(start + 5 * HOUR)


def act(world):
    outbox.done(world.operator, world.term, {order.decision: None for order in outbox.pending(world.operator, 100)})


@pytest.fixture(scope="module", name="original")
def _original(tmp_path_factory, make_world):
    world = make_world()
    folder = tmp_path_factory.mktemp("export") / "original"
    try:
        play(world)
        export.export(world.auditor, PERIOD, folder)
    finally:
        world.close()
    return folder


def test_an_export_of_a_days_life_verifies(original):
    verdict = verify.verify(original)
    assert [str(finding) for finding in verdict.findings] == []
