"""The cluster's nodes as the hub is to know them, and what of them others use.

In: nodes, pods of others as the API server returns them, the accelerator classes. Out: a report a node, and the
difference from what the hub already knows. Nodes are reported whether or not they are contributed: that is for the
Contribution. A node that cannot be reported is left out and named in the log, and a pod whose requests cannot be read
has its whole node: neither keeps the others from being reported.
"""

import functools
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from fractions import Fraction
from typing import Any

from hanse.resources import RDMA, AcceleratorClass
from hanse.resources.protocol import ForeignUse, Inventory, NodeReport, SharedGpus
from hanse.resources.quantities import ceil_mib, ceil_milli, parse_quantity

SIMULATED_LABEL = "hanse.dev/simulated"
_REPORTED_DOMAINS = ("hanse.dev/", "topology.kubernetes.io/")
_REPORTED = frozenset(
    {"kubernetes.io/arch", "kubernetes.io/hostname", "kubernetes.io/os", "node.kubernetes.io/instance-type"}
)
_OVER = frozenset({"Succeeded", "Failed"})
_SLICES = re.compile(r"gpu(?P<gpu>\d{1,2})\.hanse\.dev/(?P<of>mem-gib|limit-gib|tenant)")
_LOG = logging.getLogger(__name__)
Node = Mapping[str, Any]
Pod = Mapping[str, Any]


def reports(
    nodes: Iterable[Node],
    foreign_pods: Iterable[Pod],
    classes: Iterable[AcceleratorClass],
    named_labels: Collection[str] = (),
) -> dict[str, NodeReport]:
    """Return a report of each node that has an accelerator of a known class, by name.

    Of a node's labels it has those that say nothing of its owner's other business, and *named_labels*.

    """
    classes = tuple(classes)
    foreign: dict[str, list[Pod]] = defaultdict(list)
    for pod in foreign_pods:
        name = pod["spec"].get("nodeName")
        if name and not _is_over(pod):
            foreign[name].append(pod)
    found = {}
    for node in nodes:
        labels = node["metadata"].get("labels") or {}
        for each in classes:
            if each.spec.node_selector.items() <= labels.items():
                name = node["metadata"]["name"]
                reported = {k: value for k, value in labels.items() if k in named_labels or is_reported(k)}
                try:
                    found[name] = _report(node, reported, each, foreign[name])
                except ValueError as error:
                    _warn_once(f"node {name} is left out, as it cannot be reported: {error}")
                break
    return found


def is_reported(key: str) -> bool:
    """Whether every agent reports the label, without its settings naming it."""
    return key.startswith(_REPORTED_DOMAINS) or key in _REPORTED


def changes(known: Mapping[str, NodeReport] | None, now: Mapping[str, NodeReport]) -> Inventory:
    """Return what the hub, which knows *known* (None: nothing is known of what it knows), has to be told."""
    if known is None:
        return Inventory(whole=True, nodes=tuple(now[name] for name in sorted(now)))
    changed = tuple(now[name] for name in sorted(now) if known.get(name) != now[name])
    return Inventory(nodes=changed, gone=tuple(sorted(known.keys() - now.keys())))


def _report(node: Node, labels: Mapping[str, str], of: AcceleratorClass, foreign: list[Pod]) -> NodeReport:
    has = node["status"].get("allocatable") or {}
    conditions = {each["type"]: each["status"] for each in node["status"].get("conditions") or []}
    devices = of.spec.device_resources
    vendors = max([_count(has.get(name, "0")) for name in devices], default=0)
    shared = None if vendors else _shared(has)
    whole = ForeignUse(
        gpus=vendors or _own_gpus(has),
        cpu_milli=_floor_milli(has.get("cpu", "0")),
        memory_mib=_floor_mib(has.get("memory", "0")),
        rdma=_count(has.get(RDMA, "0")),
    )
    name = node["metadata"]["name"]
    if is_offered_twice := vendors > 0 and any(_slices(has, "mem-gib").values()):
        _warn_once(
            f"node {name} takes no more work: its GPUs are offered by Hanse's node agent and by their maker's plugin"
            f" ({', '.join(devices)}); take that one off, or set nodeAgent.shared to false"
        )
    return NodeReport(
        name=name,
        accelerator_class=of.metadata.name,
        gpus=whole.gpus,
        cpu_milli=whole.cpu_milli,
        memory_mib=whole.memory_mib,
        ephemeral_mib=_floor_mib(has.get("ephemeral-storage", "0")),
        rdma=whole.rdma,
        labels=dict(labels),
        ready=conditions.get("Ready") == "True" and not node["spec"].get("unschedulable", False),
        simulated=labels.get(SIMULATED_LABEL) == "true",
        # Each of the two would give out the same GPU.
        foreign=whole if is_offered_twice else _sum((_use(pod, devices, whole) for pod in foreign), whole),
        shared=shared,
    )


def _use(pod: Pod, devices: Iterable[str], whole: ForeignUse) -> ForeignUse:
    try:
        return ForeignUse(
            gpus=_asks(pod, devices, _count),
            cpu_milli=_asks(pod, ("cpu",), ceil_milli),
            memory_mib=_asks(pod, ("memory",), ceil_mib),
            rdma=_asks(pod, (RDMA,), _count),
        )
    except (ValueError, OverflowError) as error:
        name = f"{pod['metadata'].get('namespace')}/{pod['metadata'].get('name')}"
        _warn_once(f"pod {name} counts as its whole node, as what it asks for cannot be read: {error}")
        return whole


def _sum(uses: Iterable[ForeignUse], whole: ForeignUse) -> ForeignUse:
    """Return the sum of *uses*, at most the whole node: nobody can have more of it."""
    uses = tuple(uses)
    return ForeignUse(
        gpus=min(whole.gpus, sum(use.gpus for use in uses)),
        cpu_milli=min(whole.cpu_milli, sum(use.cpu_milli for use in uses)),
        memory_mib=min(whole.memory_mib, sum(use.memory_mib for use in uses)),
        rdma=min(whole.rdma, sum(use.rdma for use in uses)),
    )


@functools.lru_cache(maxsize=1024)
def _warn_once(sentence: str) -> None:
    """Say it once, and not at each look."""
    _LOG.warning("%s", sentence)


def _own_gpus(has: Mapping[str, str]) -> int:
    """Return how many GPUs there are of which Hanse's own node agent offers slices, those that are lost now too."""
    return max(_slices(has, "mem-gib"), default=-1) + 1


def _shared(has: Mapping[str, str]) -> SharedGpus | None:
    """Return what Hanse's own node agent offers of its GPUs, if it is there."""
    mem, limit, tenant = (_slices(has, each) for each in ("mem-gib", "limit-gib", "tenant"))
    usable = sorted(gpu for gpu, count in mem.items() if count)
    if not mem:
        return None
    least = (min((each.get(gpu, 0) for gpu in usable), default=0) for each in (mem, limit, tenant))
    return SharedGpus(gpus=tuple(usable), **dict(zip(("mem_gib", "limit_gib", "tenants"), least, strict=True)))


def _slices(has: Mapping[str, str], of: str) -> dict[int, int]:
    """Return how many slices of a kind a node offers, by GPU."""
    names = ((name, _SLICES.fullmatch(name)) for name in has)
    return {int(match["gpu"]): _count(has[name]) for name, match in names if match and match["of"] == of}


def _asks(pod: Pod, names: Iterable[str], read: Callable[[str], int]) -> int:
    """Return what a pod asks for: all its containers, or its hungriest init container if that is more."""
    names = tuple(names)
    spec = pod["spec"]

    def asked(container: Mapping[str, Any]) -> int:
        requests = (container.get("resources") or {}).get("requests") or {}
        return sum(_amount(requests[name], read) for name in names if name in requests)

    running = sum(asked(each) for each in spec.get("containers") or [])
    return max([running, *(asked(each) for each in spec.get("initContainers") or [])])


def _amount(text: Any, read: Callable[[str], int]) -> int:
    """Read a quantity; somebody else's pod may write one in a notation (1e3) that Hanse's own resources refuse."""
    try:
        return int(read(str(text)))
    except ValueError:
        return int(read(str(int(float(text)))))


def _is_over(pod: Pod) -> bool:
    return (pod.get("status") or {}).get("phase") in _OVER


def _count(text: str) -> int:
    return int(parse_quantity(text))


def _floor_milli(text: str) -> int:
    return int(parse_quantity(text) * 1000)


def _floor_mib(text: str) -> int:
    return int(parse_quantity(text) / Fraction(1024**2))
