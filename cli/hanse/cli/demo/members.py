"""Five members, their clusters and their agents: let in as a coordinator and five members would do it, by command.

In: a hub that runs. Out: members with keys of their own; nodes, simulated and real, that they contribute; an agent for
each cluster, and one for the node that really runs pods. All clusters are the hub's own Kubernetes cluster: a label
says whose a node is.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from hanse.cli.demo.hub import Hub
from hanse.cli.demo.sharing import GPUS, NodeAgent
from hanse.devcluster import cluster, nodes, ports

POOL = "hanse.dev/pool"
SLOT_CLASS, SLOT = "cpu-slot", "demo.hanse.dev/cpu-slot"


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
    Party("guangdong-lab", "Guangdong Laboratory", "chen@guangdong-lab", "guangdong-lab-sz", "guangdong",
          "ascend-910b", 2, 8),
    Party("zhejiang-lab", "Zhejiang Laboratory", "zhou@zhejiang-lab", "zhejiang-lab-hz", "zhejiang", SLOT_CLASS, 1,
          GPUS),
    Party("jiangsu-lab", "Jiangsu Laboratory", "xu@jiangsu-lab"),
)  # fmt: skip
BY_NAME = {party.name: party for party in PARTIES}
MORE_PEOPLE = {"tencent": ["chief@tencent"]}


class Members:
    """Lets the members in."""

    def __init__(self, hub: Hub, *, real: bool) -> None:
        self._hub, self._real = hub, real
        [sharer] = [party for party in PARTIES if party.accelerator == SLOT_CLASS]
        self.node_agent = NodeAgent(hub, sharer.cluster) if real else None
        """Of the node that really runs pods."""
        self._kubeconfig = f"--kubeconfig={hub.own.kubeconfig}"

    def let_in(self) -> None:
        """Add nodes and members, have their clusters join, and start the agents.

        Raises:
            DevclusterError: a command fails.
            StoryEndsError: the operator does not hear of them.

        """
        contributors = [party for party in PARTIES if party.cluster]
        for party in contributors:
            self._add_nodes(party)
        for party in PARTIES:
            self.add(party)
        for party in contributors:
            self.join(party)
        self._hub.stage.until("the operator has opened accounts for all five in the ledger", self._have_accounts)
        for party in contributors:
            self.contribute(party)

    def _have_accounts(self) -> tuple[bool, object]:
        known = {row.member for row in self._hub.rows("SELECT DISTINCT member FROM ledger.member_key")}
        return known == set(BY_NAME), sorted(known)

    def _keys(self, folder: Path) -> list[str]:
        """Make a pair of keys; return their public halves, to verify and to encrypt with."""
        return [line.split()[-1] for line in self._hub.hanse("cluster", "keys", str(folder)).splitlines()]

    def add(self, party: Party) -> None:
        """Add a member with keys of its own, which its agent never sees."""
        hanse = self._hub.hanse
        verify, encrypt = self._keys(self.folder(party) / "own")
        people = [party.person, *MORE_PEOPLE.get(party.name, []), f"system:serviceaccount:{party.name}:people"]
        hanse(
            "member", "add", party.name, f"--display-name={party.display}", f"--verify-key={verify}",
            f"--encrypt-key={encrypt}", *(f"--user={each}" for each in people), self._kubeconfig,
        )  # fmt: skip
        self._hub.own.kubectl("create", "serviceaccount", "people", f"--namespace={party.name}")

    def join(self, party: Party) -> None:
        """Let a member's cluster join, and prepare its agent, which has keys of its own."""
        folder = self.folder(party)
        agent_key = self._keys(folder)[1]
        self._hub.hanse(
            "cluster", "join", party.cluster, f"--member={party.name}", f"--region={party.region}",
            f"--agent-key={agent_key}", f"--out={folder}", f"--label={POOL}={party.name}", self._kubeconfig,
        )  # fmt: skip
        file = folder / "agent.yaml"
        # Faster than by default, so that nobody has to wait for what a real pool need not hurry with.
        quick = {"syncSeconds": 0.5, "meterSeconds": 1.0, "killBudgetSeconds": 5}
        here = {"listenHost": self._hub.address, "listenPort": ports.free(self._hub.address)}
        node_agent = self.node_agent if party.accelerator == SLOT_CLASS else None
        if node_agent:
            here |= {"nodeAgentAccount": node_agent.account}
        file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **quick, **here}))
        self._hub.hanse("cluster", "install", str(folder), self._kubeconfig)
        if node_agent:
            node_agent.start(f"http://{self._hub.address}:{here['listenPort']}")

    def contribute(self, party: Party) -> None:
        """Enrol a member's nodes, offer them, and start its agent."""
        folder = self.folder(party)
        file = folder / "agent.yaml"
        key = f"--member-key={folder / 'own' / 'signing.key'}"
        # As the member's people: the coordinator may not offer what is not its own.
        people = self._hub.kubeconfig(f"people-of-{party.name}", "people", party.name)
        self._hub.hanse("cluster", "enrol", str(file), f"--member={party.name}", key)
        self._hub.run("cluster-agent", f"--config={file}", name=f"agent-of-{party.name}")
        self._hub.hanse(
            "contribute", party.accelerator, f"--cluster={party.cluster}", f"--namespace={party.name}",
            f"--label={POOL}={party.name}", f"--kubeconfig={people}",
        )  # fmt: skip

    def folder(self, party: Party) -> Path:
        """Return where what is a member's own is."""
        return self._hub.folder / party.name

    def _add_nodes(self, party: Party) -> None:
        """Add a member's nodes; where none really runs pods, what its node agent would offer there are whole places."""
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
        if not (has_plugin or self._real):
            offered = {SLOT: str(party.gpus)}
            status = {"status": {"capacity": offered, "allocatable": offered}}
            own.kubectl("patch", "node", name, "--subresource=status", "-p", json.dumps(status))
