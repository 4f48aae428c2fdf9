"""Ours: the gradient of fragmentation that the planner goes down too, in the form that can be compared with FGD.

It differs from FGD (`fgd`) in three things, and in that its mix are all pods with GPUs, the rare large ones too:

- *Scarcity*: a pod of the mix that needs one of few GPUs counts there by how few they are. All of its kind have to find
  their place on these, while who may go anywhere counts no more on them than elsewhere. So those who have a choice
  leave the GPUs of a scarce model to those who have none.
- *Processors*: of what is free on a server no more is useful to a demand than there are processors for, so that
  processors which GPUs need are spent where there are more of them.
- *Steps*: places that differ by less than a fifth of a GPU are equal. Of equal places for a part of a GPU the fullest
  GPU is taken, and then the first server, so that servers fill up one after another.

It is not the planner. That one follows a job's own order of classes, and compares the nodes of one class; it looks at
the fullest 64 nodes, at the 16 commonest demands, and takes the exact gradient of what fits at all
(`hanse.scheduler.fragments`); GPUs that are shared it counts in slices of memory.
"""

import numpy as np

from hanse.simulator.packing import mixes
from hanse.simulator.packing.arrivals import Trace
from hanse.simulator.packing.policies.gradients import Gradient
from hanse.simulator.packing.servers import MILLI, Integers, Kind, Room

_ALL_PERCENT = 100
_STEP_MILLI = 200


class Hanse(Gradient):
    """Scarcity, processors and steps."""

    def __init__(self, room: Room, trace: Trace) -> None:
        super().__init__(room, mixes.scarce(trace, _ALL_PERCENT))
        self._cpu_milli = np.maximum(self.mix.cpu_milli, 1)

    def useful(self, weight: Integers, cpu_milli: Integers, fitting: Integers, kept: Integers) -> Integers:
        """Return what is free on GPUs that a demand fits on, if it fits, and no more than there are processors for."""
        cpu_milli = cpu_milli[..., None]
        most = cpu_milli * self.mix.gpu_milli // self._cpu_milli
        fits = (fitting >= self.mix.gpus) & (cpu_milli >= self.mix.cpu_milli)
        useful: Integers = (weight * fits * np.minimum(kept, most)).sum(axis=-1)
        return useful

    def rank(self, asked: Kind, shrinks: Integers, free: Integers) -> Integers:
        """Return the shrinking in steps, then what the shared GPU has free."""
        steps: Integers = shrinks // (_STEP_MILLI * self.mix.total) * (MILLI + 1)
        return steps + free if 0 < asked.milli < MILLI else steps
