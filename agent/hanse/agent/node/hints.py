"""What a worker is told of its GPU's memory while it runs: `hints.json`, in the folder that goes with its slices.

In: its binding, the GPU and how short its memory is. Out: the text of the file, which :mod:`hanse.training` reads. The
numbers have a basis: the memory of the whole GPU, which frameworks take fractions of.
"""

import json

from hanse.agent.bindings import Binding
from hanse.agent.node.gpus import MIB_PER_GIB, Gpu
from hanse.agent.node.watermarks import Level

FILE = "hints.json"


def text(binding: Binding, gpu: Gpu, level: Level) -> str:
    """Return the content of a worker's file for one GPU. With a whole GPU it is short of nothing."""
    whole = binding.guaranteed_gib is None or binding.limit_gib is None
    guaranteed = gpu.memory_mib if whole else (binding.guaranteed_gib or 0) * MIB_PER_GIB
    limit = gpu.memory_mib if whole else (binding.limit_gib or 0) * MIB_PER_GIB
    hints = {
        "gpu": gpu.index,
        "uuid": gpu.uuid,
        "basisMiB": gpu.memory_mib,
        "guaranteedMiB": guaranteed,
        "limitMiB": limit,
        "pressure": Level.OK if whole else level,
        "checkpointRequested": binding.stopping,
    }
    return json.dumps(hints, sort_keys=True)
