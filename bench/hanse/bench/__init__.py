"""The benchmarks: what Hanse is measured by, each a command that anyone can run again.

:mod:`~hanse.bench.reports` says what a result looks like. :mod:`~hanse.bench.hub` starts the hub that is measured, and
:mod:`~hanse.bench.apiserver` counts what it writes. :mod:`~hanse.bench.kueue` and :mod:`~hanse.bench.binding` are the
benches; :mod:`~hanse.bench.standin` plays agents of clusters that have no pods.
"""
