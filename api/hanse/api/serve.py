"""The API service as a process: settings from its environment, uvicorn in front.

In: where the ledger, the API server and the leader are. Out: a server that runs until it is told to end.
"""

from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from kubernetes import client, config

from hanse.api import app, connecting, metrics
from hanse.api.authenticating import Authenticator
from hanse.api.exporting import Exports
from hanse.api.identity import Directory
from hanse.api.leader import Leader
from hanse.api.limiting import Limits
from hanse.api.oidc import Oidc, Provider
from hanse.ledger import database

ROLE = "hanse_api"


@dataclass(frozen=True)
class Serving:
    """Where to listen, and where the others are. Without *certificate* it speaks plain HTTP, for behind a proxy."""

    database_url: str
    kubeconfig: Path | None
    leader_url: str
    leader_token: str = field(repr=False)
    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    tls_at_proxy: bool = False
    """Whether that proxy speaks HTTPS alone: then browsers get cookies for nothing else, and are told to keep to it."""
    metrics_port: int | None = None
    """For Prometheus, apart from members and agents."""
    provider: Provider | None = None
    """An OpenID provider whose tokens are good here too."""
    exports_folder: Path | None = None
    exports_mib_max: int = 0
    """Where exports are made, and how much may lie there; absent, the system's own folder, and any."""


def serve(serving: Serving) -> None:
    """Serve until SIGTERM."""
    configuration = client.Configuration()
    if serving.kubeconfig is None:
        config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    else:
        config.load_kube_config(  # type: ignore[no-untyped-call]
            config_file=str(serving.kubeconfig), client_configuration=configuration
        )
    engine = database.engine(serving.database_url, role=ROLE)
    directory = Directory(client.ApiClient(configuration))
    authenticator = Authenticator(directory, Oidc(serving.provider) if serving.provider else None, Limits())
    if serving.metrics_port:
        metrics.serve(serving.host, serving.metrics_port)
    leader = Leader(serving.leader_url, serving.leader_token)
    exports = Exports(serving.exports_folder, serving.exports_mib_max)
    uvicorn.run(
        app.create(engine, directory, leader, authenticator, exports, tls_at_proxy=serving.tls_at_proxy),
        host=serving.host,
        port=serving.port,
        ssl_certfile=serving.certificate,
        ssl_keyfile=serving.key,
        http=connecting.Patient,
        limit_concurrency=connecting.CONNECTIONS_MAX,
        access_log=False,
        log_config=None,
        log_level="warning",
    )
