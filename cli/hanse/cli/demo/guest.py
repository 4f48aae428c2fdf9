"""The short form of the demonstration, in a cluster that is somebody else's: the API and its rules, and nothing runs.

In: the kubeconfig of `HANSE_KUBECONFIG`. Out: claims about the examples, and a cluster that is as it was before.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hanse.cli.demo import chart, refusals
from hanse.cli.demo.stage import Stage
from hanse.devcluster.errors import DevclusterError

# In the order in which one needs the other; a placement is written by the operator, never by hand.
EXAMPLES = (
    "acceleratorclass", "prioritytier", "poolpolicy", "member", "membercluster", "namespaces", "rbac", "contribution",
    "trainingjob",
)  # fmt: skip
LI = ("--as=li", "--as-group=tencent-training", "--as-group=system:authenticated")


@contextmanager
def borrowed(stage: Stage) -> Iterator[Stage]:
    """Use somebody's cluster only if nothing there is called as what we create, and take all of that away again.

    Raises:
        DevclusterError: something is there already.

    """
    everything = [*_files(stage, EXAMPLES), *chart.files()]
    found = stage.kubectl("get", "--ignore-not-found", "--output=name", *_files(stage, ("namespaces", "rbac")))
    found_api = stage.kubectl("get", "--ignore-not-found", "--output=name", *chart.files())
    if found.returncode or found_api.returncode:
        raise DevclusterError(f"the cluster of HANSE_KUBECONFIG does not answer: {found.stderr or found_api.stderr}")
    if there := (found.stdout + found_api.stdout).split():
        raise DevclusterError(
            f"the cluster of HANSE_KUBECONFIG has {there[0]} already, which the demo would change: "
            "name a cluster without Hanse, or unset it to get one of our own"
        )
    try:
        yield stage
    finally:
        stage.kubectl("delete", "--ignore-not-found", "--wait=false", *everything)


def show(stage: Stage) -> None:
    """Show the API: an alliance as it is declared, and what its rules refuse."""
    stage.next_steps = (
        f"export KUBECONFIG={stage.kubeconfig}",
        "kubectl get hanse -A",
        "kubectl explain trainingjob.spec",
        "kubectl scale tj -n tencent llm-7b --replicas 48",
    )
    stage.title("An alliance of five members that compete", "Hanse's API, with the examples of the checkout.")
    chart.install(stage)
    for name in EXAMPLES:
        applied = stage.kubectl("apply", *_files(stage, [name]))
        stage.claim(f"examples/{name}.yaml is accepted", holds=applied.returncode == 0, found=applied.stderr)
    stage.show("get", "members,contributions,trainingjobs", "--all-namespaces")
    refusals.show(stage, *LI)
    stage.title("Left out: everything that runs")
    stage.left_out.append("everything that runs")
    stage.say(
        "This cluster is not ours: no operator, API service or agent was started, so no job was admitted and nothing "
        "is in a ledger. Unset HANSE_KUBECONFIG to see a pool that runs."
    )


def _files(stage: Stage, names: Sequence[str]) -> list[str]:
    return [argument for name in names for argument in ("-f", str(stage.examples / f"{name}.yaml"))]
