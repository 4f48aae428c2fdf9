"""The gates that hold before any figure is told: what is known about the data has to come out."""

import os
from pathlib import Path

import pytest

from hanse.bench import replays
from hanse.simulator.traces import philly

TRACES = Path(os.environ.get("HANSE_TRACES") or Path(__file__).parents[3] / "shared" / "traces")
needs_traces = pytest.mark.skipif(not TRACES.exists(), reason="the public traces are not beside the checkout")


@needs_traces
@pytest.mark.parametrize("target", ["0.5", "0.7", "1.0"])
def test_simple_baselines_reproduce_known_figures_of_philly(target):
    for known in replays.known_again(TRACES, target):
        row = known.row
        assert float(row["util"]) == pytest.approx(known.utilization, abs=replays.KNOWN_WITHIN), row["policy"]
        assert float(row["wait_mean_h"]) == pytest.approx(known.wait_hours_mean, rel=0.03), row["policy"]
        assert known.is_exact, row["policy"]


@needs_traces
def test_nobody_waits_where_there_is_enough_and_the_same_seed_gives_the_same_bytes():
    october = philly.read(TRACES / "philly", replays.OCTOBER)
    assert replays.nobody_waits(october)
    assert replays.is_the_same_again(october)
