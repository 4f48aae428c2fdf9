"""The hub's operator: it watches, plans, has the plan recorded, and only then acts.

In: the Kubernetes API (what members want), and the ledger's Postgres (what was decided, and what ran). Out: decisions
in the ledger, Placements for the member clusters, the status of TrainingJobs. The modules, in the order in which data
flows:

:mod:`~hanse.operator.kube` talks to the API server; :mod:`~hanse.operator.feed` (Kopf) fills
:mod:`~hanse.operator.cache`, which :mod:`~hanse.operator.sweep` compares with the truth; :mod:`~hanse.operator.world`
reads the objects; :mod:`~hanse.operator.mirror` holds the attempts; :mod:`~hanse.operator.snapshot` joins the two for
the planner; :mod:`~hanse.operator.cycle` plans and records (:mod:`~hanse.operator.grouping` says how much of a plan);
:mod:`~hanse.operator.actuator` acts on what is recorded;
:mod:`~hanse.operator.statuses` tells users. Beside all that :mod:`~hanse.operator.settling` posts hours that are over.
:mod:`~hanse.operator.election` and the ledger's term keep it to one leader.
"""
