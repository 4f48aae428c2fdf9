"""Exchange: which of a member's unused entitlements in other classes stand for a gang that its class does not cover.

In: what a member leaves unused, by class in milli-GPUs, and a gang. Out: the *donors*: classes and milli-GPUs of each,
worth as much as the gang in raw H100e, or nothing. Classes give in the order of their names, and each is rounded up,
so that a member never holds more by exchanging. Next are `accounts`, which count what is given there from then on. A
class without a worth at the reference precision neither gives nor takes.
"""

from collections.abc import Sequence
from typing import TypeAlias

from hanse.quota import units

Donors: TypeAlias = tuple[tuple[int, units.MilliGpu], ...]
"""Classes, as indices, and what each gives."""


def donors(
    raw: Sequence[units.MilliH100e],
    unused: Sequence[units.MilliGpu],
    accelerator: int,
    milli_gpus: units.MilliGpu,
) -> Donors | None:
    """Return who gives what for so many milli-GPUs of a class; None if they have too little."""
    need = milli_gpus * raw[accelerator]
    if not need:
        return None
    given = []
    for c, (each, free) in enumerate(zip(raw, unused, strict=True)):
        if c != accelerator and each and free > 0 and need > 0:
            taken = min(free, -(-need // each))
            given.append((c, taken))
            need -= taken * each
    return tuple(given) if need <= 0 else None
