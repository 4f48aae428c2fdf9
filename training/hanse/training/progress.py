"""How far the training has come, for its owner to read in `hanse explain`.

In: steps, as the loop counts them. Out: the agent is told, from time to time, and passes it on with its next report.
Nothing rests on it: what is on its way when the process ends is lost, and a loop never waits for it. What counts is a
checkpoint of record (:mod:`hanse.training.checkpoints`).
"""

import contextlib
import http.client
import json
import os
import threading
import time
import urllib.request

EVERY_SECONDS = 5.0
REQUEST_SECONDS = 10.0

_sending = threading.Lock()
_told_at: float | None = None


def report_progress(step: int, steps: int | None = None, *, every_seconds: float = EVERY_SECONDS) -> None:
    """Say that *step* is done, of *steps* if that is known; call it as often as you like, from one process."""
    global _told_at  # noqa: PLW0603  # a process is one worker
    url, now = os.environ.get("HANSE_AGENT_URL"), time.monotonic()
    if not url or (_told_at is not None and now - _told_at < every_seconds) or not _sending.acquire(blocking=False):
        return
    _told_at = now
    body = {"attempt": os.environ["HANSE_ATTEMPT"], "step": step, "steps": steps}
    headers = {"Authorization": f"Bearer {os.environ['HANSE_TOKEN']}", "Content-Type": "application/json"}
    request = urllib.request.Request(  # noqa: S310  # the agent's address, as the agent gave it
        f"{url}/v1/progress", data=json.dumps(body).encode(), headers=headers, method="POST"
    )
    threading.Thread(target=_send, args=(request,), daemon=True).start()


def _send(request: urllib.request.Request) -> None:
    try:
        # No proxy from the environment stands between a worker and its agent. The next report makes up for a lost one.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with contextlib.suppress(OSError, http.client.HTTPException), opener.open(request, timeout=REQUEST_SECONDS):
            pass
    finally:
        _sending.release()
