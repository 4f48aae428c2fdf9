"""What members and the coordinator are told of the pool: statuses of all objects but jobs and Placements.

In: the objects, the planner's view of nodes and entitlements, who is heard. Out: a status an object. Pure. Next is
:mod:`hanse.operator.pool_telling`, which writes what changed. A status says what its own member brings and may use:
nothing of what others have, use or wait for.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hanse import resources, scheduler
from hanse.operator import credentials, offers
from hanse.operator.reach import LOST_SECONDS, Reach
from hanse.operator.statuses import Stamp
from hanse.resources import VERSION_LENGTH_MAX
from hanse.scheduler.ground import Ground
from hanse.scheduler.pool import NodeState

CLASSES_MAX = 16
CLUSTER_CLASSES_MAX = 32
"""As many as a status may list; what is beyond is left out, and counted in the sum."""


@dataclass
class Counted:
    """What is offered in one place: nodes that match, those that take work, healthy GPUs by class."""

    nodes: int = 0
    ready: int = 0
    gpus: Counter[str] = field(default_factory=Counter)


class View:
    """Nodes and entitlements as the planner has them."""

    def __init__(self, snapshot: scheduler.Snapshot) -> None:
        catalogue, nodes = snapshot.catalogue, snapshot.nodes
        ground = Ground(catalogue, nodes)
        classes = [each.name for each in catalogue.accelerators]
        self.as_of = snapshot.as_of
        self.entitlements = {
            member.name: dict(zip(classes, ground.entitled[catalogue.root[index]], strict=True))
            for index, member in enumerate(catalogue.members)
        }
        self.by_contribution: dict[str, Counted] = {}
        self.by_cluster: dict[str, Counted] = {}
        columns = (nodes[name].tolist() for name in ("contribution", "accelerator", "gpus", "state"))
        for contribution, accelerator, gpus, state in zip(*columns, strict=True):
            offered = catalogue.contributions[contribution]
            for counted in (
                self.by_contribution.setdefault(offered.name, Counted()),
                self.by_cluster.setdefault(offered.cluster, Counted()),
            ):
                counted.nodes += 1
                counted.ready += state == NodeState.READY
                if state != NodeState.DOWN:
                    counted.gpus[classes[accelerator]] += gpus.bit_count()


def member(view: View, found: resources.Member) -> dict[str, Any]:
    """Return a member's status."""
    phase, why = ("Suspended", "none of its jobs is admitted") if found.spec.suspended else ("Active", "")
    own = view.entitlements.get(found.metadata.name, {})
    entitled = [{"class": name, "milliGpus": milli} for name, milli in sorted(own.items()) if milli]
    ready = ("Ready", phase == "Active", phase, why)
    return {"phase": phase, "entitlements": entitled[:CLASSES_MAX]} | _stamped(view, found, ready)


def contribution(view: View, found: resources.Contribution, *, problem: str) -> dict[str, Any]:
    """Return the status of an offer; *problem* says why it cannot be used, if it cannot."""
    counted = view.by_contribution.get(f"{found.metadata.namespace}/{found.metadata.name}", Counted())
    phase, why = ("Misconfigured", problem) if problem else offered(found, view.as_of)
    if phase == "Open" and not counted.nodes:
        why = "no node that the cluster's agent reports has this class and these labels"
    ready = ("Ready", phase == "Open" and counted.nodes > 0, phase, why)
    numbers = {"nodes": counted.nodes, "gpus": sum(counted.gpus.values())}
    return {"phase": phase} | numbers | _stamped(view, found, ready)


def cluster(view: View, found: resources.MemberCluster, reach: Reach, seen: tuple[str, int] | None) -> dict[str, Any]:
    """Return a cluster's status; *seen* is its agent's version and when it was last heard, if it ever was."""
    name = found.metadata.name
    counted = view.by_cluster.get(name, Counted())
    by_class = [{"class": each, "gpus": gpus} for each, gpus in sorted(counted.gpus.items()) if gpus]
    phase, why = _heard(name, reach, seen)
    status = {
        "phase": phase,
        "nodes": counted.nodes,
        "readyNodes": counted.ready,
        "gpus": by_class[:CLUSTER_CLASSES_MAX],
        "gpuCount": sum(counted.gpus.values()),
        "agentVersion": seen[0][:VERSION_LENGTH_MAX] if seen else "",
    }
    is_heard = phase == "Ready"
    idle = "" if counted.nodes else "no Contribution offers nodes of this cluster that its agent reports"
    if not credentials.is_usable(found.spec.agent_key):
        idle = "spec.agentKey: nothing can be sealed to it, so no job with storage is placed here; let it join anew"
    connected = ("AgentConnected", is_heard, phase, why)
    return status | _stamped(view, found, connected, ("Ready", is_heard and counted.ready > 0, phase, why or idle))


def setting(view: View, found: resources.Resource) -> dict[str, Any]:
    """Return the status of a PoolPolicy, PriorityTier or AcceleratorClass that can be read: it holds as it stands."""
    return _stamped(view, found, ("Ready", True, "InForce", ""))


def offered(found: resources.Contribution, now_seconds: int) -> tuple[str, str]:
    """Return the phase of an offer that can be used, and why it takes no work, if it takes none."""
    seen, recall = offers.outlook(found.spec, now_seconds), found.spec.recall
    if seen.state == NodeState.READY:
        return "Open", ""
    if seen.state == NodeState.RECALLED:
        is_close = recall is None or seen.free_by_seconds != int(recall.at.timestamp())
        until = "its window of spec.windows closes" if is_close else "spec.recall.at"
        return "Recalling", f"its nodes take no more work and are freed until {until}"
    if recall is not None and now_seconds >= recall.at.timestamp():
        return "Recalled", "its nodes are its owner's again; remove spec.recall to offer them anew"
    return "Closed", "none of spec.windows is open now"


def _heard(name: str, reach: Reach, seen: tuple[str, int] | None) -> tuple[str, str]:
    if seen is None:
        return "Joining", "its agent has not been heard yet: hanse cluster-agent has to run there"
    if name not in reach.silent:
        return "Ready", ""
    if reach.now_seconds - seen[1] <= LOST_SECONDS:
        return "Suspect", "its agent is silent: its nodes take no work, and its attempts still count"
    return "Lost", "its agent has been silent for long: attempts there expire as their jobs say"


def _stamped(view: View, found: resources.Resource, *held: tuple[str, bool, str, str]) -> dict[str, Any]:
    status: Any = found.status  # type: ignore[attr-defined]  # each of these kinds has one
    before = [each.model_dump(mode="json", by_alias=True) for each in status.conditions]
    stamp = Stamp(before, found.metadata.generation, view.as_of)
    conditions = [stamp.condition(name, str(value), reason, why) for name, value, reason, why in held]
    return {"observedGeneration": found.metadata.generation, "conditions": conditions}
