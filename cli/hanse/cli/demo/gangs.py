"""The act of the real node: a gang that learns borrows parts of GPUs, is stopped at a checkpoint, and resumes from it.

In: a hub whose member zhejiang-lab has the node that really runs pods, its node agent, and storage. Out: claims about
processes that meet by name and learn, about memory that runs short, checkpoints of record in the ledger, and what the
gang itself prints. Where no real node is possible the
same jobs are simulated, and what only processes can show is left out, and said so.
"""

import json
import re
from typing import Any

from hanse.cli.demo import pictures
from hanse.cli.demo.hub import Hub
from hanse.cli.demo.jobs import Jobs
from hanse.cli.demo.sharing import GPU_MIB, NodeAgent
from hanse.cli.demo.stage import Stage

GUEST, OWNER = "jiangsu-lab/real-guest", "zhejiang-lab/real-owner"
WORKERS = "hanse-workers-zhejiang-lab-hz"
STEPS_FIRST = 40
STEPS = 400
_STOPPED = """
SELECT (SELECT max(recorded_at) FROM ledger.decision WHERE job = :job AND kind = 'Preempt') AS told,
       (SELECT max(recorded_at) FROM ledger.checkpoint WHERE job = :job AND fence = 1) AS saved
"""
_BEGINS = re.compile(r"rank 0 of 3 begins at step (\d+)")
_LOSSES = re.compile(r"^step (\d+) loss ([\d.]+)$", re.MULTILINE)
LEARNED = 0.5
"""By so much less than at the first step is the loss of who has learned; by chance it differs by half of that."""


class Gangs:
    """Plays the act, on the node of *node_agent*; without one, *missing* says why nothing really runs."""

    def __init__(self, stage: Stage, hub: Hub, jobs: Jobs, node_agent: NodeAgent | None, missing: str) -> None:
        self._stage, self._hub, self._jobs, self._missing = stage, hub, jobs, missing
        self._node_agent = node_agent
        self._first_loss = 0.0

    def begin(self) -> None:
        """Have the guest borrow, and let it get some way."""
        stage = self._stage
        if self._node_agent is None:
            self._begin_simulated()
            return
        stage.title(
            "Borrowed, for real: a gang of three processes on a real kubelet trains a small model",
            "The workers are pods on zhejiang-lab's node, and each has part of a GPU: Hanse's node agent gives its "
            "kubelet GPUs in slices of memory. The GPUs are simulated, the processes are not: they meet by name, "
            "average gradients over sockets and save what they have learned in an S3 server. Their credentials come "
            "from a Secret of jiangsu-lab, sealed by the operator to the key of the agent that starts the pods.",
        )
        self._borrow()
        stage.show("get", "pods,services", "-n", WORKERS)
        self._check_variables()
        stage.until(f"it has come to step {STEPS_FIRST} or further, by a checkpoint of record", self._has_come)
        stage.until("its owner reads in `hanse explain` how far it has come", self._is_told)
        self._press(self._node_agent)

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

    def _press(self, node_agent: NodeAgent) -> None:
        """Let the GPUs' memory run short for a while."""
        stage = self._stage
        stage.say(
            "Now somebody else takes nearly all memory of these GPUs. The node agent tells the workers, who may use up "
            "to 12 GiB and are guaranteed 8: they go on with smaller batches until it is over."
        )
        node_agent.use(GPU_MIB * 97 // 100)
        stage.until("a worker hears that memory is short", lambda: self._has_said(1, "that memory is warn"))
        node_agent.use(0)
        stage.until("and that it is not any more", lambda: self._has_said(1, "that memory is ok"))
        losses = self._losses(fence=1)
        self._first_loss, last = losses[0][1], losses[-1]
        learned = last[1] < self._first_loss - LEARNED
        text = f"it learns: its loss was {self._first_loss} at step {losses[0][0]} and is {last[1]} at step {last[0]}"
        stage.claim(text, holds=learned, found=losses)

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
            stage.until("it goes on with what it had learned: its loss is not what it was at first", self._still_knows)

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
        log = self._log(fence=2)
        begins = _BEGINS.search(log)
        return bool(begins and int(begins[1]) == step), log

    def _still_knows(self) -> tuple[bool, Any]:
        losses = self._losses(fence=2)
        return bool(losses and losses[0][1] < self._first_loss - LEARNED), losses

    def _has_said(self, fence: int, words: str) -> tuple[bool, Any]:
        log = self._log(fence)
        return words in log, log

    def _losses(self, fence: int) -> list[tuple[int, float]]:
        """Return the steps whose loss the guest has printed, and the losses."""
        return [(int(step), float(loss)) for step, loss in _LOSSES.findall(self._log(fence))]

    def _log(self, fence: int) -> str:
        """Return what the guest's first worker has printed under a fence."""
        selector = f"hanse.dev/rank=0,hanse.dev/fence={fence}"
        return self._stage.kubectl("logs", "-n", WORKERS, "-l", selector, "--tail=-1").stdout

    def _is_told(self) -> tuple[bool, Any]:
        token = self._hub.own.kubectl("create", "token", "people", "--namespace=jiangsu-lab", "--audience=hanse-api")
        name = GUEST.partition("/")[2]
        said = self._hub.hanse("explain", name, "--namespace=jiangsu-lab", HANSE_TOKEN=token.stdout.strip())
        return f" of {STEPS}, as its workers said" in said, said
