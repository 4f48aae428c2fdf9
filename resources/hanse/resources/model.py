"""What all resources are made of: the base model, metadata, conditions, and how a kind is presented to kubectl.

The models are frozen and ignore fields they do not know, because the API server adds fields of its own and a newer
version may add others. `Resource.parse` is what reads objects from the API server.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from hanse.resources.forbidden import Forbidden
from hanse.resources.rules import VALIDATIONS, ListOf, Rule

GROUP = "hanse.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"


def camel(attribute: str) -> str:
    """Spell an attribute as Kubernetes does: `limit_mib` is `limitMiB`, `milli_h100e` is `milliH100e`."""
    first, *rest = attribute.split("_")
    return first + "".join("MiB" if word == "mib" else word.capitalize() for word in rest)


class Model(BaseModel):
    """A structure of the API, with the CEL rules that hold over several of its fields."""

    model_config = ConfigDict(
        alias_generator=camel,
        validate_by_alias=True,
        validate_by_name=True,
        serialize_by_alias=True,
        extra="ignore",
        frozen=True,
    )
    rules: ClassVar[tuple[Rule, ...]] = ()
    forbidden: ClassVar[Mapping[str, Forbidden]] = {}
    """Well-known fields that the schema declares only to refuse them with a sentence; no attribute holds them."""

    @model_validator(mode="after")
    def _enforce_rules(self) -> Self:
        for rule in self.rules:
            rule.enforce(self)
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        reference = handler(schema)
        json_schema = handler.resolve_ref_schema(reference)
        json_schema["properties"] |= {name: field.schema() for name, field in cls.forbidden.items()}
        rules = [*cls.rules, *(field.rule(name) for name, field in cls.forbidden.items())]
        if rules:
            json_schema[VALIDATIONS] = [rule.validation() for rule in rules]
        return reference


class ObjectMeta(Model):
    """The part of Kubernetes' metadata that Hanse reads."""

    name: str
    namespace: str | None = None
    uid: str | None = None
    generation: int = 0
    resource_version: str | None = None
    creation_timestamp: AwareDatetime | None = None
    deletion_timestamp: AwareDatetime | None = None
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class Condition(Model):
    """One aspect of the current state, in the shape of Kubernetes' own conditions."""

    type: Annotated[str, Field(max_length=63, description="Which aspect this is about.")]
    status: Literal["True", "False", "Unknown"] = Field(description="Whether the condition holds.")
    reason: str = Field(min_length=1, max_length=64, description="Why, in one CamelCase word.")
    message: str = Field(default="", max_length=1024, description="Why, in a sentence.")
    last_transition_time: AwareDatetime = Field(description="When status last changed.")
    observed_generation: int = Field(default=0, ge=0, description="The metadata.generation that was judged.")


class Status(Model):
    """What the statuses of all kinds have in common."""

    observed_generation: int = Field(default=0, ge=0, description="The metadata.generation that this status is about.")
    conditions: Annotated[tuple[Condition, ...], ListOf(key="type")] = Field(
        default=(), max_length=16, description="Aspects of the current state, in the shape of Kubernetes' conditions."
    )


@dataclass(frozen=True)
class Column:
    """A column of `kubectl get`."""

    name: str
    path: str
    type: Literal["string", "integer", "boolean", "date"] = "string"
    wide: bool = False
    """Shown with `-o wide` only."""


AGE = Column("Age", ".metadata.creationTimestamp", "date")


@dataclass(frozen=True)
class Definition:
    """How a kind is named and shown."""

    plural: str
    short_name: str
    scope: Literal["Cluster", "Namespaced"]
    columns: tuple[Column, ...]
    scale_paths: tuple[str, str] | None = None
    """Paths of the wanted and the actual replicas, where `kubectl scale` makes sense."""
    conditions: tuple[str, ...] = ("Ready",)
    """Types of the conditions that the status may carry, for the reference."""


class MisconfiguredError(ValueError):
    """An object that the rules should have refused; says which field and why, one line a problem."""


class Resource(Model):
    """A kind of the API. Subclasses add `spec` and `status`."""

    definition: ClassVar[Definition]
    api_version: str = API_VERSION
    kind: str = ""
    metadata: ObjectMeta

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """Read an object as the API server returns it; raise `MisconfiguredError` naming each field that is wrong."""
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise MisconfiguredError("\n".join(_problems(error))) from error


def _problems(error: ValidationError) -> list[str]:
    problems = []
    for problem in error.errors(include_url=False):
        path = _field_path(problem["loc"]) + problem.get("ctx", {}).get("field", "")
        problems.append(f"{path}: {_value(problem['input'])}{problem['msg']}")
    return problems


def _value(value: Any) -> str:
    """Spell a scalar before the sentence, as the API server does; an object would only hide the sentence."""
    return f"{value!r}: " if isinstance(value, (str, int)) else ""


def _field_path(location: tuple[int | str, ...]) -> str:
    """Spell a location as Kubernetes does: `spec.accelerators[0].class`."""
    return re.sub(r"\.(?=\[)", "", ".".join(f"[{part}]" if isinstance(part, int) else part for part in location))
