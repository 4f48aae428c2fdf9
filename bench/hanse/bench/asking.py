"""Who asks the API service, and how long it takes to answer: a process of its own, so that no other work is timed.

In: which paths to ask for, with whose tokens, how often and how many at once. Out: for each path's name the seconds of
each answer, and the answers that were none. Only what came whole is timed, from the request's first byte to the
answer's last.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp

TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True)
class Question:
    """A path below the service's URL, and who asks."""

    path: str
    token: str = field(repr=False)


@dataclass
class Asked:
    """What was answered: *seconds* of each good answer, *refused* the others, *wall_seconds* of all together."""

    seconds: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    wall_seconds: float = 0.0


def ask(url: str, questions: Sequence[Question], at_once: int) -> Asked:
    """Ask all *questions*, so many at a time; to be called in a process of its own."""
    return asyncio.run(_ask(url, questions, at_once))


async def _ask(url: str, questions: Sequence[Question], at_once: int) -> Asked:
    found, waiting = Asked(), iter(questions)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    started = time.monotonic()
    async with aiohttp.ClientSession(url, timeout=timeout) as session, asyncio.TaskGroup() as tasks:
        for _ in range(at_once):
            tasks.create_task(_one_after_another(session, waiting, found))
    found.wall_seconds = time.monotonic() - started
    return found


async def _one_after_another(session: aiohttp.ClientSession, waiting: Iterator[Question], found: Asked) -> None:
    for each in waiting:
        started = time.monotonic()
        try:
            async with session.get(each.path, headers={"Authorization": f"Bearer {each.token}"}) as answer:
                said = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            found.refused.append(f"{each.path}: {type(error).__name__}")
            continue
        if answer.status == HTTPStatus.OK:
            found.seconds.append(time.monotonic() - started)
        else:
            found.refused.append(f"{each.path}: {answer.status} {said[:300].decode(errors='replace')}")
