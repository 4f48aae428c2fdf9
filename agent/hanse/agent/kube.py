"""Requests to an API server, as plain data: the client's models take most of the time of a large list.

In: a kubeconfig, or a pod's own credentials. Out: decoded JSON, lists page by page, watches line by line. The official
client's transport and authentication are used; its models are not.
"""

import json
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import yaml
from kubernetes.aio import client, config
from kubernetes.aio.client.exceptions import ApiException

TIMEOUT_SECONDS = 15.0
PAGE = 500
WATCH_SECONDS = 300
SAID_MAX = 500
MERGE_PATCH = "application/merge-patch+json"
Object = dict[str, Any]
_LOG = logging.getLogger(__name__)


class KubeError(Exception):
    """An API server refused, or cannot be reached (then *status* is 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Kube:
    """One API server."""

    def __init__(self, configuration: client.Configuration) -> None:
        self._api = client.ApiClient(configuration)

    @classmethod
    async def open(cls, kubeconfig: Path | None) -> "Kube":
        """Connect as *kubeconfig* says, or as the pod that this runs in; a token that is renewed there is taken up."""
        configuration = client.Configuration()
        if kubeconfig is None:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            renewal = _Renewal(kubeconfig)
            await renewal.load(configuration)
            configuration.refresh_api_key_hook = renewal  # type: ignore[assignment]  # the client types it as None
        return cls(configuration)

    def own_address(self) -> str:
        """Return the address of this machine, or pod, by which it reaches the API server; nothing is sent.

        Raises:
            KubeError: there is no way to the API server.

        """
        url = urlsplit(self._api.configuration.host)
        try:
            family, kind, _, _, server = socket.getaddrinfo(url.hostname, url.port or 443, type=socket.SOCK_DGRAM)[0]
            with socket.socket(family, kind) as towards:
                towards.connect(server)
                own = str(towards.getsockname()[0])
        except OSError as error:
            raise KubeError(0, f"there is no way to {url.geturl()}: {error}") from error
        return f"[{own}]" if ":" in own else own

    async def close(self) -> None:
        """Close all connections."""
        await self._api.close()  # type: ignore[no-untyped-call]

    async def request(
        self, method: str, path: str, body: object = None, *, query: Mapping[str, Any] | None = None
    ) -> Object:
        """Send one request.

        Raises:
            KubeError: it was refused, or there was no answer.

        """
        answer = await self._send(method, path, body, query or {}, TIMEOUT_SECONDS)
        try:
            data = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise KubeError(0, f"{method} {path}: {_said(error)}") from error
        parsed = _object(data, answer.status)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise KubeError(answer.status, str(parsed.get("message", parsed)))
        return parsed

    async def listed(self, path: str, query: Mapping[str, Any] | None = None) -> tuple[list[Object], str]:
        """Return all objects of a list, fresh from the store, and the version that a watch begins at."""
        items: list[Object] = []
        more: dict[str, Any] = {}
        while True:
            page = await self.request("GET", path, query={**(query or {}), "limit": PAGE, **more})
            items += page["items"]
            more = {"continue": page["metadata"].get("continue")}
            if not more["continue"]:
                return items, page["metadata"]["resourceVersion"]

    async def text(self, path: str, query: Mapping[str, Any], bytes_max: int) -> bytes:
        """Return what the API server answers with bytes of any kind, such as a pod's log, and no more of it than that.

        Raises:
            KubeError: it was refused, or there was no answer.

        """
        answer = await self._send("GET", path, None, query, TIMEOUT_SECONDS, accept="*/*")
        parts, left = [], bytes_max
        try:
            async for part in answer.content.iter_any():
                parts.append(part[:left])
                left -= len(parts[-1])
                if not left:
                    break
        except (aiohttp.ClientError, TimeoutError) as error:
            raise KubeError(0, f"GET {path}: {_said(error)}") from error
        finally:
            answer.close()
        data = b"".join(parts)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise KubeError(answer.status, data[:SAID_MAX].decode(errors="replace"))
        return data

    async def watched(self, path: str, version: str, query: Mapping[str, Any]) -> AsyncIterator[tuple[str, Object]]:
        """Yield (type, object) from *version* on, bookmarks too; end when the server ends it.

        Raises:
            KubeError: the version is too old, or the connection was lost.

        """
        asked = {**query, "watch": "true", "resourceVersion": version, "allowWatchBookmarks": "true"}
        answer = await self._send("GET", path, None, {**asked, "timeoutSeconds": WATCH_SECONDS}, WATCH_SECONDS + 30)
        try:
            if answer.status >= HTTPStatus.BAD_REQUEST:
                raise KubeError(answer.status, (await answer.read()).decode(errors="replace")[:SAID_MAX])
            async for line in answer.content:
                event = _object(line, answer.status)
                if event["type"] == "ERROR":
                    raise KubeError(event["object"].get("code", 0), event["object"].get("message", "watch error"))
                yield event["type"], event["object"]
        except (aiohttp.ClientError, TimeoutError, KeyError, ValueError) as error:
            raise KubeError(0, f"watch of {path}: {_said(error)}") from error
        finally:
            answer.close()

    async def _send(  # noqa: PLR0913  # a request
        self,
        method: str,
        path: str,
        body: object,
        query: Mapping[str, Any],
        timeout_seconds: float,
        *,
        accept: str = "application/json",
    ) -> aiohttp.ClientResponse:
        content_type = MERGE_PATCH if method == "PATCH" else "application/json"
        prepared = await self._api.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params={"Accept": accept, "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            answer = await self._api.call_api(*prepared, _request_timeout=timeout_seconds)
        except (ApiException, aiohttp.ClientError, TimeoutError, OSError) as error:
            raise KubeError(0, f"{method} {path}: {_said(error)}") from error
        response: aiohttp.ClientResponse = answer.response
        return response


class _Renewal:
    """Reads a kubeconfig again when it has changed; the client calls it before each request."""

    def __init__(self, file: Path) -> None:
        self._file, self._read_ns = file, 0

    async def load(self, configuration: client.Configuration) -> None:
        """Make *configuration* what the file says."""
        changed_ns = self._file.stat().st_mtime_ns
        await config.load_kube_config(  # type: ignore[no-untyped-call]
            config_file=str(self._file), client_configuration=configuration
        )
        self._read_ns = changed_ns

    async def __call__(self, configuration: client.Configuration) -> None:
        """Take up a new token. A file that cannot be read, as it is being written, is read at the next request."""
        try:
            if self._file.stat().st_mtime_ns != self._read_ns:
                fresh = client.Configuration()
                await self.load(fresh)
                configuration.api_key = fresh.api_key
        except (OSError, ValueError, yaml.YAMLError, config.ConfigException) as error:
            _LOG.warning("%s cannot be read, so its last token stays in use: %s", self._file, error)


def _object(data: bytes, status: int) -> Object:
    """Read an answer; a server under load, and any proxy before it, may answer in plain text or HTML."""
    try:
        parsed = json.loads(data)
    except ValueError as error:
        raise KubeError(status, data[:SAID_MAX].decode(errors="replace").strip()) from error
    if not isinstance(parsed, dict):
        raise KubeError(status, f"no object: {data[:SAID_MAX].decode(errors='replace')}")
    return parsed


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
