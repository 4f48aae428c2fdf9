"""A warning before the agent's credentials run out, as nobody renews them by themselves.

In: the files with tokens. Out: log lines that name the file and the days left, never what is in it. It judges by what a
token says of itself, by this machine's clock: a warning only, nothing rests on it.
"""

import asyncio
import base64
import json
import logging
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

WARN_DAYS = 10
LOOK_SECONDS = 6 * 3600
_DAY_SECONDS = 24 * 3600
_TOKEN = re.compile(r"eyJ[\w-]+\.([\w-]+)\.[\w-]+")
_LOG = logging.getLogger(__name__)


async def watch(files: Iterable[Path]) -> None:
    """Warn four times a day while a token's end is near."""
    while True:
        for sentence in warnings(files, time.time()):
            _LOG.warning("%s", sentence)
        await asyncio.sleep(LOOK_SECONDS)


def warnings(files: Iterable[Path], now_seconds: float) -> Iterator[str]:
    """Yield a sentence for each file with a token that has run out or soon will."""
    for file in files:
        ends = list(_ends(file))
        days = (min(ends) - now_seconds) / _DAY_SECONDS if ends else WARN_DAYS
        if days < WARN_DAYS:
            when = f"runs out in {days:.1f} days" if days > 0 else "has run out"
            yield f"{file}: the token {when}; hanse cluster renew and install renew it, as docs/operations.md says"


def _ends(file: Path) -> Iterator[float]:
    """Yield when each token in *file* ends; what is no such token, or no file for the moment, is passed over."""
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError):
        return
    for payload in _TOKEN.findall(text):
        try:
            end = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"]
        except (ValueError, KeyError, TypeError):
            continue
        if isinstance(end, int | float):
            yield float(end)
