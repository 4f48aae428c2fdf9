"""What commands say to an API server and to the API service, as whoever runs them.

In: a kubeconfig; for the API service its address and a token. Out: plain data, or a :class:`CommandError` with the
server's own sentence. Objects are written with server-side apply, so that a command that is repeated changes nothing.
"""

import json
import os
import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer
import urllib3

from hanse.cli.errors import CommandError
from hanse.resources import API_VERSION, KINDS

TIMEOUT_SECONDS = 30.0
PAGE_LIMIT = 1000
FIELD_MANAGER = "hanse"
QUOTA_SECONDS_MAX = 120.0
_QUOTA_UNKNOWN = "status unknown for quota"
HANSE = f"/apis/{API_VERSION}"
_PLURALS = {
    **{kind.__name__: kind.definition.plural for kind in KINDS},
    "Namespace": "namespaces",
    "NetworkPolicy": "networkpolicies",
    "ResourceQuota": "resourcequotas",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "ServiceAccount": "serviceaccounts",
}
Object = dict[str, Any]
Kubeconfig = Annotated[Path | None, typer.Option("--kubeconfig", help="The hub's; by default $KUBECONFIG.")]
Namespace = Annotated[str, typer.Option("--namespace", "-n", help="The member's namespace.")]
ApiUrl = Annotated[str, typer.Option("--api", envvar="HANSE_API", help="The API service.")]


class Hub:
    """An API server, as the user of a kubeconfig."""

    def __init__(self, kubeconfig: Path | None) -> None:
        # Most commands of members ask the API service alone, and need not wait for this library.
        from kubernetes import client, config  # noqa: PLC0415
        from kubernetes.config.config_exception import ConfigException  # noqa: PLC0415

        configuration = client.Configuration()
        try:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or None,
                client_configuration=configuration,
            )
        except ConfigException as error:
            raise CommandError(f"no cluster to talk to: {error}; set KUBECONFIG") from error
        self._api, self._refused = client.ApiClient(configuration), client.ApiException
        self.url: str = configuration.host
        self.certificate_authority: str | None = configuration.ssl_ca_cert

    def get(self, path: str) -> Object:
        """Return an object or a list."""
        return self._request("GET", path)

    def find(self, path: str) -> Object | None:
        """Return an object, or None if it is not there."""
        try:
            return self._request("GET", path)
        except CommandError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def apply(self, documents: Iterable[Object]) -> None:
        """Make objects as they are described, whether they are there already or not."""
        for document in documents:
            self._apply(document)

    def _apply(self, document: Object) -> None:
        """Apply one object. A namespace's quota is first counted some time after the quota, or the kind, is new."""
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        deadline = time.monotonic() + QUOTA_SECONDS_MAX
        while True:
            try:
                self._request("PATCH", path_of(document), document, "application/apply-patch+yaml", query)
            except CommandError as error:
                if _QUOTA_UNKNOWN not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(1)
            else:
                return

    def patch(self, path: str, change: Object) -> Object:
        """Change some fields of an object; null removes one."""
        return self._request("PATCH", path, change, "application/merge-patch+json")

    def delete(self, path: str) -> None:
        """Delete an object."""
        self._request("DELETE", path)

    def token(self, namespace: str, account: str, audience: str | None, seconds: int) -> str:
        """Return a token of a ServiceAccount; without an audience, one for the API server."""
        spec: Object = {"expirationSeconds": seconds} | ({"audiences": [audience]} if audience else {})
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        return str(self._request("POST", path, request)["status"]["token"])

    def _request(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Object:
        prepared = self._api.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            answer = self._api.call_api(*prepared, _request_timeout=TIMEOUT_SECONDS)
            data: bytes = answer.read()  # type: ignore[no-untyped-call]
        except (self._refused, urllib3.exceptions.HTTPError) as error:
            raise CommandError(f"{self.url} cannot be reached: {error}") from error
        parsed: Object = _parsed(answer.status, data)
        return parsed


def path_of(document: Object) -> str:
    """Return the path of an object on the API server."""
    api, metadata = document["apiVersion"], document["metadata"]
    root = f"/api/{api}" if "/" not in api else f"/apis/{api}"
    within = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{root}{within}/{_PLURALS[document['kind']]}/{quote(metadata['name'], safe='')}"


def labels(pairs: Iterable[str] | None) -> dict[str, str]:
    """Return the labels that options written KEY=VALUE say."""
    split = [each.partition("=") for each in pairs or ()]
    for key, _, value in split:
        if not key or not value:
            raise CommandError(f"--label {key}: write KEY=VALUE, such as hanse.dev/pool=north")
    return {key: value for key, _, value in split}


def ask(url: str, path: str, body: Object | None = None) -> Any:
    """Return what the API service answers, as whoever holds the token in HANSE_TOKEN; with a body, it is posted."""
    token = os.environ.get("HANSE_TOKEN", "")
    if not url or not token:
        raise CommandError(
            "set HANSE_API to the API service's address and HANSE_TOKEN to a token for it: "
            "kubectl create token ACCOUNT --audience=hanse-api"
        )
    return Service(url, token).request("GET" if body is None else "POST", path, body)


def ask_all(url: str, path: str, query: Mapping[str, Any] | None = None) -> list[Any]:
    """Return all items of a list that the API service answers in pages."""
    items: list[Any] = []
    cursor = ""
    while True:
        page = ask(url, f"{path}?{urlencode({**(query or {}), 'limit': PAGE_LIMIT, 'cursor': cursor})}")
        items += page["items"]
        cursor = page.get("next") or ""
        if not cursor:
            return items


class Service:
    """The API service, as whoever holds *token*."""

    def __init__(self, url: str, token: str, certificate_authority: Path | None = None) -> None:
        self._url, self._headers = url.rstrip("/"), {"Authorization": f"Bearer {token}"}
        trusted = str(certificate_authority) if certificate_authority else None
        self._http = urllib3.PoolManager(ca_certs=trusted, timeout=TIMEOUT_SECONDS)

    def request(self, method: str, path: str, body: Object | None = None) -> Any:
        """Return what the service answers."""
        try:
            answer = self._http.request(method, self._url + path, json=body, headers=self._headers)
        except urllib3.exceptions.HTTPError as error:
            raise CommandError(f"{self._url} cannot be reached: {error}") from error
        return _parsed(answer.status, answer.data)


def _parsed(status: int, data: bytes) -> Any:
    try:
        parsed = json.loads(data)
    except ValueError as error:
        raise CommandError(f"an answer that is no JSON, with status {status}", status) from error
    if status >= HTTPStatus.BAD_REQUEST:
        # The API service says `detail`, an API server `message`.
        said = parsed.get("detail") or parsed.get("message") or parsed
        raise CommandError(str(said), status)
    return parsed
