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

    def schema(self) -> dict[str, Any]:
        """Return the schema of the field: just enough to parse what people write there."""
        return _schema(self.shape) | {"description": f"Not allowed: {self.remedy}."}

    def rule(self, name: str) -> Rule:
        """Return the rule that refuses the field."""
        sentence = f"{name} is not allowed here: {self.remedy}"
        return Rule(f"!has(self.{name})", sentence, field=f".{name}", reason="FieldValueForbidden")


def _schema(shape: Any) -> dict[str, Any]:
    if isinstance(shape, list):
        return {"type": "array", "maxItems": 64, "items": _schema(shape[0])}
    if not isinstance(shape, dict):
        return dict(_SCALARS[shape])
    if str in shape:
        return {"type": "object", "maxProperties": 64, "additionalProperties": _schema(shape[str])}
    return {"type": "object", "properties": {name: _schema(inner) for name, inner in shape.items()}}
