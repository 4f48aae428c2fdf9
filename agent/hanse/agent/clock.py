"""Time that neither stops nor jumps, and which boot of which machine it counts from."""

import time
import uuid
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boottime() -> float:
    """Return seconds since this machine started, those in suspend included; a monotonic clock leaves them out."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> uuid.UUID:
    """Return the id of this boot: a time read in another one means nothing in this one."""
    return uuid.UUID(_BOOT_ID.read_text().strip())
