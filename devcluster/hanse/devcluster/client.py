"""A few plain requests to the API server, many at a time.

In: a kubeconfig that :mod:`hanse.devcluster.controlplane` wrote. Out: decoded JSON. Making thousands of nodes one by
one through kubectl takes minutes; this takes seconds. It is no general client: who needs one uses `kubernetes`.
"""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

import urllib3

from hanse.devcluster.errors import DevclusterError

CONNECTIONS = 8
TIMEOUT_SECONDS = 30.0


class Client:
    """Requests with the credentials of an administrator's kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        content = json.loads(kubeconfig.read_text())
        cluster = content["clusters"][0]["cluster"]
        self.url: str = cluster["server"]
        self.token: str = content["users"][0]["user"]["token"]
        self._pool = urllib3.PoolManager(
            maxsize=CONNECTIONS, block=True, ca_certs=cluster["certificate-authority"], timeout=TIMEOUT_SECONDS
        )

    def request(self, method: str, path: str, body: object = None, content_type: str = "application/json") -> Any:
        """Send one request; return the decoded answer.

        Raises:
            DevclusterError: the API server does not answer, or it refused, with its sentence.

        """
        return json.loads(self._send(method, path, body, content_type))

    def text(self, path: str) -> str:
        """Return what is at *path*, such as metrics, as it stands; raises as :meth:`request` does."""
        return self._send("GET", path, None, "text/plain").decode()

    def _send(self, method: str, path: str, body: object, content_type: str) -> bytes:
        try:
            answer = self._pool.request(
                method,
                self.url + path,
                body=None if body is None else json.dumps(body).encode(),
                headers={"Authorization": f"Bearer {self.token}", "Content-Type": content_type},
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise DevclusterError(f"the API server at {self.url} does not answer: {error}") from error
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise DevclusterError(f"the API server refused {method} {path}: {_message(answer.data)}")
        return bytes(answer.data)

    def create_all(self, path: str, objects: Iterable[dict[str, Any]]) -> int:
        """Create *objects* under *path*; those that are there already stay as they are. Return how many were new."""
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            return sum(threads.map(lambda item: self._create(path, item), objects))

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def _create(self, path: str, item: dict[str, Any]) -> bool:
        try:
            self.request("POST", path, item)
        except DevclusterError as error:
            if "already exists" in str(error):
                return False
            raise
        return True


def _message(data: bytes) -> str:
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        return data.decode(errors="replace").strip()
