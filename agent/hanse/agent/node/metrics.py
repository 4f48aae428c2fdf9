"""What the node agent says of itself and its GPUs to Prometheus, on a port of its own.

In: what the process does and sees. Out: figures by GPU. No label says whose anything is: whoever reads the metrics of a
node is told how much of it is used, not by whom.
"""

import prometheus_client

from hanse.agent.node.attribution import Attributed
from hanse.agent.node.gpus import Gpu, Sample

_BYTES_PER_MIB = 1024 * 1024
REGISTRY = prometheus_client.CollectorRegistry()
MEMORY = prometheus_client.Gauge("hanse_node_gpu_memory_bytes", "Physical memory of a GPU.", ["gpu"], registry=REGISTRY)
USED = prometheus_client.Gauge(
    "hanse_node_gpu_memory_used_bytes", "Memory of a GPU that is in use.", ["gpu"], registry=REGISTRY
)
UNATTRIBUTED = prometheus_client.Gauge(
    "hanse_node_gpu_memory_unattributed_bytes",
    "Memory of a GPU that no worker of Hanse has, and somebody uses.",
    ["gpu"],
    registry=REGISTRY,
)
UTILIZATION = prometheus_client.Gauge(
    "hanse_node_gpu_utilization_ratio", "Part of the time in which a GPU computes.", ["gpu"], registry=REGISTRY
)
FAULTY = prometheus_client.Gauge(
    "hanse_node_gpu_faulty", "Whether a GPU has a fault: 1, and it gives out nothing.", ["gpu"], registry=REGISTRY
)
ALLOCATIONS = prometheus_client.Histogram(
    "hanse_node_allocate_seconds",
    "Time in which requests of the kubelet for slices were answered.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0),
    registry=REGISTRY,
)
STARTS = prometheus_client.Counter(
    "hanse_node_starts", "Containers that the kubelet asked for, by outcome.", ["outcome"], registry=REGISTRY
)
ASKED = prometheus_client.Gauge(
    "hanse_node_exchange_timestamp_seconds", "When the cluster agent last answered, in Unix time.", registry=REGISTRY
)


def looked(gpu: Gpu, sample: Sample, attributed: Attributed) -> None:
    """Note what a GPU does."""
    index = str(gpu.index)
    MEMORY.labels(index).set(gpu.memory_mib * _BYTES_PER_MIB)
    USED.labels(index).set(sample.used_mib * _BYTES_PER_MIB)
    UNATTRIBUTED.labels(index).set(attributed.unattributed_mib * _BYTES_PER_MIB)
    FAULTY.labels(index).set(bool(sample.fault))
    if sample.utilization_percent is not None:
        UTILIZATION.labels(index).set(sample.utilization_percent / 100)


def started(*, allowed: bool) -> None:
    """Count an answer to whether a container may start."""
    STARTS.labels("allowed" if allowed else "refused").inc()


def serve(host: str, port: int) -> None:
    """Answer Prometheus on a port of its own, in a thread."""
    prometheus_client.start_http_server(port, host, REGISTRY)
