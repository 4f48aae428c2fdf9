"""NVIDIA's GPUs, by its own library: NVML.

In: the driver. Out: what a provider answers. NVML names processes as the machine does, not as containers do. A GPU that
does not answer, or whose driver has reported an error that is its own and not a program's, has a fault until the driver
says that nothing has to be done about it. So has one of which the driver wants something done: of an error before this
process began nobody is told any more.

Several times a second the driver takes down how busy a GPU is and the one process that is on it at that moment, and
keeps a few dozen of these. Which part of them named a process is all that it says of computing by process: a fair draw,
not a clock. Behind MPS all work is its server's, and of parts of a GPU (MIG) nothing is said.
"""

import time
from types import ModuleType
from typing import Any

import pynvml

from hanse.agent.node.gpus import Computing, Gpu, Process, ProviderError, Sample

BYTES_PER_MIB = 1024 * 1024
# Errors of programs, after which the GPU is as good as before: "XID Errors" in NVIDIA's documentation of the driver.
_XIDS_OF_PROGRAMS = frozenset({13, 31, 43, 45, 68, 109})
_NOTHING_TO_DO = 0
PID_MAX = 2**22
"""The most that Linux gives."""
PERCENT_MAX = 100
AHEAD_SECONDS_MAX = 1
"""A driver's clock and the system's may be so far apart."""
MICROSECONDS_PER_SECOND = 1_000_000


class Nvml:
    """All GPUs of the driver; *library* is pynvml."""

    cdi_kind = "nvidia.com/gpu"
    is_divisible = True

    def __init__(self, library: ModuleType | Any = pynvml) -> None:
        self._nvml = library
        self._handles: dict[str, Any] = {}
        self._xids: dict[str, int] = {}
        self._named_at: dict[str, int] = {}
        self._events: Any = None

    def gpus(self) -> tuple[Gpu, ...]:
        """Return the driver's GPUs.

        Raises:
            ProviderError: there is no driver, or it does not answer.

        """
        nvml = self._nvml
        try:
            nvml.nvmlInit()
            handles = [nvml.nvmlDeviceGetHandleByIndex(number) for number in range(nvml.nvmlDeviceGetCount())]
            # The library's own order may change with the environment; that of the bus does not.
            handles.sort(key=lambda handle: _text(nvml.nvmlDeviceGetPciInfo(handle).busId))
            self._handles = {_text(nvml.nvmlDeviceGetUUID(handle)): handle for handle in handles}
            found = tuple(
                Gpu(index, uuid, nvml.nvmlDeviceGetMemoryInfo(handle).total // BYTES_PER_MIB, self._numa_node(handle))
                for index, (uuid, handle) in enumerate(self._handles.items())
            )
            self._listen()
        except nvml.NVMLError as error:
            raise ProviderError(f"NVIDIA's driver cannot be asked ({error}): is it installed, and mounted?") from error
        return found

    def sample(self, gpu: Gpu) -> Sample:
        """Return what the driver says of a GPU now."""
        nvml, handle = self._nvml, self._handles[gpu.uuid]
        try:
            self._take_events()
            # The second version leaves out what the driver holds for itself.
            used = nvml.nvmlDeviceGetMemoryInfo(handle, nvml.nvmlMemory_v2).used
            processes = nvml.nvmlDeviceGetComputeRunningProcesses(handle)
        except nvml.NVMLError as error:
            is_lost = isinstance(error, nvml.NVMLError_GpuIsLost)
            return Sample(0, fault=f"the driver says: {error}", may_pass=not is_lost)
        return Sample(
            used_mib=used // BYTES_PER_MIB,
            processes=tuple(Process(each.pid, _mib(each.usedGpuMemory)) for each in processes),
            utilization_percent=self._optional(lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu),
            energy_millijoules=self._optional(lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(handle)),
            fault=self._fault(gpu.uuid, handle),
            computing=self._computing(gpu.uuid, handle),
        )

    def _computing(self, uuid: str, handle: Any) -> tuple[Computing, ...]:
        """Return whom the driver has named since it was last asked."""
        nvml = self._nvml
        if self._optional(lambda: nvml.nvmlDeviceGetMPSComputeRunningProcesses(handle)):
            return ()
        since = self._named_at.get(uuid, 0)
        if since > (time.time() + AHEAD_SECONDS_MAX) * MICROSECONDS_PER_SECOND:
            # The clock was set back: what is new has an earlier time than what was seen.
            since = 0
        # Where there is nothing new, that is an error.
        said = self._optional(lambda: nvml.nvmlDeviceGetProcessUtilization(handle, since)) or ()
        # Some drivers fill the list up with whatever lay there: Syllo/nvtop#110.
        new = [each for each in said if since < each.timeStamp and 0 < each.pid <= PID_MAX and _is_percent(each.smUtil)]
        self._named_at[uuid] = max((each.timeStamp for each in new), default=since)
        return tuple(Computing(each.pid, each.smUtil) for each in new)

    def _listen(self) -> None:
        """Ask for news of errors; not every GPU tells them."""
        nvml = self._nvml
        self._events = nvml.nvmlEventSetCreate()
        for handle in self._handles.values():
            self._optional(
                lambda handle=handle: nvml.nvmlDeviceRegisterEvents(
                    handle, nvml.nvmlEventTypeXidCriticalError, self._events
                )
            )

    def _take_events(self) -> None:
        nvml = self._nvml
        while True:
            try:
                event = nvml.nvmlEventSetWait_v2(self._events, 0)
            except nvml.NVMLError:  # a timeout: there are no more
                return
            if event.eventData not in _XIDS_OF_PROGRAMS:
                self._xids[_text(nvml.nvmlDeviceGetUUID(event.device))] = int(event.eventData)

    def _fault(self, uuid: str, handle: Any) -> str:
        action = self._recovery(handle)
        if action == _NOTHING_TO_DO:
            self._xids.pop(uuid, None)
            return ""
        xid = self._xids.get(uuid)
        if xid is not None:
            return f"XID {xid}"
        return "" if action is None else f"the driver wants it recovered: action {action}"

    def _recovery(self, handle: Any) -> int | None:
        """Return what the driver wants done before the GPU works again; None where it does not say."""
        nvml = self._nvml

        def ask() -> int | None:
            [value] = nvml.nvmlDeviceGetFieldValues(handle, [nvml.NVML_FI_DEV_GET_GPU_RECOVERY_ACTION])
            return int(value.value.uiVal) if value.nvmlReturn == nvml.NVML_SUCCESS else None

        action: int | None = self._optional(ask)
        return action

    def _numa_node(self, handle: Any) -> int | None:
        node: int | None = self._optional(lambda: self._nvml.nvmlDeviceGetNumaNodeId(handle))
        return node

    def _optional(self, ask: Any) -> Any:
        """Return what is asked for, or None where this GPU or driver cannot say."""
        try:
            return ask()
        except self._nvml.NVMLError:
            return None


def _text(value: str | bytes) -> str:
    """Return a string: of some versions of the library they are bytes."""
    return value.decode() if isinstance(value, bytes) else value


def _is_percent(amount: int) -> bool:
    return 0 < amount <= PERCENT_MAX


def _mib(amount: int | None) -> int | None:
    return None if amount is None else amount // BYTES_PER_MIB
