"""What an attempt has is what its decisions say, in their order; and who has left is what its agent says."""

import uuid
from types import SimpleNamespace

import pytest

from hanse import resources
from hanse.operator import ends, placing, resizing
from hanse.operator.mirror import Live, Mirror
from hanse.operator.resizing import LEFT, RESIZE, Size
from hanse.operator.world import World

NOW, ATTEMPT = 1_793_500_000, uuid.UUID(int=2)
GROWN = resizing.detail(NOW, [(2, "c/n2", 0x0F), (3, "c/n2", 0xF0)], [])


def after(*decisions):
    size = Size()
    for sequence, kind, detail in decisions:
        size = size.after(kind, detail, sequence)
    return size


def live(size, **more):
    said = {
        "id": ATTEMPT, "job": str(uuid.UUID(int=1)), "fence": 2, "member": "red", "cluster": "c",
        "accelerator_class": "h100", "precision": "bf16", "tier": "standard", "milli_h100e": 1000,
        "tier_thousandths": 1000, "grace_seconds": 30, "state": "leased", "funded_until_seconds": NOW + 60,
        "granted_at_seconds": NOW, "admitted_at_seconds": NOW, "admitted_sequence": 7,
        "strength": {"label": "HOME", "cover": 0, "tierRank": 1}, "placed": (("c/n1", 2, 0xFF),),
        "awaits": frozenset(), "organisation": "red", "job_name": ("red", "elastic"), "last_decision": uuid.UUID(int=9),
        "size": size,
    }  # fmt: skip
    return Live(**(said | more))


def test_those_who_leave_hold_their_gpus_until_it_is_recorded_that_they_have_left():
    grown = after((10, RESIZE, GROWN))
    shrunk = grown.after(RESIZE, resizing.detail(NOW, [], [3]), 12)
    gone = shrunk.after(LEFT, {"asOf": NOW + 5, "left": [3]}, 13)
    assert [4, 4] == [live(grown).workers, len(live(grown).size.beyond) + 2]
    assert (16, 12, 12) == tuple(live(size).gpus for size in (grown, shrunk, gone))
    assert (3, 3, 2) == tuple(len(live(size).held) for size in (grown, shrunk, gone))
    assert (10, 12, 12) == tuple(placing.resized(live(size))["spec"]["sequence"] for size in (grown, shrunk, gone))
    assert NOW + 5 == gone.left_at_seconds
    assert 2 == gone.numbers, "a number stays given"


def test_a_placement_names_workers_by_their_numbers_and_not_those_who_leave():
    size = after((10, RESIZE, GROWN), (12, RESIZE, resizing.detail(NOW, [], [2])))
    assert [
        {"rank": 0, "node": "n1", "gpus": [0, 1, 2, 3]},
        {"rank": 1, "node": "n1", "gpus": [4, 5, 6, 7]},
        {"rank": 3, "node": "n2", "gpus": [4, 5, 6, 7]},
    ] == placing.resized(live(size))["spec"]["workers"]


@pytest.mark.parametrize(
    ("sequence", "fence", "stop_kind", "left"),
    [(12, 2, None, [3]), (11, 2, None, None), (14, 2, None, [3]), (12, 1, None, None), (12, 2, "End", None)],
    ids=["it has acted", "it has not yet", "it has acted on more", "another attempt's report", "all of it stops"],
)
def test_it_is_recorded_that_workers_have_left_when_their_agent_has_acted_on_it(sequence, fence, stop_kind, left):
    size = after((10, RESIZE, GROWN), (12, RESIZE, resizing.detail(NOW, [], [3])))
    attempt = live(size, stop_kind=stop_kind)
    world = World()
    status = resources.PlacementStatus(fence=fence, phase="Running", sequence=sequence)
    world.placement_by_attempt[str(ATTEMPT)] = SimpleNamespace(status=status)
    world.documents[attempt.job] = {}
    groups = ends.groups(world, Mirror(now_seconds=NOW, live={attempt.job: attempt}))
    assert ([] if left is None else [left]) == [group.entries[0].detail["left"] for group in groups]


def test_whoever_waits_for_a_worker_waits_until_that_has_left_and_no_longer():
    awaited = frozenset({(ATTEMPT, 3)})
    leaving = after((10, RESIZE, GROWN), (12, RESIZE, resizing.detail(NOW, [], [3])))
    gone = leaving.after(LEFT, {"asOf": NOW, "left": [3]}, 13)
    for size, waits in ((leaving, True), (gone, False)):
        mirror = Mirror(now_seconds=NOW, live={"elastic": live(size)})
        assert waits == (not awaited.isdisjoint(mirror.leaving()))
        later = live(Size(), id=uuid.UUID(int=3), granted_at_seconds=None, awaits_workers=awaited)
        assert waits == mirror.is_promised(later)


def test_whoever_waits_for_an_attempt_is_promised_its_gpus_until_that_has_ended_or_it_has_a_lease():
    mirror = Mirror(now_seconds=NOW)
    waiting, started = (live(Size(), granted_at_seconds=at, awaits=frozenset({ATTEMPT})) for at in (None, NOW))
    assert (True, False) == (mirror.is_promised(waiting), mirror.is_promised(started))
    mirror.ended_at[ATTEMPT] = NOW
    assert not mirror.is_promised(waiting)
