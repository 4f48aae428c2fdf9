"""Rules that the API server checks in CEL, attached to the models they are about.

A rule is metadata: on a field through `Annotated`, on a model through its `rules`. `schema` writes all of them into
the CRD. A rule that the operator's arithmetic rests on also carries `holds`, the same predicate in Python, so that an
object which is older than the rule is told the same sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic_core import PydanticCustomError, core_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

VALIDATIONS = "x-kubernetes-validations"


@dataclass(frozen=True)
class Rule:
    """One CEL rule: what must hold of `self`, and the sentence that tells the user what to do when it does not."""

    cel: str
    message: str
    """The sentence. The API server needs it even beside an `expression`, which may fail to evaluate."""
    expression: str | None = None
    """CEL that makes the sentence, where naming the value helps."""
    field: str | None = None
    """Path below `self` that the error points at, such as `.minReplicas`."""
    reason: Literal["FieldValueInvalid", "FieldValueForbidden"] = "FieldValueInvalid"
    holds: Callable[[Any], bool] | None = None
    """The same predicate in Python."""

    def validation(self) -> dict[str, str]:
        """Return the entry of `x-kubernetes-validations`."""
        entry = {"rule": self.cel, "message": self.message, "reason": self.reason}
        if self.expression:
            entry["messageExpression"] = self.expression
        if self.field:
            entry["fieldPath"] = self.field
        return entry

    def enforce(self, value: Any) -> Any:
        """Return the value, or raise with the rule's sentence."""
        if self.holds is not None and not self.holds(value):
            # The sentence is passed as a value: braces in it must not be read as a template.
            raise PydanticCustomError("rule", "{sentence}", {"sentence": self.message, "field": self.field or ""})
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        schema = handler(source)
        return core_schema.no_info_after_validator_function(self.enforce, schema) if self.holds else schema

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        # A model's schema is a shared `$ref`: the rule of this one use stands beside it, not in it.
        json_schema = dict(handler(schema))
        json_schema[VALIDATIONS] = [*json_schema.get(VALIDATIONS, []), self.validation()]
        return json_schema


@dataclass(frozen=True)
class ListOf:
    """How server-side apply merges a list: as a set, or as a map by the given key. Without it a list is atomic."""

    key: str | None = None

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        json_schema = dict(handler(schema))
        json_schema["x-kubernetes-list-type"] = "map" if self.key else "set"
        if self.key:
            json_schema["x-kubernetes-list-map-keys"] = [self.key]
        return json_schema


def unchanged(field: str) -> str:
    """Return CEL for a field that is as it was; comparing optionals instead would be refused as too costly."""
    return f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})"


def immutable(*fields: str, remedy: str) -> tuple[Rule, ...]:
    """Make one rule a field that refuses any change of it; optional fields may neither come nor go."""
    return tuple(
        Rule(
            unchanged(field),
            f"{field} cannot change after creation: {remedy}",
            field=f".{field}",
        )
        for field in fields
    )
