"""The run: its steps in their order, each with its time.

In: the machine, and a folder for what is found. Out: files there, and whether everything held.
"""

import json
import os
import shutil
import signal
import sys
import tarfile
import tempfile
from contextlib import ExitStack
from pathlib import Path

import typer

from hanse.agent.node.nvml import Nvml
from hanse.cli.demo.stage import Stage
from hanse.cli.hardware import behind_mps, machine
from hanse.cli.hardware.books import Ledger
from hanse.cli.hardware.computed import Computed
from hanse.cli.hardware.jobs import Jobs
from hanse.cli.hardware.machine import Machine, Watch
from hanse.cli.hardware.pool import Pool
from hanse.cli.hardware.report import Report
from hanse.cli.hardware.sharing import Sharing
from hanse.devcluster import cluster, paths

TRAINING_SECONDS = 60
PATIENCE_SECONDS = 100.0
WORKERS_PYTHON = "HANSE_WORKERS_PYTHON"
LOGS = "logs.tar.gz"


def main() -> None:
    """Run on this machine's NVIDIA GPU; the command line names the folder for what is found."""
    # `kill` ends it as Ctrl-C does, so that it takes down what it has started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    out = Path(sys.argv[1])
    python = Path(os.environ[WORKERS_PYTHON])
    found = Machine(Nvml(), {"provider": "nvidia"}, python, (paths.sources().parent / "training",))
    sys.exit(0 if play(found, out, TRAINING_SECONDS) else 1)


def play(found: Machine, out: Path, training_seconds: int, patience: int = 1) -> bool:
    """Play all steps, with what is found in *out*; return whether everything held.

    Each may take *patience* times what it should: a rehearsal shares its machine.

    """
    report = Report(out, patience)
    with ExitStack() as stack:
        run = Run(report, found, stack, training_seconds)
        try:
            report.step("machine", 100, run.inspect)
            report.step("control plane", 90, run.start, needs=("machine",))
            report.step("hub", 60, run.start_hub, needs=("control plane",))
            report.step("member", 60, run.start_member, needs=("hub",))
            report.step("two jobs on one GPU", training_seconds + 75, run.share, needs=("member",))
            report.step("a job behind MPS", 60, run.behind_mps, needs=("member",))
            report.step("the ledger", 50, run.compare, needs=("member",))
            report.step("the audit", 45, run.verify, needs=("member",))
            report.step("the GPU after", 30, run.look_after, needs=("control plane",))
        finally:
            # Also of a run that is cut off.
            run.keep()
    report.write()
    held, failed = (len(each) for each in (run.stage.held, run.stage.failed)) if run.stage else (0, 0)
    typer.secho(f"\n{held} claims held, {failed} did not; see {out}", bold=True)
    return report.passed


class Run:
    """The steps, and what they hand on; all ends with *stack*."""

    def __init__(self, report: Report, found: Machine, stack: ExitStack, training_seconds: int) -> None:
        self._report, self._machine, self._stack, self._seconds = report, found, stack, training_seconds
        self.stage: Stage | None = None
        # Where workers can read, whose user is nobody.
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hanse-hardware-")))
        self._folder.chmod(0o755)

    def inspect(self) -> None:
        """Look at the machine, and go on looking at its GPU."""
        self._gpu = machine.inspect(self._report, self._machine)
        self._settings = machine.settings()
        self._report.figure("the GPU's settings", self._settings)
        self._watch = Watch(self._machine.provider, self._gpu)
        self._watch.start()
        self._stack.callback(self._watch.end)

    def start(self) -> None:
        """Bring up Postgres, the control plane and the node."""
        wanted = cluster.Wanted(process_node=True)
        own = self._stack.enter_context(cluster.running(f"hardware-{os.getpid()}", wanted))
        stage = Stage(own.kubeconfig, patience_seconds=PATIENCE_SECONDS * self._report.patience)
        self.stage = self._report.stage = stage
        self._pool = Pool(own, stage, self._machine, self._gpu)
        self._report.diagnose = self._pool.diagnosis
        expected = {"etcd", "kube-apiserver", "kube-controller-manager", "kubelet", "postgres", "process-runtime"}
        stage.claim("API server, kubelet and Postgres run", holds=expected <= set(own.parts()), found=own.parts())
        stage.show("get", "nodes", "-o=wide")

    def start_hub(self) -> None:
        """Start Hanse's hub."""
        self._pool.start_hub()

    def start_member(self) -> None:
        """Start the member's agents."""
        self._pool.start_member()
        has = {name: count for name, count in self._pool.allocatable().items() if name.startswith("gpu")}
        self._report.figure("slices", has)
        self._jobs = Jobs(self._pool, self._copied())

    def share(self) -> None:
        """Run two jobs on one GPU."""
        self._sharing = Sharing(self._report, self._jobs, self._watch, self._seconds)
        self._sharing.play()

    def behind_mps(self) -> None:
        """Run a job behind an MPS server."""
        if not shutil.which(behind_mps.DAEMON):
            self._pool.stage.leave_out("a job behind MPS", f"there is no {behind_mps.DAEMON} here")
            return
        behind_mps.play(self._report, self._jobs, self._watch, self._folder / "mps")

    def compare(self) -> None:
        """Compare the ledger with the driver."""
        Ledger(self._report, self._jobs, self._watch).compare(self._sharing.jobs, self._sharing.pods)
        Computed(self._report, self._jobs, self._watch).compare(self._sharing.jobs, self._sharing.pods)

    def verify(self) -> None:
        """Verify an export of the ledger."""
        Ledger(self._report, self._jobs, self._watch).verify()

    def look_after(self) -> None:
        """Claim that the GPU is left as it was."""
        settings = machine.settings()
        self._pool.stage.claim("the GPU's settings are as they were", holds=settings == self._settings, found=settings)
        self._pool.stage.until("nothing of the run is on the GPU any more", self._is_empty)

    def _is_empty(self) -> tuple[bool, object]:
        there = self._machine.provider.sample(self._gpu).processes
        return not there, {each.pid: each.memory_mib for each in there}

    def keep(self) -> None:
        """Keep the logs of all parts, and all that the driver said, as far as there are any."""
        if self.stage is None:
            return
        looked = [
            [round(each.at, 2), each.sample.used_mib, each.sample.utilization_percent, each.sample.energy_millijoules,
             {each.pods.get(p.pid, "") or str(p.pid): p.memory_mib for p in each.sample.processes},
             {each.pods.get(p.pid, "") or str(p.pid): p.percent for p in each.sample.computing}]
            for each in self._watch.looked
        ]  # fmt: skip
        columns = ["at", "usedMiB", "utilizationPercent", "energyMillijoules", "MiB by pod or process",
                   "computing percent by pod or process since the look before"]  # fmt: skip
        (self._report.folder / "driver.json").write_text(json.dumps({"columns": columns, "rows": looked}))
        logs = self._pool.own.folder / "logs"
        with tarfile.open(self._report.folder / LOGS, "w:gz") as archive:
            archive.add(logs, "logs")
            archive.add(self._pool.own.folder / "node" / "log", "workers")

    def _copied(self) -> Path:
        """Return a folder that workers can read; what they import is copied there, too."""
        for root in self._machine.worker_path:
            shutil.copytree(root, self._folder, dirs_exist_ok=True)
        return self._folder


if __name__ == "__main__":
    main()
