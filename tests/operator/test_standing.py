"""What members are told of the pool: their own exactly, of others nothing that subtraction would tell apart."""

import itertools

import pools
import pytest

from hanse.operator.capping import Opened
from hanse.operator.following import Situation
from hanse.operator.standing import Standing
from hanse.scheduler import plan
from hanse.scheduler.pool import CapAtOnce, CapWindow, Contribution, Member, Rung, Unplaced
from hanse.scheduler.records import Attempt, Placed

VIEWER = "viewer"
CELLS = tuple(itertools.product(("h100", "ascend"), ("north", "south")))
NODES = 12
RUN = {"checkpoint_seconds": 0, "funded_until_seconds": 0, "started_seconds": 0}


def situation(pool, nodes, jobs=(), attempts=(), windows=None):
    snapshot = pools.snapshot(pool, nodes, jobs, attempts, as_of=100)
    return Situation(snapshot, plan(snapshot), {}, windows or {})


def world(offered, busy, caps=(), **more):
    """Return how members stand; *offered* and *busy* are nodes by (member, class, region), *busy* by whose jobs."""
    names = sorted({member for member, *_ in offered})
    given = [Contribution(f"{m}/{r}", m, f"{m}-{r}", r) for m in names for r in ("north", "south")]
    made = pools.pool(*map(Member, names), contributions=given, caps=caps, **more)
    nodes, jobs, attempts = [], [], []
    for (member, accelerator, region), count in sorted(offered.items()):
        here = pools.nodes(member, count, accelerator=accelerator, contribution=f"{member}/{region}")
        nodes += here
        for number, node in enumerate(here[: busy.get((member, accelerator, region), (0, ""))[0]]):
            uid = f"{member}-{accelerator}-{region}-{number:03}"
            jobs.append(pools.job(uid, busy[member, accelerator, region][1], accelerator=accelerator))
            placed = (Placed(node.name, 1, 0xFF),)
            attempts.append(
                Attempt(uid, 1, accelerator, rung=Rung.BORROW, cover=-1, gpu_rate=1000, placed=placed, **RUN)
            )
    jobs = [pools.Job(each.uid, each.organisation, each.tier, each.shape, 0, attempts=1) for each in jobs]
    return Standing(situation(made, nodes, jobs, attempts))


def numbers(standing):
    """Return every number that the viewer is told, by where it stands."""
    found = {}
    own = frozenset({VIEWER})
    for cell in standing.pool(own):
        for whose in ("own", "others"):
            for name, value in (cell[whose] or {}).items():
                found[cell["class"], cell["region"], whose, name] = value
    for quota in standing.quotas(own):
        for each in quota["classes"]:
            found |= {(each["class"], name): value for name, value in each.items() if isinstance(value, int)}
    return found


def rivals(count):
    return [f"rival{index}" for index in range(count)]


def base(count):
    offered = {(name, *cell): NODES for name in (VIEWER, *rivals(count)) for cell in CELLS}
    # The viewer's jobs run on a node of each cell of its own; rivals' on each other's.
    busy = {(VIEWER, *cell): (1, VIEWER) for cell in CELLS}
    return offered, busy


@pytest.mark.parametrize("count", [3, 4, 6])
def test_no_number_and_no_difference_of_numbers_tells_of_fewer_than_four_others(count):
    """Each variable of each rival is moved, one at a time; which numbers move says what could be computed from them."""
    offered, busy = base(count)
    before = numbers(world(offered, busy))
    told_of = {}
    for name, cell in itertools.product(rivals(count), CELLS):
        for moved in (
            (offered | {(name, *cell): NODES + 8}, busy),
            (offered, busy | {(name, *cell): (8, rivals(count)[0])}),
        ):
            after = numbers(world(*moved))
            assert before.keys() == after.keys()
            for number in [each for each in before if before[each] != after[each]]:
                told_of.setdefault(number, set()).add((name, cell))
    assert bool(told_of) == (count >= 4)
    for variables in told_of.values():
        assert count == len({name for name, _ in variables}), "a sum is over all who have a part in it"
    for one, other in itertools.combinations(told_of.values(), 2):
        assert one == other or not one & other, "the difference of two sums would be over fewer"


@pytest.mark.parametrize("step", range(1, 8))
def test_what_changes_by_less_than_64_gpus_is_not_seen(step):
    offered, busy = base(4)
    before = numbers(world(offered, busy))
    assert before["h100", "north", "others", "gpus"] == 4 * NODES * 8 == 384
    after = numbers(world(offered | {("rival1", "h100", "north"): NODES + step}, busy))
    assert before == after


def test_whose_and_whatever_runs_on_others_nodes_changes_nothing():
    offered, busy = base(5)
    places = [(name, *cell) for name in rivals(5) for cell in CELLS]
    one = world(offered, busy | dict.fromkeys(places, (8, "rival0")))
    other = world(offered, busy | {place: (8, rivals(5)[index % 5]) for index, place in enumerate(places)})
    assert one.pool(frozenset({VIEWER})) == other.pool(frozenset({VIEWER}))
    assert "rival" not in str(one.pool(frozenset({VIEWER}))) + str(one.quotas(frozenset({VIEWER})))


def test_that_few_others_offer_a_class_is_not_told():
    offered, busy = base(3)
    mine = {place: count for place, count in offered.items() if place[0] != VIEWER or place[1] == "h100"}
    told = world(mine, {place: each for place, each in busy.items() if place in mine}).pool(frozenset({VIEWER}))
    assert {"h100"} == {cell["class"] for cell in told}
    assert {None} == {str(cell["others"]) if cell["others"] else None for cell in told}


def test_who_acts_for_several_members_is_told_of_four_besides_all_of_them():
    offered, busy = base(4)
    told = world(offered, busy).pool(frozenset({VIEWER, "rival0"}))
    assert {None} == {cell["others"] for cell in told}
    assert {2 * NODES * 8} == {cell["own"]["gpus"] for cell in told}


def test_a_member_sees_what_it_uses_borrows_and_lends():
    offered = {("a", "h100", "north"): 4, ("b", "h100", "north"): 4}
    standing = world(offered, {("a", "h100", "north"): (3, "b"), ("b", "h100", "north"): (1, "b")})
    (lender,), (borrower,) = (standing.quotas(frozenset({name})) for name in "ab")
    figures = ("entitledMilliGpus", "usedMilliGpus", "borrowedMilliGpus", "lentMilliGpus")
    assert (32000, 0, 0, 24000) == tuple(lender["classes"][0][name] for name in figures)
    assert (32000, 32000, 32000, 0) == tuple(borrower["classes"][0][name] for name in figures)
    assert [] == standing.quotas(frozenset({"nobody"}))


def test_a_cap_says_what_is_left_and_how_long_that_lasts():
    window = CapWindow("monthly", "b", 0, 10_000, 64_000)
    opened = {("b", "monthly", 0): Opened("b", "monthly", "b/cap/monthly/0", 0, 10_000, 100_000)}
    made = pools.pool("a", "b", caps=(window,), caps_at_once=(CapAtOnce("power", "b", 9000),))
    (node,) = pools.nodes("b", 1)
    running = pools.Job("j", "b", "middle", pools.shape(), 0, attempts=1)
    attempt = Attempt(
        "j", 1, "h100", rung=Rung.HOME, cover=0, gpu_rate=1000, placed=(Placed(node.name, 1, 0xFF),), **RUN
    )
    (quota,) = Standing(situation(made, [node], [running], [attempt], opened)).quotas(frozenset({"b"}))
    (cap,) = quota["caps"]
    assert (64_000, 100_000, 8000, 8) == tuple(
        cap[name] for name in ("leftMilliH100eSeconds", "limitMilliH100eSeconds", "rateMilliH100e", "lastsSeconds")
    )
    assert [{"name": "power", "organisation": None, "limitMilliH100e": 9000, "usedMilliH100e": 8000}] == quota[
        "capsAtOnce"
    ]
    (idle,) = Standing(situation(made, [node], [], [], opened)).quotas(frozenset({"b"}))
    assert (0, None) == (idle["caps"][0]["rateMilliH100e"], idle["caps"][0]["lastsSeconds"])


def test_a_cap_at_once_counts_what_runs_on_nodes_that_are_gone():
    caps = {"caps_at_once": (CapAtOnce("most", VIEWER, 9000),), "unplaced": (Unplaced(VIEWER, 8000),)}
    (quota,) = world({(VIEWER, "h100", "north"): 1}, {}, **caps).quotas(frozenset({VIEWER}))
    assert [(9000, 8000)] == [(each["limitMilliH100e"], each["usedMilliH100e"]) for each in quota["capsAtOnce"]]


def test_a_cap_at_once_counts_what_drains_as_the_planner_does():
    made = pools.pool("a", "b", caps_at_once=(CapAtOnce("most", "a", 9000),))
    (node,), waits = pools.nodes("a", 1), pools.job("one", "a")
    drains = Attempt("one", 1, "h100", rung=Rung.HOME, cover=0, gpu_rate=1000, placed=(Placed(node.name, 1, 0xFF),),
                     draining=True, **RUN)  # fmt: skip
    job = pools.Job("one", "a", waits.tier, waits.shape, 0, attempts=1)
    (quota,) = Standing(situation(made, [node], [job], [drains])).quotas(frozenset({"a"}))
    assert 8000 == quota["capsAtOnce"][0]["usedMilliH100e"]
