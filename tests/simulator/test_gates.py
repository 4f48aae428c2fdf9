"""The gates that hold before any figure is told: what is known about the data has to come out."""

import csv
from pathlib import Path

import pytest

from hanse.simulator import cluster, engine, metrics, quotas
from hanse.simulator.policies.queueing import Queueing
from hanse.simulator.traces import philly
from hanse.simulator.workload import DAY_SECONDS

TRACES = Path(__file__).parents[3] / "shared" / "traces"
PUBLISHED = TRACES / "baselines_computed" / "philly_static_vs_pool.csv"
needs_traces = pytest.mark.skipif(not PUBLISHED.exists(), reason="the public traces are not beside the checkout")
OCTOBER = philly.Span(philly.OCTOBER, 31)
FROM_DAY_5 = metrics.Window(4 * DAY_SECONDS, 31 * DAY_SECONDS)
LONG_AFTER = 1000 * DAY_SECONDS
SCORED = ("0.7", "1.0")


@pytest.fixture(scope="module")
def october():
    return philly.read(TRACES / "philly", OCTOBER)


def published(target):
    with PUBLISHED.open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["rho_target"] == target]


@needs_traces
@pytest.mark.parametrize("target", SCORED)
def test_simple_baselines_reproduce_known_figures_of_philly(october, target):
    for row in published(target):
        where, how, basis = row["policy"].split("-")
        weights = quotas.by_use(october) if basis == "usage" else philly.nodes_assumed(TRACES / "philly")
        shares = quotas.shared_out(october, weights, OCTOBER.seconds, float(target))
        capacity = sum(shares.values())
        assert int(row["C"]) == capacity
        policy = Queueing(skips=how == "bf", is_partitioned=where == "static")
        on = cluster.Cluster(tuple(shares.values()), tuple(shares)) if where == "static" else cluster.of_one(capacity)
        runs = engine.run(october, on, policy, engine.Terms(), LONG_AFTER)
        waits = metrics.Waited(october, runs, FROM_DAY_5, LONG_AFTER)
        found = metrics.figures(october, runs, capacity, FROM_DAY_5, waits)
        assert float(row["util"]) == pytest.approx(found.allocation_fraction, abs=0.001), row["policy"]
        assert float(row["wait_mean_h"]) == pytest.approx(found.wait.mean / 3600, rel=0.03), row["policy"]
        granted = sum((run.end_seconds - run.start_seconds) * run.job.gpus for run in runs)
        assert october.gpu_seconds == granted, "each job has got what its record says"
