"""A job behind an MPS server of ours: the limit that the cluster agent hands out holds in the driver itself.

In: a pool whose GPU nobody uses. Out: claims. The server is a process of this step, for the workers' user, with pipes
in a folder of its own; it ends with the step. The GPU's compute mode is left as it is: MPS works in the default one.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hanse.cli.demo.stage import StoryEndsError
from hanse.cli.hardware import jobs
from hanse.cli.hardware.jobs import Job, Jobs, Line
from hanse.cli.hardware.machine import Watch
from hanse.cli.hardware.report import Report
from hanse.devcluster import processes

DAEMON = "nvidia-cuda-mps-control"
NOBODY = 65_534
GIB = 1024
LIMIT_MIB = 6 * GIB
JOB_SECONDS = 8
READY_SECONDS = 20.0


def play(report: Report, own: Jobs, watch: Watch, folder: Path) -> None:
    """Run a job behind an MPS server with its pipes below *folder*.

    Raises:
        StoryEndsError: the server does not start, or the job does not run to its end.

    """
    stage = own.pool.stage
    with _server(folder) as pipes:
        arguments = [f"--mps={pipes}", f"--seconds={JOB_SECONDS}"]
        job = Job("behind-mps", LIMIT_MIB, LIMIT_MIB, arguments)
        own.submit(job)
        stage.reaches(f"{job.name} runs", own.name(job), phase="Running")
        pod = own.pod(job)
        lines: list[Line] = []
        deadline = time.monotonic() + stage.patience_seconds
        while not jobs.events(lines, "ended") and time.monotonic() < deadline:
            lines = max(lines, own.lines(pod), key=len)
            time.sleep(1)
        stage.reaches(f"{job.name} has ended well", own.name(job), phase="Succeeded")
    report.figure("behind MPS", lines)
    # The daemon says there what it does, as it runs in the foreground; its server has a log of its own.
    logs = [folder / "said", *sorted((folder / "log").glob("*.log"))]
    report.figure("MPS's logs", {log.name: log.read_text().splitlines()[-15:] for log in logs})
    seen = [each for each in watch.looked if lines and each.at > lines[0]["at"]][:40:4]
    report.figure("MPS's processes as the driver has them", [
        {"usedMiB": each.sample.used_mib, "processes": {p.pid: p.memory_mib for p in each.sample.processes},
         "computing": {p.pid: p.percent for p in each.sample.computing}, "pods": dict(each.pods)} for each in seen
    ])  # fmt: skip
    first, within, past = (jobs.events(lines, name) for name in ("mps", "within the limit", "past the limit"))
    stage.claim("the worker was told MPS's limit", holds=[each["limit"] for each in first] == [f"0={LIMIT_MIB}M"],
                found=first)  # fmt: skip
    stage.claim("behind MPS the worker sees no more free memory than its limit",
                holds=bool(first) and first[0]["freeMiB"] <= LIMIT_MIB, found=first)  # fmt: skip
    stage.claim("it could take half of its limit", holds=[each["taken"] for each in within] == [True], found=within)
    # Only MPS can have refused it: PyTorch's own limit is lifted, and the GPU has more than that free.
    free = [own.pool.gpu.memory_mib - jobs.nearest(watch.looked, each["at"]).sample.used_mib for each in past]
    stage.claim("and was refused more than its limit by the driver, as PyTorch's own limit was lifted",
                holds=[each["taken"] for each in past] == [False] and free[0] > past[0]["askedMiB"],
                found={"said": past, "free": free})  # fmt: skip


@contextmanager
def _server(folder: Path) -> Iterator[Path]:
    """Run MPS's daemon, which starts a server for its first client; yield the folder with its pipes."""
    pipes, log = folder / "pipe", folder / "log"
    for each in (folder, pipes, log):
        each.mkdir()
        os.chown(each, NOBODY, NOBODY)
    variables = {
        **processes.environment(), **processes.libraries(),
        "CUDA_MPS_PIPE_DIRECTORY": str(pipes), "CUDA_MPS_LOG_DIRECTORY": str(log),
    }  # fmt: skip
    said = (folder / "said").open("wb")
    daemon = subprocess.Popen(
        [DAEMON, "-f"], env=variables, stdin=subprocess.DEVNULL, stdout=said, stderr=said, user=NOBODY, group=NOBODY,
        extra_groups=[], start_new_session=True, cwd=folder,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not (pipes / "control").exists():
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise StoryEndsError(f"{DAEMON} does not start: {(folder / 'said').read_text()}")
            time.sleep(0.2)
        yield pipes
    finally:
        # Its servers end with it when it is told to quit, and are of its session in any case.
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run([DAEMON], input=b"quit\n", env=variables, user=NOBODY, group=NOBODY, extra_groups=[],
                           capture_output=True, timeout=10, check=False)  # fmt: skip
            daemon.wait(10)
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(daemon.pid, number)
            with suppress(subprocess.TimeoutExpired):
                daemon.wait(5)
        said.close()
