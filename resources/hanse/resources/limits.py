"""Bounds that more than one kind rests on. They are written into the CRDs, so a change is a change of the API."""

MAX_GRACE_SECONDS = 600
"""The longest checkpoint grace of a job, and the highest `maxGrace` a PoolPolicy may set. It is a constant because a
rule of TrainingJob cannot read the PoolPolicy; the operator checks the policy's own, lower value."""

CYCLE_SECONDS_MAX = 10
"""What a planning cycle may take, debounce included, in the sum that must stay below the reclaim bound."""

WORKERS_MAX = 8192
"""Workers of one gang. A Placement lists them all and must fit into one object of etcd (1.5 MiB)."""

GPUS_PER_WORKER_MAX = 16
GPUS_PER_NODE_MAX = 64

CLUSTER_NAME_LENGTH_MAX = 49
"""`hanse-cluster-<name>` is a namespace, and those have at most 63 characters."""

CLUSTER_NAMESPACE_PREFIX = "hanse-cluster-"
MEMBER_LABEL = "hanse.dev/member"
ORGANISATION_LABEL = "hanse.dev/organisation"
RACK_LABEL, BLOCK_LABEL = "hanse.dev/rack", "hanse.dev/block"
"""Labels of a node that say where it stands. A rack's name need be unique in its block only."""
VERSION_LENGTH_MAX = 64
"""Of what an agent says that it is."""
