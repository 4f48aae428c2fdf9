"""`hanse jobs`, `hanse queue`, `hanse explain`: what runs, what waits, and why."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hanse.cli.hub import HANSE, ApiUrl, Hub, Kubeconfig, Namespace, ask, ask_all

NAMED_MAX = 5
"""So many jobs are named to which a sentence applies."""
_NUMBERS = {"askedGpus": "GPUs asked for", "freeGpus": "free for it", "borrowableGpus": "left to borrow"}


def jobs(
    namespace: Namespace,
    kubeconfig: Kubeconfig = None,
) -> None:
    """List the jobs of a namespace, as the Kubernetes API has them."""
    items = Hub(kubeconfig).get(f"{HANSE}/namespaces/{namespace}/trainingjobs")["items"]
    table = Table("name", "tier", "phase", "GPUs", "reason", "explanation", box=None, pad_edge=False)
    for job in items:
        status = job.get("status") or {}
        said = (status.get("explanation") or {}).get("message", "")
        phase, reason = status.get("phase") or "-", status.get("reason") or ""
        table.add_row(job["metadata"]["name"], job["spec"]["tier"], phase, status.get("gpus") or "-", reason, said)
    _print(table, f"no jobs in namespace {namespace}")


def queue(api: ApiUrl = "") -> None:
    """List your waiting jobs by their place in their organisations' queues, when each may start, and why then."""
    waiting = ask_all(api, "/v1/queue")
    table = Table("namespace", "name", "position", "reason", "starts by", box=None, pad_edge=False)
    whose: dict[str, list[str]] = {}
    for job in waiting:
        start = job.get("start") or {}
        place = (str(job.get(key) or "-") for key in ("namespace", "name", "position", "reason"))
        table.add_row(*place, start.get("at") or "not known")
        if start:
            whose.setdefault(start["restsOn"], []).append(f"{job['namespace']}/{job['name']}")
    _print(table, "none of your jobs waits")
    for said, names in whose.items():
        more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
        typer.echo(f"\n{', '.join(names[:NAMED_MAX])}{more}: {said}")


def explain(
    name: Annotated[str, typer.Argument(help="The job.")],
    namespace: Namespace,
    api: ApiUrl = "",
) -> None:
    """Show where a job stands and why, when it may start, and what was decided about it, newest first."""
    told = ask(api, f"/v1/jobs/{namespace}/{name}/explain")
    for line in lines(told["now"]):
        typer.echo(line)
    for each in told["attempts"][:1]:
        if each["step"] is not None:
            typer.echo(_reached(each))
        if each["enforcers"]:
            typer.echo(f"memory of shared GPUs is kept apart on its nodes by: {', '.join(each['enforcers'])}")
    typer.echo()
    table = Table("when", "decision", "fence", "reason", "in words", "id", box=None, pad_edge=False)
    for each in told["decisions"]:
        when = datetime.fromisoformat(each["recordedAt"]).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        table.add_row(when, *(str(each[key] or "-") for key in ("kind", "fence", "reason", "said", "id")))
    _print(table, "nothing was decided about it yet")


def lines(now: dict[str, Any]) -> Iterator[str]:
    """Yield what is known of a job that waits, or would: its reason with its numbers, its place, its start."""
    status = now.get("status") or {}
    explanation = status.get("explanation") or {}
    if reason := status.get("reason"):
        yield f"{status['phase']}: {reason}"
    yield now["message"]
    if remedy := explanation.get("remedy"):
        yield f"what would help: {remedy}"
    said = [f"{what}: {explanation[key]}" for key, what in _NUMBERS.items() if explanation.get(key) is not None]
    if said:
        yield ", ".join(said)
    if position := now.get("position"):
        others = now.get("aheadInMember") or 0
        yield f"place in its organisation's queue: {position}; older jobs of its member's other organisations: {others}"
    if start := now.get("start"):
        yield f"starts: {start_in_words(start)}"


def _reached(attempt: dict[str, Any]) -> str:
    of = "" if attempt["steps"] is None else f" of {attempt['steps']}"
    at = datetime.fromtimestamp(attempt["toldAtSeconds"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"step {attempt['step']}{of}, as its workers said at {at}"


def start_in_words(start: dict[str, Any]) -> str:
    """Return when a job may start, and what that rests on."""
    if start["seconds"] is None:
        return str(start["restsOn"])
    return f"by {datetime.fromtimestamp(start['seconds'], UTC):%Y-%m-%dT%H:%M:%SZ}: {start['restsOn']}"


def _print(table: Table, empty: str) -> None:
    if not table.row_count:
        typer.echo(empty)
        return
    # A pipe has no width of its own.
    Console(width=None if Console().is_terminal else 200).print(table)
