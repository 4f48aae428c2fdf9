"""What an agent is answered: leases for what it may run, and the same again when an answer was lost."""

import base64
import itertools
import time
import uuid

import proxies
import psycopg
import pytest
import sqlalchemy as sa

from hanse.agent import certified
from hanse.agent.keys import Keys
from hanse.evidence import enrolments
from hanse.evidence.signatures import public_bytes

NUMBERS = itertools.count(100)


class Speaker:
    """The agent of a cluster of its own."""

    def __init__(self, pool, client, name):
        self.pool, self.client, self.name = pool, client, name
        self.instance, self.process, self.cluster_uid = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()

    def sync(self, *held, instance=None, cluster_uid=None, clock=None, **inventory):
        body = {
            **(clock or {}),
            "instance": str(instance or self.instance),
            "process": str(self.process),
            "clusterUid": str(cluster_uid or self.cluster_uid),
            "held": list(held),
            "inventory": inventory,
        }
        return self.client.send("POST", "/v1/agent/sync", body)

    def answer(self, *held):
        status, body = self.sync(*held)
        assert 200 == status, body
        return body


def held(entry, phase="Pending", **more):
    return {"attempt": str(entry.attempt), "fence": entry.fence, "phase": phase, **more}


@pytest.fixture(name="speaker")
def _speaker(pool, new_client):
    name = f"c{next(NUMBERS)}"
    pool.join(name, "tencent")
    return Speaker(pool, new_client(pool.token(f"hanse-cluster-{name}", "hanse-agent")), name)


def test_a_lease_is_granted_renewed_and_given_back(pool, speaker):
    entry = pool.admit(speaker.name, "tencent", lease=77)
    (lease,) = speaker.answer(held(entry))["leases"]
    assert (str(entry.attempt), 77, None, False) == tuple(
        lease[key] for key in ("attempt", "leaseSeconds", "fundedSeconds", "drain")
    )
    assert "leased" == pool.state(entry)
    assert lease["first"]
    assert [lease] == speaker.answer(held(entry))["leases"], "the first answer was lost"
    assert [{**lease, "first": False}] == speaker.answer(held(entry, "Running"))["leases"]
    done = held(entry, "Released", outcome="Succeeded")
    ended = [{"attempt": str(entry.attempt), "fence": 1}]
    assert [ended, ended] == [speaker.answer(done)["ended"] for _ in range(2)]
    assert "released" == pool.state(entry)


def test_a_process_that_begins_anew_is_told_that_its_lease_is_not_the_first(pool, speaker):
    entry = pool.admit(speaker.name, "tencent")
    before = speaker.process
    for process, is_first in [(before, True), (uuid.uuid4(), False), (before, True)]:
        speaker.process = process
        assert [is_first] == [lease["first"] for lease in speaker.answer(held(entry))["leases"]]


def test_a_first_lease_that_ran_out_unheard_is_still_the_first_of_its_process(pool, speaker):
    """The answer was lost and the hub out of reach for longer than the lease."""
    entry = pool.admit(speaker.name, "tencent")
    speaker.answer(held(entry))
    before = speaker.process
    for process, is_first in [(uuid.uuid4(), False), (before, True)]:
        with psycopg.connect(pool.database_url) as owner:
            owner.execute("UPDATE ledger.attempt SET state = 'suspect' WHERE id = %s", [entry.attempt])
        speaker.process = process
        assert [is_first] == [lease["first"] for lease in speaker.answer(held(entry))["leases"]]
        assert "leased" == pool.state(entry)


def test_what_is_decided_to_stop_is_drained_under_its_lease(pool, speaker):
    entry = pool.admit(speaker.name, "tencent")
    speaker.answer(held(entry))
    pool.stop(entry)
    (lease,) = speaker.answer(held(entry, "Running"))["leases"]
    assert lease["drain"]


def test_what_was_stopped_before_its_lease_was_heard_of_is_drained_and_given_back(pool, speaker):
    """The answer that granted it was lost, or the next request was on its way: if it were cancelled, nobody would."""
    entry = pool.admit(speaker.name, "tencent")
    speaker.answer(held(entry))
    pool.stop(entry)
    answer = speaker.answer(held(entry))
    assert [] == answer["cancelled"]
    assert [True] == [lease["drain"] for lease in answer["leases"]]
    speaker.answer(held(entry, "Released", outcome="Stopped"))
    assert "released" == pool.state(entry)


def test_what_was_stopped_before_its_lease_was_granted_is_cancelled(pool, speaker):
    entry = pool.admit(speaker.name, "tencent")
    pool.stop(entry)
    answer = speaker.answer(held(entry))
    assert ([], 1) == (answer["leases"], len(answer["cancelled"]))


def test_funding_is_told_as_what_is_left_of_it(pool, speaker):
    entry = pool.admit(speaker.name, "tencent", funded_until_seconds=pool.now() + 1000)
    (lease,) = speaker.answer(held(entry))["leases"]
    assert 900 <= lease["fundedSeconds"] <= 1000


@pytest.mark.parametrize("phase", ["Pending", "Running"])
def test_an_old_fence_is_cancelled_and_recorded(pool, speaker, phase):
    entry = pool.admit(speaker.name, "tencent", fence=3)
    answer = speaker.answer({**held(entry, phase), "fence": 2})
    assert ([], [2]) == (answer["leases"], [each["fence"] for each in answer["cancelled"]])
    assert pool.rows("SELECT 1 FROM ledger.fact WHERE kind = 'LeaseRefused' AND attempt = :id", id=entry.attempt)


def test_anothers_attempt_is_cancelled(pool, speaker):
    entry = pool.admit("hz", "tencent")
    assert [str(entry.attempt)] == [each["attempt"] for each in speaker.answer(held(entry))["cancelled"]]
    assert "admitted" == pool.state(entry)


def test_what_an_agent_did_by_itself_is_recorded_once(pool, speaker):
    entry = pool.admit(speaker.name, "tencent")
    speaker.answer(held(entry))
    for phase in ("Draining", "Draining", "Released"):
        speaker.answer(held(entry, phase, outcome="PoolFault", detail="OutOfcpu", simulated=True))
    facts = pool.rows("SELECT kind, detail FROM ledger.fact WHERE attempt = :id ORDER BY sequence", id=entry.attempt)
    assert [("LeaseGranted", ""), ("PodDeath", "PoolFault: OutOfcpu")] == facts[:2]
    assert {("Simulated", "on simulated nodes"), ("LeaseReleased", "PoolFault")} == set(facts[2:])


def test_a_lost_commit_is_an_outage_and_no_other_agent(pool, speaker):
    """An agent that hears that another speaks stands by, and forgets all that it runs."""
    url = sa.make_url(pool.database_url)
    pool.stop_api()
    try:
        with proxies.CommitCutter(url.host, url.port, b"admit_agent") as cutter:
            pool.start_api(database_url=url.set(port=cutter.port).render_as_string(hide_password=False))
            cutter.is_armed = True
            status, body = speaker.sync()
            assert (503, 503, 1) == (status, body["status"], cutter.cuts)
            pool.stop_api()
    finally:
        pool.start_api()


def test_what_is_made_up_leaves_nothing_in_the_ledger(pool, speaker):
    own, others = pool.admit(speaker.name, "tencent"), pool.admit("hz", "tencent")
    unknown = [{**held(own), "attempt": str(uuid.uuid4())} for _ in range(3)]
    fences = [{**held(own), "fence": fence} for fence in range(2, 9)]
    for phase in ("Pending", "Running", "Draining", "Released"):
        told = {"phase": phase, "outcome": "PoolFault", "simulated": True}
        speaker.answer(*({**each, **told} for each in (*unknown, *fences, held(others))))
    found = pool.rows("SELECT kind, attempt, detail FROM ledger.fact WHERE cluster = :name", name=speaker.name)
    # Of fences and of others' attempts that are asked for there is one row for each way of asking.
    ways = [(own.attempt, "another fence"), (others.attempt, "another cluster")]
    expected = [("LeaseRefused", of, f"{how}: {why}") for of, why in ways for how in ("grant", "renew", "release")]
    assert sorted(expected, key=str) == sorted(map(tuple, found), key=str)


def test_a_refused_placement_is_recorded_and_nothing_is_granted(pool, speaker):
    entry = pool.admit(speaker.name, "tencent")
    answer = speaker.answer(held(entry, "Refused", outcome="Refused", detail="no such node"))
    assert [] == answer["leases"] + answer["cancelled"] + answer["ended"]
    assert pool.rows("SELECT 1 FROM ledger.fact WHERE kind = 'PlacementRefused' AND attempt = :id", id=entry.attempt)
    assert "admitted" == pool.state(entry)


def test_of_two_agents_with_one_credential_one_is_refused(speaker):
    speaker.answer()
    status, body = speaker.sync(instance=uuid.uuid4())
    assert (409, True, True) == (status, "another agent" in body["detail"], body["anotherSpeaks"])
    status, body = speaker.sync(cluster_uid=uuid.uuid4())
    assert (409, True) == (status, "another cluster" in body["detail"])
    speaker.answer()


def test_nodes_are_stored_and_asked_for_when_they_are_not_known(pool, speaker):
    assert speaker.answer()["sendInventory"]
    node = {"name": "n1", "class": "h100-80g", "gpus": 8, "cpuMilli": 1000, "memoryMiB": 1024, "ready": True}
    status, body = speaker.sync(whole=True, nodes=[node])
    assert (200, False) == (status, body["sendInventory"])
    rows = pool.rows("SELECT body FROM ledger.node WHERE cluster = :name", name=speaker.name)
    assert [(8, True)] == [(row.body["gpus"], row.body["ready"]) for row in rows]
    speaker.sync(gone=["n1"])
    assert [] == pool.rows("SELECT body FROM ledger.node WHERE cluster = :name", name=speaker.name)


def test_a_checkpoint_of_record_is_handed_to_the_next_attempt(pool, speaker):
    entry = pool.admit(speaker.name, "tencent")
    speaker.answer(held(entry))
    commit = {"attempt": str(entry.attempt), "fence": 1, "step": 500, "uri": "s3://b/500"}
    assert (200, {"committed": True}) == speaker.client.send("POST", "/v1/agent/checkpoints", commit)
    assert 409 == speaker.client.send("POST", "/v1/agent/checkpoints", {**commit, "fence": 9})[0]
    speaker.answer(held(entry, "Released", outcome="Stopped"))
    assert 409 == speaker.client.send("POST", "/v1/agent/checkpoints", {**commit, "step": 501})[0]
    again = pool.admit(speaker.name, "tencent", job=entry.job, fence=2)
    (lease,) = speaker.answer(held(again))["leases"]
    assert {"step": 500, "uri": "s3://b/500"} == lease["checkpoint"]


# As a worker can write it to /dev/termination-log, and an API server pass it on.
HOSTILE = "exit status 1: \x00\x1b[2J\n" + "x" * 2000


def test_what_a_job_says_stops_nobodys_sync(pool, speaker):
    """It is told of in the message that renews all other leases of the cluster, again and again until it is taken."""
    bad, good = (pool.admit(speaker.name, "tencent") for _ in range(2))
    speaker.answer(held(bad), held(good))
    said = held(bad, "Released", outcome="Failed", detail=HOSTILE)
    answer = speaker.answer(said, held(good, "Running"))
    assert [str(good.attempt)] == [each["attempt"] for each in answer["leases"]]
    assert [str(bad.attempt)] == [each["attempt"] for each in answer["ended"]]
    (fact,) = pool.rows("SELECT detail FROM ledger.fact WHERE kind = 'PodDeath' AND attempt = :id", id=bad.attempt)
    assert fact.detail.startswith("Failed: exit status 1:   [2J xxx")


def test_a_fact_that_cannot_be_recorded_stops_nobodys_sync(pool, speaker):
    entry = pool.admit(speaker.name, "tencent")
    speaker.answer(held(entry))
    refusing = (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;"
        "CREATE TRIGGER a_refuse BEFORE INSERT ON ledger.fact FOR EACH ROW WHEN (NEW.kind = 'PodDeath')"
        " EXECUTE FUNCTION refuse()"
    )
    with psycopg.connect(pool.database_url, autocommit=True) as owner:
        owner.execute(refusing)
        try:
            answer = speaker.answer(held(entry, "Released", outcome="Failed", detail="exit status 1"))
        finally:
            owner.execute("DROP TRIGGER a_refuse ON ledger.fact; DROP FUNCTION refuse()")
    assert [str(entry.attempt)] == [each["attempt"] for each in answer["ended"]]


def test_what_the_database_cannot_store_is_refused_and_not_called_an_outage(speaker):
    node = {"name": "n\x00", "class": "h100-80g", "gpus": 8, "cpuMilli": 1, "memoryMiB": 1, "ready": True}
    status, body = speaker.sync(nodes=[node])
    assert (422, True) == (status, "cannot store" in body["detail"])
    commit = {"attempt": str(uuid.uuid4()), "fence": 1, "step": 500, "uri": "s3://b/\x00"}
    status, body = speaker.client.send("POST", "/v1/agent/checkpoints", commit)
    assert (422, "body.uri", True) == (
        status,
        body["errors"][0]["field"],
        "has control characters" in body["detail"],
    ), body


def test_a_clock_that_is_off_or_was_set_is_told_of_and_on_record(pool, speaker):
    """Once an hour each, however often it is said; who says nothing of a clock is told nothing."""

    def off(seconds, **more):
        status, body = speaker.sync(clock={"clockMs": int((time.time() + seconds) * 1000), **more})
        assert 200 == status, body
        return body["clockAheadMs"]

    assert speaker.answer()["clockAheadMs"] is None
    assert off(0) <= 5000
    facts = "SELECT kind, amount, detail FROM ledger.fact WHERE cluster = :name AND kind LIKE 'Clock%' ORDER BY kind"
    assert [] == pool.rows(facts, name=speaker.name)
    for _ in range(2):
        assert 5000 < off(3600, clockSteppedMs=-5000) <= 3_600_000
    found = pool.rows(facts, name=speaker.name)
    assert ["ClockOff", "ClockStepped"] == [row.kind for row in found]
    assert (True, -5000) == (found[0].amount > 5000, found[1].amount)
    assert " s ahead of the ledger's" in found[0].detail
    assert off(-3600) < -15_000


def test_the_agent_hears_of_enrolments_and_then_reads_those_that_are_in_force_or_begin_later(pool, speaker):
    before = speaker.answer()["enrolled"]
    key = Keys(bytes(range(32)), bytes(32))
    for number in range(2):
        pool.enrol(speaker.name, "tencent", f"n{number}", 8, public_bytes(key.of_node(f"{speaker.name}/n{number}")))
    after = speaker.answer()["enrolled"]
    assert before < after == speaker.answer()["enrolled"]
    status, said = speaker.client.send("GET", "/v1/agent/enrolments")
    found = [enrolments.decode(base64.urlsafe_b64decode(each)) for each in said["latest"]]
    assert (200, ["n0", "n1"]) == (status, [each.node.partition("/")[2] for each in found])
    its = certified.Certified(key)
    its.take(after, [enrolments.encode(each) for each in found])
    for each in found:
        assert each.node_key == public_bytes(its.key(each.node, each.start_seconds))
