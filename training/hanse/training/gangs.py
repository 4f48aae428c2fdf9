"""Who is in the gang now: an elastic one gets workers while it runs, and gives some up.

In: what the agent answers. Out: ranks. A worker keeps its rank for as long as it is there, and no rank is given twice,
so ranks have gaps; rank 0 stays until the end. A worker that is taken away gets SIGTERM and its grace
(:func:`hanse.training.should_stop`), and the others see here that they have to go on without it. Ask in one process of
the gang, rank 0 say, and tell the others, or they will not all learn of it at the same step.
"""

import http.client
import json
import os
import time
import urllib.request
from dataclasses import dataclass

EVERY_SECONDS = 5.0
REQUEST_SECONDS = 10.0


@dataclass(frozen=True)
class Gang:
    """The gang as it is to be: the *ranks* of its workers, in order, and those that have *ended* well.

    *sequence* grows with each change of its size.
    """

    sequence: int
    ranks: tuple[int, ...]
    ended: tuple[int, ...]


_known: tuple[float, Gang] | None = None


def gang(*, every_seconds: float = EVERY_SECONDS) -> Gang | None:
    """Return the gang as it is to be now, asking the agent *every_seconds* at most.

    It is what was last known while the agent does not answer, and None outside of Hanse or if nothing is known yet.

    """
    global _known  # noqa: PLW0603  # a process is in one gang
    url, now = os.environ.get("HANSE_AGENT_URL"), time.monotonic()
    if url and (_known is None or now - _known[0] >= every_seconds):
        answer = _ask(url) or (_known[1] if _known else None)
        _known = (now, answer) if answer else None
    return _known[1] if _known else None


def _ask(url: str) -> Gang | None:
    request = urllib.request.Request(  # noqa: S310  # the agent's address, as the agent gave it
        f"{url}/v1/gangs/{os.environ['HANSE_ATTEMPT']}",
        headers={"Authorization": f"Bearer {os.environ['HANSE_TOKEN']}"},
    )
    # No proxy from the environment stands between a worker and its agent.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=REQUEST_SECONDS) as answered:
            said = json.loads(answered.read())
        return Gang(int(said["sequence"]), tuple(said["ranks"]), tuple(said["ended"]))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
