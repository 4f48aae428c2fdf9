"""Simulated nodes of given shapes.

In: shapes such as `h100-80g=4x8` (class = nodes x GPUs each), or :class:`Shape` with labels, topology and sizes. Out:
node manifests, which :meth:`hanse.devcluster.cluster.Cluster.add_nodes` applies and kwok brings to life.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hanse.devcluster import kwok
from hanse.devcluster.errors import DevclusterError

CLASS_LABEL = "hanse.dev/accelerator-class"
RACK_LABEL = "hanse.dev/rack"
BLOCK_LABEL = "hanse.dev/block"
PODS_PER_NODE = 110
NODES_MAX = 100_000
GPUS_PER_NODE_MAX = 64

# The resource name under which each vendor's device plugin offers whole devices.
RESOURCE_BY_VENDOR_PREFIX = {"ascend": "huawei.com/Ascend910", "biren": "birentech.com/gpu"}
RESOURCE_DEFAULT = "nvidia.com/gpu"

_SHAPE = re.compile(r"(?P<class>[a-z0-9][a-z0-9-]{0,52})=(?P<nodes>\d{1,6})x(?P<gpus>\d{1,3})")


@dataclass(frozen=True)
class Shape:
    """Nodes that are alike: *count* nodes called `PREFIX-00000`, each with *gpus* devices of *accelerator_class*."""

    accelerator_class: str
    count: int
    gpus: int
    prefix: str = ""
    cpu_milli: int = 128_000
    memory_mib: int = 1_048_576
    ephemeral_mib: int = 1_048_576
    labels: Mapping[str, str] = field(default_factory=dict)
    nodes_per_rack: int = 4
    racks_per_block: int = 8

    @property
    def resource(self) -> str:
        """The extended resource that these devices are."""
        vendor = self.accelerator_class.partition("-")[0]
        return RESOURCE_BY_VENDOR_PREFIX.get(vendor, RESOURCE_DEFAULT)


def parse(text: str) -> Shape:
    """Read a shape such as `h100-80g=4x8`.

    Raises:
        DevclusterError: *text* is none.

    """
    match = _SHAPE.fullmatch(text)
    if not match:
        raise DevclusterError(f"{text!r} is no shape of nodes: write CLASS=NODESxGPUS, such as h100-80g=4x8")
    shape = Shape(match["class"], int(match["nodes"]), int(match["gpus"]))
    if not 1 <= shape.count <= NODES_MAX or shape.gpus > GPUS_PER_NODE_MAX:
        raise DevclusterError(
            f"{text!r}: between 1 and {NODES_MAX} nodes of at most {GPUS_PER_NODE_MAX} GPUs can be made"
        )
    return shape


def manifests(shape: Shape) -> Iterator[dict[str, Any]]:
    """Return the nodes of *shape*; the same shape gives the same names again."""
    for index in range(shape.count):
        yield _manifest(shape, index)


def _manifest(shape: Shape, index: int) -> dict[str, Any]:
    name = f"{shape.prefix or shape.accelerator_class}-{index:05d}"
    rack = index // shape.nodes_per_rack
    sizes = {
        "cpu": f"{shape.cpu_milli}m",
        "memory": f"{shape.memory_mib}Mi",
        "ephemeral-storage": f"{shape.ephemeral_mib}Mi",
        "pods": str(PODS_PER_NODE),
    }
    if shape.gpus:
        sizes[shape.resource] = str(shape.gpus)
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        kwok.SIMULATED: "true",
        CLASS_LABEL: shape.accelerator_class,
        RACK_LABEL: f"rack-{rack:04d}",
        BLOCK_LABEL: f"block-{rack // shape.racks_per_block:04d}",
        **shape.labels,
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {"capacity": sizes, "allocatable": sizes},
    }
