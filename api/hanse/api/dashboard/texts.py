"""What the pages say, in English and Chinese: one catalogue, `texts.toml`, with both for each key.

In: a key, and what stands in its braces. Out: a sentence. What the leader says comes as codes with what stands in their
sentences, which are in the catalogue too; what only English says is marked so where it is shown.
"""

import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from typing import TypeAlias

from fastapi import Request

from hanse.api.answers import Phrase

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


def told(say: Say, phrases: Iterable[Phrase]) -> str:
    """Return what the leader says, in the language of *say*; nothing if one of its phrases is not known here.

    An operator of another version may know phrases that this process does not.
    """
    found = []
    for each in phrases:
        if f"said.{each.code}" not in catalogue():
            return ""
        try:
            found.append(say(f"said.{each.code}", **each.values))
        except (KeyError, TypeError):
            return ""
    return say("said.and").join(found)


def word(say: Say, kind: str, name: str) -> str:
    """Return a word of a closed list, such as a reason; one that the catalogue does not know stands as it is."""
    key = f"{kind}.{name}"
    return say(key) if key in catalogue() else name
