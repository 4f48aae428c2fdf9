"""What is likely to come: demands of GPUs, and how often each is asked for where.

In: the pods of a trace, of which a policy knows no more than this: a cluster's history would say it too. Out: columns,
one a demand, for gradients. A demand is what decides whether a pod fits: processors, GPUs, thousandths of each.
Memory is left out, as FGD leaves it out; what fits is checked with it all the same.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from hanse.simulator.packing.arrivals import Trace
from hanse.simulator.packing.servers import Integers, Kind, Servers

Demand: TypeAlias = tuple[int, int, int]
"""Processors in thousandths, GPUs, thousandths of each."""


class Mix:
    """Demands in columns; *weight* is by model of GPU and demand, *total* the number of all pods."""

    def __init__(self, servers: Servers, often: Mapping[Kind, int], weights: Mapping[Kind, int], total: int) -> None:
        demands = sorted({_demand(kind) for kind in often if kind.gpus})
        row = {demand: index for index, demand in enumerate(demands)}
        self.cpu_milli, self.gpus, self.milli = np.array(demands, dtype=np.int64).reshape(-1, 3).T
        self.gpu_milli: Integers = self.gpus * self.milli
        self.weight: Integers = np.zeros((len(servers.models), len(demands)), dtype=np.int64)
        self.total = total
        for kind in often:
            if kind.gpus:
                self.weight[servers.allowed(kind), row[_demand(kind)]] += weights[kind]


def popular(trace: Trace, percent: int) -> Mix:
    """Return the commonest pods, *percent* of all; each counts once on each model that it may use."""
    often = _commonest(trace, percent)
    return Mix(trace.servers, often, often, sum(often.values()))


def scarce(trace: Trace, percent: int) -> Mix:
    """Return the same; each counts on the models that it may use by how few GPUs of these there are.

    Who may go anywhere counts once everywhere. Who needs one of a hundredth of all GPUs counts a hundredfold there.
    """
    servers, often = trace.servers, _commonest(trace, percent)
    gpus = servers.gpus
    there = {kind: int(gpus[servers.allowed(kind)[servers.model]].sum()) for kind in often}
    weights = {kind: count * int(gpus.sum()) // max(there[kind], 1) for kind, count in often.items()}
    return Mix(servers, often, weights, sum(often.values()))


def _commonest(trace: Trace, percent: int) -> Mapping[Kind, int]:
    often = Counter(trace.kinds[pod].bare for pod in trace.pods)
    kept: dict[Kind, int] = {}
    count = 0
    for kind, times in sorted(often.items(), key=lambda each: (-each[1], each[0].size, sorted(each[0].models))):
        if count * 100 >= percent * len(trace.pods):
            break
        kept[kind] = times
        count += times
    return kept


def _demand(kind: Kind) -> Demand:
    return kind.cpu_milli, kind.gpus, kind.milli
