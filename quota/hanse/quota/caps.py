"""Caps: hard limits on what a member or one of its organisations uses, over windows of time and at once.

In: what a cap has left in each of its windows, and what an attempt needs. Out: what to set aside in which window, or
a refusal. Nothing here extends or lends: a cap that has too little left refuses, and the planner says so to the user.
Times are logical seconds, windows are half-open, [start, end).

An attempt is admitted with money for max(least, 2 x checkpoint interval) + grace + slot latency seconds, so that it
reaches a checkpoint before it must stop: the least is the policy's (1 h), and the last two are how long it goes on
being charged after it was told to stop. It is renewed when half of that has gone by.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hanse.quota import charge, units
from hanse.quota.errors import QuotaError


@dataclass(frozen=True, slots=True)
class Window:
    """One window of a cap, with what it has left: its limit, less what is posted, less what is reserved."""

    start_seconds: int
    end_seconds: int
    left: units.MilliH100eSeconds

    def __post_init__(self) -> None:
        if self.start_seconds >= self.end_seconds:
            raise QuotaError(f"{self}: a window ends after it starts")


@dataclass(frozen=True, slots=True)
class Use:
    """What an attempt would use: GPUs at a rate, over [start, end)."""

    gpu_rate: units.MilliH100e
    gpus: units.MilliGpu
    start_seconds: int
    end_seconds: int

    @property
    def rate(self) -> units.MilliH100e:
        """What it takes at once, in mH·s a second."""
        return charge.rate(self.gpu_rate, self.gpus)


@dataclass(frozen=True, slots=True)
class Shortage:
    """What a cap was asked for and what it has left: mH·s in one window, or mH at once."""

    asked: int
    left: int


def need_seconds(least_seconds: int, checkpoint_seconds: int, grace_seconds: int, slot_latency_seconds: int) -> int:
    """Return for how many seconds an attempt must be funded when it is admitted or renewed."""
    return max(least_seconds, 2 * checkpoint_seconds) + grace_seconds + slot_latency_seconds


def renewal_seconds(funded_until_seconds: int, need_seconds: int) -> int:
    """Return from when on an attempt is renewed: when half of what it was funded for has gone by."""
    return funded_until_seconds - need_seconds // 2


def reservation(use: Use, windows: Sequence[Window]) -> list[units.MilliH100eSeconds] | None:
    """Return what *use* takes from each of one cap's *windows*, or None if the cap does not allow it.

    The use is split at the borders of the windows, and each part must fit in its own: what a past or a later window
    has left does not help. Time that no window covers is refused, not free: the operator has yet to open the next.

    Raises:
        QuotaError: windows overlap.

    """
    amounts, uncovered_seconds = _amounts(use, windows)
    fits = all(amount <= window.left for amount, window in zip(amounts, windows, strict=True) if amount)
    return amounts if fits and not uncovered_seconds else None


def shortage(use: Use, windows: Sequence[Window]) -> Shortage | None:
    """Return where one cap first lacks what *use* takes: what is asked of it there, and what it has left.

    Raises:
        QuotaError: windows overlap.

    """
    amounts, uncovered_seconds = _amounts(use, windows)
    for amount, window in zip(amounts, windows, strict=True):
        if amount > max(0, window.left):
            return Shortage(amount, max(0, window.left))
    return Shortage(charge.reserved(use.gpu_rate, use.gpus, uncovered_seconds), 0) if uncovered_seconds else None


def _amounts(use: Use, windows: Sequence[Window]) -> tuple[list[units.MilliH100eSeconds], int]:
    """Return what *use* takes from each window, and how many of its seconds no window covers."""
    seconds = [_overlap_seconds(use, window) for window in windows]
    uncovered = use.end_seconds - use.start_seconds - sum(seconds)
    if uncovered < 0:
        raise QuotaError(f"windows of one cap overlap: {list(windows)}")
    return [charge.reserved(use.gpu_rate, use.gpus, part) for part in seconds], uncovered


def _overlap_seconds(use: Use, window: Window) -> int:
    return max(0, min(use.end_seconds, window.end_seconds) - max(use.start_seconds, window.start_seconds))
