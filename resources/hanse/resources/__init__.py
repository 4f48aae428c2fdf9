"""The Kubernetes resources of Hanse as typed models.

`TrainingJob.parse(document)` reads an object as the API server returns it. The CRDs, the admission policies and the
reference are written from these models by `python -m hanse.resources.generate`; nothing here talks to a server.
"""

from hanse.resources.accelerator_class import AcceleratorClass, AcceleratorClassSpec
from hanse.resources.contribution import Contribution, ContributionSpec, ContributionStatus
from hanse.resources.durations import format_duration, parse_duration
from hanse.resources.kinds import KINDS
from hanse.resources.limits import (
    BLOCK_LABEL,
    CLUSTER_NAMESPACE_PREFIX,
    CYCLE_SECONDS_MAX,
    MAX_GRACE_SECONDS,
    MEMBER_LABEL,
    ORGANISATION_LABEL,
    RACK_LABEL,
    VERSION_LENGTH_MAX,
)
from hanse.resources.member import Member, MemberSpec, MemberStatus, Subject
from hanse.resources.member_cluster import MemberCluster, MemberClusterSpec, MemberClusterStatus
from hanse.resources.model import API_VERSION, GROUP, VERSION, Condition, MisconfiguredError, ObjectMeta, Resource
from hanse.resources.placement import PlacedWorker, Placement, PlacementSpec, PlacementStatus
from hanse.resources.pool_policy import PoolPolicy, PoolPolicySpec
from hanse.resources.priority_tier import PriorityTier, PriorityTierSpec
from hanse.resources.quantities import ceil_mib, ceil_milli
from hanse.resources.scalars import Precision, Sharing, Trust
from hanse.resources.template import RDMA, PodTemplate
from hanse.resources.training_job import TrainingJob, TrainingJobSpec
from hanse.resources.training_job_status import Phase, Reason, TrainingJobStatus

__all__ = [
    "API_VERSION",
    "BLOCK_LABEL",
    "CLUSTER_NAMESPACE_PREFIX",
    "CYCLE_SECONDS_MAX",
    "GROUP",
    "KINDS",
    "MAX_GRACE_SECONDS",
    "MEMBER_LABEL",
    "ORGANISATION_LABEL",
    "RACK_LABEL",
    "RDMA",
    "VERSION",
    "VERSION_LENGTH_MAX",
    "AcceleratorClass",
    "AcceleratorClassSpec",
    "Condition",
    "Contribution",
    "ContributionSpec",
    "ContributionStatus",
    "Member",
    "MemberCluster",
    "MemberClusterSpec",
    "MemberClusterStatus",
    "MemberSpec",
    "MemberStatus",
    "MisconfiguredError",
    "ObjectMeta",
    "Phase",
    "PlacedWorker",
    "Placement",
    "PlacementSpec",
    "PlacementStatus",
    "PodTemplate",
    "PoolPolicy",
    "PoolPolicySpec",
    "Precision",
    "PriorityTier",
    "PriorityTierSpec",
    "Reason",
    "Resource",
    "Sharing",
    "Subject",
    "TrainingJob",
    "TrainingJobSpec",
    "TrainingJobStatus",
    "Trust",
    "ceil_mib",
    "ceil_milli",
    "format_duration",
    "parse_duration",
]
