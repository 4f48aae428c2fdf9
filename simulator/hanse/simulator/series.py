"""What happened over time: GPUs granted and asked for, by member, and how far anybody fell short of its entitlement.

In: a workload and its runs. Out: averages over steps of time. *Asked for* is what runs and what waits; fillers ask for
nothing here, and what they hold is granted to nobody: neither makes anybody's entitlement unmet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hanse.simulator.metrics import Window
from hanse.simulator.runs import Run
from hanse.simulator.workload import Seconds, Workload

STEP_SECONDS: Seconds = 6 * 3600


@dataclass(frozen=True, slots=True)
class Series:
    """Mean GPUs in each step of a window, of all members together or of each."""

    begin_seconds: Seconds
    step_seconds: Seconds
    granted: npt.NDArray[np.float64]
    """All that is granted, fillers too, by step."""
    granted_by_member: Mapping[str, npt.NDArray[np.float64]]
    waiting_by_member: Mapping[str, npt.NDArray[np.float64]]


def over(workload: Workload, runs: Sequence[Run], window: Window, step_seconds: Seconds = STEP_SECONDS) -> Series:
    """Return the series of *window*; the last step is left out if it is not whole."""
    steps = _Steps(window, step_seconds)
    total = steps.zeros()
    granted = {name: steps.zeros() for name in workload.members}
    waiting = {name: steps.zeros() for name in workload.members}
    waits_from = {job.order: job.submitted_seconds for job in workload.jobs}
    for run in runs:
        for step, end in run.spans():
            steps.add(total, step.at_seconds, end, step.gpus)
            if not run.job.is_filler:
                steps.add(granted[run.job.member], step.at_seconds, end, min(step.gpus, run.job.gpus))
        if not run.job.is_filler:
            steps.add(waiting[run.job.member], waits_from[run.job.order], run.start_seconds, run.job.gpus)
        waits_from[run.job.order] = window.end_seconds if run.end_seconds is None else run.end_seconds
    waits = {run.job.order for run in runs if not run.was_stopped}
    for job in workload.jobs:
        if job.order not in waits and not job.is_filler:
            steps.add(waiting[job.member], waits_from[job.order], None, job.gpus)
    return Series(window.begin_seconds, step_seconds, total, granted, waiting)


def shortfalls(series: Series, entitled: Mapping[str, int]) -> dict[str, npt.NDArray[np.float64]]:
    """Return, by member and step, which part of its entitlement a member wanted and did not get: 0 to 1."""
    return {
        name: np.maximum(np.minimum(gpus, granted + series.waiting_by_member[name]) - granted, 0) / gpus
        for name, gpus in entitled.items()
        if gpus and (granted := series.granted_by_member.get(name)) is not None
    }


class _Steps:
    """Steps of a window, and stretches of time added to them."""

    def __init__(self, window: Window, step_seconds: Seconds) -> None:
        self._begin, self._step = window.begin_seconds, step_seconds
        self._count = window.seconds // step_seconds

    def zeros(self) -> npt.NDArray[np.float64]:
        return np.zeros(self._count)

    def add(self, to: npt.NDArray[np.float64], begin: Seconds, end: Seconds | None, gpus: int) -> None:
        """Add *gpus* from *begin* to *end*, which is the end of the last step if it has not come."""
        last = self._count * self._step
        first = min(max(begin - self._begin, 0), last)
        until = last if end is None else min(max(end - self._begin, 0), last)
        if until <= first:
            return
        low, high = first // self._step, (until - 1) // self._step
        to[low : high + 1] += gpus
        to[low] -= gpus * (first - low * self._step) / self._step
        to[high] -= gpus * ((high + 1) * self._step - until) / self._step
