"""What machine this is: its GPU by the node agent's own provider, and what workers will meet.

In: nothing but the machine. Out: figures, before anything is started; and :class:`Machine`, by which the other steps
know how GPUs are asked and what runs workers. Nothing is changed.
"""

import os
import platform
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hanse.agent.node import attribution
from hanse.agent.node.gpus import Gpu, Provider, Sample
from hanse.cli.hardware.report import Report

SAMPLE_SECONDS = 0.5
TRIAL_SECONDS = 90
# As workers run: whether a process without rights can use the GPU through PyTorch.
_TRIAL = """
import json, torch
free, total = torch.cuda.mem_get_info()
a = torch.randn(4096, 4096, device="cuda", dtype=torch.bfloat16)
print(json.dumps({"torch": torch.__version__, "gpu": torch.cuda.get_device_name(), "freeMiB": free >> 20,
                  "totalMiB": total >> 20, "sum": float((a @ a).float().abs().mean())}))
"""


@dataclass(frozen=True)
class Machine:
    """How the GPU of this machine is asked, and what runs on it.

    *python* runs workers and has PyTorch; *node_settings* are the node agent's about the GPU.
    """

    provider: Provider
    node_settings: Mapping[str, Any]
    python: Path
    worker_path: tuple[Path, ...] = ()
    """What workers import beside what *python* has."""


@dataclass(frozen=True)
class Looked:
    """What the driver said at one moment; *pods* are the uids of the pods that processes are in."""

    at: float
    sample: Sample
    pods: Mapping[int, str]


@dataclass
class Watch:
    """Asks the driver all the time, in a thread, beside the node agent: what the others say is compared with it."""

    provider: Provider
    gpu: Gpu
    looked: list[Looked] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._look, daemon=True).start()

    def end(self) -> None:
        """Look no more."""
        self._ended.set()

    def _look(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            sample = self.provider.sample(self.gpu)
            # One that has just ended is in no control group any more: it is in the pod that it was in a look ago.
            last = self.looked[-1].pods if self.looked else {}
            pids = {each.pid for each in sample.processes} | {each.pid for each in sample.computing}
            pods = {pid: attribution.pod_of(pid) or last.get(pid, "") for pid in pids}
            self.looked.append(Looked(time.time(), sample, pods))


def inspect(report: Report, machine: Machine) -> Gpu:
    """Take down what this machine is; return its first GPU."""
    report.figure("kernel", f"{platform.system()} {platform.release()}")
    report.figure("processors", os.cpu_count())
    version_2 = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    report.figure("control groups", "version 2" if version_2 else "version 1")
    report.figure("rights", f"user {os.geteuid()}, control groups writable: {os.access('/sys/fs/cgroup', os.W_OK)}")
    programs = ("ip", "mount", "setpriv", "unshare", "nvidia-smi", "nvidia-cuda-mps-control", "nvidia-cuda-mps-server")
    report.figure("programs", {name: shutil.which(name) for name in programs})
    report.figure("libraries' path", os.environ.get("LD_LIBRARY_PATH", ""))
    report.figure("NumPy", np.__version__)
    gpus = machine.provider.gpus()
    report.figure("GPUs", [{"uuid": gpu.uuid, "memoryMiB": gpu.memory_mib} for gpu in gpus])
    sample = machine.provider.sample(gpus[0])
    report.figure("the GPU before", {
        "usedMiB": sample.used_mib, "processes": len(sample.processes), "fault": sample.fault,
        "energyMillijoules": sample.energy_millijoules,
    })  # fmt: skip
    report.figure(
        "driver", _said(["nvidia-smi", "--query-gpu=name,driver_version,power.draw", "--format=csv,noheader"])
    )
    for name, command in (
        ("user namespaces", ["unshare", "--ipc", "--user", "--map-user=1000", "--map-group=1000", "--", "id", "-u"]),
        ("mount namespaces", ["unshare", "--mount", "--", "sh", "-c", "mount -n -t tmpfs tmpfs /mnt && echo yes"]),
        ("PyTorch as nobody", as_nobody(machine, "-c", _TRIAL)),
    ):  # fmt: skip
        report.figure(name, _said(command))
    return gpus[0]


def settings() -> str:
    """Return those settings of the GPU that a run must leave as they are, as the driver's own tool says them."""
    asked = "compute_mode,mig.mode.current,persistence_mode,power.limit,clocks.max.sm,ecc.mode.current"
    return _said(["nvidia-smi", f"--query-gpu={asked}", "--format=csv,noheader"])


def pmon() -> str:
    """Return what the driver's own tool says of computing by process, for three seconds."""
    return _said(["nvidia-smi", "pmon", "-s", "u", "-c", "3"])


def as_nobody(machine: Machine, *arguments: str) -> list[str]:
    """Return the command that runs the workers' Python as workers run."""
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--"]
    path = ":".join(map(str, machine.worker_path))
    return [*nobody, "env", "HOME=/tmp", f"PYTHONPATH={path}", str(machine.python), *arguments]


def _said(command: list[str]) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TRIAL_SECONDS, cwd="/")
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"failed: {error}"
    return result.stdout.strip() if result.returncode == 0 else f"status {result.returncode}: {result.stderr[-600:]}"
