"""kwok: nodes that exist in the API only, and pods on them that only say they run.

In: a running control plane. Out: a kwok process that manages each node with the label :data:`SIMULATED`.
`kwok-stages.yaml` beside this file says what nodes and pods do; :mod:`hanse.devcluster.nodes` makes the nodes.
"""

import socket
from importlib import resources
from pathlib import Path

from hanse.devcluster import build, processes

PART = "kwok"
SIMULATED = "hanse.dev/simulated"
# A range for benchmarks (RFC 2544): nobody takes the address of a simulated pod for one that could be reached.
POD_RANGE = "198.18.0.1/15"
NODE_LEASE_SECONDS = 40
READY_SECONDS = 120.0


def start(folder: Path, kubeconfig: Path, port: int) -> None:
    """Start kwok for the cluster in *folder* and return when it answers on *port*."""
    stages = folder / "kwok-stages.yaml"
    stages.write_text(resources.files("hanse.devcluster").joinpath("kwok-stages.yaml").read_text())
    processes.start(
        folder,
        PART,
        [
            str(build.binary(build.KWOK)),
            f"--kubeconfig={kubeconfig}",
            f"--config={stages}",
            f"--manage-nodes-with-label-selector={SIMULATED}=true",
            "--manage-all-nodes=false",
            f"--node-lease-duration-seconds={NODE_LEASE_SECONDS}",
            f"--cidr={POD_RANGE}",
            "--node-ip=198.18.0.1",
            f"--server-address=127.0.0.1:{port}",
        ],
    )
    processes.wait_until_ready(folder, PART, lambda: _answers(port), READY_SECONDS)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
