"""`AcceleratorClass`: a kind of accelerator, its worth in H100-equivalents and how nodes that have it are found."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hanse.resources.model import AGE, Column, Definition, Model, Resource, Status
from hanse.resources.rules import ListOf, Rule, immutable
from hanse.resources.scalars import MIB_MAX, LabelMap, Name, Precision, ResourceName, named_like_a_label

_PRECISIONS = ", ".join(Precision)
_NEW_CLASS = "other hardware is another class; create one"


class AcceleratorClassSpec(Model):
    """Facts about the hardware and what the alliance has agreed that it is worth."""

    rules: ClassVar[tuple[Rule, ...]] = immutable("vendor", "memoryMiB", "deviceResources", remedy=_NEW_CLASS)
    vendor: Name = Field(description="Who makes it: nvidia, huawei, biren.")
    memory_mib: int = Field(ge=1024, le=MIB_MAX, multiple_of=1024, description="Physical memory of one device, in MiB.")
    h100_equivalent: Annotated[
        dict[Precision, Annotated[int, Field(ge=10, le=100_000)]],
        Rule(
            f"self.all(p, p in [{', '.join(repr(str(p)) for p in Precision)}])",
            f"each key of h100Equivalent is a precision: {_PRECISIONS}",
        ),
    ] = Field(
        min_length=1,
        max_length=len(Precision),
        description="What one device is worth, in thousandths of an H100, by precision. A job whose precision is not"
        " named never gets this class.",
    )
    watts: int = Field(ge=1, le=10_000, description="Rated power of one device, in watts.")
    device_resources: Annotated[tuple[ResourceName, ...], ListOf()] = Field(
        min_length=1,
        max_length=4,
        description="Extended resources under which nodes offer whole devices, such as nvidia.com/gpu.",
    )
    node_selector: LabelMap = Field(
        min_length=1, description="Labels that a node with this accelerator carries; all of them must match."
    )
    sharing_modes: Annotated[tuple[Literal["Advisory", "MPS", "DriverPartition", "VNPU"], ...], ListOf()] = Field(
        default=(),
        max_length=4,
        description="How its memory may be divided among workers, if nodes offer it. Empty: whole devices only.",
    )


class AcceleratorClassStatus(Status):
    """What Hanse has made of the spec."""


class AcceleratorClass(Resource):
    """A kind of accelerator: its memory, its worth in H100-equivalents, and the nodes that have it."""

    rules: ClassVar[tuple[Rule, ...]] = (named_like_a_label("AcceleratorClass"),)
    definition: ClassVar[Definition] = Definition(
        plural="acceleratorclasses",
        short_name="ac",
        scope="Cluster",
        columns=(
            Column("Vendor", ".spec.vendor"),
            Column("Memory MiB", ".spec.memoryMiB", "integer"),
            Column("bf16", ".spec.h100Equivalent.bf16", "integer"),
            Column("fp8", ".spec.h100Equivalent.fp8", "integer"),
            AGE,
            Column("Watts", ".spec.watts", "integer", wide=True),
            Column("Sharing", ".spec.sharingModes", wide=True),
        ),
    )
    kind: str = "AcceleratorClass"
    spec: AcceleratorClassSpec = Field(description="Facts about the hardware and its agreed worth.")
    status: AcceleratorClassStatus = Field(
        default_factory=AcceleratorClassStatus, description="What Hanse has made of the spec."
    )
