"""`PriorityTier`: how urgent a job is, and what that costs."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from hanse.resources.durations import Between
from hanse.resources.model import AGE, Column, Definition, Model, Resource, Status
from hanse.resources.rules import Rule
from hanse.resources.scalars import THOUSANDTHS, Thousandths, named_like_a_label


class PriorityTierSpec(Model):
    """Rank, price and rights of the jobs in the tier. Who may use it is the RBAC verb `use` on `prioritytiers`."""

    rank: int = Field(ge=0, le=1000, description="Higher goes first among the jobs of one organisation.")
    usage_factor_thousandths: int = Field(
        default=THOUSANDTHS,
        ge=1,
        le=100_000,
        description="What an H100e-hour costs here, in thousandths: 1500 charges one and a half. Nothing is free.",
    )
    entitlement_share_thousandths: Thousandths = Field(
        default=THOUSANDTHS,
        description="Part of its organisation's entitlement, in thousandths, that jobs of this tier may cover.",
    )
    preempts: bool = Field(default=True, description="Whether its jobs may stop weaker ones.")
    preemptible: bool = Field(
        default=True,
        description="Whether stronger jobs of the same member may stop its jobs. Owners always may reclaim.",
    )
    min_runtime: Annotated[timedelta, Between("0s", "24h")] = Field(
        default=timedelta(0),
        description="How long a job runs before a preemption may stop it. It never protects against a node's owner.",
    )


class PriorityTierStatus(Status):
    """What Hanse has made of the spec."""


class PriorityTier(Resource):
    """How urgent a job is, what that costs, and whether it may stop others or be stopped."""

    rules: ClassVar[tuple[Rule, ...]] = (named_like_a_label("PriorityTier"),)
    definition: ClassVar[Definition] = Definition(
        plural="prioritytiers",
        short_name="pt",
        scope="Cluster",
        columns=(
            Column("Rank", ".spec.rank", "integer"),
            Column("Factor", ".spec.usageFactorThousandths", "integer"),
            Column("Preempts", ".spec.preempts", "boolean"),
            Column("Preemptible", ".spec.preemptible", "boolean"),
            AGE,
            Column("Min Runtime", ".spec.minRuntime", wide=True),
        ),
    )
    kind: str = "PriorityTier"
    spec: PriorityTierSpec = Field(description="Rank, price and rights of the jobs in the tier.")
    status: PriorityTierStatus = Field(
        default_factory=PriorityTierStatus, description="What Hanse has made of the spec."
    )
