"""The simulator: job traces through the production planner, and through honest baselines, on the same cluster.

A `workload.Workload` (from a public trace, a file of one's own, or a seed) and a `cluster.Cluster` go into
`engine.run` with one policy; out come runs, who held which GPUs from when to when, and from these alone `metrics`
reckons utilization, waits and waste. Time is logical and in whole seconds, chance comes from seeds: the same input
gives the same bytes. Nothing here decides for Hanse: `policies.hanse` asks `hanse.scheduler`, as the operator does.
"""
