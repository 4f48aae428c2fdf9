"""What the pages say, in English and Chinese: one catalogue, `texts.toml`, with both for each key.

In: a key, and what stands in its braces. Out: a sentence. What the leader or the ledger says in sentences of its own is
English, and is marked so where it is shown.
"""

import tomllib
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import TypeAlias

from fastapi import Request

LANGUAGES = {"en": "English", "zh": "中文"}
COOKIE = "hanse-language"
Say: TypeAlias = Callable[..., str]


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return the sentences, by key and language."""
    return tomllib.loads((resources.files(__package__) / "texts.toml").read_text(encoding="utf-8"))


def language_of(request: Request) -> str:
    """Return the language that was asked for here, chosen earlier, or that the browser prefers; else English."""
    for wanted in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    ranges = request.headers.get("Accept-Language", "").lower().split(",")
    return next((each.strip()[:2] for each in ranges if each.strip()[:2] in LANGUAGES), "en")


def in_(language: str) -> Say:
    """Return what says a key in *language*."""

    def say(key: str, **values: object) -> str:
        return catalogue()[key][language].format(**values)

    return say


def word(say: Say, kind: str, name: str) -> str:
    """Return a word of a closed list, such as a reason; one that the catalogue does not know stands as it is."""
    key = f"{kind}.{name}"
    return say(key) if key in catalogue() else name
