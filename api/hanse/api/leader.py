"""What only the leading operator knows: positions in the queue, and why a job waits.

In: a question about some members. Out: the leader's answer as it is, or a sentence that nobody answers. The leader
listens on an internal port, and answers whoever shows the token that both were given; its address is a Service that
leads to whoever leads. Nothing is made up in its place.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from hanse.api.problems import UnavailableError

TIMEOUT_SECONDS = 5.0


class Leader:
    """The leading operator at *url*, which wants *token*; with an empty address, nobody ever answers."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url, self._headers = url.rstrip("/"), {"Authorization": f"Bearer {token}"}
        self._pool = urllib3.PoolManager(timeout=TIMEOUT_SECONDS, retries=False)

    def queue(self, members: frozenset[str]) -> Any:
        """Return the waiting jobs of *members*, with position and reason."""
        return self._get("/v1/queue", {"member": sorted(members)})

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

    def job(self, uid: str) -> Any:
        """Return what the leader knows of one waiting job."""
        return self._get(f"/v1/jobs/{quote(uid)}", {})

    def _get(self, path: str, query: Mapping[str, Any]) -> Any:
        sentence = "no leading operator answers, and only it knows this: try again in a minute"
        if not self._url:
            raise UnavailableError(sentence)
        try:
            answer = self._pool.request(
                "GET", f"{self._url}{path}?{urlencode(query, doseq=True)}", headers=self._headers
            )
        except urllib3.exceptions.HTTPError as error:
            raise UnavailableError(sentence) from error
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise UnavailableError(
                "the operator does not take this service's token: both need --internal-token-file with the same content"
            )
        if answer.status != HTTPStatus.OK:
            raise UnavailableError(sentence)
        return json.loads(answer.data)
