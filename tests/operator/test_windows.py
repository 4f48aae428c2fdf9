"""When an offer is open, and how caps are cut into windows."""

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse import resources
from hanse.ledger.overrides import Ceilings
from hanse.operator import capping, offers
from hanse.scheduler.pool import NodeState

NOW = 1_800_000_000
KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
CAP = {"name": "cap", "milliH100eSeconds": 1000}


def offer(**more):
    return resources.ContributionSpec.model_validate({"cluster": "c", "class": "h100"} | more)


NIGHT = {"days": ["Fri"], "start": "20:00", "end": "08:00", "timeZone": "Asia/Shanghai"}
MORNING = {"days": ["Sat"], "start": "08:00", "end": "10:00", "timeZone": "Asia/Shanghai"}


@pytest.mark.parametrize(
    ("at", "windows", "expected"),
    [
        ("2026-11-20T13:00", [], NodeState.READY),
        ("2026-11-20T11:59", [NIGHT], NodeState.CLOSED),
        ("2026-11-20T12:00", [NIGHT], NodeState.READY),
        ("2026-11-20T23:44", [NIGHT], NodeState.READY),
        ("2026-11-20T23:45", [NIGHT], NodeState.RECALLED),
        ("2026-11-20T23:59", [NIGHT], NodeState.RECALLED),
        ("2026-11-20T23:59", [NIGHT, MORNING], NodeState.READY),
        ("2026-11-21T00:00", [NIGHT], NodeState.CLOSED),
        ("2026-11-19T13:00", [NIGHT], NodeState.CLOSED),
    ],
    ids=[
        "always",
        "before",
        "Friday evening",
        "Saturday morning",
        "a quarter of an hour before its end",
        "last minute",
        "another follows at once",
        "after",
        "another day",
    ],
)
def test_an_offer_is_open_in_its_windows_only(at, windows, expected):
    seconds = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp())
    assert expected == offers.outlook(offer(windows=windows), seconds).state


@pytest.mark.parametrize(
    ("before_minutes", "expected"),
    [(61, NodeState.READY), (60, NodeState.RECALLED), (1, NodeState.RECALLED), (0, NodeState.CLOSED)],
)
def test_a_recalled_offer_takes_nothing_new_and_then_ends(before_minutes, expected):
    at = datetime.fromtimestamp(NOW, UTC).isoformat()
    recalled = offer(recall={"at": at, "notice": "1h"})
    assert expected == offers.outlook(recalled, NOW - 60 * before_minutes).state


def test_nodes_have_to_be_free_when_the_first_of_both_ends():
    end = int(datetime.fromisoformat("2026-11-21T00:00").replace(tzinfo=UTC).timestamp())
    for minutes, first in ((5, end), (-5, end - 300)):
        at = datetime.fromtimestamp(end + 60 * minutes, UTC).isoformat()
        found = offers.outlook(offer(windows=[NIGHT], recall={"at": at, "notice": "1h"}), end - 600)
        assert found == offers.Outlook(NodeState.RECALLED, first)


@given(
    window=st.sampled_from(["Hour", "Day", "Week", "Month"]),
    zone=st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "America/St_Johns"]),
    now=st.integers(1_700_000_000, 1_900_000_000),
)
def test_the_windows_of_a_cap_follow_one_another_without_a_gap(window, zone, now):
    spec = {"displayName": "M", "keys": {"verify": KEY, "encrypt": KEY}, "caps": [CAP | {"window": window}]}
    member = resources.Member.parse({"metadata": {"name": "m"}, "spec": spec})
    opened = capping.windows(member, zone, now)
    assert opened[0].start_seconds <= now < opened[0].end_seconds
    assert opened[-1].end_seconds >= now + capping.HORIZON_SECONDS
    for one, next_one in itertools.pairwise(opened):
        assert one.end_seconds == next_one.start_seconds


@pytest.mark.parametrize(
    ("wanted", "agreed", "raised", "expected"),
    [(10, None, None, 10), (10, 7, None, 7), (5, 7, None, 5), (10, 7, 9, 9), (5, 7, 9, 9), (10, None, 9, 10)],
    ids=["no trustees", "a Member's higher cap waits", "lowered at once", "raised", "raised above both", "not begun"],
)
def test_a_window_is_as_high_as_the_ledger_lets_it_be(wanted, agreed, raised, expected):
    opened = capping.Opened("m", "cap", "m/cap/cap/0", 0, 10, wanted)
    ceilings = Ceilings(*({} if each is None else {opened.account: each} for each in (agreed, raised)))
    (bounded,) = capping.bounded([opened], ceilings)
    assert capping.left([bounded], {opened.account: 1})[0].left == expected - 1
