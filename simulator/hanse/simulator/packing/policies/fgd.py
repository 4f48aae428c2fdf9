"""B9: FGD, fragmentation gradient descent: a pod goes where the GPUs that are free and of no use grow least.

A free GPU is a fragment for a pod of the mix if the pod does not fit on its server, or not on it; the mix are the
commonest 95 % of all pods. Scores are whole hundredths of a sigmoid of the gradient in GPUs, as published: places that
differ by less than about a twenty-fifth of a GPU are equal, and the first is taken. That counts for much: with the
exact gradient, pods are spread over servers for the sake of rare demands, and a point less is allocated.

Source: Weng, Yang et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient
Descent", ATC '23, sections 4 and 5; the steps are those of the authors' simulator.
"""

import numpy as np

from hanse.simulator.packing import mixes
from hanse.simulator.packing.arrivals import Trace
from hanse.simulator.packing.mixes import Mix
from hanse.simulator.packing.policies.gradients import Gradient
from hanse.simulator.packing.servers import MILLI, Integers, Kind, Room

_POPULAR_PERCENT = 95
_STEPS = 100


class Fgd(Gradient):
    """As published."""

    def __init__(self, room: Room, trace: Trace) -> None:
        super().__init__(room, mix(trace))

    def useful(self, weight: Integers, cpu_milli: Integers, fitting: Integers, kept: Integers) -> Integers:
        """Return what is free on GPUs that a demand fits on, if it fits on the server at all."""
        return _useful(self.mix, weight, cpu_milli, fitting, kept)

    def rank(self, asked: Kind, shrinks: Integers, free: Integers) -> Integers:
        """Return minus the score: fragments grow by as much as what is useful shrinks, less what the pod takes."""
        del free
        grows = (shrinks / self.mix.total - asked.gpu_milli) / MILLI
        score: Integers = np.floor(_STEPS / (1 + np.exp(grows))).astype(np.int64)
        return -score


def mix(trace: Trace) -> Mix:
    """Return the commonest pods of *trace*."""
    return mixes.popular(trace, _POPULAR_PERCENT)


def fragments_milli(room: Room, mix: Mix) -> float:
    """Return how much of all that is free is a fragment for a pod of the mix, on average."""
    fits = room.gpu_milli[:, :, None] >= mix.milli
    kept = (fits * room.gpu_milli[:, :, None]).sum(axis=1)
    useful = _useful(mix, mix.weight[room.servers.model], room.cpu_milli, fits.sum(axis=1), kept)
    return float(room.gpu_milli.sum() - useful.sum() / mix.total)


def _useful(mix: Mix, weight: Integers, cpu_milli: Integers, fitting: Integers, kept: Integers) -> Integers:
    fits = (fitting >= mix.gpus) & (cpu_milli[..., None] >= mix.cpu_milli)
    useful: Integers = (weight * fits * kept).sum(axis=-1)
    return useful
