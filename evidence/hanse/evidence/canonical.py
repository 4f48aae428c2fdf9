"""Canonical JSON: one value, one sequence of bytes (RFC 8785).

In: a value of integers, strings, lists and dictionaries. Out: bytes, and back. Floats, true, false and null are
refused, so that no two encoders can differ; a fact that is not there is left out. Bytes that were signed or hashed are
kept as they are and never made again from a value.
"""

import hashlib
import json
from typing import NoReturn, TypeAlias

import rfc8785

from hanse.evidence.errors import EvidenceError

Json: TypeAlias = int | str | list["Json"] | dict[str, "Json"]

# RFC 8785 rests on IEEE 754 doubles: integers beyond this are not exact in every language.
INTEGER_MAX = 2**53 - 1


def encode(value: Json) -> bytes:
    """Return the canonical bytes of *value*.

    Raises:
        EvidenceError: it holds something else than integers up to ±(2^53 - 1), strings, lists and dictionaries.

    """
    _check(value)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise EvidenceError(f"no canonical JSON: {error}") from error


def decode(data: bytes) -> Json:
    """Return the value of canonical bytes.

    Raises:
        EvidenceError: they are not JSON, or not the canonical form of what they say.

    """
    try:
        value: Json = json.loads(data)
        same = encode(value) == data
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"not canonical JSON: {error}") from error
    if not same:
        raise EvidenceError("the JSON is not in its canonical form (RFC 8785)")
    return value


def sha256(data: bytes) -> bytes:
    """Return the SHA-256 of *data*, 32 bytes."""
    return hashlib.sha256(data).digest()


def _check(value: Json) -> None:
    if isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str):
                _refuse(key)
            _check(each)
    elif isinstance(value, list):
        for each in value:
            _check(each)
    elif isinstance(value, bool) or not isinstance(value, int | str):
        _refuse(value)
    elif isinstance(value, int) and abs(value) > INTEGER_MAX:
        raise EvidenceError(f"{value} is beyond ±(2^53 - 1) and so not exact everywhere")


def _refuse(value: object) -> NoReturn:
    raise EvidenceError(f"{value!r} is no integer, string, list or dictionary with strings as keys")
