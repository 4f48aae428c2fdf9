"""What drivers say of GPUs, and what the node agent makes of it: whose memory it is, and how much was used."""

import time
import types
import uuid

import pytest
import yaml

from hanse.agent.bindings import USERS_MAX, AttemptUse, Binding, Stranger
from hanse.agent.node import attribution
from hanse.agent.node.ascend import Ascend
from hanse.agent.node.attribution import Attributed
from hanse.agent.node.gpus import Computing, Gpu, Process, ProviderError, Sample
from hanse.agent.node.nvml import Nvml
from hanse.agent.node.simulated import Simulated
from hanse.agent.node.spending import Spending
from hanse.agent.node.strangers import Strangers


def binding(**changed):
    spec = {
        "namespace": "hanse-workers-a", "pod": "g-1-0", "attempt": uuid.UUID(int=1), "fence": 2, "rank": 0,
        "gpus": (3,), "guaranteed_gib": 20, "limit_gib": 30,
    }  # fmt: skip
    return Binding(**{**spec, **changed})


# Whose it is, and how much.

POD = "6f1c2d3e-0a1b-4c5d-8e9f-001122334455"
CGROUPS = {
    "version 1": f"12:pids:/kubepods/burstable/pod{POD}/3f\n11:memory:/kubepods/burstable/pod{POD}/3f\n",
    "version 2 by systemd": f"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{POD.replace('-', '_')}"
    ".slice/cri-containerd-3f.scope\n",
    "guaranteed": f"0::/kubepods.slice/kubepods-pod{POD.replace('-', '_')}.slice/cri-containerd-3f.scope\n",
    "from inside of a namespace": f"0::/../../pod{POD}/3f\n",
}


@pytest.mark.parametrize("name", sorted(CGROUPS))
def test_a_process_is_known_by_its_control_group(name):
    assert POD == attribution.pod_in(CGROUPS[name])


def test_a_process_outside_of_pods_or_gone_is_in_none():
    assert "" == attribution.pod_in("0::/user.slice/podman-6f1c2d3e.scope\n") == attribution.pod_of(2**22 + 1)


def test_memory_is_its_attempts_or_nobodys_and_what_is_unknown_is_nobodys():
    one, two = binding(uid="a"), binding(uid="b", pod="g-2-0", attempt=uuid.UUID(int=2))
    pods = {1: "a", 2: "a", 3: "b", 4: "stranger", 5: "b"}
    processes = [Process(1, 100), Process(2, 50), Process(3, 30), Process(4, 700), Process(5, None), Process(6, 9)]
    sample = Sample(used_mib=1000, processes=tuple(processes))
    found = attribution.attribute(sample, [one, two, binding(pod="unseen")], lambda pid: pods.get(pid, ""))
    assert ({one.attempt: 150, two.attempt: 30}, 820) == (dict(found.mib_by_attempt), found.unattributed_mib)
    assert {"stranger": 700, "": 9} == found.mib_by_stranger


def test_a_stranger_is_told_of_when_it_has_stayed_and_as_long_as_it_does():
    its = Strangers()
    for at, there in ((0, {"a": 1, "": 5}), (1, {"a": 2}), (2, {"a": 3, "": 6}), (10, {"a": 4, "": 7})):
        its.look(at, 3, there)
    assert (Stranger(index=3, uid="a", memory_mib=4),) == its.told()
    its.look(12, 3, {"": 8})
    assert (Stranger(index=3, memory_mib=8),) == its.told()


def test_counters_only_grow_and_make_nothing_up():
    """Neither for a gap nor for a driver that counts from zero again."""
    spending, attempt = Spending(), uuid.UUID(int=1)
    looks = [(0, 100, 1000), (1, 300, 1500), (3, 0, 1600), (60, 500, 9000), (61, 500, 10), (62, 0, 30)]
    for at, used, energy in looks:
        attributed = Attributed({attempt: used // 2}, used - used // 2)
        spending.look(at, 0, Sample(used, utilization_percent=50, energy_millijoules=energy), attributed)
    [told] = spending.told()
    assert (100 + 600 + 500 + 500, 850, 600 + 20, 5 * 500) == (
        told.memory_mib_seconds, told.unattributed_mib_seconds, told.energy_millijoules, told.busy_milliseconds
    )  # fmt: skip
    assert (AttemptUse(attempt=attempt, memory_mib_seconds=850),) == told.attempts
    spending.look(62, 1, Sample(0), Attributed({}, 0))
    spending.look(63, 1, Sample(0), Attributed({}, 0))
    assert spending.told()[1].energy_millijoules is spending.told()[1].busy_milliseconds is None


def test_of_attempts_that_have_ended_the_oldest_are_forgotten_first():
    spending = Spending()
    for number in range(USERS_MAX + 20):
        # The first one stays, all others come and go.
        its = Attributed({uuid.UUID(int=0): 1, uuid.UUID(int=number + 1): 1}, 0)
        spending.look(number, 0, Sample(2), its)
    [told] = spending.told()
    kept = {each.attempt: each.memory_mib_seconds for each in told.attempts}
    assert (USERS_MAX, USERS_MAX + 19) == (len(kept), kept[uuid.UUID(int=0)])
    assert uuid.UUID(int=5) not in kept


# Drivers.


def test_simulated_gpus_do_what_the_script_says_and_take_up_another(tmp_path):
    now = [0.0]
    file = tmp_path / "script.yaml"
    script = {
        "gpus": [{"uuid": "GPU-0", "memoryMiB": 4096, "watts": 100}, {"uuid": "GPU-1", "memoryMiB": 4096}],
        "processes": [{"gpu": 0, "pid": 7, "memoryMiB": [[0, 512], [10, 1512]]}],
        "faults": [{"gpu": 1, "what": "fell off the bus", "from": 5, "until": 8}],
    }
    file.write_text(yaml.safe_dump(script))
    simulated = Simulated(file, lambda: now[0])
    first, second = simulated.gpus()
    seen = []
    for now[0] in (0.0, 5.0, 20.0):
        seen.append((simulated.sample(first).processes[0].memory_mib, simulated.sample(second).fault))
    assert [(512, ""), (1012, "fell off the bus"), (1512, "")] == seen
    assert (100, ()) == (simulated.sample(first).utilization_percent, simulated.sample(first).computing)
    assert 20 * 100 * 1000 == simulated.sample(first).energy_millijoules
    assert 0 == simulated.sample(second).energy_millijoules
    file.write_text("gpus: what")
    with pytest.raises(ProviderError, match="script"):
        simulated.gpus()


def test_simulated_processes_compute_as_the_script_says(tmp_path):
    now, file = [0.0], tmp_path / "script.yaml"
    curves = {7: [[0, 60]], 8: [[0, 0], [10, 80]], 9: None}
    processes = [
        {"gpu": 0, "pid": pid, "memoryMiB": [[0, 1]], **({"utilizationPercent": curve} if curve else {})}
        for pid, curve in curves.items()
    ]
    file.write_text(yaml.safe_dump({"gpus": [{"uuid": "GPU-0", "memoryMiB": 4096}], "processes": processes}))
    simulated = Simulated(file, lambda: now[0])
    (gpu,) = simulated.gpus()
    said = {}
    for now[0] in (0.0, 5.0, 20.0):
        sample = simulated.sample(gpu)
        said[now[0]] = sample.utilization_percent, {each.pid: each.percent for each in sample.computing}
    assert {0: (60, {7: 60}), 5: (100, {7: 60, 8: 40}), 20: (100, {7: 60, 8: 80})} == said


class StubbedNvml(types.SimpleNamespace):
    """The few calls of NVML as its documentation has them, for machines without a GPU of NVIDIA's."""

    class NVMLError(Exception):
        pass

    class NVMLError_GpuIsLost(NVMLError):  # noqa: N801, N818  # its name
        pass

    NVML_SUCCESS, NVML_FI_DEV_GET_GPU_RECOVERY_ACTION = 0, 230

    def __init__(self):
        super().__init__(
            events=[], lost=set(), failing=set(), actions={}, nvmlEventTypeXidCriticalError=8, nvmlMemory_v2=2
        )
        self.mps, self.ring = [], []

    def nvmlInit(self):  # noqa: N802  # its name
        pass

    def __getattr__(self, name):
        """All else is a call with a handle: a bus number."""
        bus = {0: b"00000000:90:00.0", 1: "00000000:18:00.0"}
        memory = types.SimpleNamespace(total=80 << 30, used=3 << 30)
        processes = [
            types.SimpleNamespace(pid=7, usedGpuMemory=1 << 30),
            types.SimpleNamespace(pid=8, usedGpuMemory=None),
        ]
        answers = {
            "nvmlDeviceGetCount": lambda: 2,
            "nvmlDeviceGetHandleByIndex": lambda number: number,
            "nvmlDeviceGetPciInfo": lambda handle: types.SimpleNamespace(busId=bus[handle]),
            "nvmlDeviceGetUUID": lambda handle: f"GPU-{handle}",
            "nvmlDeviceGetMemoryInfo": lambda *_: memory,
            "nvmlDeviceGetComputeRunningProcesses": lambda _: processes,
            "nvmlDeviceGetMPSComputeRunningProcesses": lambda _: self.mps,
            "nvmlDeviceGetUtilizationRates": lambda _: types.SimpleNamespace(gpu=42),
            "nvmlDeviceGetTotalEnergyConsumption": lambda _: 1000,
            "nvmlEventSetCreate": lambda: None,
            "nvmlDeviceRegisterEvents": lambda *_: None,
            "nvmlDeviceGetFieldValues": lambda handle, _: [
                types.SimpleNamespace(
                    nvmlReturn=0 if self.actions is not None else 3,
                    value=types.SimpleNamespace(uiVal=(self.actions or {}).get(handle, 0)),
                )
            ],
        }

        def call(*arguments):
            if arguments and arguments[0] in self.lost:
                raise self.NVMLError_GpuIsLost("GPU is lost")
            if arguments and arguments[0] in self.failing:
                raise self.NVMLError("Unknown Error")
            return answers[name](*arguments)

        if name not in answers:
            raise AttributeError(name)
        return call

    def nvmlDeviceGetNumaNodeId(self, _):  # noqa: N802
        raise self.NVMLError("Not Supported")

    def nvmlDeviceGetProcessUtilization(self, _, since):  # noqa: N802
        """Say of each process which part of the newer samples has its id: a sample is (microseconds, id, percent)."""
        newer = [each for each in self.ring if each[0] > since]
        said = []
        for pid in sorted({pid for _, pid, _ in newer if pid}):
            own = [(at, percent) for at, which, percent in newer if which == pid]
            part = sum(percent for _, percent in own) // len(newer)
            said.append(types.SimpleNamespace(pid=pid, timeStamp=max(own)[0], smUtil=part))
        if not said:
            raise self.NVMLError("Not Found")
        return said

    def nvmlEventSetWait_v2(self, *_):  # noqa: N802
        if not self.events:
            raise self.NVMLError("Timeout")
        return self.events.pop()


def test_nvidias_gpus_are_in_the_order_of_the_bus_and_what_is_unknown_is_not_zero():
    nvml = Nvml(StubbedNvml())
    assert [Gpu(0, "GPU-1", 81920), Gpu(1, "GPU-0", 81920)] == list(nvml.gpus())
    sample = nvml.sample(nvml.gpus()[0])
    assert (3072, 42, 1000, "") == (
        sample.used_mib, sample.utilization_percent, sample.energy_millijoules, sample.fault
    )  # fmt: skip
    assert (Process(7, 1024), Process(8, None)) == sample.processes


def test_an_error_of_the_gpu_is_a_fault_until_the_driver_wants_nothing_done_and_one_of_a_program_is_none():
    library = StubbedNvml()
    nvml = Nvml(library)
    first, second = nvml.gpus()
    library.actions = {1: 1}
    library.events = [types.SimpleNamespace(device=1, eventData=79), types.SimpleNamespace(device=0, eventData=31)]
    assert ("XID 79", "") == (nvml.sample(first).fault, nvml.sample(second).fault)
    # An agent that begins now was told nothing, and sees it all the same.
    again = Nvml(library)
    again.gpus()
    assert ("the driver wants it recovered: action 1", "") == (again.sample(first).fault, again.sample(second).fault)
    library.actions = {}
    assert "" == nvml.sample(first).fault == again.sample(first).fault
    # A driver that does not say what it wants leaves the fault.
    library.actions, library.events = None, [types.SimpleNamespace(device=1, eventData=79)]
    assert ("XID 79", "") == (nvml.sample(first).fault, nvml.sample(second).fault)
    library.lost, library.failing = {1}, {0}
    assert Sample(0, fault="the driver says: GPU is lost") == nvml.sample(first)
    assert Sample(0, fault="the driver says: Unknown Error", may_pass=True) == nvml.sample(second)


def test_who_computed_is_asked_since_the_last_time_and_what_no_process_can_have_done_is_left_out():
    library = StubbedNvml()
    nvml = Nvml(library)
    gpu, _ = nvml.gpus()
    assert () == nvml.sample(gpu).computing  # nothing is an error there
    library.ring = [(1, 7, 90), (2, 8, 100), (3, 0, 50), (4, 7, 90)]
    assert (Computing(7, 45), Computing(8, 25)) == nvml.sample(gpu).computing
    assert () == nvml.sample(gpu).computing
    library.ring += [(5, 8, 100), (6, 2**32 - 1, 40), (7, 7, 30_000)]
    assert (Computing(8, 33),) == nvml.sample(gpu).computing
    # Behind MPS its server does all work, whoever's it is.
    library.ring, library.mps = [(9, 7, 100)], [7]
    assert () == nvml.sample(gpu).computing
    library.mps = []
    assert (Computing(7, 100),) == nvml.sample(gpu).computing


def test_after_a_clock_was_set_back_who_computes_is_heard_again(monkeypatch):
    library, now = StubbedNvml(), [5000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    nvml = Nvml(library)
    gpu, _ = nvml.gpus()
    library.ring = [(4_999_000_000, 7, 100)]
    assert (Computing(7, 100),) == nvml.sample(gpu).computing
    now[0], library.ring = 1400.0, [(1_399_000_000, 8, 100)]
    assert (Computing(8, 100),) == nvml.sample(gpu).computing
    assert () == nvml.sample(gpu).computing


def test_without_nvidias_driver_the_sentence_says_what_to_do():
    with pytest.raises(ProviderError, match="is it installed"):
        Nvml().gpus()


SAID = {
    "info -m": """\
        NPU ID    Chip ID   Chip Logic ID  Chip Name
        1         0         1              Ascend 910B
        0         0         0              Ascend 910B
        0         1         -              Mcu
    """,
    "info -t usages": """\
        HBM Capacity(MB)               : 65536
        HBM Usage Rate(%)              : 5
        Aicore Usage Rate(%)           : 73
    """,
    "info -t health": "        Health                         : OK\n",
    "info -t proc-mem": "        Process id:4711 Process name:python      Process memory(MB):177\n",
}


def test_ascends_are_read_from_what_their_tool_is_documented_to_print():
    def say(*arguments):
        return SAID[" ".join(arguments[:3]).removesuffix(" -i")]

    ascend = Ascend(say)
    first, second = ascend.gpus()
    assert (Gpu(0, "NPU-0-0", 65536), "NPU-1-0") == (first, second.uuid)
    sample = ascend.sample(first)
    assert (3276, 73, None, "", (Process(4711, 177),)) == (
        sample.used_mib, sample.utilization_percent, sample.energy_millijoules, sample.fault, sample.processes
    )  # fmt: skip
    with pytest.raises(ProviderError, match="npu-smi cannot be asked"):
        Ascend().gpus()
