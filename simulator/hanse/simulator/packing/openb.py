"""The openb trace: servers and pods of a cluster of Alibaba (cluster-trace-gpu-v2023), as FGD's authors use it.

In: a folder with `nodes_gpu.csv.gz` and lists of pods, and their published results. Out: a trace for `arrivals`. Its
times are no load that could be replayed, and are not read: at any time a hundredth of these GPUs was in use.

Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", ATC '23.
"""

import csv
import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hanse.simulator.packing import arrivals
from hanse.simulator.packing.arrivals import Trace
from hanse.simulator.packing.servers import Kind, Servers

LISTS = ("default", "gpuspec33", "gpushare40", "multigpu20")
"""The lists of pods that are there: as observed, a third with models of GPU, more shares, more with several GPUs."""
_PUBLISHED = {"random": "01-Random", "best-fit": "05-BestFit", "fgd": "06-FGD"}


def read(folder: Path, name: str) -> Trace:
    """Return one list of pods, on all servers that have GPUs."""
    pods = [_kind(row) for row in _rows(folder / f"pods_{name}.csv.gz")]
    return arrivals.made(f"openb {name}", _servers(folder), pods)


def published(folder: Path, name: str, percent: int) -> Mapping[str, float]:
    """Return what was published of the policies that we have too: % of GPUs, mean of ten seeds."""
    with (folder / "fgd_published_alloc_ratio_pct.csv").open(newline="") as file:
        found = {row["sc_policy"]: row for row in csv.DictReader(file) if row["workload"] == f"openb_pod_list_{name}"}
    return {policy: float(found[theirs][str(percent)]) for policy, theirs in _PUBLISHED.items()}


def _servers(folder: Path) -> Servers:
    rows = _rows(folder / "nodes_gpu.csv.gz")
    models = sorted({row["model"] for row in rows})
    numbers = (np.array([int(row[name]) for row in rows]) for name in ("cpu_milli", "memory_mib", "gpu"))
    return Servers(models, np.array([models.index(row["model"]) for row in rows]), *numbers)


def _kind(row: Mapping[str, str]) -> Kind:
    gpus = int(row["num_gpu"])
    models = frozenset(filter(None, (row.get("gpu_spec") or "").split("|")))
    return Kind(int(row["cpu_milli"]), int(row["memory_mib"]), gpus, int(row["gpu_milli"] or 0) if gpus else 0, models)


def _rows(file: Path) -> list[dict[str, str]]:
    with gzip.open(file, "rt", newline="") as text:
        return list(csv.DictReader(text))
