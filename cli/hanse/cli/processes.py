"""`hanse api`, `hanse cluster-agent` and `hanse node-agent`: the processes, as containers start them."""

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from hanse.cli import mistakes, process_logs, process_traces
from hanse.cli.process_logs import LogFormat

InternalTokenFile = Annotated[
    Path | None,
    typer.Option(
        envvar="HANSE_INTERNAL_TOKEN_FILE",
        show_envvar=True,
        help="A file with the token that the API service shows the operator; both are given the same.",
    ),
]
MetricsPort = Annotated[
    int | None, typer.Option(help="For Prometheus; let no member reach it. Absent, there are no metrics.")
]
LeaderUrl = Annotated[str, typer.Option(help="The leading operator's internal port, such as http://HOST:8080.")]
TlsAtProxy = Annotated[
    bool, typer.Option("--tls-at-proxy", help="A proxy in front ends TLS: cookies are for HTTPS alone.")
]
OidcIssuer = Annotated[
    str, typer.Option(help="An OpenID provider, https://...; its ID tokens are good here beside the hub's.")
]
OidcAuthority = Annotated[
    Path | None, typer.Option(help="PEM; for a provider whose certificate the system does not trust.")
]
ExportsFolder = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="Where auditors' exports are made; its own, as leftovers go."),
]
ExportsMax = Annotated[
    int, typer.Option(min=0, help="As much may lie there; larger exports are refused. 0: there is no bound.")
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
    leader_url: LeaderUrl = "",
    internal_token_file: InternalTokenFile = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8443,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM; with --tls-key, serve HTTPS.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM.")] = None,
    tls_at_proxy: TlsAtProxy = False,
    metrics_port: MetricsPort = None,
    oidc_issuer: OidcIssuer = "",
    oidc_audience: Annotated[str, typer.Option(help="The client that the provider's tokens are for.")] = "",
    oidc_prefix: Annotated[
        str, typer.Option(help="Stands before the provider's names of people and groups.")
    ] = "oidc:",
    oidc_user_claim: Annotated[str, typer.Option(help="What of a token names its holder.")] = "sub",
    oidc_groups_claim: Annotated[str, typer.Option(help="What of a token lists its holder's groups.")] = "groups",
    oidc_certificate_authority: OidcAuthority = None,
    exports_folder: ExportsFolder = None,
    exports_mib_max: ExportsMax = 0,
    log_format: LogFormat = None,
) -> None:
    """Run the API service, which agents and members talk to."""
    from hanse.api import oidc, serve  # noqa: PLC0415  # an agent's image has no API service

    process_logs.configure(log_format)
    process_traces.configure("hanse-api")
    try:
        said = (oidc_prefix, oidc_user_claim, oidc_groups_claim, oidc_certificate_authority)
        provider = oidc.Provider(oidc_issuer, oidc_audience, *said) if oidc_issuer else None
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
            exports_folder=exports_folder,
            exports_mib_max=exports_mib_max,
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
    process_traces.configure("hanse-cluster-agent")
    try:
        asyncio.run(_until_told(loop.run(enrolling.load(config))))
    except (ValueError, store.StateInUseError) as error:
        raise typer.BadParameter(str(error)) from error


def node_agent(
    config: Annotated[
        Path,
        typer.Option(envvar="HANSE_NODE_CONFIG", exists=True, dir_okay=False, help="The agent's settings, in YAML."),
    ],
    log_format: LogFormat = None,
) -> None:
    """Run the agent of one node, which offers its GPUs in slices and measures them."""
    from hanse.agent.node import process  # noqa: PLC0415  # an API image has no agent

    process_logs.configure(log_format)
    try:
        asyncio.run(_until_told(process.run(config)))
    except ValueError as error:
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
