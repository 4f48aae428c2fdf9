"""Checkpoints of record: the agent, and through it the ledger, say which one counts.

In: a checkpoint that has been written completely. Out: it is the one that the next attempt starts from, or an error. A
run that was cut off and replaced elsewhere is told so here, and must end: what it writes now counts for nothing.
"""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus

RETRY_SECONDS_MAX = 10.0
REQUEST_SECONDS = 15.0


class CheckpointError(Exception):
    """Whether the checkpoint is one of record is not known: the agent could not be asked in time."""


class CheckpointRefusedError(Exception):
    """The checkpoint is not one of record and never will be: this run was replaced. End now."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint of record: what *step* had been reached, and where it is."""

    step: int
    uri: str


def resume() -> Checkpoint | None:
    """Return where the job stands by its last checkpoint of record, or None at its beginning."""
    uri = os.environ.get("HANSE_RESUME_URI")
    return Checkpoint(int(os.environ["HANSE_RESUME_STEP"]), uri) if uri else None


def commit_checkpoint(step: int, uri: str, *, patience_seconds: float = 60.0) -> bool:
    """Make a checkpoint one of record; call it from one process, when all of it is in the store.

    Returns False outside of Hanse, where there is no record. Calling it again for the same step and place is fine.

    Raises:
        CheckpointRefusedError: this run is not the one in force any more.
        CheckpointError: the agent or the hub did not answer within the patience; the training may go on.

    """
    url = os.environ.get("HANSE_AGENT_URL")
    if not url:
        return False
    request = _request(url, step, uri)
    deadline, wait = time.monotonic() + patience_seconds, 0.5
    while True:
        problem = _send(request)
        if problem is None:
            return True
        if time.monotonic() + wait > deadline:
            raise CheckpointError(problem)
        time.sleep(wait)
        wait = min(2 * wait, RETRY_SECONDS_MAX)


def _request(url: str, step: int, uri: str) -> urllib.request.Request:
    body = {"attempt": os.environ["HANSE_ATTEMPT"], "step": step, "uri": uri}
    headers = {"Authorization": f"Bearer {os.environ['HANSE_TOKEN']}", "Content-Type": "application/json"}
    return urllib.request.Request(  # noqa: S310  # the agent's address, as the agent gave it
        f"{url}/v1/checkpoints", data=json.dumps(body).encode(), headers=headers, method="POST"
    )


def _send(request: urllib.request.Request) -> str | None:
    """Send once; return what is wrong if trying again may help, else None."""
    # No proxy from the environment stands between a worker and its agent.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=REQUEST_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        said = _said(error)
        if error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise CheckpointRefusedError(said) from error
        return said
    except (OSError, http.client.HTTPException) as error:
        return f"the agent does not answer: {error!r}"


def _said(error: urllib.error.HTTPError) -> str:
    """Return why the agent refused; an answer that was cut off is one all the same."""
    try:
        with error:
            data = error.read()
    except (OSError, http.client.HTTPException):
        return f"the agent answered {error.code}"
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        return data.decode(errors="replace")
