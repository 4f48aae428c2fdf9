"""What only the leading operator knows: positions in the queue, and why a job waits.

In: a question about some members. Out: the leader's answer as it is, or a sentence that nobody answers. Operators
listen on an internal port, and answer whoever shows the token that all were given. Their address may be a name with
several addresses, such as a headless Service: all are asked in turn until the one that leads answers, beginning with
the one that did so last. Nothing is made up in its place, and only some may wait at a time.
"""

import json
import logging
import socket
from collections.abc import Mapping
from http import HTTPStatus
from threading import Semaphore
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import urllib3

from hanse.api.problems import InvalidError, TooManyError, UnavailableError

TIMEOUT_SECONDS = 5.0
PLAN_SECONDS = 30.0
"""Several may wait for a plan of a large pool each, which takes seconds."""
AT_ONCE_MAX = 16
"""Who asks a leader that hangs waits. Only so many of the process's 40 threads may: agents' leases need them too."""
_log = logging.getLogger(__name__)
_NOBODY = "no leading operator answers, and only it knows this: try again in a minute"
_REFUSED = "the leading operator does not answer this service: its log says why, tell the coordinator"
"""Whoever asks need not know what the two show each other."""
_TOO_MANY = "too many wait for the leading operator, and only it knows this: try again in a minute"


class Leader:
    """The leading one of the operators at *url*, which want *token*; with an empty address, nobody ever answers."""

    def __init__(self, url: str, token: str = "") -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._headers = {"Authorization": f"Bearer {token}"}
        self._pool = urllib3.PoolManager(timeout=TIMEOUT_SECONDS, retries=False)
        self._last = ""
        self._at_once = Semaphore(AT_ONCE_MAX)

    def queue(self, members: frozenset[str], after: tuple[str, int, str] = ("", 0, ""), most: int = 1) -> Any:
        """Return at most so many waiting jobs of *members* that come after a namespace, place and name."""
        where = {"afterNamespace": after[0], "afterPosition": after[1], "afterName": after[2], "limit": most}
        return self._get("/v1/queue", {"member": sorted(members), **where})

    def jobs(self, members: frozenset[str], after: tuple[str, str], most: int) -> Any:
        """Return at most so many jobs of *members* that come after *after*, by namespace and name."""
        where = {"afterNamespace": after[0], "afterName": after[1], "limit": most}
        return self._get("/v1/jobs", {"member": sorted(members), **where})

    def quota(self, members: frozenset[str]) -> Any:
        """Return what *members* are entitled to, use, borrow and lend, and their caps."""
        return self._get("/v1/quota", {"member": sorted(members)})

    def pool(self, members: frozenset[str]) -> Any:
        """Return what *members* offer, and what may be told them of the others' offers."""
        return self._get("/v1/pool", {"member": sorted(members)})

    def choices(self, members: frozenset[str]) -> Any:
        """Return what a job of *members* can ask for."""
        return self._get("/v1/choices", {"member": sorted(members)})

    def coordination(self) -> Any:
        """Return what a coordinator has to see of contributions and clusters."""
        return self._get("/v1/coordination", {})

    def job(self, uid: str) -> Any:
        """Return what the leader knows of one waiting job."""
        return self._get(f"/v1/jobs/{quote(uid)}", {})

    def what_if(self, member: str, namespace: str, spec: Mapping[str, Any]) -> Any:
        """Return what would become of a job with this spec if it were submitted now to a namespace of *member*.

        Raises:
            TooManyError: the member has asked too often.
            InvalidError: the spec breaks a rule.

        """
        return self._send("POST", "/v1/whatif", {"member": member, "namespace": namespace, "spec": spec}, PLAN_SECONDS)

    def _get(self, path: str, query: Mapping[str, Any]) -> Any:
        return self._send("GET", f"{path}?{urlencode(query, doseq=True)}")

    def _send(self, method: str, asked: str, body: Any = None, seconds: float = TIMEOUT_SECONDS) -> Any:
        if not self._at_once.acquire(blocking=False):
            raise UnavailableError(_TOO_MANY)
        try:
            return self._answered(method, asked, body, seconds)
        finally:
            self._at_once.release()

    def _answered(self, method: str, asked: str, body: Any, seconds: float) -> Any:
        for address in self._addresses():
            answer = self._ask(address, method, asked, body, seconds)
            if answer is None or answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
                continue  # away, or it does not lead
            if answer.status == HTTPStatus.UNAUTHORIZED:
                _log.error("the operator does not take this service's token: both need one --internal-token-file")
                raise UnavailableError(_REFUSED)
            self._last = address
            if answer.status == HTTPStatus.NOT_FOUND:
                raise UnavailableError("the leading operator does not know of it yet: try again in a minute")
            if answer.status == HTTPStatus.OK:
                return json.loads(answer.data)
            _raise_refusal(answer)
        raise UnavailableError(_NOBODY)

    def _addresses(self) -> list[str]:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM) if self._host else []
        except OSError:
            return []
        # Where a name has several addresses, they come in any order.
        return sorted({str(each[4][0]) for each in found}, key=lambda address: (address != self._last, address))

    def _ask(self, address: str, method: str, asked: str, body: Any, seconds: float) -> urllib3.BaseHTTPResponse | None:
        host = f"[{address}]" if ":" in address else address
        url = f"http://{host}:{self._port}{asked}"
        timeout = urllib3.Timeout(connect=TIMEOUT_SECONDS, read=seconds)
        try:
            return self._pool.request(method, url, headers=self._headers, json=body, timeout=timeout)
        except urllib3.exceptions.HTTPError:
            return None


def _raise_refusal(answer: urllib3.BaseHTTPResponse) -> None:
    """Pass on what the leader refuses, in its words.

    Raises:
        TooManyError: somebody has asked too often.
        InvalidError: what was sent breaks a rule.

    """
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        said = json.loads(answer.data)
        raise TooManyError(said["message"], said["retrySeconds"])
    if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        raise InvalidError(json.loads(answer.data)["message"], field="body.spec")
