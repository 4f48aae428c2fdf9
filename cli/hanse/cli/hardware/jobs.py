"""TrainingJobs whose workers are processes of this machine, and what these say.

In: a pool that runs, and what a job is to do. Out: jobs that ended, the lines of their workers, what the driver said
meanwhile. A worker's command is the machine's own Python with `examples/hardware/worker.py`; the image that the job
names is of no consequence here, and says so by its name.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from hanse.agent.settings import WORKERS_NAMESPACE_PREFIX
from hanse.cli.demo.stage import StoryEndsError
from hanse.cli.hardware.machine import Looked
from hanse.cli.hardware.pool import PERSON, Pool
from hanse.devcluster import paths

IMAGE = "this-machine.example/no-image@sha256:" + "0" * 64
Line = Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """A job of one worker on one GPU: its memory in MiB, and the arguments of its program."""

    name: str
    guaranteed_mib: int
    limit_mib: int
    arguments: Sequence[str]


class Jobs:
    """Runs jobs in *pool*; their program lies in *folder*, beside what it imports, and everybody may read it."""

    def __init__(self, pool: Pool, folder: Path) -> None:
        self.pool, self._program = pool, folder / "worker.py"
        shutil.copy(paths.sources().parent / "examples" / "hardware" / "worker.py", self._program)
        self._program.chmod(0o644)

    def submit(self, job: Job) -> None:
        """Submit a job as a person of the member.

        Raises:
            StoryEndsError: it is refused.

        """
        stage = self.pool.stage
        applied = stage.kubectl("apply", "-f", "-", f"--as={PERSON}", stdin=json.dumps(self._manifest(job)))
        stage.claim(f"{job.name} is accepted", holds=applied.returncode == 0, found=applied.stderr)
        if applied.returncode:
            raise StoryEndsError(job.name)

    def name(self, job: Job) -> str:
        """Return a job's name with its namespace."""
        return f"{self.pool.party.name}/{job.name}"

    def attempt(self, job: Job) -> UUID:
        """Return the only attempt of a job."""
        uid = self.pool.hub.uid(self.name(job))
        rows = self.pool.hub.rows("SELECT id FROM ledger.attempt WHERE job = :job", job=uid)
        if len(rows) != 1:
            raise StoryEndsError(f"{job.name} has {len(rows)} attempts")
        found: UUID = rows[0].id
        return found

    def pod(self, job: Job) -> Mapping[str, Any]:
        """Return the pod of a job's worker, or nothing if there is none."""
        namespace = f"{WORKERS_NAMESPACE_PREFIX}{self.pool.party.cluster}"
        found = self.pool.kubernetes(f"/api/v1/namespaces/{namespace}/pods")["items"]
        name = f"g-{self.attempt(job)}-0"
        return next((pod for pod in found if pod["metadata"]["name"] == name), {})

    def lines(self, pod: Mapping[str, Any]) -> list[Line]:
        """Return what a worker has said: its log as its node has it, read through the API server."""
        metadata = pod["metadata"]
        said = self.pool.stage.kubectl("logs", metadata["name"], f"--namespace={metadata['namespace']}").stdout
        return [json.loads(line) for line in said.splitlines() if line.startswith("{")]

    def _manifest(self, job: Job) -> dict[str, Any]:
        container = {
            "name": "trainer",
            "image": IMAGE,
            "command": [str(self.pool.machine.python), "-u", str(self._program), *job.arguments],
            "resources": {"requests": {"cpu": "1", "memory": "1Gi"}},
        }
        return {
            "apiVersion": "hanse.dev/v1alpha1",
            "kind": "TrainingJob",
            "metadata": {"name": job.name, "namespace": self.pool.party.name},
            "spec": {
                "tier": "standard",
                "workers": {"replicas": 1},
                "gpusPerWorker": 1,
                "gpuMemory": {"guaranteedMiB": job.guaranteed_mib, "limitMiB": job.limit_mib},
                "accelerators": [{"class": self.pool.accelerator}],
                "maxRuntime": "30m",
                "template": {"spec": {"containers": [container]}},
            },
        }


def events(lines: Sequence[Line], name: str) -> list[Line]:
    """Return the lines about one kind of event."""
    return [line for line in lines if line["event"] == name]


def memory_of(pod: str, looked: Looked) -> int:
    """Return what memory the driver says that the processes of a pod have."""
    return sum(each.memory_mib or 0 for each in looked.sample.processes if looked.pods.get(each.pid) == pod)


def nearest(looked: Sequence[Looked], at: float) -> Looked:
    """Return the look that was closest to a moment."""
    return min(looked, key=lambda each: abs(each.at - at))
