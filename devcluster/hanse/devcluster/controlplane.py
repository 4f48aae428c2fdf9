"""etcd, the API server, the controller manager and (if wanted) the scheduler of one cluster.

In: the cluster's folder and the API server's address. Out: the running parts, and `kubeconfig` in the folder for an
administrator. The API server listens on that one address, which is the bridge's where pods must reach it; the others
listen on loopback only. etcd has an authority of its own: whoever can write there is administrator of everything. Pods
that are bound to a node at creation need no scheduler; benchmarks start one to compare with.
:mod:`hanse.devcluster.cluster` calls this; it must not know of nodes or Postgres.
"""

import json
import secrets
import ssl
import urllib.request
from http import HTTPStatus
from pathlib import Path

from hanse.devcluster import build, files, processes
from hanse.devcluster.pki import Authority

LOOPBACK = "127.0.0.1"
ADMIN_GROUP = "system:masters"
SERVICE_RANGE = "10.96.0.0/16"
SERVICE_ADDRESS = "10.96.0.1"
CLUSTER_DOMAIN = "cluster.local"
READY_SECONDS = 180.0

ETCD, API_SERVER = "etcd", "kube-apiserver"
CONTROLLER_MANAGER, SCHEDULER = "kube-controller-manager", "kube-scheduler"


class ControlPlane:
    """The control plane whose state is in *folder*, running or about to be started."""

    LOOPBACK_PORTS = ("etcd", "etcd-peer", "controller-manager", "scheduler")

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.address = address
        self.authority = Authority(folder / "pki")
        self.etcd_authority = Authority(folder / "pki" / "etcd")

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.folder / "kubeconfig"

    @property
    def url(self) -> str:
        """The API server's address."""
        return f"https://{self.address}:{self._ports()['apiserver']}"

    def start(self, *, scheduler: bool = False) -> None:
        """Start all parts, on the ports reserved for them, and return when the API server is ready."""
        self._write_credentials()
        self.start_etcd()
        self.start_api_server()
        self._start_controller_manager()
        if scheduler:
            self.start_scheduler()

    def start_etcd(self) -> None:
        """Start etcd, without fsync: a power cut may lose a development cluster, a crash of etcd does not."""
        client, peer = (f"https://{LOOPBACK}:{self._ports()[name]}" for name in ("etcd", "etcd-peer"))
        authority, pki = self.etcd_authority.certificate_file, self.etcd_authority.folder
        self._run(
            ETCD,
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--client-cert-auth",
            f"--trusted-ca-file={authority}",
            f"--cert-file={pki / 'server.crt'}",
            f"--key-file={pki / 'server.key'}",
            "--peer-client-cert-auth",
            f"--peer-trusted-ca-file={authority}",
            f"--peer-cert-file={pki / 'server.crt'}",
            f"--peer-key-file={pki / 'server.key'}",
            "--unsafe-no-fsync",
            "--quota-backend-bytes=8589934592",
            "--log-level=warn",
        )
        context = ssl.create_default_context(cafile=str(authority))
        context.load_cert_chain(pki / "client.crt", pki / "client.key")
        processes.wait_until_ready(self.folder, ETCD, lambda: _answers(f"{client}/health", context), READY_SECONDS)

    def start_api_server(self) -> None:
        """Start the API server and wait until it is ready."""
        pki, port = self.folder / "pki", self._ports()["apiserver"]
        self._run(
            API_SERVER,
            f"--etcd-servers=https://{LOOPBACK}:{self._ports()['etcd']}",
            f"--etcd-cafile={self.etcd_authority.certificate_file}",
            f"--etcd-certfile={pki / 'etcd' / 'client.crt'}",
            f"--etcd-keyfile={pki / 'etcd' / 'client.key'}",
            f"--bind-address={self.address}",
            f"--advertise-address={self.address}",
            f"--secure-port={port}",
            f"--tls-cert-file={pki / 'apiserver.crt'}",
            f"--tls-private-key-file={pki / 'apiserver.key'}",
            f"--client-ca-file={self.authority.certificate_file}",
            # Nobody resolves the names of nodes.
            "--kubelet-preferred-address-types=InternalIP",
            f"--kubelet-certificate-authority={self.authority.certificate_file}",
            f"--kubelet-client-certificate={pki / 'kubelet-client.crt'}",
            f"--kubelet-client-key={pki / 'kubelet-client.key'}",
            f"--token-auth-file={pki / 'tokens.csv'}",
            f"--service-account-issuer=https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
            f"--service-account-key-file={pki / 'service-accounts.key'}",
            f"--service-account-signing-key-file={pki / 'service-accounts.key'}",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            "--endpoint-reconciler-type=none",
            "--anonymous-auth=false",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
        )
        processes.wait_until_ready(self.folder, API_SERVER, self._is_ready, READY_SECONDS)

    def write_kubeconfig(self, name: str, user: str, groups: list[str]) -> Path:
        """Write a kubeconfig for *user* in *groups* with a client certificate; return its file."""
        certificate, key = self.authority.client(name, user, groups)
        file = self.folder / f"{name}.kubeconfig"
        return self._write_kubeconfig(file, {"client-certificate": str(certificate), "client-key": str(key)})

    def _start_controller_manager(self) -> None:
        pki = self.folder / "pki"
        self._run(
            CONTROLLER_MANAGER,
            f"--kubeconfig={self.kubeconfig}",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={self._ports()['controller-manager']}",
            f"--service-account-private-key-file={pki / 'service-accounts.key'}",
            f"--root-ca-file={self.authority.certificate_file}",
            "--leader-elect=false",
            "--use-service-account-credentials=false",
            # A quota on a kind that was just defined is "status unknown" until the next round: five minutes by default.
            "--resource-quota-sync-period=5s",
        )
        # What it makes is what others wait for: a pod is refused as long as its namespace has no ServiceAccount.
        processes.wait_until_ready(self.folder, CONTROLLER_MANAGER, self._has_default_account, READY_SECONDS)

    def start_scheduler(self) -> None:
        """Start kube-scheduler and wait until it is ready."""
        self._run(
            SCHEDULER,
            f"--kubeconfig={self.kubeconfig}",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={self._ports()['scheduler']}",
            f"--tls-cert-file={self.folder / 'pki' / 'scheduler.crt'}",
            f"--tls-private-key-file={self.folder / 'pki' / 'scheduler.key'}",
            "--leader-elect=false",
            # It is here to be compared with: a limit of its own client would be measured in its place.
            "--kube-api-qps=5000",
            "--kube-api-burst=10000",
        )
        context = ssl.create_default_context(cafile=str(self.authority.certificate_file))
        url = f"https://{LOOPBACK}:{self._ports()['scheduler']}/healthz"
        processes.wait_until_ready(self.folder, SCHEDULER, lambda: _answers(url, context), READY_SECONDS)

    def _run(self, part: str, *flags: str) -> None:
        binary = build.binary(build.CONTROLPLANE)
        processes.start(self.folder, part, [str(binary), part, *flags])

    def _write_credentials(self) -> None:
        pki = self.folder / "pki"
        names = [
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            f"kubernetes.default.svc.{CLUSTER_DOMAIN}",
        ]
        self.authority.server("apiserver", [self.address, SERVICE_ADDRESS, *names])
        self.authority.server("scheduler", [LOOPBACK])
        # A peer is client and server with the same certificate, so etcd's has both uses.
        self.etcd_authority.peer("server", [LOOPBACK])
        self.etcd_authority.client("client", "kube-apiserver", [])
        self.authority.client("kubelet-client", "kube-apiserver", [ADMIN_GROUP])
        self.authority.signing_key("service-accounts")
        token = secrets.token_urlsafe(32)
        files.write_secret(pki / "tokens.csv", f'{token},admin,admin,"{ADMIN_GROUP}"\n')
        self._write_kubeconfig(self.kubeconfig, {"token": token})

    def _write_kubeconfig(self, file: Path, user: dict[str, str]) -> Path:
        """Write *file* as JSON, which is YAML too and needs no library to read back."""
        authority = str(self.authority.certificate_file)
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "hanse", "cluster": {"server": self.url, "certificate-authority": authority}}
            ],
            "users": [{"name": "user", "user": user}],
            "contexts": [{"name": "hanse", "context": {"cluster": "hanse", "user": "user"}}],
            "current-context": "hanse",
        }  # fmt: skip
        return files.write_secret(file, json.dumps(content, indent=1))

    def _ports(self) -> dict[str, int]:
        chosen: dict[str, int] = json.loads((self.folder / "ports.json").read_text())
        return chosen

    def _is_ready(self) -> bool:
        return self._get("/readyz")

    def _has_default_account(self) -> bool:
        return self._get("/api/v1/namespaces/default/serviceaccounts/default")

    def _get(self, path: str) -> bool:
        token = json.loads(self.kubeconfig.read_text())["users"][0]["user"]["token"]
        context = ssl.create_default_context(cafile=str(self.authority.certificate_file))
        return _answers(self.url + path, context, {"Authorization": f"Bearer {token}"})


def _answers(url: str, context: ssl.SSLContext, headers: dict[str, str] | None = None) -> bool:
    request = urllib.request.Request(url, headers=headers or {})  # noqa: S310  # our own addresses only
    # No proxy from the environment stands between us and this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=2) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False
