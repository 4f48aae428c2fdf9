"""Which pods arrive, in which order: all of a trace's, shuffled, then more of them drawn at random, up to a demand.

That is how the experiments of FGD make their load (Weng et al., ATC '23, section 6.1): up to the demand of the trace
itself each pod comes once, beyond it pods come again. Servers are shuffled too, since ties go to the first one.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from hanse.simulator.packing.servers import Kind, Servers


@dataclass(frozen=True, slots=True)
class Trace:
    """Servers, and the pods that a trace has: each the index of its kind."""

    source: str
    servers: Servers
    kinds: Sequence[Kind]
    pods: Sequence[int]

    def demand_milli(self) -> int:
        """Return what all pods ask for."""
        return sum(self.kinds[pod].gpu_milli for pod in self.pods)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What one seed makes of a trace."""

    trace: Trace
    servers: Servers
    pods: Sequence[int]
    seed: int


def made(source: str, servers: Servers, pods: Sequence[Kind]) -> Trace:
    """Return a trace of these pods."""
    kinds = sorted(set(pods), key=lambda kind: (*kind.size, sorted(kind.models)))
    index = {kind: at for at, kind in enumerate(kinds)}
    return Trace(source, servers, kinds, [index[pod] for pod in pods])


def drawn(trace: Trace, percent: int, seed: int) -> Arrivals:
    """Return all pods of *trace*, and more of them until one more would ask for over *percent* of all GPUs."""
    chance = random.Random(seed)  # noqa: S311  # the same arrivals each time are the point
    pods = list(trace.pods)
    chance.shuffle(pods)
    room = trace.servers.gpu_milli * percent // 100 - trace.demand_milli()
    while (room := room - trace.kinds[pod := chance.choice(trace.pods)].gpu_milli) >= 0:
        pods.append(pod)
    rows = list(range(len(trace.servers.gpus)))
    chance.shuffle(rows)
    return Arrivals(trace, trace.servers.reordered(rows), pods, seed)
