"""The acts of jobs on simulated nodes: at home, borrowed, waiting with a reason, urgent, and ended.

In: a hub with five members. Out: claims about what the API server says of each job.
"""

import re
from collections.abc import Mapping
from typing import Any

from hanse.cli.demo import pictures
from hanse.cli.demo.hub import Hub
from hanse.cli.demo.members import BY_NAME
from hanse.cli.demo.stage import Stage, StoryEndsError

ZEROS = "0" * 64
FOLDER = "examples/demo/jobs"
_PART = re.compile(r"^  gpuMemory:.*\n", re.MULTILINE)


class Jobs:
    """Plays the acts; *trainer* is the image that gangs really run, by digest, if *shares*: else nobody shares GPUs."""

    def __init__(self, stage: Stage, hub: Hub, trainer: str, *, shares: bool) -> None:
        self._stage, self._hub, self._digest, self._shares = stage, hub, trainer.rpartition(":")[2], shares

    def apply(self, name: str, person: str = "") -> None:
        """Apply a manifest of the examples as a person of its member.

        Raises:
            StoryEndsError: it is refused.

        """
        file = self._stage.examples / "demo" / "jobs" / f"{name}.yaml"
        manifest = file.read_text().replace(ZEROS, self._digest)
        if not self._shares:
            manifest = _PART.sub("", manifest)
        namespace = next(line.split()[1] for line in manifest.splitlines() if line.startswith("  namespace:"))
        user = f"--as={person or BY_NAME[namespace].person}"
        self._stage.command(f"kubectl apply -f {FOLDER}/{name}.yaml {user}")

        result = self._stage.kubectl("apply", "-f", "-", user, stdin=manifest)
        self._stage.lines(result.stdout)
        if result.returncode:
            self._stage.claim(f"{FOLDER}/{name}.yaml is accepted", holds=False, found=result.stderr)
            raise StoryEndsError(name)

    def home(self) -> None:
        """Have members run jobs of their own on their own nodes, one of them on Ascend."""
        stage = self._stage
        stage.title(
            "At home: what a member contributes stays its own",
            "A job that its member's entitlement covers, on the member's own nodes, is HOME: nobody else can stop it. "
            "Usage is counted in H100-equivalents (H100e): an Ascend 910B counts 0.6, by the alliance's agreement.",
        )
        for name in (
            "01-tencent-llm",
            "02-tencent-vision",
            "03-alibaba-search",
            "04-alibaba-ads",
            "05-guangdong-ascend",
        ):
            self.apply(name)
        for job, place in (("tencent/llm-7b", "tencent-gz"), ("tencent/vision", "tencent-gz"),
                           ("alibaba/search-ranker", "alibaba-hz"), ("alibaba/ads-ctr", "alibaba-hz")):  # fmt: skip
            stage.reaches(f"{job} runs at HOME in {place}", job, phase="Running", strength="HOME", cluster=place)
        stage.reaches(
            "guangdong-lab/ascend-sft runs on 8 Ascend 910B and is charged 8 x 0.6 = 4.8 H100e",
            "guangdong-lab/ascend-sft",
            phase="Running", strength="HOME", acceleratorClass="ascend-910b", h100e="4.8", chargeRateMilliH100e=4800,
        )  # fmt: skip

    def borrowed(self) -> None:
        """Have a member without nodes take what is idle."""
        stage = self._stage
        stage.title(
            "Borrowed: idle accelerators are for whoever needs them",
            "jiangsu-lab contributes nothing. What alibaba does not use now, it may borrow, until alibaba needs it.",
        )
        self.apply("06-jiangsu-eval")
        stage.reaches("jiangsu-lab/eval borrows 8 idle H100 of alibaba", "jiangsu-lab/eval",
                      phase="Running", strength="BORROW", cluster="alibaba-hz")  # fmt: skip
        pictures.nodes(stage)

    def waiting(self) -> None:
        """Submit three jobs that cannot start, each for a reason of its own."""
        stage = self._stage
        stage.title(
            "Waiting: each job that does not run says why, and what would let it run",
            "The reason is one of a closed list, with numbers. Rivals are counted in it, never named.",
        )
        for name in ("07-guangdong-over-cap", "08-jiangsu-resident", "09-zhejiang-wide"):
            self.apply(name)
        self._waits(
            "guangdong-lab/ascend-pretrain", "ExceedsCap", "would cross its member's cap of 6 H100e-hours a month"
        )
        self._waits("jiangsu-lab/hospital-records", "ResidencyLeavesNothing", "must stay where nobody has an H100")
        self._waits(
            "zhejiang-lab/wide-sweep", "WaitingForQuota", "wants 32 H100 in one cluster, and none has so many idle"
        )
        stage.show("get", "trainingjobs", "-A")
        self._queue("jiangsu-lab", "hospital-records", ("guangdong", "zhejiang", "wide-sweep"))

    def urgent(self) -> None:
        """Have a higher tier stop a lower one of its own member."""
        stage = self._stage
        stage.title(
            "Urgent: a higher tier goes first, among its member's own",
            "tencent's nodes are full of its own jobs. Its tier urgent costs twice as much, and may stop a standard "
            "job of tencent. No job of alibaba can be stopped by it, however urgent it is.",
        )
        self.apply("10-tencent-urgent", "chief@tencent")
        stage.reaches("tencent/hotfix runs at HOME, charged twice: 16 x 2 = 32 H100e", "tencent/hotfix",
                      phase="Running", strength="HOME", chargeRateMilliH100e=32_000)  # fmt: skip
        stage.until("one standard job of tencent was stopped for it, and waits to run again", self._one_gave_way)
        statuses = {job: stage.status(job) for job in ("alibaba/search-ranker", "alibaba/ads-ctr")}
        stage.claim("no job of alibaba was stopped", holds=all(map(untouched, statuses.values())), found=statuses)
        pictures.nodes(stage)

    def end(self) -> None:
        """Wait until all that can run has run."""
        stage = self._stage
        stage.title(
            "Ends: what was stopped runs again, what waited starts",
            "Nobody does anything now. As jobs end, others take their places.",
        )
        for job in ("tencent/hotfix", "tencent/llm-7b", "tencent/vision", "alibaba/search-ranker", "alibaba/ads-ctr",
                    "jiangsu-lab/eval", "guangdong-lab/ascend-sft", "zhejiang-lab/wide-sweep"):  # fmt: skip
            stage.reaches(f"{job} has ended well", job, phase="Succeeded")
        stage.show("get", "trainingjobs", "-A")

    def _queue(self, member: str, job: str, of_others: tuple[str, ...]) -> None:
        """Show a member's queue as its own people see it, and claim that nobody else is in it."""
        self._stage.command(f"hanse queue      # as {member}")
        token = self._hub.own.kubectl("create", "token", "people", f"--namespace={member}", "--audience=hanse-api")
        said = self._hub.hanse("queue", HANSE_TOKEN=token.stdout.strip())
        self._stage.lines(said)
        own = job in said and not any(name in said for name in of_others)
        self._stage.claim(f"{member} sees its own waiting jobs there, and no rival's", holds=own, found=said)

    def _one_gave_way(self) -> tuple[bool, Any]:
        statuses = {job: self._stage.status(job) for job in ("tencent/llm-7b", "tencent/vision")}
        stopped = [each["phase"] for each in statuses.values() if each.get("preemptions") == 1]
        return stopped == ["Requeued"], statuses

    def _waits(self, job: str, reason: str, why: str) -> None:
        self._stage.reaches(f"{job} waits with {reason}: it {why}", job, phase="Queued", reason=reason)
        explanation: dict[str, Any] = self._stage.status(job).get("explanation", {})
        told = [explanation.get("message", ""), explanation.get("remedy", "")]
        numbers = [f"{name} {value}" for name, value in explanation.items() if isinstance(value, int)]
        self._stage.say(f"{'; '.join(each for each in told if each)} ({', '.join(numbers)})", indent=7)


def untouched(status: Mapping[str, Any]) -> bool:
    """Return whether a job was never stopped; on a slow machine it may have run to its end meanwhile."""
    return status.get("phase") in {"Running", "Succeeded"} and not status.get("preemptions")
