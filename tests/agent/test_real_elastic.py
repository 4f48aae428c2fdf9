"""An elastic gang of real pods on a real kubelet: the member's example, while its placement grows and shrinks."""

from pathlib import Path

import pytest

from hanse.devcluster import cluster

pytestmark = pytest.mark.real_node

NODE = cluster.REAL_NODE
EXAMPLE = (Path(__file__).parents[2] / "examples" / "elastic_gang.py").read_text()


def said(agent, rank):
    """Return the log of a worker."""
    pods = agent.local.client.request("GET", f"/api/v1/namespaces/{agent.namespace}/pods")["items"]
    names = {each["metadata"]["labels"]["hanse.dev/rank"]: each["metadata"]["name"] for each in pods}
    if str(rank) not in names:
        return ""
    return agent.local.kubectl("logs", names[str(rank)], f"--namespace={agent.namespace}", check=False).stdout


def resize(pool, agent, name, ranks):
    """Change a placement as the operator does, under a later decision; return its sequence."""
    path = f"/apis/hanse.dev/v1alpha1/namespaces/hanse-cluster-{agent.name}/placements/{name}"
    sequence = agent.placement(name)["spec"]["sequence"] + 1
    workers = [{"rank": rank, "node": NODE, "gpus": [rank % 4]} for rank in ranks]
    spec = {"spec": {"workers": workers, "sequence": sequence}}
    pool.cluster.client.request("PATCH", path, spec, "application/merge-patch+json")
    return sequence


def test_the_members_example_learns_of_new_workers_and_goes_on_without_those_taken_away(
    pool, new_agent, template, eventually
):
    agent = new_agent()
    agent.start()
    entry = pool.admit(agent.name, "tencent", None, fence=1, lease=120, nodes={f"{agent.name}/{NODE}": 4000})
    seats = [(NODE, [rank]) for rank in range(2)]
    content = template("python3", "-c", EXAMPLE, "100000")
    name = pool.place(agent.name, entry, seats, template=content, grace="10s", startDeadline="10m")
    shown = lambda: (agent.status(name), agent.pods(), said(agent, 0), agent.log())  # noqa: E731
    eventually(shown, lambda now: "2 workers from" in now[2], 400)

    resize(pool, agent, name, [0, 1, 2, 3])
    eventually(shown, lambda now: "ranks [0, 1, 2, 3]" in now[2], 400)

    sequence = resize(pool, agent, name, [0, 1, 3])
    eventually(lambda: (agent.placement(name)["status"], agent.log()), lambda now: now[0]["sequence"] == sequence, 400)
    eventually(shown, lambda now: "ranks [0, 1, 3]" in now[2], 400)
    assert {"0", "1", "3"} == set(agent.pods())
    assert "Running" == agent.status(name)[0], "whoever is taken away takes nobody along"
