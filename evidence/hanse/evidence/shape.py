"""Taking a decoded document apart, with an error that names the field.

In: a decoded JSON value. Out: its parts, typed. Read with it are the documents of this package, and exports.
"""

import functools
import re
import uuid

from hanse.evidence.canonical import Json
from hanse.evidence.errors import EvidenceError

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


class Fields:
    """The fields of one JSON object, each of which must be taken exactly once."""

    def __init__(self, value: Json, what: str) -> None:
        if not isinstance(value, dict):
            raise EvidenceError(f"{what} is no object")
        self._fields = dict(value)
        self._what = what

    def integer(self, name: str, least: int = 0, most: int = 2**53 - 1) -> int:
        """Take the integer *name*, between *least* and *most*."""
        value = self._fields.pop(name, None)
        if not isinstance(value, int) or not least <= value <= most:
            value = self._given(name, value)
            raise EvidenceError(f"{self._what}: {name} is {value!r}, not an integer from {least} to {most}")
        return value

    def text(self, name: str) -> str:
        """Take the non-empty string *name*."""
        value = self._fields.pop(name, None)
        if not isinstance(value, str) or not value:
            value = self._given(name, value)
            raise EvidenceError(f"{self._what}: {name} is {value!r}, not a non-empty string")
        return value

    def identifier(self, name: str) -> uuid.UUID:
        """Take the UUID *name*, in its usual form."""
        value = self.text(name)
        found = _identifier(value)
        if found is None:
            raise EvidenceError(f"{self._what}: {name} is {value!r}, not a UUID in small letters")
        return found

    def digest(self, name: str) -> bytes:
        """Take the 32 bytes *name*, written as 64 hexadecimal digits in small letters."""
        value = self.text(name)
        if len(value) != 64 or not _is_hexadecimal(value):  # noqa: PLR2004  # two digits a byte
            raise EvidenceError(f"{self._what}: {name} is {value!r}, not 64 hexadecimal digits in small letters")
        return bytes.fromhex(value)

    def octets(self, name: str) -> bytes:
        """Take the bytes *name*, written as hexadecimal digits in small letters, two for each."""
        value = self.text(name)
        if len(value) % 2 or not _is_hexadecimal(value):
            raise EvidenceError(f"{self._what}: {name} is {value!r}, not pairs of hexadecimal digits in small letters")
        return bytes.fromhex(value)

    def items(self, name: str) -> list[Json]:
        """Take the list *name*."""
        value = self._take(name)
        if not isinstance(value, list):
            raise EvidenceError(f"{self._what}: {name} is no list")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Take the list of different non-empty strings *name*."""
        values = self.items(name)
        found = tuple(value for value in values if isinstance(value, str) and value)
        if len(set(found)) != len(values):
            raise EvidenceError(f"{self._what}: {name} is no list of different non-empty strings")
        return found

    def names(self) -> list[str]:
        """Return the names of the fields that are not yet taken."""
        return list(self._fields)

    def has(self, name: str) -> bool:
        """Whether the field *name* is there and not yet taken."""
        return name in self._fields

    def value(self, name: str) -> Json:
        """Take the field *name*, whatever it is."""
        return self._take(name)

    def inner(self, name: str) -> "Fields":
        """Take the object *name*."""
        return Fields(self._take(name), f"{self._what}: {name}")

    def integers(self, name: str) -> dict[str, int]:
        """Take the object *name* whose values are integers."""
        value = self._take(name)
        if not isinstance(value, dict):
            raise EvidenceError(f"{self._what}: {name} is no object")
        found = {key: each for key, each in value.items() if isinstance(each, int)}
        if len(found) != len(value):
            raise EvidenceError(f"{self._what}: {name} holds something else than integers")
        return found

    def done(self) -> None:
        """Check that nothing is left."""
        if self._fields:
            raise EvidenceError(f"{self._what}: unknown field {min(self._fields)!r}")

    def _take(self, name: str) -> Json:
        return self._given(name, self._fields.pop(name, None))

    def _given(self, name: str, value: Json | None) -> Json:
        if value is None:  # no document holds a null
            raise EvidenceError(f"{self._what}: {name} is missing")
        return value


# The same nodes and attempts are named again and again, and to make a UUID takes longer than to look it up.
@functools.lru_cache(maxsize=2**16)
def _identifier(text: str) -> uuid.UUID | None:
    return uuid.UUID(text) if is_uuid(text) else None


def is_uuid(text: str) -> bool:
    """Whether *text* is a UUID in its usual form, small letters."""
    return _UUID.fullmatch(text) is not None


def _is_hexadecimal(text: str) -> bool:
    """Whether there is one way to write these bytes, and this is it."""
    return not text.strip("0123456789abcdef")
