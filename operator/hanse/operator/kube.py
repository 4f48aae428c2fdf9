"""Calls to the API server: a few verbs over paths and plain JSON.

In: a kubeconfig, or the ServiceAccount of the pod. Out: decoded JSON, or :class:`KubeError` with what the API server
said. The official client brings connections, credentials and their renewal; its typed models are left out, as they take
ten times as long to read as plain JSON does. :mod:`hanse.operator.feed` gets its own session, for its own event loop.
"""

import json
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
from kubernetes.aio import client, config

from hanse.operator.kinds import Kind

FIELD_MANAGER = "hanse-operator"
REQUEST_SECONDS_MAX = 30.0
LIST_PAGE_SIZE = 500
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


class KubeError(Exception):
    """The API server refused, with *status*, or could not be reached, with status 0."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Kube:
    """A connection to the API server that belongs to the event loop in which it was made."""

    def __init__(self, configuration: client.Configuration) -> None:
        self._client = client.ApiClient(configuration)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()  # type: ignore[no-untyped-call]  # the client has no types here

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send one request and return the decoded answer.

        Raises:
            KubeError: it was refused, or not answered.

        """
        try:
            serialized = await self._client.param_serialize(
                method, path, query_params=list((query or {}).items()), header_params=dict(headers or {}), body=body,
                auth_settings=["BearerToken"],
            )  # fmt: skip
            answer = await self._client.call_api(*serialized, _request_timeout=REQUEST_SECONDS_MAX)
            data = await answer.read()  # type: ignore[no-untyped-call]  # the client has no types here
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise KubeError(0, f"{method} {path}: {str(error) or type(error).__name__}") from error
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise KubeError(answer.status, f"{method} {path}: {_message(data)}")
        decoded: dict[str, Any] = json.loads(data)
        return decoded

    async def apply(self, path: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Apply a manifest on the server's side: the fields that it names are the operator's."""
        return await self.request(
            "PATCH",
            path,
            dict(manifest),
            query={"fieldManager": FIELD_MANAGER, "force": "true", "fieldValidation": "Strict"},
            headers={"Content-Type": "application/apply-patch+yaml"},
        )

    async def create(self, path: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Create an object below *path*; one that is there already is refused with status 409."""
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
        return await self.request("POST", path, dict(manifest), query=query)

    async def merge(self, path: str, change: Mapping[str, Any]) -> dict[str, Any]:
        """Merge a change into an object that is there."""
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
        headers = {"Content-Type": "application/merge-patch+json"}
        return await self.request("PATCH", path, dict(change), query=query, headers=headers)

    async def list_metadata(self, kind: Kind) -> tuple[int, dict[str, int]]:
        """Return the resource version of a consistent list of a kind, and that of each object by uid."""
        versions: dict[str, int] = {}
        listed = 0
        async for page in self._pages(kind):
            listed = int(page["metadata"]["resourceVersion"])
            for item in page["items"] or ():  # null where there are none
                versions[item["metadata"]["uid"]] = int(item["metadata"]["resourceVersion"])
        return listed, versions

    async def _pages(self, kind: Kind) -> AsyncIterator[dict[str, Any]]:
        query = {"limit": str(LIST_PAGE_SIZE)}
        while True:
            page = await self.request("GET", kind.path, query=query, headers={"Accept": _METADATA_ONLY})
            yield page
            # All pages are of one moment: the token stands for it, and is refused (410) when it is too old.
            if not (token := page["metadata"].get("continue")):
                return
            query["continue"] = token


async def configuration(kubeconfig: str | None) -> client.Configuration:
    """Return how to reach the API server: by this kubeconfig, else as the pod's ServiceAccount."""
    loaded = client.Configuration()
    if kubeconfig:
        await config.load_kube_config(config_file=kubeconfig, client_configuration=loaded, persist_config=False)  # type: ignore[no-untyped-call]  # the client has no types here
    else:
        config.load_incluster_config(client_configuration=loaded)  # type: ignore[no-untyped-call]  # the client has no types here
    return loaded


def _message(data: bytes) -> str:
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        return data.decode(errors="replace").strip()[:500]
