"""The story: the acts in their order."""

import sys
from pathlib import Path

from hanse.cli.demo import chart, dashboard, members, refusals, sharing, storage
from hanse.cli.demo.books import Books
from hanse.cli.demo.gangs import Gangs
from hanse.cli.demo.hub import Hub
from hanse.cli.demo.jobs import ZEROS, Jobs
from hanse.cli.demo.stage import Stage, StoryEndsError
from hanse.devcluster import cluster, image

PARTS = {"etcd", "kube-apiserver", "kube-controller-manager", "kwok", "operator", "api", storage.PART}
PEOPLE = [party.name for party in members.PARTIES]


def play(stage: Stage, own: cluster.Cluster, missing: str) -> None:
    """Play all acts in the cluster *own*; *missing* says why there is no real node, or is empty.

    Raises:
        StoryEndsError: a claim that others rest on did not hold.
        DevclusterError: a process or a command failed.

    """
    hub = Hub(own, stage)
    stage.next_steps = _next_steps(own, hub)
    let_in = members.Members(hub, real=not missing)
    _alliance(stage, own, hub, let_in, missing)
    refusals.show(stage, "--as=li@tencent")
    # The image that the node has been given already.
    trainer = "" if missing else image.by_digest(image.build())
    jobs = Jobs(stage, hub, trainer or f":{ZEROS}", shares=not missing)
    gangs = Gangs(stage, hub, jobs, let_in.node_agent, missing)
    jobs.home()
    jobs.urgent()
    jobs.borrowed()
    jobs.waiting()
    gangs.begin()
    gangs.take_back()
    jobs.end()
    gangs.end()
    Books(stage, hub).show()
    dashboard.show(stage, hub)


def _next_steps(own: cluster.Cluster, hub: Hub) -> tuple[str, ...]:
    return (
        f"export KUBECONFIG={own.kubeconfig}",
        f'export PATH="{own.kubectl_binary.parent}:{Path(sys.executable).parent}:$PATH"   # kubectl and hanse',
        "kubectl get tj -A",
        "kubectl describe tj -n guangdong-lab ascend-pretrain",
        "kubectl explain trainingjob.spec.checkpoint",
        f"export HANSE_API={hub.api_url}",
        "export HANSE_TOKEN=$(kubectl create token people -n jiangsu-lab --audience=hanse-api)",
        "hanse queue                                      # what of jiangsu-lab waits",
        "hanse explain real-guest -n jiangsu-lab          # what was decided about it",
        *dashboard.ways_in(hub),
    )


def _alliance(stage: Stage, own: cluster.Cluster, hub: Hub, let_in: members.Members, missing: str) -> None:
    place = "one more node" if missing else "a node that really runs pods"
    stage.title(
        "An alliance of five members that compete",
        "tencent and alibaba bring 32 H100 each, guangdong-lab 16 Ascend 910B, zhejiang-lab four places for workers on "
        f"{place}; jiangsu-lab brings nothing. {'All' if missing else 'All other'} nodes are simulated, and say so. "
        "The rest is real: etcd, the API server, PostgreSQL, Hanse's operator, API service and four agents.",
    )
    chart.install(stage)
    _apply(stage, "alliance")
    hub.start()
    for line in (
        "hanse member add tencent --user li@tencent --verify-key ... --encrypt-key ...      # and four others",
        "hanse cluster join tencent-gz --member tencent --region guangdong --agent-key ...  # by the coordinator",
        "hanse cluster install tencent; hanse contribute h100-80g --cluster tencent-gz ...  # by the member",
        "hanse cluster enrol tencent/agent.yaml --member tencent --member-key ...           # signed by the member",
    ):
        stage.command(line)
    let_in.let_in()
    storage.start(hub, PEOPLE)
    _apply(stage, "limits", "--server-side")
    expected = {*PARTS, *(f"agent-of-{party.name}" for party in members.PARTIES if party.cluster)}
    expected |= set() if missing else {"kubelet", "containerd", "coredns", sharing.PART}
    stage.claim(
        f"these parts run: {', '.join(sorted(expected))}", holds=expected <= set(own.parts()), found=own.parts()
    )
    stage.until("five members are in, four of them with nodes that the ledger knows", lambda: _nodes_are_known(hub))
    stage.show("get", "members,memberclusters,contributions", "-A")


def _apply(stage: Stage, name: str, *options: str) -> None:
    """Apply a manifest of the coordinator's."""
    stage.command(" ".join(["kubectl apply", *options, f"-f examples/demo/{name}.yaml"]))
    applied = stage.kubectl("apply", *options, "-f", str(stage.examples / "demo" / f"{name}.yaml"))
    stage.claim(f"examples/demo/{name}.yaml is accepted", holds=applied.returncode == 0, found=applied.stderr)
    if applied.returncode:
        raise StoryEndsError(name)


def _nodes_are_known(hub: Hub) -> tuple[bool, object]:
    rows = hub.rows("SELECT cluster, count(*) AS nodes FROM ledger.node GROUP BY cluster ORDER BY cluster")
    found = {row.cluster: row.nodes for row in rows}
    return found == {party.cluster: party.count for party in members.PARTIES if party.cluster}, found
