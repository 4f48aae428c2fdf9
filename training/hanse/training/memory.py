"""How much of its GPU's memory a worker may use now, where it shares the GPU; and a PyTorch loop that keeps to it.

In: the hints file, which the node changes while the job runs. Out: what it says, and PyTorch's own allocator told to
keep to it. A worker takes its guarantee at its start and never gives it back: what it has, nobody can take. Above it
it grows while memory is not short, and shrinks to it when it is told. PyTorch is used if the program has imported it;
this module imports nothing but the standard library.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EVERY_SECONDS = 1.0
CONTEXT_MIB = 768
"""Of guarantee and limit, what a process needs beside its tensors; libraries that are loaded later need it too."""
_MIB = 1024 * 1024
_BLOCK = 2 * _MIB
"""PyTorch rounds what is large up to whole ones of these."""


@dataclass(frozen=True)
class MemoryHints:
    """What the node says: memory in MiB of one GPU, which has *basis_mib* in all.

    *pressure* is `ok` or `warn`: memory runs short, and whoever is over its guarantee is asked to go back to it.
    """

    guaranteed_mib: int
    limit_mib: int
    basis_mib: int
    pressure: str
    checkpoint_requested: bool


@dataclass
class _Known:
    """What the last look has shown, and how much PyTorch may use since; a process has one allocator."""

    looked_at: float = -EVERY_SECONDS
    pressure: str = "ok"
    allowed_mib: int = 0


_known = _Known()


def memory_hints() -> MemoryHints | None:
    """Return what the node says now; None outside of Hanse, and where it says nothing."""
    file = os.environ.get("HANSE_HINTS")
    if not file:
        return None
    try:
        said = json.loads(Path(file).read_text())
        return MemoryHints(
            guaranteed_mib=int(said["guaranteedMiB"]),
            limit_mib=int(said["limitMiB"]),
            basis_mib=int(said["basisMiB"]),
            pressure=str(said["pressure"]),
            checkpoint_requested=said["checkpointRequested"] is True,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def take_guarantee() -> bool:
    """Take the guaranteed memory now, for PyTorch's allocator to keep; call it once the GPU is chosen.

    Returns False where there is nothing to take: outside of Hanse, without PyTorch, without a GPU, and with a whole
    one, which nobody else has.

    """
    said, torch = memory_hints(), _torch()
    if said is None or torch is None or _is_whole(said):
        return False
    _allow(torch, said.limit_mib, said.basis_mib)
    _fill(torch, said)
    return True


def keep_to_memory(*, every_seconds: float = EVERY_SECONDS) -> str:
    """Shrink to the guarantee while memory is short, and be free to grow to the limit when it is not.

    Call it between two steps; it looks *every_seconds* at most. It returns the pressure, `ok` where nothing is said.

    """
    now = time.monotonic()
    if now - _known.looked_at < every_seconds:
        return _known.pressure
    said, torch = memory_hints(), _torch()
    _known.looked_at, _known.pressure = now, said.pressure if said else "ok"
    if said is not None and torch is not None and not _is_whole(said):
        if said.pressure == "ok":
            _allow(torch, said.limit_mib, said.basis_mib)
        elif _allow(torch, said.guaranteed_mib, said.basis_mib):
            torch.cuda.empty_cache()
            # What was emptied is the guarantee, too.
            _fill(torch, said)
    return _known.pressure


def _is_whole(said: MemoryHints) -> bool:
    return said.guaranteed_mib >= said.basis_mib


def _torch() -> Any:
    """Return PyTorch if the program uses it, on a GPU."""
    torch = sys.modules.get("torch")
    return torch if torch is not None and torch.cuda.is_available() else None


def _allow(torch: Any, allowed_mib: int, basis_mib: int) -> bool:
    """Let a process have so much from now on, by a fraction of its tensors alone; return whether that is news."""
    if _known.allowed_mib == allowed_mib:
        return False
    torch.cuda.set_per_process_memory_fraction((allowed_mib - CONTEXT_MIB) / basis_mib)
    _known.allowed_mib = allowed_mib
    return True


def _fill(torch: Any, said: MemoryHints) -> None:
    """Have the allocator hold the guarantee, as far as it does not: what is freed again stays in its cache."""
    # PyTorch takes the fraction of what it sees of the GPU, which is a little less than the basis.
    total = torch.cuda.mem_get_info()[1]
    allowed = int((_known.allowed_mib - CONTEXT_MIB) / said.basis_mib * total)
    own = min((said.guaranteed_mib - CONTEXT_MIB) * _MIB, allowed)
    missing = (own - torch.cuda.memory_reserved()) // _BLOCK * _BLOCK
    if missing > 0:
        torch.empty(missing, dtype=torch.uint8, device="cuda")
