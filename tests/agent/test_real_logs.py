"""Logs of real pods, on a real kubelet, as their owner's people get them: by `hanse logs`, and nobody else."""

import base64
import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hanse.devcluster import cluster

pytestmark = pytest.mark.real_node

ROOT = Path(__file__).parents[2]
TALK = """
import os, sys, time
print("worker", os.environ["RANK"], "begins", flush=True)
GO_ON
print("\\x1b[2Jlast words of", os.environ["RANK"], flush=True)
sys.exit(STATUS)
"""


@pytest.fixture(name="agent")
def _agent(new_agent):
    agent = new_agent()
    agent.start()
    return agent


class Owner:
    """The people of tencent: a private key, and a job at the hub."""

    def __init__(self, pool, folder):
        self.pool, self.file, key = pool, folder / "sealing.key", X25519PrivateKey.generate()
        self.file.write_text(base64.b64encode(key.private_bytes_raw()).decode())
        public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
        change = json.dumps({"spec": {"keys": {"encrypt": public}}})
        pool.cluster.kubectl("patch", "member/tencent", "--type=merge", "-p", change)
        job = next(yaml.safe_load_all((ROOT / "examples/trainingjob.yaml").read_text()))
        self.name = f"j{uuid.uuid4().hex[:8]}"
        pool.apply(job | {"metadata": {"name": self.name, "namespace": "tencent"}})
        asked = ["get", f"trainingjob/{self.name}", "--namespace=tencent", "-o=jsonpath={.metadata.uid}"]
        self.job = uuid.UUID(pool.cluster.kubectl(*asked).stdout)

    def command(self, *options, who="tencent"):
        argv = ["logs", self.name, "--namespace=tencent", f"--key={self.file}", f"--api={self.pool.api_url}", *options]
        token = self.pool.token(who, "people")
        return [sys.executable, "-P", "-m", "hanse.cli.main", *argv], {"HANSE_TOKEN": token, "PATH": "/usr/bin:/bin"}

    def logs(self, *options, who="tencent"):
        argv, variables = self.command(*options, who=who)
        return subprocess.run(argv, env=variables, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(name="owner")
def _owner(pool, tmp_path):
    return Owner(pool, tmp_path)


def place(pool, agent, template, job, *, go_on="", status=0):  # noqa: PLR0913  # a gang
    seats = [(cluster.REAL_NODE, [rank]) for rank in range(2)]
    nodes = {f"{agent.name}/{cluster.REAL_NODE}": 2000}
    entry = pool.admit(agent.name, "tencent", job, lease=120, nodes=nodes)
    content = template("python3", "-c", TALK.replace("GO_ON", go_on).replace("STATUS", str(status)))
    return entry, pool.place(agent.name, entry, seats, template=content)


def test_the_owner_reads_the_last_words_of_a_gang_that_failed_and_a_rival_does_not(
    pool, agent, template, owner, eventually
):
    entry, name = place(pool, agent, template, owner.job, status="int(os.environ['RANK'])", go_on="time.sleep(2)")
    eventually(lambda: (agent.status(name), agent.log()), lambda now: now[0][:2] == ("Released", "Failed"))
    assert {} == agent.pods()
    printed = eventually(owner.logs, lambda result: "last words of 1" in result.stdout)
    assert {"w-1 worker 1 begins", "w-1 \x1b[2Jlast words of 1"} <= set(printed.stdout.splitlines())
    only = owner.logs("--worker=1", f"--attempt={entry.fence}").stdout.splitlines()
    assert ["w-1 worker 1 begins", "w-1 \x1b[2Jlast words of 1"] == only
    rival = owner.logs(who="alibaba")
    assert (1, "", True) == (rival.returncode, rival.stdout, "there is no job" in rival.stderr)
    wrong = owner.file.with_name("another.key")
    wrong.write_text(base64.b64encode(X25519PrivateKey.generate().private_bytes_raw()).decode())
    owner.file = wrong
    refused = owner.logs()
    assert (1, "", True) == (refused.returncode, refused.stdout, "sealed to another key" in refused.stderr)
    assert "last words" not in agent.log()


def test_logs_are_followed_while_the_gang_runs_and_to_its_end(pool, agent, template, owner, eventually):
    ticks = "for tick in range(600): print('tick', tick, flush=True); time.sleep(1)"
    entry, name = place(pool, agent, template, owner.job, go_on=ticks)
    eventually(lambda: agent.status(name)[0], lambda phase: phase == "Running")
    argv, variables = owner.command("--follow", "--worker=0")
    with subprocess.Popen(argv, env=variables, stdout=subprocess.PIPE, text=True) as following:
        lines = [following.stdout.readline().strip() for _ in range(12)]
        assert ["w-0 worker 0 begins", *(f"w-0 tick {tick}" for tick in range(11))] == lines
        pool.stop(entry)
        eventually(lambda: pool.state(entry), lambda state: state == "released")
        rest = following.stdout.read()
    assert 0 == following.returncode
    ticked = [int(line.removeprefix("w-0 tick ")) for line in rest.splitlines()]
    assert list(range(11, 11 + len(ticked))) == ticked


def test_the_agent_may_read_logs_of_its_own_workers_only(agent, eventually):
    account = f"--as=system:serviceaccount:hanse-agent-{agent.name}:hanse-agent"

    def may(namespace):
        asked = ["auth", "can-i", "get", "pods", "--subresource=log", f"--namespace={namespace}", account]
        return agent.local.kubectl(*asked, check=False).stdout.strip()

    eventually(lambda: may(agent.namespace), lambda answer: answer == "yes")  # the API server learns of rights later
    assert ["no", "no"] == [may(each) for each in ("kube-system", "default")]
