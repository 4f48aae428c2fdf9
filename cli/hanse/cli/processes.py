"""`hanse api` and `hanse cluster-agent`: the processes, as containers start them."""

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from hanse.cli import mistakes, process_logs
from hanse.cli.process_logs import LogFormat

InternalTokenFile = Annotated[
    Path | None,
    typer.Option(
        envvar="HANSE_INTERNAL_TOKEN_FILE",
        show_envvar=True,
        help="A file with the token that the API service shows the operator; both are given the same.",
    ),
]


def internal_token(file: Path | None) -> str:
    """Return the token in *file*; without one, none is shown, and none is taken."""
    try:
        return file.read_text().strip() if file else ""
    except OSError as error:
        raise typer.BadParameter(
            f"--internal-token-file {file}: {error.strerror}; name a file that can be read"
        ) from error


def api(
    database_url: Annotated[str, typer.Option(envvar="HANSE_DATABASE_URL", help="The ledger's PostgreSQL.")],
    kubeconfig: Annotated[Path | None, typer.Option(help="For the hub's API server; absent in a pod there.")] = None,
    leader_url: Annotated[
        str, typer.Option(help="The leading operator's internal port, such as http://HOST:8080.")
    ] = "",
    internal_token_file: InternalTokenFile = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8443,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM; with --tls-key, serve HTTPS.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM.")] = None,
    tls_at_proxy: Annotated[
        bool, typer.Option("--tls-at-proxy", help="A proxy in front ends TLS: cookies are for HTTPS alone.")
    ] = False,
    metrics_port: Annotated[
        int | None, typer.Option(help="For Prometheus; let no member reach it. Absent, there are no metrics.")
    ] = None,
    oidc_issuer: Annotated[
        str, typer.Option(help="An OpenID provider, https://...; its ID tokens are good here beside the hub's.")
    ] = "",
    oidc_audience: Annotated[str, typer.Option(help="The client that the provider's tokens are for.")] = "",
    oidc_prefix: Annotated[
        str, typer.Option(help="Stands before the provider's names of people and groups.")
    ] = "oidc:",
    log_format: LogFormat = None,
) -> None:
    """Run the API service, which agents and members talk to."""
    from hanse.api import oidc, serve  # noqa: PLC0415  # an agent's image has no API service

    process_logs.configure(log_format)
    try:
        provider = oidc.Provider(oidc_issuer, oidc_audience, oidc_prefix) if oidc_issuer else None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    serve.serve(
        serve.Serving(
            database_url=mistakes.checked_database(database_url),
            kubeconfig=kubeconfig,
            leader_url=leader_url,
            leader_token=internal_token(internal_token_file),
            host=host,
            port=port,
            certificate=tls_certificate,
            key=tls_key,
            tls_at_proxy=tls_at_proxy,
            metrics_port=metrics_port,
            provider=provider,
        )
    )


def cluster_agent(
    config: Annotated[
        Path,
        typer.Option(envvar="HANSE_AGENT_CONFIG", exists=True, dir_okay=False, help="The agent's settings, in YAML."),
    ],
    log_format: LogFormat = None,
) -> None:
    """Run the agent of one member cluster."""
    from hanse.agent import loop, store  # noqa: PLC0415  # an API image has no agent
    from hanse.cli import enrolling  # noqa: PLC0415  # likewise

    process_logs.configure(log_format)
    try:
        asyncio.run(_until_told(loop.run(enrolling.load(config))))
    except (ValueError, store.StateInUseError) as error:
        raise typer.BadParameter(str(error)) from error


async def _until_told(work: Coroutine[None, None, None]) -> None:
    """Run *work* until SIGTERM or SIGINT, and let it clean up."""
    task = asyncio.create_task(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        typer.echo("ended", err=True)
