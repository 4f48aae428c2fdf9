"""`hanse jobs`, `hanse queue`, `hanse explain`: what runs, what waits, and why."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hanse.cli.hub import HANSE, ApiUrl, Hub, Kubeconfig, Namespace, ask, ask_all


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
    """List your waiting jobs by their place in their organisations' queues, as the leading operator knows them."""
    waiting = ask_all(api, "/v1/queue")
    table = Table("namespace", "name", "position", "reason", box=None, pad_edge=False)
    for job in waiting:
        table.add_row(*(str(job.get(key) or "-") for key in ("namespace", "name", "position", "reason")))
    _print(table, "none of your jobs waits")


def explain(
    name: Annotated[str, typer.Argument(help="The job.")],
    namespace: Namespace,
    api: ApiUrl = "",
) -> None:
    """Show what was decided about a job, newest first, and where it stands."""
    told = ask(api, f"/v1/jobs/{namespace}/{name}/explain")
    table = Table("when", "decision", "verdict", "reason", "fence", box=None, pad_edge=False)
    for each in told["decisions"]:
        when = datetime.fromisoformat(each["recordedAt"]).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        table.add_row(when, *(str(each[key] or "-") for key in ("kind", "verdict", "reason", "fence")))
    _print(table, "nothing was decided about it yet")
    typer.echo(told["now"].get("message") or json.dumps(told["now"], indent=1))


def _print(table: Table, empty: str) -> None:
    if not table.row_count:
        typer.echo(empty)
        return
    # A pipe has no width of its own.
    Console(width=None if Console().is_terminal else 200).print(table)
