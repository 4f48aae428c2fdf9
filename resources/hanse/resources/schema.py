"""From a model to a structural schema, as CustomResourceDefinitions want it: no `$ref`, no null, every object typed."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from hanse.resources.durations import format_duration
from hanse.resources.model import Model
from hanse.resources.rules import VALIDATIONS

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

# What pydantic says that the API server does not know, or forbids.
_DROPPED = ("title", "$defs", "propertyNames")


class _Structural(GenerateJsonSchema):
    """JSON Schema with Kubernetes' idea of optional: a field is absent, never null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        json_schema = self.generate_inner(schema["schema"])
        default = schema.get("default")
        # An empty default is kept: rules may then use the field without asking whether it is there.
        return json_schema if default is None else json_schema | {"default": self.encode_default(default)}

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return format_duration(dft)
        if isinstance(dft, Model):
            # In full: the API server checks a default against the rules before it fills in what is inside.
            return dft.model_dump(mode="json", exclude_none=True)
        return super().encode_default(dft)

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        return {"type": "string", "enum": schema["expected"]}


def structural_schema(model: type[Model]) -> dict[str, Any]:
    """Return the schema of a model, complete in itself."""
    document = model.model_json_schema(schema_generator=_Structural)
    schema: dict[str, Any] = _inline(document, document.get("$defs", {}))
    return schema


def _inline(node: Any, definitions: dict[str, Any]) -> Any:
    """Put each definition where it is referred to; what stands beside a reference goes before what it refers to."""
    if isinstance(node, list):
        return [_inline(item, definitions) for item in node]
    if not isinstance(node, dict):
        return copy.copy(node)
    if "$ref" in node:
        target = definitions[node["$ref"].rpartition("/")[2]]
        beside = {key: value for key, value in node.items() if key != "$ref"}
        merged = target | beside
        if VALIDATIONS in target and VALIDATIONS in beside:
            merged[VALIDATIONS] = [*target[VALIDATIONS], *beside[VALIDATIONS]]
        return _inline(merged, definitions)
    inlined = {key: _inline(value, definitions) for key, value in node.items() if key not in _DROPPED}
    if isinstance(node.get("properties"), dict):
        # Here the keys are fields, and a field may be called `title`.
        inlined["properties"] = {name: _inline(value, definitions) for name, value in node["properties"].items()}
    if inlined.get("type") == "integer":
        inlined["format"] = "int64"
    return inlined
