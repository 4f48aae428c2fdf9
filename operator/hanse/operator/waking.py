"""Waking: the ledger says when an attempt has ended, so that its GPUs are not idle until somebody looks.

In: notifications of Postgres, sent by `ledger.release_lease` as it commits. Out: a call of *wake*. It is a hint: the
cycle looks once a second anyhow, and finds what a connection that was lost, or a pooler in between, did not pass on.
"""

import asyncio
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy import URL

CHANNEL = "hanse_attempt_ended"
RETRY_SECONDS = 5.0
_log = structlog.get_logger(__name__)


async def listen(url: URL, wake: Callable[[], None]) -> None:
    """Call *wake* whenever attempts have ended, until cancelled."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(plain, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                wake()  # for what ended before
                async for _ in connection.notifies():
                    wake()
        except (psycopg.Error, OSError) as error:
            _log.warning("not_listening", error=type(error).__name__)
        await asyncio.sleep(RETRY_SECONDS)
