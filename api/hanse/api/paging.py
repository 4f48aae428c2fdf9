"""Long lists are answered in pages: each says where the next one begins.

In: things in a fixed order, each with a key by which they are in it. Out: a page. A cursor is the last key of a page,
so what comes or goes between two requests neither repeats nor skips what stays. It says nothing that the page did not.
"""

import base64
import json
from collections.abc import Callable, Iterable
from itertools import dropwhile, islice
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

from fastapi import Query
from pydantic import Field

from hanse.api.problems import InvalidError
from hanse.resources.model import Model
from hanse.resources.protocol import INTEGER_MAX

LIMIT_MAX = 1000
LIMIT = 100

T = TypeVar("T")
Key: TypeAlias = tuple[str | int, ...]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="Most items of a page.")]
Cursor: TypeAlias = Annotated[
    str, Query(max_length=2048, description="`next` of the page before; absent for the first page.")
]


class Page(Model, Generic[T]):
    """A part of a list."""

    items: tuple[T, ...]
    next: str | None = Field(default=None, description="Send it as `cursor` for the next page; null on the last one.")


def page(found: Iterable[T], key: Callable[[T], Key], limit: int, cursor: str) -> Page[T]:
    """Return the page after *cursor* of what is *found* in the order of its keys.

    Raises:
        InvalidError: the cursor is none of this list's.

    """
    after = read(cursor)
    try:
        rest = dropwhile(lambda each: after is not None and key(each) <= after, found)
        items = tuple(islice(rest, limit + 1))
    except TypeError as error:
        raise wrong(cursor) from error
    return cut(items, key, limit)


def cut(items: tuple[T, ...], key: Callable[[T], Key], limit: int) -> Page[T]:
    """Return a page of at most *limit* of *items*, of which there is one more if there is a next page."""
    more = len(items) > limit
    return Page(items=items[:limit], next=written(key(items[limit - 1])) if more else None)


def read(cursor: str) -> Key | None:
    """Return the key that a cursor holds, if there is a cursor.

    Raises:
        InvalidError: it is none.

    """
    if not cursor:
        return None
    try:
        found: Any = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, RecursionError) as error:
        raise wrong(cursor) from error
    if not isinstance(found, list) or not all(map(_is_key, found)):
        raise wrong(cursor)
    return tuple(found)


def number(cursor: str, first: int) -> int:
    """Return the number that the cursor of a list holds whose keys are numbers of the ledger, or *first* without one.

    Raises:
        InvalidError: it is none of such a list's.

    """
    match read(cursor):
        case None:
            return first
        case (int(found),) if 0 <= found <= INTEGER_MAX:
            return found
        case _:
            raise wrong(cursor)


def _is_key(part: object) -> bool:
    """Whether it can be part of a key; a text that cannot be encoded could be asked of nobody."""
    if isinstance(part, str):
        return not any("\ud800" <= each <= "\udfff" for each in part)
    return isinstance(part, int) and not isinstance(part, bool)


def written(key: Key) -> str:
    """Return a cursor that holds *key*."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def wrong(cursor: str) -> InvalidError:
    """Return how a cursor that is none of a list's is refused."""
    said = f"cursor is {cursor[:60]}: send `next` of the page before as it is, or leave it out for the first page"
    return InvalidError(said, field="query.cursor", value=cursor[:60])
