"""How short the memory of a GPU is, with a gap between coming and going so that the level does not flutter.

In: used and physical memory, the level before. Out: the level now. Pure, integers only. Next are the workers, who
shrink when they are told.
"""

from enum import StrEnum

FREE_LOW_THOUSANDTHS = 80
"""Less is free than this part of the GPU: memory runs short."""
FREE_HIGH_THOUSANDTHS = 120
"""More is free again than this part of it: it does not any more."""


class Level(StrEnum):
    """What workers are told."""

    OK = "ok"
    WARN = "warn"


def level(used_mib: int, memory_mib: int, before: Level) -> Level:
    """Return the level of a GPU."""
    free_thousandths = (memory_mib - used_mib) * 1000 // max(memory_mib, 1)
    if before is Level.OK:
        return Level.WARN if free_thousandths < FREE_LOW_THOUSANDTHS else Level.OK
    return Level.OK if free_thousandths > FREE_HIGH_THOUSANDTHS else Level.WARN
