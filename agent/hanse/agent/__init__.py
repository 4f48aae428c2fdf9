"""What runs at a member. So far the cluster agent: Placements and leases become pods, and pods become reports.

In: Placements of its own namespace at the hub, leases from the API service, pods and nodes of its own cluster. Out:
pods, statuses, inventory, signed metering slots. Everything is decided in pure modules (:mod:`~hanse.agent.decide`,
:mod:`~hanse.agent.faults`, :mod:`~hanse.agent.rules`, :mod:`~hanse.agent.manifests`, :mod:`~hanse.agent.inventory`,
:mod:`~hanse.agent.metering`); :mod:`~hanse.agent.loop` is the thin shell around them. It must not know a member, a
job or a user: the cluster that it runs in may be a rival's.
"""
