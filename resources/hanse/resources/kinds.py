"""The kinds of the API, in the order in which a pool is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.resources.accelerator_class import AcceleratorClass
from hanse.resources.contribution import Contribution
from hanse.resources.member import Member
from hanse.resources.member_cluster import MemberCluster
from hanse.resources.placement import Placement
from hanse.resources.pool_policy import PoolPolicy
from hanse.resources.priority_tier import PriorityTier
from hanse.resources.training_job import TrainingJob

if TYPE_CHECKING:
    from hanse.resources.model import Resource

KINDS: tuple[type[Resource], ...] = (
    AcceleratorClass,
    PriorityTier,
    PoolPolicy,
    Member,
    MemberCluster,
    Contribution,
    TrainingJob,
    Placement,
)
