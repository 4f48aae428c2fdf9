"""Kubernetes quantities (`500m`, `64Gi`, 8) of CPU, memory and storage, read as integers."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema

from hanse.resources.rules import Rule

_FACTORS = {
    "m": Fraction(1, 1000),
    "": Fraction(1),
    **{unit: Fraction(1000**power) for power, unit in enumerate("kMGTP", start=1)},
    **{f"{unit}i": Fraction(1024**power) for power, unit in enumerate("KMGTP", start=1)},
}
_QUANTITY = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)(m|[kMGTP]|[KMGTP]i)?", re.ASCII)
_SENTENCE = "not a quantity: write a number with a unit, such as 500m, 32 or 64Gi"
_MIB_BYTES = 1024**2


def parse_quantity(text: str) -> Fraction:
    """Read a quantity exactly; raise ValueError where it is none. Signs and exponents are refused."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f'"{text}": {_SENTENCE}')
    return Fraction(match[1]) * _FACTORS[match[2] or ""]


def ceil_milli(text: str) -> int:
    """Return thousandths, rounded up: milli-CPU of a CPU quantity."""
    return -(-parse_quantity(text) * 1000 // 1)


def ceil_mib(text: str) -> int:
    """Return MiB, rounded up, of a quantity of bytes."""
    return -(-parse_quantity(text) // _MIB_BYTES)


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


Quantity: TypeAlias = Annotated[
    str,
    Field(max_length=32),
    BeforeValidator(_as_text),
    WithJsonSchema({"x-kubernetes-int-or-string": True, "maxLength": 32}),
    Rule(
        r"type(self) == int ? self >= 0 : string(self).matches('^[0-9]{1,15}(\\.[0-9]{1,9})?(m|[kMGTP]|[KMGTP]i)?$')",
        _SENTENCE,
        holds=lambda text: _QUANTITY.fullmatch(text) is not None,
    ),
]
"""Serialised as it was written."""
