"""Whether the wall clock may be metered by: slots are cut by it, and a wrong one would credit time that was not used.

In: both clocks at each look, and how far the hub says that ours is ahead. Out: yes or no, and by how much the clock was
set, for the hub to record. Nothing is metered before the hub has compared the clock, after it was set, and while it is
off: that time is unknown, and credits nobody. A hub that is away is no reason to stop: a clock that was right and was
not set since is right.
"""

import logging

from hanse.agent import metrics

STEP_SECONDS_MAX = 2.0
"""Between two looks, a wall clock that moves otherwise than time itself by more than this was set."""
OFF_SECONDS_MAX = 5.0
"""As far ahead as the ledger takes slots, and as far behind."""
_LOG = logging.getLogger(__name__)


class Wall:
    """What is known of this machine's wall clock."""

    def __init__(self) -> None:
        self.stepped_seconds = 0.0
        """By how much it was set since the hub was told; below zero: back."""
        self._offset: float | None = None
        self._is_right = False
        self._was_said_wrong = False

    def looked(self, wall_seconds: float, boot_seconds: float) -> bool:
        """Take note of both clocks at the same moment; return whether there may be metered by the wall clock."""
        offset = wall_seconds - boot_seconds
        if self._offset is not None and abs(offset - self._offset) > STEP_SECONDS_MAX:
            step = offset - self._offset
            self.stepped_seconds += step
            self._is_right = False
            _LOG.warning("the clock was set by %.1f s: nothing is metered until the hub has compared it", step)
        self._offset = offset
        return self._is_right

    def told(self, seconds: float) -> None:
        """Take note that the hub has heard of so much of what it was set by."""
        self.stepped_seconds -= seconds

    def compared(self, ahead_seconds: float, travel_seconds: float) -> None:
        """Take note of how far it was ahead when the hub read a request; *travel_seconds* until its answer was here."""
        self._is_right = -(OFF_SECONDS_MAX + travel_seconds) <= ahead_seconds <= OFF_SECONDS_MAX
        metrics.clock_ahead(ahead_seconds)
        if not self._is_right and not self._was_said_wrong:
            _LOG.error(
                "the clock of this machine is %.1f s ahead of the hub's: nothing is metered until it is right, and "
                "what is used meanwhile credits nobody; let an NTP client (chrony) set it",
                ahead_seconds,
            )
        self._was_said_wrong = not self._is_right
