"""`decide-pool` and `decide-growth`: what a cycle costs in a large pool, and how that grows with the pool.

In: pools of :mod:`hanse.bench.pools`, in memory, without an API server. Out: reports. A cycle is all that a planner
does between two snapshots: it takes up what happened, plans for every job, explains each that waits, and takes up the
plan.
"""

import os
import statistics
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from hanse.bench import crowds, reports
from hanse.bench.pools import Churn, Figures, Living
from hanse.bench.reports import Report
from hanse.devcluster.progress import Line

POOL, GROWTH = "decide-pool", "decide-growth"
SEED = 1
NODES = 20_000
WAITING_PER_NODE = 2.5
CHURN = 0.01
SETTLING_CYCLES = 5
"""The first cycles after the filling still place what has waited for the whole pool; they are not measured."""
CYCLES = 120
GROWTH_NODES = (1000, 2000, 5000, 10_000, 20_000, 40_000)
GROWTH_CYCLES = 15

CYCLE_SECONDS_MAX = 1.0
GANGS_PER_SECOND_MIN = 5000.0
RSS_BYTES_MAX = 4 * 2**30
EXPONENT_MAX = 0.3
MEASURED_SECONDS_MAX = 1200.0
"""No more cycles are measured after this: on a busy machine a bench ends all the same, and its gates are then false."""
WITHOUT = "jobs that ask for topology domains, elastic gangs or shared GPUs"


def run_pool(scale: float) -> Report:
    """Fill a pool and let it live; *scale* is the part of its nodes and jobs that is there."""
    place = reports.Place()
    nodes = round(NODES * scale)
    with Line(POOL) as line:
        line.update("filling an empty pool")
        living, filled = grown(nodes, churn(nodes), line)
        cycles = measured(living, churn(nodes), CYCLES, line, time.monotonic() + MEASURED_SECONDS_MAX)
    seconds = [each.took.seconds for each in cycles]
    slowest = reports.percentile(seconds, 99)
    gangs_per_second = filled.admitted / filled.planned.seconds
    figures: dict[str, float | int | None] = {
        "cycle_seconds_p50": reports.percentile(seconds, 50),
        "cycle_seconds_p99": slowest,
        "cycle_seconds_max": max(seconds),
        "gangs_per_second": gangs_per_second,
        "rss_bytes_max": reports.peak_rss_bytes(os.getpid()),
        **_in_parts(cycles),
        "gangs_per_cpu_second": filled.admitted / filled.planned.cpu_seconds,
        "gangs_admitted_per_cycle": statistics.fmean(each.admitted for each in cycles),
        "gangs_stopped_per_cycle": statistics.fmean(each.stopped for each in cycles),
    }
    is_whole = scale == 1 and len(cycles) == CYCLES
    return Report(
        POOL, figures, {}, inputs(living, scale) | {"cycles": len(cycles), "churn": CHURN}, SEED,
        {
            f"cycle_seconds_p99 < {CYCLE_SECONDS_MAX:g}": is_whole and slowest < CYCLE_SECONDS_MAX,
            f"gangs_per_second >= {GANGS_PER_SECOND_MIN:g}": is_whole and gangs_per_second >= GANGS_PER_SECOND_MIN,
            "rss_bytes_max < 4 GiB": is_whole and reports.peak_rss_bytes(os.getpid()) < RSS_BYTES_MAX,
        },
        place,
    )  # fmt: skip


def run_growth(scale: float) -> Report:
    """Measure pools of more and more nodes, each with the churn of `decide-pool`."""
    place = reports.Place()
    sizes = [round(nodes * scale) for nodes in GROWTH_NODES]
    same = churn(round(NODES * scale))
    took: dict[int, list[Figures]] = {}
    until = time.monotonic() + MEASURED_SECONDS_MAX
    with Line(GROWTH) as line:
        for nodes in sizes:
            if took and time.monotonic() >= until:
                break
            living, _ = grown(nodes, same, line)
            took[nodes] = measured(living, same, GROWTH_CYCLES, line, until)
    is_whole = scale == 1 and len(took) == len(sizes) and all(len(each) == GROWTH_CYCLES for each in took.values())
    by_nodes = {nodes: statistics.median(each.took.seconds for each in cycles) for nodes, cycles in took.items()}
    cpu = {nodes: statistics.median(each.took.cpu_seconds for each in cycles) for nodes, cycles in took.items()}
    slope = exponent(by_nodes)
    figures: dict[str, float | int | None] = {"exponent": slope, "cpu_exponent": exponent(cpu)}
    figures |= {f"seconds_by_nodes_{nodes}": seconds for nodes, seconds in by_nodes.items()}
    figures |= {f"cpu_seconds_by_nodes_{nodes}": seconds for nodes, seconds in cpu.items()}
    return Report(
        GROWTH, figures, {},
        {
            "scale": scale, "waiting_per_node": WAITING_PER_NODE, "cycles": GROWTH_CYCLES,
            "jobs_ended_per_cycle": same.ended, "jobs_withdrawn_per_cycle": same.withdrawn, "without": WITHOUT,
        },
        SEED, {f"exponent < {EXPONENT_MAX:g}": is_whole and slope is not None and slope < EXPONENT_MAX}, place,
    )  # fmt: skip


def grown(nodes: int, same: Churn, line: Line) -> tuple[Living, Figures]:
    """Return a pool that lives as it will, and what the cycle took that filled it when it was empty."""
    line.update(f"filling {nodes} nodes")
    living = Living(crowds.made(nodes, SEED), SEED)
    filled = living.fill(nodes).figures
    living.spread_clocks()
    for index in range(SETTLING_CYCLES):
        line.update(f"settling {nodes} nodes, {index + 1} of {SETTLING_CYCLES}")
        living.live(same, waiting(nodes))
    return living, filled


def measured(living: Living, same: Churn, count: int, line: Line, until: float) -> list[Figures]:
    """Return what *count* cycles took; fewer, but at least one, if it is later than *until* by then."""
    nodes = len(living.planner.snapshot.nodes)
    cycles: list[Figures] = []
    while len(cycles) < count and (not cycles or time.monotonic() < until):
        line.update(f"{nodes} nodes, cycle {len(cycles) + 1} of {count}")
        cycles.append(living.live(same, waiting(nodes)).figures)
    return cycles


def churn(nodes: int) -> Churn:
    """Return what changes between two cycles: a hundredth of the running and of the waiting jobs."""
    return Churn(max(1, round(nodes * CHURN)), max(1, round(waiting(nodes) * CHURN)))


def waiting(nodes: int) -> int:
    """Return how many jobs wait in a pool of so many nodes."""
    return round(nodes * WAITING_PER_NODE)


def inputs(living: Living, scale: float) -> dict[str, Any]:
    """Return what was planned for, as it was in the end."""
    snapshot = living.planner.snapshot
    return {
        "scale": scale,
        "nodes": len(snapshot.nodes),
        "gpus": len(snapshot.nodes) * crowds.GPUS_PER_NODE,
        "gpus_idle": living.gpus_idle(),
        "members": crowds.MEMBERS,
        "clusters": crowds.CLUSTERS,
        "accelerator_classes": len(crowds.CLASSES),
        "leaves": len(living.made.kinds),
        "shapes": len(snapshot.shapes),
        "running": living.running,
        "waiting": living.waiting,
        "without": WITHOUT,
    }


def exponent(seconds_by_nodes: dict[int, float]) -> float | None:
    """Return by which power of the nodes the seconds grow: the slope of their logarithms; None of a single size."""
    if len(seconds_by_nodes) == 1:
        return None
    nodes, seconds = np.log(list(seconds_by_nodes)), np.log(list(seconds_by_nodes.values()))
    return float(np.polyfit(nodes, seconds, 1)[0])


def _in_parts(cycles: Sequence[Figures]) -> dict[str, float]:
    """Return the parts of a cycle, and what it costs a core."""
    cpu = [each.took.cpu_seconds for each in cycles]
    return {
        "cycle_cpu_seconds_p50": reports.percentile(cpu, 50),
        "cycle_cpu_seconds_p99": reports.percentile(cpu, 99),
        "apply_cpu_seconds_p50": statistics.median(each.applied.cpu_seconds for each in cycles),
        "plan_cpu_seconds_p50": statistics.median(each.planned.cpu_seconds for each in cycles),
        "commit_cpu_seconds_p50": statistics.median(each.committed.cpu_seconds for each in cycles),
    }
