"""The agent with a real hub, on simulated nodes: leases, fences, faults of network and credentials."""

import signal
import time
import uuid

import pytest

from hanse.agent.keys import Keys
from hanse.ledger import attempts, decisions, errors

pytestmark = pytest.mark.real_node

NODE, OTHER = "h100-80g-00000", "h100-80g-00001"
SEATS = [(NODE, [0, 1]), (OTHER, [0, 1])]
RUNNING = {"0": "Running", "1": "Running"}


@pytest.fixture(name="agent")
def _agent(new_agent):
    agent = new_agent()
    agent.start()
    return agent


@pytest.fixture(name="run")
def _run(pool, template, eventually):
    """Admit and place a gang of two on simulated nodes, and wait until it runs."""

    def run(agent, lease=60, runtime=None, **spec):
        entry = pool.admit(agent.name, "tencent", lease=lease, nodes={f"{agent.name}/{NODE}": 2000})
        content = template("true")
        if runtime:
            content["metadata"] = {"annotations": {"hanse.dev/simulated-runtime": runtime}}
        name = pool.place(agent.name, entry, SEATS, **{"template": content, **spec})
        # What runs for a moment only may have ended, on a slow machine, before it is looked at.
        ran = lambda now: now[0] == RUNNING or (runtime and now[1][0] == "Released")  # noqa: E731
        eventually(lambda: (agent.pods(), agent.status(name), agent.log()), ran)
        return entry, name

    return run


def test_a_gang_runs_to_its_end_and_is_given_back(pool, agent, run, eventually):
    entry, name = run(agent, runtime="2s")
    eventually(lambda: agent.status(name), lambda status: status[:2] == ("Released", "Succeeded"))
    eventually(lambda: (agent.pods(), pool.state(entry)), lambda now: now == ({}, "released"))
    services = agent.local.client.request("GET", f"/api/v1/namespaces/{agent.namespace}/services")
    assert [] == services["items"]
    types = {each["type"] for each in agent.placement(name)["status"]["conditions"] if each["status"] == "True"}
    assert {"Released", "Simulated"} == types


def test_no_pod_starts_without_a_lease(pool, agent, template, eventually):
    """A Placement is a hint: one of an attempt that was never admitted is not carried out."""
    entry = pool.admit("elsewhere", "tencent")
    name = pool.place(agent.name, entry, SEATS, template=template("true"))
    _, reason, message = eventually(lambda: agent.status(name), lambda status: status[0] == "Released")
    assert (reason, "the hub refuses it" in message) == ("Stopped", True)
    assert {} == agent.pods()


def test_a_stop_drains_and_gives_back(pool, agent, run, eventually):
    entry, name = run(agent)
    pool.stop(entry)
    eventually(lambda: pool.state(entry), lambda state: state == "released")
    assert {} == agent.pods()
    eventually(lambda: agent.status(name), lambda status: status[:2] == ("Released", "Stopped"))


def test_a_deleted_placement_ends_its_gang(pool, agent, run, eventually):
    entry, name = run(agent)
    pool.cluster.kubectl("delete", "placement", name, f"--namespace=hanse-cluster-{agent.name}")
    eventually(lambda: (agent.pods(), pool.state(entry)), lambda now: now == ({}, "released"))


def test_while_the_hub_is_away_pods_run_on_and_end_before_their_lease_does(pool, new_agent, run, eventually):
    agent = new_agent()
    # So long to end the pods in that a machine with other work has it as well; as long to work in before.
    agent.start(killBudgetSeconds=24)
    entry, _ = run(agent, lease=50)
    pool.stop_api()
    try:
        eventually(agent.pods, lambda pods: pods == {})
        (row,) = pool.rows("SELECT lease_until_seconds FROM ledger.attempt WHERE id = :id", id=entry.attempt)
        assert pool.now() < row.lease_until_seconds, "the holder gives up first"
    finally:
        pool.start_api()
    eventually(lambda: pool.state(entry), lambda state: state == "released")
    kinds = {row.kind for row in pool.rows("SELECT kind FROM ledger.fact WHERE attempt = :id", id=entry.attempt)}
    assert "LeaseRanOut" in kinds


def test_a_short_time_without_the_hub_ends_nothing(pool, agent, run):
    run(agent, lease=300)
    pool.stop_api()
    time.sleep(5)
    pool.start_api()
    time.sleep(2)
    assert RUNNING == agent.pods()


def test_funding_that_ends_ends_the_gang_in_time(pool, new_agent, template, eventually):
    agent = new_agent()
    agent.start(killBudgetSeconds=15)
    eventually(lambda: pool.rows("SELECT 1 FROM ledger.node WHERE cluster = :name", name=agent.name), bool)
    until = pool.now() + 50
    entry = pool.admit(agent.name, "tencent", funded_until_seconds=until)
    name = pool.place(agent.name, entry, SEATS, template=template("true"))
    eventually(agent.pods, lambda pods: pods == RUNNING)
    eventually(lambda: agent.status(name), lambda status: status[:2] == ("Released", "FundingEnded"))
    # The Placement says so first: the ledger hears of it with the agent's next round.
    eventually(lambda: pool.state(entry), lambda state: state == "released")
    (row,) = pool.rows("SELECT ended_at_seconds FROM ledger.attempt WHERE id = :id", id=entry.attempt)
    assert row.ended_at_seconds <= until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["told to", "killed"])
def test_an_agent_that_comes_back_finds_its_gangs_running(pool, agent, run, eventually, number):
    entry, _ = run(agent, lease=300)
    uids = agent.local.kubectl("get", "pods", f"--namespace={agent.namespace}", "-o=jsonpath={..uid}").stdout
    agent.stop(number)
    time.sleep(2)  # its last request may be under way
    held = _renewed(pool, entry)
    time.sleep(2)
    assert held == _renewed(pool, entry)
    agent.start()
    eventually(lambda: _renewed(pool, entry), lambda until: until > held)
    assert uids == agent.local.kubectl("get", "pods", f"--namespace={agent.namespace}", "-o=jsonpath={..uid}").stdout


def test_an_agent_that_comes_back_after_its_attempt_was_given_up_ends_it(pool, agent, run, eventually):
    """The job runs elsewhere meanwhile, under the next fence; of the two attempts at most one is ever live."""
    entry, _ = run(agent, lease=24)
    agent.stop(signal.SIGKILL)
    given_up = {"kind": "Expire", "effect": decisions.Effect.EXPIRE, "verdict": "Expired", "reason": "ClusterLost"}
    expire = decisions.Entry(member=entry.member, job=entry.job, fence=entry.fence, **given_up)
    eventually(lambda: attempts.lapse(pool.operator, pool.term), lambda lapsed: entry.attempt in lapsed)
    eventually(lambda: _recorded(pool, expire), lambda was_recorded: was_recorded)
    again = pool.admit("elsewhere", "tencent", entry.job, fence=2)
    assert RUNNING == agent.pods()
    agent.start()
    eventually(agent.pods, lambda pods: pods == {})
    assert ("expired", "admitted") == (pool.state(entry), pool.state(again))


def _recorded(pool, expire):
    """Return whether the ledger takes the decision now: not before the grace is over."""
    try:
        pool.decide(expire)
    except errors.AttemptConflictError:
        pool.cycle -= 1
        return False
    return True


def _renewed(pool, entry):
    return pool.rows("SELECT lease_until_seconds AS until FROM ledger.attempt WHERE id = :id", id=entry.attempt)[
        0
    ].until


def test_of_two_agents_with_one_credential_one_takes_no_work(agent, run, new_agent, eventually):
    run(agent)
    second = new_agent(agent.name, folder="second")
    second.start()
    eventually(second.log, lambda log: "another agent" in log)
    assert RUNNING == agent.pods()


def test_the_members_own_rules_have_the_last_word(pool, new_agent, template, eventually):
    agent = new_agent()
    agent.start(ownRules={"registries": ["registry.member.example"]})
    entry = pool.admit(agent.name, "tencent")
    name = pool.place(agent.name, entry, SEATS, template=template("true"))
    _, _, message = eventually(lambda: agent.status(name), lambda status: status[0] == "Refused")
    assert "are not allowed in this cluster" in message
    assert ({}, "admitted") == (agent.pods(), pool.state(entry))
    facts = lambda: pool.rows("SELECT kind FROM ledger.fact WHERE attempt = :id", id=entry.attempt)  # noqa: E731
    # The Placement says so first: the ledger hears of it with the agent's next round.
    eventually(facts, lambda found: [row.kind for row in found] == ["PlacementRefused"])


def test_nodes_reach_the_hub_with_what_others_use(pool, agent, eventually):
    def seen():
        rows = pool.rows("SELECT name, body FROM ledger.node WHERE cluster = :name ORDER BY name", name=agent.name)
        return {row.name: (row.body["class"], row.body["gpus"], row.body["foreign"]["gpus"]) for row in rows}

    everything = {NODE: ("h100-80g", 8, 0), OTHER: ("h100-80g", 8, 0), "real-0": ("h100-80g", 4, 0)}
    eventually(lambda: (seen(), agent.log()), lambda now: now[0] == everything)
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"foreign-{uuid.uuid4()}"},
        "spec": {
            "nodeName": OTHER,
            "containers": [{"name": "c", "image": "i", "resources": {"limits": {"nvidia.com/gpu": "3"}}}],
        },
    }
    agent.local.client.request("POST", "/api/v1/namespaces/default/pods", pod)
    eventually(seen, lambda now: now[OTHER] == ("h100-80g", 8, 3))
    agent.local.client.request("DELETE", f"/api/v1/namespaces/default/pods/{pod['metadata']['name']}")
    eventually(seen, lambda now: now[OTHER] == ("h100-80g", 8, 0))


def test_what_ran_is_metered_signed_and_stored(pool, agent, run, eventually):
    """The ledger itself checks signature, form and enrolment; the sums are those of the gang."""
    for node in (NODE, OTHER):
        key = Keys(agent.signing.private_bytes_raw(), bytes(32)).of_node(f"{agent.name}/{node}")
        pool.enrol(agent.name, "alibaba", node, 8, key.public_key().public_bytes_raw())
    entry, _ = run(agent)

    def whole():
        from hanse.evidence import slots

        rows = pool.rows("SELECT body FROM ledger.slot WHERE node = :node", node=f"{agent.name}/{NODE}")
        used = [dict(segment.shares) for row in rows for segment in slots.decode(bytes(row.body)).segments]
        return [shares for shares in used if shares.get(str(entry.attempt)) == 1000]

    eventually(whole, bool)
    assert [] == pool.rows("SELECT 1 FROM ledger.violation WHERE kind = 'SlotConflict'")
