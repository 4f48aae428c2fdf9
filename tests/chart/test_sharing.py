"""GPUs that workers share or have whole, from a job's manifest to what its container is told, by the charts alone.

Operators, API service, cluster agent and node agent run as pods of their releases; the kubelet is real, GPUs are not:
the node has three of 80 GiB, 2 of which are in reserve.
"""

import json
import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

pytestmark = pytest.mark.real_node

NODE, CLASS, MEMBER = "real-0", "h100-80g", "zhejiang-lab"
SYSTEM, AGENT, NODES = "hanse-system", "hanse-agent-zhejiang-lab-hz", "hanse-nodes-zhejiang-lab-hz"
WORKERS = "hanse-workers-zhejiang-lab-hz"
EXAMPLES = Path(__file__).parents[2] / "examples/helm"
MEMORY = {"ratioThousandths": 1500, "reserveMiB": 2048, "tenantsMax": 4}
PARTS = ("mem-gib", "limit-gib", "tenant")
GPU_MIB, WHOLE = 80 * 1024, (78, 78, 4)
SIMULATED = {"gpus": [{"uuid": f"GPU-{index}", "memoryMiB": GPU_MIB} for index in range(3)]}
# By job: what it asks for, and on which GPU it is placed. The second joins the first; 8 GiB are left then.
SHARES = {"large": ((40, 40), 0), "middle": ((30, 60), 0), "small": ((20, 20), 1), "whole": (None, 2)}
TELL = """
import json, os, pathlib, time
from hanse import training
training.should_stop()
hints = json.loads(pathlib.Path(os.environ["HANSE_HINTS"]).read_text())
print(json.dumps({"hints": hints, "variables": dict(os.environ)}), flush=True)
while not training.should_stop():
    time.sleep(0.05)
"""


class Sharing:
    """The pool, with a node agent that was installed as a member installs it."""

    def __init__(self, installed):
        self.installed, self.kubectl = installed, installed.cluster.kubectl
        names = installed.got("", "node", NODE, "--output=jsonpath={.status.images[*].names[*]}").split()
        self.image = next(each for each in names if each.startswith("hanse.dev/hanse@"))

    def install(self):
        """Install the agent's release anew with node agents; all but the maker of its GPUs is the chart's."""
        api = urlsplit(self.installed.cluster.url)
        values = yaml.safe_load((EXAMPLES / "agent.yaml").read_text()) | {
            "kubernetesApi": {"host": api.hostname, "port": api.port},
            "nodeAgent": {"enabled": True, "memory": MEMORY, "nodeSelector": {"kubernetes.io/hostname": NODE}},
        }
        self.installed.release("upgrade", "hanse-agent", AGENT, "--install", **values)
        settings = yaml.safe_load(self.config()["data"]["node.yaml"])
        settings |= {"provider": "simulated", "script": "script.yaml"}
        data = {"node.yaml": yaml.safe_dump(settings), "script.yaml": yaml.safe_dump(SIMULATED)}
        patch = ("patch", "configmap", "hanse-node-agent", f"--namespace={NODES}", "--patch")
        self.kubectl(*patch, json.dumps({"data": data}))
        self.kubectl("delete", "pods", "--all", f"--namespace={NODES}", "--grace-period=1")

    def config(self):
        return json.loads(self.installed.got(NODES, "configmap/hanse-node-agent", "--output=json"))

    def contribute(self):
        """Say that the node has such GPUs, which may be shared, and offer them."""
        self.kubectl("label", "node", NODE, "--overwrite", f"hanse.dev/accelerator-class={CLASS}")
        of_class = {"spec": {"sharingModes": ["Advisory"]}}
        self.kubectl("patch", "acceleratorclass", CLASS, "--type=merge", "--patch", json.dumps(of_class))
        policy = {"spec": {"memory": {"default": MEMORY}}}
        self.kubectl("patch", "poolpolicy", "default", "--type=merge", "--patch", json.dumps(policy))
        offer = yaml.safe_load((EXAMPLES / "contribution.yaml").read_text())
        offer["metadata"]["name"], offer["spec"]["class"] = "gpus", CLASS
        people = f"--as=system:serviceaccount:{MEMBER}:people"
        self.kubectl("apply", "--filename=-", people, stdin=json.dumps(offer))

    def offered(self):
        """Return how many slices to guarantee the kubelet has, by GPU."""
        has = self.installed.cluster.client.request("GET", f"/api/v1/nodes/{NODE}")["status"]["allocatable"]
        return [int(has.get(f"gpu{gpu}.hanse.dev/mem-gib", -1)) for gpu in range(len(SIMULATED["gpus"]))]

    def submit(self, name, memory_gib):
        job = next(yaml.safe_load_all((EXAMPLES / "jobs.yaml").read_text()))
        job["metadata"]["name"] = name
        job["spec"] |= {"workers": {"replicas": 1}, "accelerators": [{"class": CLASS}]}
        if memory_gib:
            job["spec"]["gpuMemory"] = dict(
                zip(("guaranteedMiB", "limitMiB"), (1024 * each for each in memory_gib), strict=True)
            )
        command = ["python3", "-c", TELL]
        job["spec"]["template"]["spec"]["containers"][0] |= {"image": self.image, "command": command}
        self.kubectl("apply", "--filename=-", stdin=json.dumps(job))

    def status(self, name):
        return json.loads(self.installed.got(MEMBER, f"trainingjob/{name}", "--output=json")).get("status") or {}

    def reaches(self, name, *phases):
        self.installed.until(f"{name} is {phases}", lambda: self.status(name).get("phase") in phases)

    def workers(self):
        """Return the pods of workers that run, by name."""
        found = json.loads(self.installed.got(WORKERS, "pods", "--output=json"))["items"]
        return {each["metadata"]["name"]: each for each in found if each["status"].get("phase") == "Running"}

    def agent(self):
        """Return the node agent's pod, as soon as there is one that is to stay."""

        def found():
            pods = json.loads(self.installed.got(NODES, "pods", "--output=json"))["items"]
            return [each for each in pods if "deletionTimestamp" not in each["metadata"]]

        return self.installed.until("a node agent", found)[0]

    def process(self):
        """Return the id of the node agent's process, as this machine knows it."""
        uid = self.agent()["metadata"]["uid"]
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if uid in (folder / "cgroup").read_text() and b"node-agent" in (folder / "cmdline").read_bytes():
                    return int(folder.name)
            except OSError:
                pass  # it has just ended
        raise AssertionError(uid)


@pytest.fixture(name="sharing", scope="module")
def _sharing(installed):
    """Jobs of one member, one after the other placed on three GPUs; and one more that asks for too much."""
    sharing = Sharing(installed)
    sharing.install()
    sharing.contribute()
    installed.until("the kubelet has the slices", lambda: sharing.offered() == [WHOLE[0]] * 3)
    for name, (memory, _) in SHARES.items():
        sharing.submit(name, memory)
        sharing.reaches(name, "Admitted", "Running")
    sharing.submit("too-large", (1, 79))
    return sharing


def told(sharing):
    """Return what each worker that has said it was told, by the index of its GPU and what it is guaranteed."""
    found = {}
    for name, pod in sharing.workers().items():
        line, ended, _ = sharing.kubectl("logs", name, f"--namespace={WORKERS}").stdout.partition("\n")
        if not ended:
            continue
        said = json.loads(line)
        found[said["hints"]["gpu"], said["hints"]["guaranteedMiB"]] = (said, pod)
    return found


def test_each_worker_asks_its_kubelet_for_what_was_chosen_and_starts_knowing_what_it_has(sharing):
    """From the kubelet on this is what the node agent has let in: its Allocate, and its word before each start."""
    expected = {}
    for memory, gpu in SHARES.values():
        asked = WHOLE if memory is None else (*memory, 1)
        guaranteed, limit = (GPU_MIB, GPU_MIB) if memory is None else (1024 * each for each in memory)
        expected[gpu, guaranteed] = (limit, asked)
    has_told = lambda: len(told(sharing)) == len(expected)  # noqa: E731
    sharing.installed.until("all workers have said what they were told", has_told)
    found = told(sharing)
    assert expected.keys() == found.keys()
    for (gpu, guaranteed), (limit, asked) in expected.items():
        said, pod = found[gpu, guaranteed]
        hints, variables = said["hints"], said["variables"]
        assert (f"GPU-{gpu}", limit, GPU_MIB, "ok") == (
            hints["uuid"], hints["limitMiB"], hints["basisMiB"], hints["pressure"]
        )  # fmt: skip
        assert (f"GPU-{gpu}", f"GPU-{gpu}") == (variables[f"HANSE_GPU_{gpu}"], variables["NVIDIA_VISIBLE_DEVICES"])
        fraction = f"per_process_memory_fraction:{(limit - 768) * 10_000 // GPU_MIB / 10_000:.4f}"
        assert variables.get("PYTORCH_CUDA_ALLOC_CONF") == (None if guaranteed == GPU_MIB else fraction)
        [container] = pod["spec"]["containers"]
        limits = {name: count for name, count in container["resources"]["limits"].items() if "gpu" in name}
        assert {f"gpu{gpu}.hanse.dev/{part}": str(count) for part, count in zip(PARTS, asked, strict=True)} == limits


def test_the_ledger_has_what_they_may_be_charged_for_and_their_owner_is_told_what_they_count_as(sharing):
    """Of 78 GiB; by the limit, and by what is guaranteed."""
    live = "SELECT milli_gpus FROM ledger.placement JOIN ledger.attempt ON id = attempt WHERE ended_at_seconds IS NULL"
    assert [257, 513, 770, 1000] == sorted(milli for (milli,) in sharing.installed.rows(live))
    sharing.reaches("middle", "Running")
    status = sharing.status("middle")
    assert ("1/1", 385, "0.3") == (status["gpus"], status["chargeRateMilliH100e"], status["h100e"])


def test_the_hub_knows_how_memory_is_kept_apart_there(sharing):
    known = sharing.installed.rows("SELECT name, body ->> 'enforcer' FROM ledger.node")
    assert [(NODE, "advisory")] == known


def test_who_asks_for_more_than_a_gpu_has_to_share_is_told_how_much_that_is(sharing):
    waits = lambda: sharing.status("too-large").get("reason") == "MemoryDoesNotFit"  # noqa: E731
    sharing.installed.until("it waits for a reason", waits)
    assert f"one {CLASS} has 78 GiB for all who share it" in sharing.status("too-large")["explanation"]["remedy"]


def test_the_daemon_set_has_no_capability_and_comes_back_when_it_is_killed(sharing):
    """What runs on the node runs on, and who comes after starts."""
    process = sharing.process()
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    assert [0] * 4 == [int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapBnd")]
    assert ("1", "2") == (status["NoNewPrivs"], status["Seccomp"])
    before = {name: pod["metadata"]["uid"] for name, pod in sharing.workers().items()}
    restarts = container_of(sharing.agent())["restartCount"]
    os.kill(process, signal.SIGKILL)

    def is_back():
        container = container_of(sharing.agent())
        return container["restartCount"] > restarts and container["ready"]

    sharing.installed.until("it runs again", is_back)
    sharing.submit("later", (8, 8))
    sharing.reaches("later", "Running")
    after = {name: pod["metadata"]["uid"] for name, pod in sharing.workers().items()}
    assert before.items() < after.items()
    # A kubelet tells of its slices every ten seconds.
    sharing.installed.until("all slices are offered again", lambda: sharing.offered() == [WHOLE[0]] * 3)


def container_of(pod):
    [container] = pod["status"]["containerStatuses"]
    return container
