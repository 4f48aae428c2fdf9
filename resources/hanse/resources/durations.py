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
NOTATION = "write hours, minutes and seconds, such as 72h, 1h30m or 120s"
# Bounded digits keep CEL's duration() from overflowing. The empty string matches, and is asked for apart.
PATTERN = "^([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$"
_PARTS = re.compile(r"(?:(\d{1,5})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read a duration; raise ValueError where it is none."""
    match = _PARTS.fullmatch(text)
    if match is None or not text:
        raise ValueError(f'"{text}": not a duration: {NOTATION}')
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
        return Rule(
            f"self != '' && self.matches('{PATTERN}') && duration(self) >= duration('{self.minimum}') "
            f"&& duration(self) <= duration('{self.maximum}')",
            f"not a duration between {self.minimum} and {self.maximum}: {NOTATION}",
        )

    def parse(self, value: Any) -> timedelta:
        """Read a string or take a timedelta as it is, and check the bounds."""
        try:
            duration = value if isinstance(value, timedelta) else parse_duration(value)
            within = parse_duration(self.minimum) <= duration <= parse_duration(self.maximum)
        except (TypeError, ValueError):
            within = False
        if not within:
            raise PydanticCustomError("duration", "{sentence}", {"sentence": self.rule.message})
        return duration

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.parse, serialization=core_schema.plain_serializer_function_ser_schema(format_duration)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "maxLength": LENGTH_MAX, VALIDATIONS: [self.rule.validation()]}
