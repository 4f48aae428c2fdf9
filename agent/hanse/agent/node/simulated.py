"""GPUs that are not there, for machines without any: what they do is written in a script.

In: a YAML file, read again when it changes. Out: what a provider answers; a node with it says that it is simulated. The
script lists GPUs, and against the seconds since it was read how much memory processes have and when a GPU has a fault::

    gpus: [{uuid: GPU-0, memoryMiB: 81920}]
    processes: [{gpu: 0, pid: 4711, memoryMiB: [[0, 512], [10, 2048]], utilizationPercent: [[0, 60]]}]
    faults: [{gpu: 0, what: fell off the bus, from: 20, until: 30}]

Between two points memory grows in a straight line, and so does the part of the time in which a process computes. Where
the script does not say it of any process of a GPU, that GPU computes all the time for nobody knows whom. A GPU that
somebody uses draws its watts.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field

from hanse.agent.node.gpus import Computing, Gpu, Process, ProviderError, Sample
from hanse.resources.model import Model

_Point = tuple[Annotated[float, Field(ge=0)], Annotated[int, Field(ge=0)]]


class _Simulated(Model):
    uuid: str = Field(pattern=r"^[\w.-]{1,44}$")
    memory_mib: int = Field(ge=0)
    watts: int = Field(default=700, ge=0)


class _Curve(Model):
    gpu: int
    pid: int
    memory_mib: tuple[_Point, ...] = Field(min_length=1)
    utilization_percent: tuple[_Point, ...] = ()


class _Fault(Model):
    gpu: int
    what: str
    since: float = Field(default=0, alias="from")
    until: float | None = None


class Script(Model):
    """What simulated GPUs do."""

    gpus: tuple[_Simulated, ...] = Field(max_length=64)
    processes: tuple[_Curve, ...] = ()
    faults: tuple[_Fault, ...] = ()


class Simulated:
    """The GPUs of the script in *file*; *now* is a clock that does not jump."""

    cdi_kind = ""
    is_divisible = True

    def __init__(self, file: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._file, self._now = file, now
        self._read_ns = -1
        self._script = Script(gpus=())
        self._began = self._looked = now()
        self._energy_millijoules: dict[int, int] = {}

    def gpus(self) -> tuple[Gpu, ...]:
        """Return the GPUs of the script.

        Raises:
            ProviderError: there is no such file, or it is no script.

        """
        self._read()
        return tuple(Gpu(index, each.uuid, each.memory_mib) for index, each in enumerate(self._script.gpus))

    def sample(self, gpu: Gpu) -> Sample:
        """Return what the script says of a GPU at this moment."""
        try:
            self._read()
        except ProviderError as error:
            return Sample(0, fault=str(error))
        at = self._now() - self._began
        there = [each for each in self._script.processes if each.gpu == gpu.index]
        processes = tuple(Process(each.pid, _between(each.memory_mib, at)) for each in there)
        said = [each for each in there if each.utilization_percent]
        computing = tuple(Computing(each.pid, _between(each.utilization_percent, at)) for each in said)
        fault = next((each.what for each in self._script.faults if each.gpu == gpu.index and _holds(each, at)), "")
        self._draw()
        return Sample(
            used_mib=sum(each.memory_mib or 0 for each in processes),
            processes=processes,
            utilization_percent=min(100, sum(each.percent for each in computing)) if said else 100 * bool(processes),
            energy_millijoules=self._energy_millijoules.get(gpu.index, 0),
            fault=fault,
            computing=tuple(each for each in computing if each.percent),
        )

    def _draw(self) -> None:
        """Let the GPUs in use draw their watts for the time since the last look."""
        now = self._now()
        for gpu in {each.gpu for each in self._script.processes if each.gpu < len(self._script.gpus)}:
            drawn = int((now - self._looked) * 1000 * self._script.gpus[gpu].watts)
            self._energy_millijoules[gpu] = self._energy_millijoules.get(gpu, 0) + drawn
        self._looked = now

    def _read(self) -> None:
        try:
            changed_ns = self._file.stat().st_mtime_ns
            if changed_ns != self._read_ns:
                self._script = Script.model_validate(yaml.safe_load(self._file.read_text()))
                self._read_ns, self._began = changed_ns, self._now()
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise ProviderError(f"the script of simulated GPUs {self._file} cannot be read: {error}") from error


def _holds(fault: _Fault, at: float) -> bool:
    return fault.since <= at and (fault.until is None or at < fault.until)


def _between(points: tuple[_Point, ...], at: float) -> int:
    """Return the height of a line through *points* at a time; before the first and after the last it is level."""
    before = [point for point in points if point[0] <= at]
    after = [point for point in points if point[0] > at]
    if not before or not after:
        return (before or after)[-1 if before else 0][1]
    (left, low), (right, high) = before[-1], after[0]
    return int(low + (high - low) * (at - left) / (right - left))
