"""A real Kubernetes control plane, nodes and Postgres on one machine, for the demo, the tests and the benchmarks.

In: a name and what is wanted (:class:`hanse.devcluster.cluster.Wanted`). Out: a folder that holds a running cluster,
with a kubeconfig in it. :mod:`~hanse.devcluster.cluster` puts the parts together, :mod:`~hanse.devcluster.build` makes
the binaries, :mod:`~hanse.devcluster.processes` starts and finds processes, :mod:`~hanse.devcluster.teardown` takes
everything away again, also after a crash.

It must not import another part of Hanse, and nothing that runs in production may import it.
"""
