"""What a worker's frameworks are told of its GPUs' memory when it starts, by variables that they really read.

In: its share and the GPUs that it is placed on, with their physical memory. Out: variables, which no job may set by
itself. A fraction is one of the whole GPU's memory, as every framework reads it; it is of tensors alone, so that what a
process has beside them is left for it, and it is rounded down. MPS counts all. They are hints:
whoever allocates past its framework is not held by them. JAX would take all that it may have at its start, and so a
share that may be lent on is told to take it as it needs it.
"""

from collections.abc import Mapping, Sequence

from hanse.agent.bindings import GpuThere
from hanse.resources.training_job import GpuMemory
from hanse.training.memory import CONTEXT_MIB

_FRACTION_PARTS = 10_000
NVIDIA = "nvidia"


def variables(vendor: str, memory: GpuMemory | None, gpus: Sequence[GpuThere]) -> Mapping[str, str]:
    """Return the variables of a worker on *gpus*; without *memory* they are its own."""
    found = {"HANSE_HINTS": f"/run/hanse/gpu{gpus[0].index}/hints.json"}
    if vendor != NVIDIA:
        return found
    found["NVIDIA_VISIBLE_DEVICES"] = ",".join(gpu.uuid for gpu in gpus)
    if memory is None:
        return found
    fraction = _fraction(memory.limit_mib - CONTEXT_MIB, gpus[0].memory_mib)
    found |= {
        "PYTORCH_CUDA_ALLOC_CONF": f"per_process_memory_fraction:{fraction}",
        # Its name, and the one that it had.
        "XLA_CLIENT_MEM_FRACTION": fraction,
        "XLA_PYTHON_CLIENT_MEM_FRACTION": fraction,
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        # By the index among what the worker sees, which is one GPU: an entry for another would lift all limits.
        "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT": f"0={memory.limit_mib}M",
    }
    if memory.guaranteed_mib < memory.limit_mib:
        found["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    return found


def _fraction(part_mib: int, whole_mib: int) -> str:
    """Return a part as a decimal fraction that is not more than it."""
    parts = min(part_mib * _FRACTION_PARTS // whole_mib, _FRACTION_PARTS)
    return f"{parts // _FRACTION_PARTS}.{parts % _FRACTION_PARTS:04d}"
