"""Scalars that several kinds share: names, keys, enumerations. Each says in a sentence what it wants."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import Field

from hanse.resources.rules import Rule

MILLI_H100E_SECONDS_MAX = 2**53 - 1
"""The largest integer that every JSON reader keeps exact."""
GPU_COUNT_MAX = 1_000_000
MIB_MAX = 1024 * 1024
THOUSANDTHS = 1000

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"


def matches(pattern: str, sentence: str) -> Rule:
    """Make a rule about a string; the API server puts the value before the sentence."""
    escaped = pattern.replace("\\", "\\\\")
    return Rule(
        f"self.matches('{escaped}')",
        sentence,
        holds=lambda value: re.search(pattern.replace("$", r"\Z"), value) is not None,
    )


def named_like_a_label(kind: str, length_max: int = 63) -> Rule:
    """Make a root rule for a kind whose names others refer to, in labels and in names of their own."""
    return Rule(
        f"self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{{0,{length_max - 2}}}[a-z0-9])?$')",
        f"names of {kind} are used in labels: use small letters, digits and -, at most {length_max}",
        holds=lambda resource: (
            len(resource.metadata.name) <= length_max and re.fullmatch(_LABEL, resource.metadata.name) is not None
        ),
    )


Name: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=63),
    matches(f"^{_LABEL}$", "not a name: use small letters, digits and - (at most 63), with no - at either end"),
]
"""A name that serves as a label, a host name and a part of other names."""

HostName: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matches(f"^{_LABEL}(\\.{_LABEL})*$", "not a host name: write one without scheme, port or wildcard"),
]

ResourceName: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=127),
    matches(
        f"^{_LABEL}(\\.{_LABEL})*/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
        "not a device resource: write its domain and name, such as nvidia.com/gpu",
    ),
]

PublicKey: TypeAlias = Annotated[
    str,
    Field(min_length=44, max_length=44),
    matches("^[A-Za-z0-9+/]{43}=$", "not a public key: write its 32 bytes in base64, as hanse member add prints them"),
]
"""A raw Ed25519 or X25519 public key."""

StorageUri: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=1024),
    matches("^s3://[a-z0-9][-a-z0-9.]{1,61}[a-z0-9](/[^ ]*)?$", "not a place: write s3://<bucket>/<prefix>"),
]

LabelMap: TypeAlias = Annotated[
    dict[str, Annotated[str, Field(max_length=63)]],
    Field(max_length=16),
]

Thousandths: TypeAlias = Annotated[int, Field(ge=0, le=THOUSANDTHS)]


class Precision(StrEnum):
    """Number formats in which an accelerator has a rate of its own."""

    FP32 = "fp32"
    TF32 = "tf32"
    BF16 = "bf16"
    FP16 = "fp16"
    FP8 = "fp8"
    FP4 = "fp4"
    INT8 = "int8"


class Trust(StrEnum):
    """How far a worker is kept apart from what others run on its node."""

    NONE = "none"
    EXCLUSIVE_NODE = "exclusive-node"
    KATA = "kata"
    CONFIDENTIAL = "confidential"


class Sharing(StrEnum):
    """With whose jobs a GPU may be shared."""

    OWN_MEMBER = "ownMember"
    ANY = "any"
