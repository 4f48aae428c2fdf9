"""Clusters that fall silent: their attempts are given up as their jobs say, unless the hub itself may be cut off."""

import json
import urllib.request
import uuid

import psycopg
import pytest
import sqlalchemy as sa

from hanse.ledger import attempts, database, reports, term
from hanse.ledger.attempts import Verdict
from hanse.operator.mirror import Mirror
from hanse.operator.reach import Brake, reach
from hanse.operator.suspects import Suspects
from hanse.operator.world import World

CLUSTERS = "/apis/hanse.dev/v1alpha1/memberclusters"
OFFERS = "/apis/hanse.dev/v1alpha1/namespaces/blue/contributions"
KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
STEP_SECONDS = 30
BRIEF = {"partitionTolerance": "1m", "checkpoint": {"grace": "0s"}, "gpus": 4}


@pytest.fixture(name="two", scope="module")
def _two(plane):
    """A second cluster of blue's, for as long as these tests run."""
    api = "hanse.dev/v1alpha1"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "hanse-cluster-blue-2"}}
    plane.client.request("POST", "/api/v1/namespaces", namespace)
    for path, kind, name, spec in (
        (CLUSTERS, "MemberCluster", "blue-2", {"member": "blue", "region": "south", "agentKey": KEY}),
        (OFFERS, "Contribution", "far", {"cluster": "blue-2", "class": "h100"}),
    ):
        plane.client.request("POST", path, {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec})
    yield
    plane.client.request("DELETE", f"{OFFERS}/far")
    plane.client.request("DELETE", f"{CLUSTERS}/blue-2")


def attempt(placement):
    return uuid.UUID(placement["spec"]["attempt"]), placement["spec"]["fence"]


def states(pool):
    """Return the state of each attempt by job's name and fence."""
    statement = """SELECT convert_from(d.body, 'UTF8')::jsonb -> 'detail' ->> 'name' AS name, a.fence, a.state
        FROM ledger.attempt a JOIN ledger.decision d ON d.id = a.admitted_by"""
    return {(row.name, row.fence): row.state for row in pool.rows(statement)}


class Time:
    """The ledger's clock: on a slow machine too it stands still, and moves in steps shorter than a silence that counts.

    It begins before anything is said or granted.
    """

    def __init__(self, pool):
        self.pool = pool
        ((self.now,),) = pool.rows("SELECT ledger.clock_seconds()")
        pool.stop_clock(self.now)

    def passes(self, seconds, *heard):
        for _ in range(0, seconds, STEP_SECONDS):
            self.now += STEP_SECONDS
            self.pool.stop_clock(self.now)
            self.pool.speak(*heard)


def started(pool, **jobs):
    """Have these jobs run on blue-1, heard by a leader that knows both clusters; return placements by job's name."""
    pool.speak("blue-1", "blue-2")
    # By the ledger's clock, which stands still, it has led long enough only if it leads without a break.
    running = pool.operator(lease_seconds=60)
    for name, lost in jobs.items():
        pool.submit(name, onClusterLost=lost, **BRIEF)
    pool.until("their Placements", lambda: len(pool.placements()) == len(jobs))
    by_attempt = {str(attempt(each)[0]): each for each in pool.placements()}
    statement = (
        "SELECT attempt::text, convert_from(body, 'UTF8')::jsonb -> 'detail' ->> 'name' AS name FROM ledger.decision"
    )
    found = {row.name: by_attempt[row.attempt] for row in pool.rows(statement) if row.attempt in by_attempt}
    assert all(pool.grant(each).granted for each in found.values())
    return running, found


@pytest.mark.usefixtures("two")
def test_what_one_agent_refuses_is_placed_elsewhere_at_once(pool):
    Time(pool)
    _, placed = started(pool, unwanted="Hold")
    pool.report(nodes=1, cluster="blue-2", prefix="far")
    pool.report_phase(placed["unwanted"], "Refused")
    pool.until("its end to be decided", lambda: pool.rows("SELECT 1 FROM ledger.decision WHERE effect = 'stop'"))
    pool.release(placed["unwanted"], "Refused")
    (again,) = pool.until("a Placement in the other cluster", lambda: pool.placements("blue-2"))
    assert 2 == again["spec"]["fence"]
    assert [("blue-1",), ("blue-2",)] == pool.rows("SELECT cluster FROM ledger.attempt ORDER BY fence")


@pytest.mark.usefixtures("two")
def test_attempts_of_a_lost_cluster_expire_as_their_jobs_say(pool):
    """Requeued elsewhere under the next fence, failed, or held; the old agent that comes back is told to cancel."""
    time = Time(pool)
    _, placed = started(pool, moves="RequeueAfterExpiry", fails="Fail", waits="Hold")
    pool.report(nodes=1, cluster="blue-2", prefix="far")
    time.passes(150, "blue-2")
    (again,) = pool.until("a Placement in the other cluster", lambda: pool.placements("blue-2"))
    assert 2 == again["spec"]["fence"]
    pool.until("Failed", lambda: pool.phase("fails") == "Failed")
    assert "ClusterLost" == pool.status("fails")["reason"]
    pool.until("the reason", lambda: pool.status("waits").get("reason") == "ClusterUnreachable")
    assert "Running" != pool.phase("waits")
    expected = {("moves", 1): "expired", ("moves", 2): "admitted", ("fails", 1): "expired", ("waits", 1): "suspect"}
    assert expected == states(pool)
    recorded = pool.rows("SELECT kind, verdict, reason FROM ledger.decision WHERE effect = 'expire'")
    assert [("Expire", "Expired", "ClusterLost")] * 2 == recorded
    pool.until(
        "the old Placements to go", lambda: [placed["waits"]["spec"]] == [each["spec"] for each in pool.placements()]
    )
    held = [attempt(placed[name]) for name in ("moves", "fails", "waits")]
    verdicts = {each.attempt: each.verdict for each in attempts.renew(pool.api, "blue-1", held)}
    assert [Verdict.CANCEL, Verdict.CANCEL, Verdict.KEEP] == [verdicts[key] for key, _ in held]
    late = reports.commit_checkpoint(pool.api, "blue-1", *attempt(placed["moves"]), step=9, uri="s3://b/9")
    assert "expired" in late
    facts = pool.rows("SELECT kind, cluster FROM ledger.fact WHERE kind IN ('NodeStale', 'LeaseLapsed') ORDER BY kind")
    assert [("LeaseLapsed", "blue-1")] * 3 + [("NodeStale", "blue-1")] == facts
    pool.until("an empty outbox", lambda: not pool.rows("SELECT 1 FROM ledger.outbox"))


@pytest.mark.usefixtures("two")
def test_nobody_expires_while_all_clusters_are_silent_at_once(pool):
    """The hub was cut off: attempts stay suspect and counted, and go on when their agents are heard again.

    What runs on its own member's nodes keeps its cover meanwhile, and is not evicted when others wait.
    """
    time = Time(pool)
    running, placed = started(pool, moves="RequeueAfterExpiry")
    pool.submit("own", namespace="blue", **BRIEF)
    (own,) = pool.until("its Placement", lambda: [each for each in pool.placements() if each != placed["moves"]][:1])
    assert pool.grant(own).granted
    pool.report(nodes=1, cluster="blue-2", prefix="far")
    for _ in range(3):
        time.passes(STEP_SECONDS, "blue-1", "blue-2")
        # No lease may lapse while its agent is heard: the operator, which looks when it likes, would expire it.
        attempts.renew(pool.api, "blue-1", [attempt(placed["moves"]), attempt(own)])
    time.passes(600)
    pool.until("suspect", lambda: states(pool) == {("moves", 1): "suspect", ("own", 1): "suspect"})
    pool.until("the operator to say so", lambda: running.said("nobody_is_expired"))
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/feeds", timeout=60) as answer:  # our own
        assert "no cluster is heard" == json.loads(answer.read())["leader"]["brake"]
    pool.submit("later", **BRIEF)
    pool.until("its reason", lambda: pool.status("later").get("reason"))
    pool.speak("blue-2")
    pool.until("a Placement there", lambda: len(pool.placements("blue-2")) == 1)
    assert {("moves", 1): "suspect", ("own", 1): "suspect", ("later", 1): "admitted"} == states(pool)
    pool.speak("blue-1")
    (renewal,) = attempts.renew(pool.api, "blue-1", [attempt(placed["moves"])])
    assert Verdict.KEEP == renewal.verdict
    pool.until("it to go on", lambda: pool.status("moves").get("reason") is None)
    done = pool.rows("SELECT kind, effect, reason FROM ledger.decision")
    assert [] == [each for each in done if each.kind == "Fall" or each.effect in {"expire", "stop"}]
    admitted = pool.rows(
        "SELECT member, convert_from(body, 'UTF8')::jsonb -> 'strength' ->> 'label' FROM ledger.decision "
        "WHERE effect = 'admit'"
    )
    assert ("blue", "HOME") in admitted, "what has no cover cannot lose it"


def test_a_cluster_that_comes_back_is_recorded_by_whoever_leads_then(pool):
    """A leader that could not record it tries again; one that knows it already does not."""
    time = Time(pool)
    pool.speak("blue-1", "blue-2")
    engine = database.engine(pool.url, role="hanse_operator")
    known = World()
    for name in ("blue-1", "blue-2"):
        spec = {"member": "blue", "region": "south", "agentKey": KEY}
        known.take({"MemberCluster": {name: {"metadata": {"name": name, "uid": name}, "spec": spec}}})

    def leader():
        return Suspects(engine, term.take(engine, "test"), known, Mirror())

    recorded = "SELECT kind FROM ledger.fact WHERE cluster = 'blue-1' ORDER BY sequence"
    time.passes(90, "blue-2")
    first = leader()
    with psycopg.connect(pool.url, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger.fact ADD CONSTRAINT broken CHECK (kind <> 'NodeStale')")
        with pytest.raises(sa.exc.IntegrityError):
            first.read()
        connection.execute("ALTER TABLE ledger.fact DROP CONSTRAINT broken")
    first.read()
    first.read()
    leader().read()
    assert [("NodeStale",)] == pool.rows(recorded)
    pool.speak("blue-1")
    leader().read()
    leader().read()
    assert [("NodeStale",), ("NodeHealthy",)] == pool.rows(recorded)
    engine.dispose()


def agents(now, **ages):
    return [reports.Agent(name, "1", now - age) for name, age in ages.items()]


@pytest.mark.parametrize(
    ("ages", "problem"),
    [
        ({"a": 100}, "no cluster is heard"),
        ({"a": 100, "b": 1}, ""),
        ({"a": 100, "b": 100, "c": 1}, "2 of 3 clusters are silent at once"),
        ({"a": 100, "b": 100, "c": 1, "d": 1, "e": 1, "f": 1}, ""),
        ({"a": 100, "b": 100, "c": 100, "d": 1, "e": 1, "f": 1}, "3 of 6 clusters are silent at once"),
        ({"a": 100, "b": 10**6, "c": 10**6, "d": 1}, ""),
        ({"a": 100, "z": 1}, "no cluster is heard"),
    ],
    ids=[
        "alone",
        "one of two",
        "two of three",
        "two of six",
        "three of six",
        "two lost long ago",
        "one not of the pool",
    ],
)
def test_more_than_a_third_at_once_is_the_hubs_own_fault(ages, problem):
    assert problem == reach(10**7, agents(10**7, **ages), "abcdef").problem


def test_the_brake_holds_until_the_leader_has_led_for_longer_than_the_lease_and_the_others_were_heard_for_a_while():
    brake, said = Brake(), []
    for now, age in ((0, 1), (50, 1), (70, 1), (400, 100), (410, 1), (480, 1)):
        seen = reach(now, agents(now, a=100, b=age), "ab")
        brake.look(seen)
        said.append(brake.holds(seen, 65))
    steady = "most clusters have not been heard for 60 s without a break yet"
    assert [steady, steady, "", "no cluster is heard", steady, ""] == said
    assert "the leader has not led for longer than the lease yet" == brake.holds(seen, 1000)


def test_silent_clusters_are_down_only_when_it_is_certain_that_not_the_hub_is_cut_off():
    """Nor while those that were cut off at the same time fall silent one after the other, or come back so."""
    brake, said = Brake(), []
    for ages in ({"a": 61, "b": 57}, {"a": 66, "b": 62}, {"a": 76}, {"a": 90, "b": 80}, {"a": 136}, {"a": 152}):
        seen = reach(10**6 + ages["a"], found := agents(10**6 + ages["a"], **{"b": 1, "c": 1} | ages), "abc")
        brake.look(seen)
        said.append((sorted(seen.silent), sorted(brake.in_doubt(seen, found))))
    assert [
        (["a"], ["a"]), (["a", "b"], ["a", "b"]), (["a"], ["a"]), (["a", "b"], ["a", "b"]), (["a"], ["a"]), (["a"], []),
    ] == said  # fmt: skip
    seen = reach(10**6, found := agents(10**6, a=76, b=1), "ab")
    assert frozenset() == Brake().in_doubt(seen, found)
