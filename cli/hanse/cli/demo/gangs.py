"""The act of the real node: a gang borrows, its owner comes back, it is stopped at a checkpoint, and resumes from it.

In: a hub whose member zhejiang-lab has the node that really runs pods, and storage. Out: claims about processes that
meet by name, checkpoints of record in the ledger, and what the gang itself prints. Where no real node is possible the
same jobs are simulated, and what only processes can show is left out, and said so.
"""

import json
import re
from typing import Any

from hanse.cli.demo import pictures
from hanse.cli.demo.hub import Hub
from hanse.cli.demo.jobs import Jobs
from hanse.cli.demo.stage import Stage

GUEST, OWNER = "jiangsu-lab/real-guest", "zhejiang-lab/real-owner"
WORKERS = "hanse-workers-zhejiang-lab-hz"
STEPS_FIRST = 40
STEPS = 600
_STOPPED = """
SELECT (SELECT max(recorded_at) FROM ledger.decision WHERE job = :job AND kind = 'Preempt') AS told,
       (SELECT max(recorded_at) FROM ledger.checkpoint WHERE job = :job AND fence = 1) AS saved
"""
_BEGINS = re.compile(r"rank 0 of 3 begins at step (\d+)")


class Gangs:
    """Plays the act; *missing* says why nothing really runs, or is empty."""

    def __init__(self, stage: Stage, hub: Hub, jobs: Jobs, missing: str) -> None:
        self._stage, self._hub, self._jobs, self._missing = stage, hub, jobs, missing

    def begin(self) -> None:
        """Have the guest borrow, and let it get some way."""
        stage = self._stage
        if self._missing:
            self._begin_simulated()
            return
        stage.title(
            "Borrowed, for real: a gang of three processes on a real kubelet",
            "The workers are pods on zhejiang-lab's node: processes that meet by name, average numbers over sockets "
            "and save their state in an S3 server. Their credentials come from a Secret of jiangsu-lab, sealed by the "
            "operator to the key of the agent that starts the pods.",
        )
        self._borrow()
        stage.show("get", "pods,services", "-n", WORKERS)
        self._check_variables()
        stage.until(f"it has come to step {STEPS_FIRST} or further, by a checkpoint of record", self._has_come)

    def _begin_simulated(self) -> None:
        self._stage.title(
            "Borrowed: a gang of three workers",
            "The same jobs as on a real node, simulated: nothing saves its state or goes on from it.",
        )
        self._stage.leave_out("processes, their checkpoints and S3", self._missing)
        self._borrow()

    def _borrow(self) -> None:
        self._jobs.apply("11-jiangsu-gang")
        self._stage.reaches("jiangsu-lab/real-guest borrows 3 of zhejiang-lab's 4 places", GUEST,
                            phase="Running", strength="BORROW", cluster="zhejiang-lab-hz")  # fmt: skip

    def take_back(self) -> None:
        """Have the owner come back: the guest stops, and goes on when the owner is done."""
        stage = self._stage
        stage.title(
            "The owner comes back",
            "zhejiang-lab wants two places, and one is idle. A HOME job stops who borrowed: the guest is told, has "
            "time to save, and goes; its place in the queue and what it saved stay.",
        )
        self._jobs.apply("12-zhejiang-gang")
        stage.reaches("zhejiang-lab/real-owner runs at HOME, on its own node", OWNER, phase="Running", strength="HOME")
        stage.reaches("jiangsu-lab/real-guest was stopped for it, once", GUEST, preemptions=1)
        pictures.nodes(stage)
        saved = 0 if self._missing else self._saved(fence=1)
        if not self._missing:
            times = self._hub.rows(_STOPPED, job=self._hub.uid(GUEST))[0]
            stage.claim(f"it was stopped at a checkpoint: step {saved} is on record, saved after it was told to stop",
                        holds=0 < saved < STEPS and bool(times.told and times.saved and times.saved > times.told),
                        found=times._asdict())  # fmt: skip
        stage.reaches("zhejiang-lab/real-owner has ended well", OWNER, phase="Succeeded")
        stage.reaches("jiangsu-lab/real-guest runs again", GUEST, phase="Running", attempts=2)
        if not self._missing:
            stage.until(f"its own output says that it began at step {saved}", lambda: self._began_at(saved))

    def end(self) -> None:
        """Let the guest come to its end."""
        self._stage.reaches("jiangsu-lab/real-guest has ended well", GUEST, phase="Succeeded", preemptions=1)
        if not self._missing:
            last = self._saved(fence=2)
            self._stage.claim(f"its last checkpoint of record is that of step {STEPS}", holds=last == STEPS, found=last)

    def _check_variables(self) -> None:
        """Claim that the workers know one another as torchrun's do, and that no credential is in a manifest."""
        pods = self._pods()
        variables = {each["name"]: each.get("value", "") for each in pods[0]["spec"]["containers"][0]["env"]}
        address = variables.get("MASTER_ADDR", "")
        expected = {"WORLD_SIZE": "3", "RANK": "0"}.items() <= variables.items() and address.startswith("w-0.")
        self._stage.claim(f"workers have torchrun's variables: MASTER_ADDR={address}", holds=expected, found=variables)
        secret = self._stage.kubectl(
            "get", "secret", "jiangsu-lab-s3", "-n", "jiangsu-lab", "-o=jsonpath={.data.AWS_SECRET_ACCESS_KEY}"
        ).stdout
        plain = self._stage.kubectl("get", "secret", "jiangsu-lab-s3", "-n", "jiangsu-lab",
                                    "-o=go-template={{.data.AWS_SECRET_ACCESS_KEY | base64decode}}").stdout  # fmt: skip
        told = self._stage.kubectl("get", "placements", "-A", "-o=json").stdout + json.dumps(pods)
        sealed = bool(plain) and "sealedStorage" in told and plain not in told and secret not in told
        self._stage.claim("credentials are sealed: none can be read in a Placement or a pod", holds=sealed)

    def _pods(self) -> list[Any]:
        """Return the guest's pods, by rank."""
        listed = self._stage.kubectl("get", "pods", "-n", WORKERS, "-o=json").stdout
        pods = [pod for pod in json.loads(listed)["items"] if "hanse.dev/rank" in pod["metadata"]["labels"]]
        return sorted(pods, key=lambda pod: int(pod["metadata"]["labels"]["hanse.dev/rank"]))

    def _has_come(self) -> tuple[bool, Any]:
        saved = self._saved(fence=1)
        return saved >= STEPS_FIRST, {"step": saved}

    def _saved(self, fence: int) -> int:
        """Return the step of the guest's last checkpoint of record under a fence."""
        found = self._hub.rows(
            "SELECT coalesce(max(step), 0) AS step FROM ledger.checkpoint WHERE job = :job AND fence = :fence",
            job=self._hub.uid(GUEST), fence=fence,
        )  # fmt: skip
        return int(found[0].step)

    def _began_at(self, step: int) -> tuple[bool, Any]:
        log = self._stage.kubectl("logs", "-n", WORKERS, "-l", "hanse.dev/rank=0,hanse.dev/fence=2", "--tail=-1").stdout
        begins = _BEGINS.search(log)
        return bool(begins and int(begins[1]) == step), log
