"""Well-known pod fields that the template refuses, each with the sentence that says what to do instead.

An undeclared field would be dropped in silence for clients that do not ask for strict validation, and refused as
"unknown field" for those that do. Declaring it, with a rule that it must be absent, gives every client the sentence.
Its shape must be declared as well, down to the leaves: what is inside an undeclared part is again an unknown field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from hanse.resources.rules import Rule

# bool, int or str; `[shape]` for a list, `{name: shape}` for an object, `{str: shape}` for a map, PORT for either.
Shape: TypeAlias = object

PORT = object()
STRINGS = [str]
LABELS = {str: str}

NOT_ALLOWED = "Not allowed."
INSTEAD = " is not allowed here: "

_SCALARS: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer", "format": "int64"},
    str: {"type": "string", "maxLength": 4096},
    PORT: {"x-kubernetes-int-or-string": True},
}


@dataclass(frozen=True)
class Forbidden:
    """A field that is declared only to be refused."""

    shape: Shape
    remedy: str
    """What to do instead, as the second half of a sentence."""
    harmless: bool | str | None = None
    """The value that asks for nothing and that many templates carry; it is accepted and goes no further."""

    def schema(self) -> dict[str, Any]:
        """Return the schema of the field: just enough to parse what people write there.

        The description is short, so that `kubectl explain` shows the fields that are allowed among the many that are
        not; the sentence says what to do.
        """
        return _schema(self.shape) | {"description": NOT_ALLOWED}

    def rule(self, name: str) -> Rule:
        """Return the rule that refuses the field."""
        sentence = f"{name}{INSTEAD}{self.remedy}"
        cel = f"!has(self.{name})" + self._asks_for_nothing(f"self.{name}")
        return Rule(cel, sentence, field=f".{name}", reason="FieldValueForbidden")

    def _asks_for_nothing(self, field: str) -> str:
        if isinstance(self.harmless, str):
            return f" || {field} == '{self.harmless}'"
        if self.harmless is not None:
            return f" || {field}" if self.harmless else f" || !{field}"
        is_collection = isinstance(self.shape, list) or (isinstance(self.shape, dict) and str in self.shape)
        return f" || size({field}) == 0" if is_collection else ""


def _schema(shape: Any) -> dict[str, Any]:
    if isinstance(shape, list):
        return {"type": "array", "maxItems": 64, "items": _schema(shape[0])}
    if not isinstance(shape, dict):
        return dict(_SCALARS[shape])
    if str in shape:
        return {"type": "object", "maxProperties": 64, "additionalProperties": _schema(shape[str])}
    return {"type": "object", "properties": {name: _schema(inner) for name, inner in shape.items()}}
