"""Two member clusters in one Kubernetes cluster: each agent keeps to its own nodes, pods and names."""

import json
import re
import sys

import pytest


@pytest.fixture(name="running", scope="module")
def _running(town):
    """A job of each member on its own nodes."""
    for member in ("north", "south"):
        town.submit(member, "side")
    for member in ("north", "south"):
        town.reaches(member, "side", "Running")
    yield town
    town.clear()


def pods(town, member):
    found = town.own.client.request("GET", f"/api/v1/namespaces/hanse-workers-{member}-1/pods")["items"]
    return {pod["metadata"]["uid"]: pod["spec"]["nodeName"] for pod in found}


def reported(town):
    rows = town.rows("SELECT cluster, name, body FROM ledger.node ORDER BY cluster, name")
    return {(row.cluster, row.name): row.body["foreign"]["gpus"] for row in rows}


def test_each_agent_reports_its_own_nodes_and_runs_its_own_pods(running):
    expected = [("north-1", f"north-{number:05d}") for number in range(3)] + [("south-1", "south-00000")]
    assert expected == list(reported(running))
    before = {member: pods(running, member) for member in ("north", "south")}
    assert {"north": {"north"}, "south": {"south"}} == {
        member: {node.partition("-")[0] for node in found.values()} for member, found in before.items()
    }
    running.own.kubectl("delete", "trainingjob", "side", "--namespace=south")
    running.until("the gang of south is gone", lambda: not pods(running, "south"))
    assert before["north"] == pods(running, "north"), "the other agent's pods are not its business"
    running.submit("south", "side")
    running.reaches("south", "side", "Running")
    assert before["north"] == pods(running, "north")


def test_what_others_use_of_a_node_is_seen_whatever_its_labels_say(running):
    labels = {"hanse.dev/attempt": "00000000-0000-0000-0000-000000000000", "hanse.dev/fence": "1"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "foreign", "labels": labels},
        "spec": {
            "nodeName": "north-00002",
            "containers": [{"name": "c", "image": "i", "resources": {"limits": {"nvidia.com/gpu": "3"}}}],
        },
    }
    running.own.client.request("POST", "/api/v1/namespaces/default/pods", pod)
    running.until("it is seen", lambda: reported(running)["north-1", "north-00002"] == 3)
    running.own.client.request("DELETE", "/api/v1/namespaces/default/pods/foreign")
    running.until("it is gone", lambda: not any(reported(running).values()))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (("create", "pods", "--namespace=hanse-workers-north-1"), "yes"),
        (("create", "pods", "--namespace=hanse-workers-south-1"), "no"),
        (("get", "secrets", "--namespace=hanse-agent-north-1"), "no"),
        (("list", "nodes"), "yes"),
        (("patch", "nodes"), "no"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_an_agent_may_work_in_its_own_namespace_only(town, question, answer):
    account = "--as=system:serviceaccount:hanse-agent-north-1:hanse-agent"
    assert answer == town.own.kubectl("auth", "can-i", *question, account, check=False).stdout.strip()


def test_the_doctor_asks_the_leader_itself(town):
    """It tells of a moment: a part that is late then, on a machine with other work, is well again in the next one."""
    asked = ("doctor", f"--api={town.api_url}", f"--operator=http://127.0.0.1:{town.operator_port}")

    def well():
        status, said = town.call(*asked)
        sys.stdout.write(said)
        return status == 0 and said

    assert "yes  the leading operator plans, settles and hears of all" in town.until("a pool that is well", well)
    _, said = town.call("doctor", "--operator=http://127.0.0.1:9")
    assert "http://127.0.0.1:9 cannot be reached, or is no operator" in said


def test_an_attempt_is_followed_through_the_logs_of_all_processes_by_its_id(running):
    """The agent's log is read by the member whose cluster it is, and says nothing of whose a gang is."""
    live = "SELECT id, fence FROM ledger.attempt WHERE cluster = 'north-1' AND ended_at_seconds IS NULL"
    ((attempt, fence),) = running.rows(live)

    def steps(part):
        text, _, _ = (running.own.folder / "logs" / f"{part}.log").read_text().rpartition("\n")
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("attempt") == str(attempt)]

    placed = next(line for line in steps("operator") if line["event"] == "placement_applied")
    (decided,) = (line for line in steps("operator") if line["event"] == "decided" and line["kind"] == "Admit")
    assert (decided["decision"], fence) == (placed["decision"], placed["fence"])
    assert ["a lease was granted"] == [line["event"] for line in steps("api")]
    assert ["the lease was granted", "all workers run"] == [line["event"] for line in steps("agent-north")][:2]
    assert not re.search(r"\bside\b", (running.own.folder / "logs" / "agent-north.log").read_text())
