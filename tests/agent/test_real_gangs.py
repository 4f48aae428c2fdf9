"""Gangs of real pods on a real kubelet: names, variables, checkpoints, refusals."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hanse.devcluster import cluster, nodes, ports, processes
from hanse.evidence import sealing

pytestmark = pytest.mark.real_node

NODE = cluster.REAL_NODE
TALK = """
import os, socket, time
from hanse import training
rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
address = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
begin = training.resume()
step = begin.step if begin else 0
if rank == 0:
    server = socket.create_server(("", address[1]))
    for _ in range(world - 1):
        server.accept()[0].sendall(b"hello")
    training.commit_checkpoint(step + 100, f"s3://bucket/{step + 100}")
else:
    for _ in range(1000):
        try:
            peer = socket.create_connection(address, timeout=2)
            break
        except OSError:
            time.sleep(0.2)
    assert peer.recv(5) == b"hello"
print("rank", rank, "of", world, "began at", step, flush=True)
ENDING
"""


@pytest.fixture(name="agent")
def _agent(new_agent):
    agent = new_agent()
    agent.start()
    return agent


@pytest.fixture(name="place")
def _place(pool, template):
    def place(agent, ending="", job=None, fence=1, lease=120, **spec):
        entry = pool.admit(agent.name, "tencent", job, fence=fence, lease=lease, nodes={f"{agent.name}/{NODE}": 2000})
        seats = [(NODE, [rank]) for rank in range(2)]
        content = template("python3", "-c", TALK.replace("ENDING", ending))
        return entry, pool.place(agent.name, entry, seats, **{"template": content, **spec})

    return place


def test_two_workers_meet_by_name_commit_a_checkpoint_and_end(pool, agent, place, eventually):
    entry, name = place(agent)
    shown = lambda: (agent.status(name), agent.pods(), agent.log())  # noqa: E731
    eventually(shown, lambda now: now[0][:2] == ("Released", "Succeeded"))
    eventually(lambda: pool.state(entry), lambda state: state == "released")
    rows = pool.rows("SELECT step, uri, fence FROM ledger.checkpoint WHERE job = :job", job=entry.job)
    assert [(100, "s3://bucket/100", 1)] == rows
    again, name = place(agent, job=entry.job, fence=2)
    eventually(lambda: agent.status(name), lambda status: status[:2] == ("Released", "Succeeded"))
    rows = pool.rows("SELECT step, fence FROM ledger.checkpoint WHERE job = :job ORDER BY sequence", job=again.job)
    assert [(100, 1), (200, 2)] == rows


EXAMPLE = Path(__file__).parents[2] / "examples" / "cpu_gang.py"


@pytest.fixture(name="storage")
def _storage(pool, eventually):
    """An S3 server on the address that pods reach, and the variables by which workers find it."""
    port = ports.free(pool.address)
    argv = [sys.executable, "-P", "-m", "moto.server", "--host", pool.address, "--port", str(port)]
    processes.start(pool.cluster.folder, "s3", argv)
    url = f"http://{pool.address}:{port}"

    def make_bucket():
        made = ["curl", "--silent", "--noproxy", "*", "-X", "PUT", "-o", os.devnull, "-w", "%{http_code}"]
        return subprocess.run([*made, f"{url}/bucket"], capture_output=True, text=True, check=False).stdout

    eventually(make_bucket, lambda status: status == "200")
    yield {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "HANSE_STORAGE_CHECKPOINT": "s3://bucket/run",
    }
    processes.end(pool.cluster.folder, ["s3"])


def test_the_example_saves_to_s3_when_it_is_stopped_and_goes_on_from_there(pool, agent, template, storage, eventually):
    """Its storage's credentials reach it sealed, and are in nobody's manifest."""
    sealed = sealing.seal(agent.sealing_public, sealing.STORAGE, json.dumps(storage).encode())
    spec = {
        "template": template("python3", "-c", EXAMPLE.read_text(), "300"),
        "sealedStorage": base64.b64encode(sealed).decode(),
        "grace": "30s",
    }

    def steps(entry):
        found = pool.rows("SELECT step FROM ledger.checkpoint WHERE job = :job ORDER BY sequence", job=entry.job)
        return [row.step for row in found]

    entry = pool.admit(agent.name, "tencent", lease=120)
    pool.place(agent.name, entry, [(NODE, [0]), (NODE, [1])], **spec)
    eventually(lambda: (steps(entry), agent.log()), lambda now: now[0])
    pool.stop(entry)
    eventually(lambda: pool.state(entry), lambda state: state == "released")
    stopped_at = steps(entry)[-1]
    assert 0 < stopped_at < 300
    again = pool.admit(agent.name, "tencent", entry.job, fence=2, lease=120)
    name = pool.place(agent.name, again, [(NODE, [0]), (NODE, [1])], **spec)
    eventually(lambda: agent.status(name), lambda status: status[:2] == ("Released", "Succeeded"))
    assert 300 == steps(again)[-1]
    assert min(step for step in steps(again) if step > stopped_at) <= stopped_at + 10
    assert "secret" not in json.dumps(agent.placement(name))


def test_pods_are_restricted_and_say_nothing_of_whose_they_are(agent, place, eventually):
    entry, name = place(agent, "time.sleep(600)")
    eventually(lambda: agent.status(name)[0], lambda phase: phase == "Running")
    pods = agent.local.kubectl(
        "get", "pods,services,secrets,networkpolicies", f"-n={agent.namespace}", "-o=json"
    ).stdout
    assert "tencent" not in pods
    pod = next(item for item in json.loads(pods)["items"] if item["kind"] == "Pod")
    assert (False, NODE) == (pod["spec"]["automountServiceAccountToken"], pod["spec"]["nodeName"])
    assert {"w-0", "w-1"} >= {pod["spec"]["hostname"]}
    assert {"hanse.dev/attempt": str(entry.attempt), "hanse.dev/fence": "1"}.items() <= pod["metadata"][
        "labels"
    ].items()
    assert not [each for each in pod["spec"]["containers"] if "HANSE_TOKEN" in json.dumps(each.get("env"))]


def test_a_drained_worker_has_its_grace_to_save_its_state(pool, agent, place, eventually):
    saving = (
        "training.should_stop()\n"  # from now on it notes that it is to stop
        "if rank == 0: training.commit_checkpoint(step + 120, 's3://bucket/listens')\n"
        "while not training.should_stop(): time.sleep(0.05)\n"
        "if rank == 0: training.commit_checkpoint(step + 150, 's3://bucket/last')"
    )

    def steps():
        rows = pool.rows("SELECT step FROM ledger.checkpoint WHERE job = :job ORDER BY sequence", job=entry.job)
        return [row.step for row in rows]

    entry, _ = place(agent, saving, grace="60s")
    eventually(lambda: (steps(), agent.log()), lambda now: 120 in now[0])
    pool.stop(entry)
    eventually(lambda: pool.state(entry), lambda state: state == "released")
    assert [100, 120, 150] == steps()


def test_a_kubelets_refusal_is_the_pools_fault(pool, agent, template, eventually):
    entry = pool.admit(agent.name, "tencent")
    content = template("true")
    content["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "900"}}
    name = pool.place(agent.name, entry, [(NODE, [0])], template=content)
    _, _, message = eventually(lambda: agent.status(name), lambda now: now[:2] == ("Released", "PoolFault"))
    assert "OutOfcpu" in message
    eventually(lambda: pool.state(entry), lambda state: state == "released")
    kinds = {
        row.kind: row.detail
        for row in pool.rows("SELECT kind, detail FROM ledger.fact WHERE attempt = :id", id=entry.attempt)
    }
    assert kinds["PodDeath"].startswith("PoolFault: worker 0: OutOfcpu")


def test_one_failed_worker_ends_the_gang_and_is_the_jobs_fault(agent, place, eventually):
    _, name = place(agent, "if rank == 1: raise SystemExit(3)\ntime.sleep(600)")
    _, _, message = eventually(lambda: agent.status(name), lambda now: now[:2] == ("Released", "Failed"))
    assert "exit status 3" in message
    assert {} == agent.pods()


def test_a_newer_fence_waits_until_nothing_of_the_older_is_left(pool, agent, place, eventually):
    """The older attempt is stopped and its placement overwritten by the newer one, at one time."""
    entry, name = place(agent, "time.sleep(600)")
    eventually(lambda: agent.status(name)[0], lambda phase: phase == "Running")
    pool.stop(entry)
    eventually(lambda: pool.state(entry), lambda state: state == "released")
    newer, name = place(agent, "time.sleep(600)", job=entry.job, fence=2)
    eventually(lambda: agent.status(name)[0], lambda phase: phase == "Running")
    labels = agent.local.kubectl("get", "pods", f"-n={agent.namespace}", "-o=jsonpath={..hanse\\.dev/attempt}").stdout
    assert {str(newer.attempt)} == set(labels.split())


def test_while_the_hub_is_away_real_pods_end_before_their_lease_does(pool, new_agent, place, eventually):
    agent = new_agent()
    # As long to end the pods in as a machine with other work may need.
    agent.start(killBudgetSeconds=26)
    entry, name = place(agent, "time.sleep(600)", lease=60)
    eventually(lambda: agent.status(name)[0], lambda phase: phase == "Running")
    pool.stop_api()
    try:
        eventually(agent.pods, lambda pods: pods == {})
        (row,) = pool.rows("SELECT lease_until_seconds FROM ledger.attempt WHERE id = :id", id=entry.attempt)
        assert pool.now() <= row.lease_until_seconds
    finally:
        pool.start_api()
    eventually(lambda: agent.status(name), lambda status: status[:2] == ("Released", "LeaseEnded"))
    eventually(lambda: pool.state(entry), lambda state: state == "released")


def test_a_second_cluster_of_another_control_plane_runs_its_own_gangs(pool, new_agent, template, eventually):
    wanted = cluster.Wanted(shapes=(nodes.parse("h100-80g=2x8"),), postgres=False)
    with cluster.running(f"{pool.cluster.name}-2", wanted) as second:
        agent = new_agent(local=second)
        agent.start()
        entry = pool.admit(agent.name, "tencent")
        content = template("true") | {"metadata": {"annotations": {"hanse.dev/simulated-runtime": "10s"}}}
        name = pool.place(agent.name, entry, [("h100-80g-00000", [0]), ("h100-80g-00001", [0])], template=content)
        # On a slow machine one may have ended when the other begins.
        begun = {"Running", "Succeeded"}
        eventually(agent.pods, lambda pods: pods.keys() == {"0", "1"} and begun >= set(pods.values()))
        at_hub = pool.cluster.kubectl("get", "pods", "-A", f"-l=hanse.dev/attempt={entry.attempt}", "-o=name").stdout
        assert "" == at_hub
        eventually(lambda: agent.status(name), lambda status: status[:2] == ("Released", "Succeeded"))
        agent.clean()
