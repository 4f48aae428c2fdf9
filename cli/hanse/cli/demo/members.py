"""Five members, their clusters and their agents: let in as a coordinator and five members would do it, by command.

In: a hub that runs. Out: members with keys of their own; nodes, simulated and real, that they contribute; an agent for
each cluster. All clusters are the hub's own Kubernetes cluster: a label says whose a node is.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

from hanse.cli.demo.hub import Hub
from hanse.devcluster import cluster, nodes

POOL = "hanse.dev/pool"
SLOT_CLASS, SLOT = "cpu-slot", "demo.hanse.dev/cpu-slot"
PARALLEL = 3


@dataclass(frozen=True)
class Party:
    """A member: who acts for it, and what it brings. One without a cluster brings nothing, and borrows."""

    name: str
    display: str
    person: str
    cluster: str = ""
    region: str = ""
    accelerator: str = ""
    count: int = 0
    gpus: int = 0


PARTIES = (
    Party("tencent", "Tencent", "li@tencent", "tencent-gz", "guangdong", "h100-80g", 4, 8),
    Party("alibaba", "Alibaba", "wang@alibaba", "alibaba-hz", "zhejiang", "h100-80g", 4, 8),
    Party(
        "guangdong-lab",
        "Guangdong Laboratory",
        "chen@guangdong-lab",
        "guangdong-lab-sz",
        "guangdong",
        "ascend-910b",
        2,
        8,
    ),
    Party("zhejiang-lab", "Zhejiang Laboratory", "zhou@zhejiang-lab", "zhejiang-lab-hz", "zhejiang", SLOT_CLASS, 1, 4),
    Party("jiangsu-lab", "Jiangsu Laboratory", "xu@jiangsu-lab"),
)
BY_NAME = {party.name: party for party in PARTIES}
MORE_PEOPLE = {"tencent": ["chief@tencent"]}


class Members:
    """Lets the members in."""

    def __init__(self, hub: Hub, *, real: bool) -> None:
        self._hub, self._real = hub, real

    def let_in(self) -> None:
        """Add nodes and members, and start the agents; members come one beside another, as they would.

        Raises:
            DevclusterError: a command fails.

        """
        for party in PARTIES:
            if party.cluster:
                self._add_nodes(party)
        pool = ThreadPoolExecutor(PARALLEL)
        try:
            list(pool.map(self._let_in, PARTIES))
        finally:
            # After Ctrl-C nobody waits for those whose turn has not come.
            pool.shutdown(cancel_futures=True)

    def _let_in(self, party: Party) -> None:
        keys = self._hub.folder / party.name
        verify, encrypt = (line.split()[-1] for line in self._hub.hanse("cluster", "keys", str(keys)).splitlines())
        people = [party.person, *MORE_PEOPLE.get(party.name, []), f"system:serviceaccount:{party.name}:people"]
        self._hub.hanse(
            "member", "add", party.name, f"--display-name={party.display}",
            f"--verify-key={verify}", f"--encrypt-key={encrypt}",
            *(f"--user={each}" for each in people),
        )  # fmt: skip
        self._hub.own.kubectl("create", "serviceaccount", "people", f"--namespace={party.name}")
        if party.cluster:
            self._join(party, keys, encrypt)

    def _join(self, party: Party, folder: Path, agent_key: str) -> None:
        """Let a member's cluster join, start its agent, enrol its nodes and offer them."""
        label, hanse = f"--label={POOL}={party.name}", self._hub.hanse
        hanse("cluster", "join", party.cluster, f"--member={party.name}", f"--region={party.region}",
              f"--agent-key={agent_key}", f"--out={folder}", label)  # fmt: skip
        hanse("cluster", "install", str(folder))
        hanse("contribute", party.accelerator, f"--cluster={party.cluster}", f"--namespace={party.name}", label)
        file = folder / "agent.yaml"
        # Faster than by default, so that nobody has to wait for what a real pool need not hurry with.
        quick = {"syncSeconds": 0.5, "meterSeconds": 1.0, "killBudgetSeconds": 5}
        here = {"listenHost": self._hub.address, "listenPort": self._hub.free_port()}
        file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **quick, **here}))
        hanse("cluster", "enrol", str(file), f"--member={party.name}", f"--member-key={folder / 'signing.key'}")
        self._hub.run("cluster-agent", f"--config={file}", name=f"agent-of-{party.name}")

    def _add_nodes(self, party: Party) -> None:
        """Add a member's nodes; on the one that really runs pods it offers places, as a device plugin would."""
        own, labels = self._hub.own, {POOL: party.name}
        has_plugin = party.accelerator != SLOT_CLASS
        name = cluster.REAL_NODE
        if has_plugin or not self._real:
            gpus = party.gpus if has_plugin else 0
            own.add_nodes(nodes.Shape(party.accelerator, party.count, gpus, prefix=party.name, labels=labels))
            name = f"{party.name}-00000"
        if not has_plugin:
            pairs = {**labels, nodes.CLASS_LABEL: SLOT_CLASS}
            own.kubectl("label", "node", name, "--overwrite", *(f"{key}={value}" for key, value in pairs.items()))
            offered = {SLOT: str(party.gpus)}
            status = {"status": {"capacity": offered, "allocatable": offered}}
            own.kubectl("patch", "node", name, "--subresource=status", "-p", json.dumps(status))
