"""`hanse operator`: the hub's operator, as a process."""

import asyncio
from typing import Annotated

import typer

from hanse.cli import mistakes, process_logs, process_traces
from hanse.cli.process_logs import LogFormat
from hanse.cli.processes import InternalTokenFile, internal_token


def operator(
    database_url: Annotated[
        str, typer.Option(envvar="HANSE_DATABASE_URL", show_envvar=True, help="The ledger's PostgreSQL.")
    ],
    kubeconfig: Annotated[
        str | None, typer.Option(envvar="KUBECONFIG", help="The hub's API server; left out in a pod.")
    ] = None,
    namespace: Annotated[str, typer.Option(help="The namespace of the leader's Lease.")] = "hanse-system",
    health_host: Annotated[str, typer.Option(help="The address on which health is served.")] = "127.0.0.1",
    health_port: Annotated[int, typer.Option(help="The port on which health is served.")] = 8080,
    internal_token_file: InternalTokenFile = None,
    lease_seconds: Annotated[float, typer.Option(help="After so long without renewal another may lead.")] = 15.0,
    log_format: LogFormat = None,
) -> None:
    """Run the hub's operator until it is told to end."""
    from hanse.operator import election, process  # noqa: PLC0415  # seconds that other commands need not wait

    process_logs.configure(log_format)
    process_traces.configure("hanse-operator")
    settings = process.Settings(
        database_url=mistakes.checked_database(database_url),
        kubeconfig=kubeconfig,
        namespace=namespace,
        health_host=health_host,
        health_port=health_port,
        internal_token=internal_token(internal_token_file),
        # The holder gives up well before others may take over: clocks may run apart by half.
        timing=election.Timing(lease_seconds, lease_seconds * 2 / 3, lease_seconds * 2 / 15),
    )
    asyncio.run(process.run(settings))
