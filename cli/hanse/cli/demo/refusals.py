"""The act of the rules: what they can refuse is refused when a manifest is applied, with what to do.

In: a good job of the examples. Out: claims about what becomes of it with one thing changed. All are dry runs.
"""

import time
from dataclasses import dataclass

from hanse.cli.demo.stage import Stage

POLICY_TRIES = 60
POLICY_SECONDS = 0.25
PROBE = """
apiVersion: v1
kind: Namespace
metadata: {name: hanse-cluster-probe, labels: {hanse.dev/member: nobody}}
"""
_CONTAINERS = "    spec:\n      containers"


@dataclass(frozen=True)
class Bad:
    """What is claimed, what is changed in a good job, and a part of the sentence that must come back."""

    claim: str
    old: str
    new: str
    sentence: str


BAD = (
    Bad("nobody uses a tier without leave", "tier: standard", "tier: urgent", "urgent"),
    Bad("nobody takes part for another member", "namespace: tencent  ", "namespace: alibaba  ", "alibaba"),
    Bad("nobody gets the host's network", _CONTAINERS, f"    spec:\n      hostNetwork: true{_CONTAINERS[9:]}",
        "hostNetwork"),
    Bad("a gang is never smaller than its core", "minReplicas: 32}", "minReplicas: 65}", "minReplicas 65 is larger"),
    Bad("a checkpoint does not take an hour", "grace: 2m", "grace: 1h", "grace"),
)  # fmt: skip


def show(stage: Stage, *user: str) -> None:
    """Show what *user*, given as kubectl's options, may create and what not."""
    stage.title(
        "Rules: what can be refused is refused when it is applied",
        "Rules in the API server itself (CEL) check every manifest before it is stored: nothing of ours stands in "
        "its way, and the one who applies it reads what to do.",
    )
    good = (stage.examples / "trainingjob.yaml").read_text().split("\n---\n")[0]
    accepted = stage.kubectl("create", "--dry-run=server", "-f", "-", *user, stdin=_renamed(good))
    stage.claim("li of tencent may submit a job", holds=accepted.returncode == 0, found=accepted.stderr)
    for bad in BAD:
        said = stage.kubectl("create", "--dry-run=server", "-f", "-", *user, stdin=_renamed(good, bad.old, bad.new))
        refused = said.returncode != 0 and bad.sentence in said.stderr
        stage.claim(bad.claim, holds=refused, found=said.stderr or "it was accepted")
        if refused:
            stage.say(said.stderr.strip().splitlines()[-1], indent=7)


def are_in_force(stage: Stage) -> bool:
    """Wait until an admission policy refuses what it should: the API server takes a moment to take it up."""
    for _ in range(POLICY_TRIES):
        if stage.kubectl("create", "--dry-run=server", "-f", "-", stdin=PROBE).returncode:
            return True
        time.sleep(POLICY_SECONDS)
    return False


def _renamed(good: str, old: str = "", new: str = "") -> str:
    text = good.replace("name: llm-7b", "name: not-to-be")
    return text.replace(old, new) if old else text
