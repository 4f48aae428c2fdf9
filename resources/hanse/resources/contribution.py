"""`Contribution`: capacity that a member offers from one of its clusters, and on what terms."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from hanse.resources.durations import Between
from hanse.resources.model import AGE, Column, Definition, Model, Resource, Status
from hanse.resources.rules import ListOf, Rule, immutable
from hanse.resources.scalars import LabelMap, Name, Registry, Sharing, TimeZone, Trust, matches

_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
_NO_TIME = "not a time of day: write hours and minutes, such as 20:00"
TimeOfDay = Annotated[str, Field(max_length=5), matches(f"^{_TIME}$", _NO_TIME)]
EndOfWindow = Annotated[str, Field(max_length=5), matches(f"^({_TIME}|24:00)$", _NO_TIME)]


class Window(Model):
    """Hours of the week in which the capacity is offered."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.start != self.end",
            "start and end of a window are the same: write 00:00 and 24:00 for a whole day, or leave windows out to"
            " offer the capacity at all hours",
            holds=lambda window: window.start != window.end,
        ),
    )
    days: Annotated[tuple[Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], ...], ListOf()] = Field(
        min_length=1, max_length=7, description="Days on which the window begins."
    )
    start: TimeOfDay = Field(description="When it begins, as HH:MM.")
    end: EndOfWindow = Field(description="When it ends, as HH:MM, up to 24:00; on the next day if it is before start.")
    time_zone: TimeZone = Field(default="UTC", description="IANA name of the time zone.")


class Recall(Model):
    """Taking the capacity back."""

    at: AwareDatetime = Field(description="When the nodes must be free.")
    notice: Annotated[timedelta, Between("0s", "168h")] = Field(
        default=timedelta(minutes=15),
        description="How long before that time nothing new starts there. What runs is stopped within it, as late as its"
        " grace to checkpoint allows.",
    )


class ImageRules(Model):
    """Which images may run on the nodes. All images are named by digest in any case."""

    registries: Annotated[tuple[Registry, ...], ListOf()] = Field(
        default=(),
        max_length=32,
        description="Registries that images may come from, such as harbor.example:5000. Empty: any.",
    )


class ContributionSpec(Model):
    """Which nodes are offered, when, and to whom."""

    rules: ClassVar[tuple[Rule, ...]] = immutable(
        "cluster", "class", remedy="recall this contribution and create another"
    )
    cluster: Name = Field(description="The MemberCluster whose nodes these are.")
    accelerator_class: Name = Field(alias="class", description="The AcceleratorClass of the nodes.")
    node_selector: LabelMap = Field(
        default={},
        description="Labels that narrow the nodes of the class further; all of them must match. Agents report labels"
        " under hanse.dev/ and topology.kubernetes.io/, kubernetes.io/arch, hostname and os,"
        " node.kubernetes.io/instance-type, and those that their settings name in reportedLabels; no other matches.",
    )
    windows: tuple[Window, ...] = Field(
        default=(),
        max_length=16,
        description="When the capacity is offered. Empty: at all hours. In the last 15 minutes nothing new starts, and"
        " what runs is stopped in time to checkpoint.",
    )
    recall: Recall | None = Field(default=None, description="Set to take the capacity back; remove to offer it again.")
    trust_levels: Annotated[tuple[Trust, ...], ListOf()] = Field(
        default=(Trust.NONE,),
        min_length=1,
        max_length=4,
        description="What isolation the nodes offer; a job that asks for another runs elsewhere.",
    )
    allow_sharing_with: Sharing = Field(
        default=Sharing.OWN_MEMBER,
        description="With any, jobs of different members may share a GPU here, if the jobs say so too.",
    )
    images: ImageRules = Field(default=ImageRules(), description="Which images may run on the nodes.")
    memory_ratio_thousandths: int | None = Field(
        default=None,
        ge=1000,
        le=4000,
        description="Upper bound on the ratio of promised to physical GPU memory here, in thousandths. The least of"
        " this, the policy's and the learned ratio holds.",
    )
    exclude_members: Annotated[tuple[Name, ...], ListOf()] = Field(
        default=(), max_length=64, description="Members whose jobs never run on these nodes."
    )


class ContributionStatus(Status):
    """What Hanse has made of the offer."""

    phase: Literal["Open", "Closed", "Recalling", "Recalled", "Misconfigured"] | None = Field(
        default=None, description="Whether the nodes take work now."
    )
    nodes: int = Field(default=0, ge=0, description="Nodes that match.")
    gpus: int = Field(default=0, ge=0, description="Healthy GPUs on them.")


class Contribution(Resource):
    """Capacity that a member offers from one of its clusters, and on what terms."""

    definition: ClassVar[Definition] = Definition(
        plural="contributions",
        short_name="con",
        scope="Namespaced",
        columns=(
            Column("Cluster", ".spec.cluster"),
            Column("Class", ".spec.class"),
            Column("Phase", ".status.phase"),
            Column("GPUs", ".status.gpus", "integer"),
            Column("Recall", ".spec.recall.at"),
            AGE,
            Column("Nodes", ".status.nodes", "integer", wide=True),
            Column("Sharing", ".spec.allowSharingWith", wide=True),
        ),
    )
    kind: str = "Contribution"
    spec: ContributionSpec = Field(description="Which nodes are offered, when, and to whom.")
    status: ContributionStatus = Field(
        default_factory=ContributionStatus, description="What Hanse has made of the offer."
    )
