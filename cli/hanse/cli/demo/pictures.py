"""Who holds which accelerators, as a picture of a few lines.

In: the Placements of all clusters, and the jobs that they are for. Out: a line a member cluster, a mark an accelerator.
Only the demonstration looks at all members at once: in a pool nobody but the coordinator could.
"""

import json
import string
import uuid
from typing import Any

from hanse.cli.demo.members import PARTIES, Party
from hanse.cli.demo.stage import Stage
from hanse.evidence import identity

IDLE, UNKNOWN = "\N{MIDDLE DOT}", "?"
_ENDED = {"Released"}


def nodes(stage: Stage) -> None:
    """Print who holds what now."""
    marks = {attempt: (mark, job) for mark, (attempt, job) in zip(string.ascii_uppercase, _jobs(stage), strict=False)}
    held = _held(stage)
    shown = set()
    for party in PARTIES:
        if not party.cluster:
            continue
        drawn = [_node(party, held.get(name, {}), marks) for name in _names(stage, party)]
        shown |= set("".join(drawn))
        used = sum(mark != IDLE for row in drawn for mark in row)
        line = f"{party.cluster:<17} {party.accelerator:<12} {' '.join(drawn):<36} {used} of {party.count * party.gpus}"
        stage.lines(line)
    legend = [f"{mark} {job}" for mark, job in marks.values() if mark in shown]
    stage.lines("\n".join("   ".join(legend[at : at + 3]) for at in range(0, len(legend), 3)))


def _names(stage: Stage, party: Party) -> list[str]:
    return stage.kubectl(
        "get", "nodes", f"-l=hanse.dev/pool={party.name}", "-o=jsonpath={.items[*].metadata.name}"
    ).stdout.split()


def _node(party: Party, held: dict[int, str], marks: dict[str, tuple[str, str]]) -> str:
    return "".join(marks.get(held[gpu], (UNKNOWN, ""))[0] if gpu in held else IDLE for gpu in range(party.gpus))


def _jobs(stage: Stage) -> list[tuple[str, str]]:
    """Return the attempts that hold something, and whose they are."""
    found = []
    for job in _items(stage, "trainingjobs"):
        status, metadata = job.get("status") or {}, job["metadata"]
        if status.get("strength"):
            attempt = identity.attempt_id(uuid.UUID(metadata["uid"]), status["fence"])
            found.append((str(attempt), f"{metadata['namespace']}/{metadata['name']} ({status['strength']})"))
    return found


def _held(stage: Stage) -> dict[str, dict[int, str]]:
    """Return the attempt that holds each accelerator, by node and index."""
    found: dict[str, dict[int, str]] = {}
    for placement in _items(stage, "placements"):
        if (placement.get("status") or {}).get("phase") in _ENDED:
            continue
        for worker in placement["spec"]["workers"]:
            found.setdefault(worker["node"], {}).update(dict.fromkeys(worker["gpus"], placement["spec"]["attempt"]))
    return found


def _items(stage: Stage, kind: str) -> list[Any]:
    items: list[Any] = json.loads(stage.kubectl("get", kind, "-A", "-o=json").stdout or '{"items": []}')["items"]
    return items
