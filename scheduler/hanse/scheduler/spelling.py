"""Records as plain values that JSON knows, and back.

In: a record of `pool` or `records`, or values of its fields. Out: the same as dictionaries, lists, integers and
strings, by the names of fields. It goes by the types that the records declare, so that what is added to them is written
and read without a word here: a field that old bytes lack has its default, and one that nobody knows is refused. Next
are `digests`, which hashes what is written, and `frames`, which keeps it.
"""

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any


def plain(value: Any) -> Any:
    """Return records as JSON knows them; sets in order, as Python's own order of them changes with each process."""
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(plain(each) for each in value)
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if value is None:
        return None
    return int(value) if isinstance(value, int) else str(value)


def typed(declared: Any, value: Any) -> Any:
    """Return what `plain` wrote of a value that is *declared* so.

    Raises:
        ValueError: it is nothing that could be declared so.

    """
    origin, inner = typing.get_origin(declared), typing.get_args(declared)
    try:
        if origin is tuple and inner[-1] is Ellipsis:
            return tuple(typed(inner[0], each) for each in value)
        if origin is tuple:
            return tuple(typed(*each) for each in zip(inner, value, strict=True))
        if origin is frozenset:
            return frozenset(typed(inner[0], each) for each in value)
        if origin in {typing.Union, types.UnionType}:
            return None if value is None else typed(next(each for each in inner if each is not types.NoneType), value)
        if origin is not None and issubclass(origin, Mapping):
            return {typed(inner[0], key): typed(inner[1], each) for key, each in value.items()}
        return _record(declared, value) if is_dataclass(declared) else declared(value)
    except (AttributeError, TypeError) as error:
        raise ValueError(f"{value!r} is no {declared}") from error


def _record(declared: Any, value: Mapping[str, Any]) -> Any:
    hints = _hints(declared)
    if unknown := sorted(set(value) - set(hints)):
        raise ValueError(f"{declared.__name__} has no {', '.join(unknown)}: a newer Hanse wrote it")
    return declared(**{name: typed(hints[name], each) for name, each in value.items()})


@cache
def _hints(declared: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(declared)
    return {each.name: hints[each.name] for each in fields(declared)}
