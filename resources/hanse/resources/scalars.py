"""Scalars that several kinds share: names, keys, enumerations. Each says in a sentence what it wants."""

from __future__ import annotations

import re
import zoneinfo
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from hanse.resources.rules import Rule

MILLI_H100E_SECONDS_MAX = 2**53 - 1
"""The largest integer that every JSON reader keeps exact."""
GPU_COUNT_MAX = 1_000_000
MIB_MAX = 1024 * 1024
THOUSANDTHS = 1000

_LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_HOST = f"{_LABEL}(\\.{_LABEL})*"
_LABEL_NAME = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"


def quoted(pattern: str) -> str:
    """Return a pattern as a literal of CEL."""
    return "'" + pattern.replace("\\", "\\\\") + "'"


def matches(pattern: str, sentence: str) -> Rule:
    """Make a rule about a string; the API server puts the value before the sentence."""
    return Rule(
        f"self.matches({quoted(pattern)})",
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
    Field(max_length=63),
    matches(f"^{_LABEL}$", "not a name: use small letters, digits and - (at most 63), with no - at either end"),
]
"""A name that serves as a label, a host name and a part of other names."""

HostName: TypeAlias = Annotated[
    str,
    Field(max_length=253),
    matches(f"^{_HOST}$", "not a host name: write one without scheme, port or wildcard"),
]

# A service of a cluster is <service>.<namespace>.svc.<domain>, whatever the cluster's domain is.
_INSIDE = "([.](svc|local|internal|localhost|localdomain)$|^([^.]+[.]){2,}svc[.])"
_OUTSIDE = f"^{_HOST}[.][a-z]([-a-z0-9]{{0,61}}[a-z0-9])?$"


def _is_outside(host: str) -> bool:
    return re.search(_OUTSIDE, host) is not None and re.search(_INSIDE, host) is None


OutsideHost: TypeAlias = Annotated[
    HostName,
    Rule(
        f"!self.matches({quoted(f'^{_HOST}$')})"
        f" || (self.matches({quoted(_OUTSIDE)}) && !self.matches({quoted(_INSIDE)}))",
        "not a host outside of the cluster: write a name with its domain, such as registry.example; IP addresses,"
        " single words and names in svc, local, internal or localhost are refused",
        holds=_is_outside,
    ),
]
"""What workers may be let out to: never the metadata service of the host, nor a service of its cluster."""

Registry: TypeAlias = Annotated[
    str,
    Field(max_length=259),
    matches(f"^{_HOST}(:[0-9]{{1,5}})?$", "not a registry: write its host, and its port if it has one, and no path"),
]

_PATH = "[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*"
Image: TypeAlias = Annotated[
    str,
    Field(max_length=512),
    matches(
        f"^({_HOST}(:[0-9]{{1,5}})?/)?{_PATH}(/{_PATH})*(:[A-Za-z0-9_][-A-Za-z0-9_.]{{0,127}})?@sha256:[0-9a-f]{{64}}$",
        "not an image by its digest: write <registry>/<name>@sha256:<64 hexadecimal digits>",
    ),
]

NodeName: TypeAlias = Annotated[
    str,
    Field(max_length=253),
    matches("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "not the name of a node: use small letters, digits, - and dots"),
]
"""A Placement may have thousands: a pattern that also counted the letters between dots would be too costly."""

Uuid: TypeAlias = Annotated[
    str,
    Field(max_length=36),
    matches("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "not a UUID: write it in small hexadecimal digits"),
]

_NO_ZONE = "not a time zone: write UTC or an IANA name, such as Asia/Shanghai"


def _known_zone(name: str) -> str:
    try:
        return name if name == "UTC" else zoneinfo.ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError("zone", "{sentence}", {"sentence": _NO_ZONE}) from None


TimeZone: TypeAlias = Annotated[
    str,
    Field(max_length=64),
    matches(
        "^(UTC|(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)"
        "(/[A-Za-z0-9_+-]+){1,2})$",
        _NO_ZONE,
    ),
    AfterValidator(_known_zone),
]
"""CEL knows the shape of a name only; the models know whether there is such a zone."""

Text: TypeAlias = Annotated[
    str,
    matches(
        r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$",
        "not a name: it begins or ends with a blank, or has control characters; remove them",
    ),
]
"""A name that others have given, such as that of a user: any letters."""

ResourceName: TypeAlias = Annotated[
    str,
    Field(max_length=127),
    matches(
        f"^{_HOST}/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
        "not a device resource: write its domain and name, such as nvidia.com/gpu",
    ),
]

PublicKey: TypeAlias = Annotated[
    str,
    Field(max_length=44),
    matches("^[A-Za-z0-9+/]{43}=$", "not a public key: write its 32 bytes in base64, as hanse member add prints them"),
]
"""A raw Ed25519 or X25519 public key."""

StorageUri: TypeAlias = Annotated[
    str,
    Field(max_length=1024),
    matches("^s3://[a-z0-9][-a-z0-9.]{1,61}[a-z0-9](/[^ ]*)?$", "not a place: write s3://<bucket>/<prefix>"),
]

LabelValue: TypeAlias = Annotated[
    str,
    Field(max_length=63),
    matches(f"^({_LABEL_NAME})?$", "not the value of a label: use letters, digits, -, _ and dots (at most 63)"),
]

_LABEL_KEY = f"^({_HOST}/)?{_LABEL_NAME}$"
LabelMap: TypeAlias = Annotated[
    dict[str, LabelValue],
    Field(max_length=16),
    Rule(
        f"self.all(k, k.matches({quoted(_LABEL_KEY)}))",
        "not the key of a label: write <domain>/<name> or <name>, with letters, digits, -, _ and dots",
        holds=lambda labels: all(re.fullmatch(_LABEL_KEY, key) for key in labels),
    ),
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
