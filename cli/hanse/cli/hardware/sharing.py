"""Two jobs that train on one GPU at once: each has its guarantee, may grow to its limit, and is refused more.

In: a pool whose node offers the GPU. Out: claims; and figures that three have measured: the workers themselves, the
driver, and the node agent, which says what it knows as metrics.
"""

import time
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from hanse.cli.hardware import jobs, machine
from hanse.cli.hardware.jobs import Job, Jobs, Line
from hanse.cli.hardware.machine import SAMPLE_SECONDS, Watch
from hanse.cli.hardware.report import Report

# Of the GPU's slices, in thousandths: guarantee and limit. The limits together are less than the GPU has.
SHARES = {"narrow": (300, 400), "wide": (400, 520)}
COMPUTING = {"narrow": 1.0, "wide": 0.4}
"""The part of its time in which each computes: who has the smaller guarantee computes by far the most."""
CONTEXT_MIB_MAX = 1536
"""What a process has of a GPU beside what its framework knows of, at most: its context and its libraries."""
POLL_SECONDS = 1.0
COMPARED_MIN = 5
ALIKE_MIB = 64
BUSY = 0.5
"""The part of the time from which on a GPU is said to compute."""
GROWING_SECONDS = 3.0
"""A worker says that it has grown after it has, and in less than this."""
_USED, _BUSY = "hanse_node_gpu_memory_used_bytes", "hanse_node_gpu_utilization_ratio"


class Sharing:
    """Plays the step."""

    def __init__(self, report: Report, own: Jobs, watch: Watch, seconds: int) -> None:
        self._report, self._jobs, self._watch, self._seconds = report, own, watch, seconds
        self._stage = own.pool.stage
        slices = int(own.pool.allocatable()["gpu0.hanse.dev/mem-gib"])
        self.jobs = [
            Job(
                name, slices * has // 1000 * 1024, slices * may // 1000 * 1024,
                [f"--seconds={seconds}", f"--part={COMPUTING[name]}"],
            )
            for name, (has, may) in SHARES.items()
        ]  # fmt: skip
        self.pods: dict[str, str] = {}
        """The uids of the jobs' pods."""
        self._metrics: list[tuple[float, dict[str, float]]] = []

    def play(self) -> None:
        """Run the jobs to their end, and compare.

        Raises:
            StoryEndsError: one of them does not run, or not to its end.

        """
        for job in self.jobs:
            self._jobs.submit(job)
        for job in self.jobs:
            self._stage.reaches(f"{job.name} runs", self._jobs.name(job), phase="Running")
        pods = {job.name: self._jobs.pod(job) for job in self.jobs}
        self._stage.claim("both have slices of GPU 0", holds=_gpus(pods.values()) == [_ASKED] * len(pods),
                          found=_gpus(pods.values()))  # fmt: skip
        self.pods = {name: pod["metadata"]["uid"] for name, pod in pods.items()}
        self._report.figure("pods", self.pods)
        lines = self._follow(pods)
        for job in self.jobs:
            self._stage.reaches(f"{job.name} has ended well", self._jobs.name(job), phase="Succeeded")
        self._report.figure("what workers said", {name: _shortened(said) for name, said in lines.items()})
        for job in self.jobs:
            self._compare(job, self.pods[job.name], lines[job.name])
        self._together(self.pods)

    def _follow(self, pods: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Line]]:
        """Read the workers' logs until both have ended: with its pod a log goes, too."""
        lines: dict[str, list[Line]] = {name: [] for name in pods}
        deadline = time.monotonic() + self._stage.patience_seconds
        pmon = ""
        while time.monotonic() < deadline:
            for name, pod in pods.items():
                said = self._jobs.lines(pod)
                lines[name] = max(lines[name], said, key=len)
            self._metrics_of_node()
            if not pmon and all(jobs.events(said, "training") for said in lines.values()):
                pmon = machine.pmon()
                self._report.figure("nvidia-smi pmon", pmon)
            if all(jobs.events(said, "ended") for said in lines.values()):
                break
            time.sleep(POLL_SECONDS)
        else:
            self._report.figure("workers that did not end", {name: said[-5:] for name, said in lines.items()})
        return lines

    def _metrics_of_node(self) -> None:
        """Keep what the node agent says of the GPU now."""
        url = f"http://127.0.0.1:{self._jobs.pool.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=5) as answer:
            text: str = answer.read().decode()
        pairs = (line.split() for line in text.splitlines() if line.startswith("hanse_node_gpu_"))
        self._metrics.append((time.time(), {name.partition("{")[0]: float(value) for name, value in pairs}))

    def _compare(self, job: Job, pod: str, lines: Sequence[Line]) -> None:
        """Compare what a worker says of its memory with what the driver says of its processes."""
        looked, claim = self._watch.looked, self._stage.claim
        told = [line for line in lines if "reservedMiB" in line]
        steady = [(line, jobs.nearest(looked, line["at"])) for line in told if line["event"] == "training"]
        beside = sorted(jobs.memory_of(pod, there) - line["reservedMiB"] for line, there in steady)
        whole = sorted(line["totalMiB"] - line["freeMiB"] - there.sample.used_mib for line, there in steady)
        middle = beside[len(beside) // 2] if beside else -1
        alike = sum(abs(each - middle) <= ALIKE_MIB for each in beside)
        grows_at = min((each["at"] for each in jobs.events(lines, "grown")), default=0) - GROWING_SECONDS
        most = max((jobs.memory_of(pod, each) for each in looked), default=0)
        before = max((jobs.memory_of(pod, each) for each in looked if each.at < grows_at), default=0)
        self._report.figure(f"{job.name}: memory", {
            "guaranteedMiB": job.guaranteed_mib, "limitMiB": job.limit_mib, "compared": len(steady), "alike": alike,
            "ownMostMiB": max((line["reservedMiB"] for line in told), default=0),
            "driverBeforeGrowingMiB": before, "driverMostMiB": most,
            "besideOwnMiB": {"least": beside[0], "median": middle, "most": beside[-1]} if beside else {},
            # What the worker sees in use of the whole GPU, less what the driver says is.
            "wholeGpuDifferenceMiB": whole[len(whole) // 2] if whole else None,
        })  # fmt: skip
        claim(f"{job.name}: the driver says what the worker says, and always as much more, for its context",
              # A look and a line are not at the same moment: while it grows they differ.
              holds=len(beside) >= COMPARED_MIN and 0 <= middle <= CONTEXT_MIB_MAX and alike >= 0.9 * len(beside),
              found=beside)  # fmt: skip
        claim(f"{job.name} took its guarantee, and no more before it grew, its context counted",
              holds=job.guaranteed_mib * 9 // 10 <= before <= job.guaranteed_mib, found=before)  # fmt: skip
        claim(f"{job.name} grew above its guarantee, and never had more than its limit",
              holds=job.guaranteed_mib < most <= job.limit_mib, found=most)  # fmt: skip
        self._of_worker(job, lines)

    def _of_worker(self, job: Job, lines: Sequence[Line]) -> None:
        """Claim what a worker alone can say."""
        claim = self._stage.claim
        hints = jobs.events(lines, "hints")
        said = [(each.get("guaranteed_mib"), each.get("limit_mib")) for each in hints]
        claim(f"{job.name} was told its guarantee and its limit",
              holds=said == [(job.guaranteed_mib, job.limit_mib)], found=hints)  # fmt: skip
        past = jobs.events(lines, "past the limit")
        # The GPU had more than that free: only the fraction can have refused it.
        claim(f"{job.name} was refused more than its limit by its fraction, though the GPU had it free",
              holds=[each["taken"] for each in past] == [False] and past[0]["askedMiB"] * 2 < past[0]["wasFreeMiB"],
              found=past)  # fmt: skip
        trained = jobs.events(lines, "trained")
        claim(f"{job.name} trained: its loss fell to less than half",
              holds=bool(trained) and trained[0]["lastLoss"] * 2 < trained[0]["firstLoss"], found=trained)  # fmt: skip

    def _together(self, pods: Mapping[str, str]) -> None:
        """Say what both had at once, and whether the node agent has seen the same as we have."""
        looked = self._watch.looked
        both = [each for each in looked if all(jobs.memory_of(uid, each) for uid in pods.values())]
        most = max(both, key=lambda each: each.sample.used_mib, default=None)
        seconds = both[-1].at - both[0].at if both else 0
        self._report.figure("both at once", {
            "looks": len(both), "seconds": round(seconds, 1),
            "mostUsedMiB": most.sample.used_mib if most else 0,
            "mostOfWorkersMiB": sum(jobs.memory_of(uid, most) for uid in pods.values()) if most else 0,
            "gpuMiB": self._jobs.pool.gpu.memory_mib,
        })  # fmt: skip
        self._stage.claim("both had memory of the GPU at once, all the while",
                          holds=seconds > self._seconds and len(both) * SAMPLE_SECONDS > seconds / 2,
                          found=seconds)  # fmt: skip
        compared = [(values, jobs.nearest(looked, at).sample) for at, values in self._metrics]
        off = sorted(abs(values[_USED] / 2**20 - there.used_mib) for values, there in compared)
        busy = sum(values.get(_BUSY, 0) >= BUSY for values, _ in compared)
        self._report.figure("node agent's metrics", {
            "read": len(compared), "usedMedianOffMiB": round(off[len(off) // 2], 1) if off else None,
            "usedMostOffMiB": round(off[-1], 1) if off else None, "busy": busy,
            "atMost": max((values for values, _ in compared), key=lambda values: values[_USED], default={}),
        })  # fmt: skip
        self._stage.claim("the node agent's metrics say what the driver says of memory, and that the GPU computes",
                          holds=bool(off) and off[len(off) // 2] <= ALIKE_MIB and busy * 2 > len(compared),
                          found={"off": off, "busy": busy})  # fmt: skip


_ASKED = ["gpu0.hanse.dev/limit-gib", "gpu0.hanse.dev/mem-gib", "gpu0.hanse.dev/tenant"]


def _gpus(pods: Any) -> list[list[str]]:
    limits = [pod.get("spec", {}).get("containers", [{}])[0].get("resources", {}).get("limits", {}) for pod in pods]
    return [sorted(name for name in each if name.startswith("gpu")) for each in limits]


def _shortened(lines: Sequence[Line]) -> list[Line]:
    """Return what a worker said, without most of its seconds."""
    training = jobs.events(lines, "training")
    kept = {id(line) for line in training[:: max(1, len(training) // 8)]}
    return [line for line in lines if line["event"] != "training" or id(line) in kept]
