"""Durations as people write them: hours, minutes and seconds, such as `72h`, `1h30m` or `120s`.

The API server compares them in CEL with `duration()`, which reads the same notation; the models hold `timedelta`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError, core_schema

from hanse.resources.rules import VALIDATIONS, Rule

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

LENGTH_MAX = 16
# Bounded digits keep CEL's duration() from overflowing; the empty string matches and is refused by minLength.
PATTERN = "^([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$"
_PARTS = re.compile(r"(?:(\d{1,5})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?")


def parse_duration(text: str) -> timedelta:
    """Read a duration; raise ValueError where it is none."""
    match = _PARTS.fullmatch(text)
    if match is None or not text:
        raise ValueError(f'"{text}" is not a duration: write hours, minutes and seconds, such as 72h, 1h30m or 120s')
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """Write a duration in its shortest form: two minutes are `2m`, nothing is `0s`."""
    minutes, seconds = divmod(duration // timedelta(seconds=1), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if count]
    return "".join(parts) or "0s"


@dataclass(frozen=True)
class Between:
    """Annotates a `timedelta` field: a string in YAML, within bounds that the API server checks."""

    minimum: str
    maximum: str

    @property
    def rule(self) -> Rule:
        """The rule of the API server: the notation first, because `duration()` fails on anything else."""
        bounds = f"between {self.minimum} and {self.maximum}"
        remedy = f"is not a duration {bounds}: write hours, minutes and seconds, such as 72h, 1h30m or 120s"
        return Rule(
            f"self.matches('{PATTERN}') && duration(self) >= duration('{self.minimum}') "
            f"&& duration(self) <= duration('{self.maximum}')",
            f"this {remedy}",
            expression=f"'\"' + self + '\" {remedy}'",
        )

    def parse(self, value: Any) -> timedelta:
        """Read a string or take a timedelta as it is, and check the bounds."""
        try:
            duration = value if isinstance(value, timedelta) else parse_duration(str(value))
        except ValueError as error:
            raise PydanticCustomError("duration", "{sentence}", {"sentence": str(error)}) from error
        if not parse_duration(self.minimum) <= duration <= parse_duration(self.maximum):
            sentence = f"{format_duration(duration)} is not between {self.minimum} and {self.maximum}"
            raise PydanticCustomError("duration", "{sentence}", {"sentence": sentence})
        return duration

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.parse, serialization=core_schema.plain_serializer_function_ser_schema(format_duration)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "minLength": 2, "maxLength": LENGTH_MAX, VALIDATIONS: [self.rule.validation()]}
