"""What the benches on traces share: figures of played policies, intervals over seeds, and gates that come first.

In: settings of :mod:`hanse.simulator`, and the folder with the public traces. Out: flat figures with their units, and
gates. Nothing is told of a trace before the simple baselines have come out as they are known to.
"""

import csv
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hanse.devcluster.progress import Line
from hanse.simulator import cluster, comparing, engine, metrics, quotas, runs
from hanse.simulator.comparing import POLICIES, Result, Setting
from hanse.simulator.policies.queueing import Queueing
from hanse.simulator.traces import philly
from hanse.simulator.workload import DAY_SECONDS, HOUR_SECONDS, Seconds, Workload

CYCLE_SECONDS: Seconds = 60
"""How often ours is asked in these benches: it counts in our waits."""
OCTOBER = philly.Span(philly.OCTOBER, 31)
KNOWN_WITHIN = 0.001
_KNOWN = Path("baselines_computed") / "philly_static_vs_pool.csv"
_FROM_DAY_5 = metrics.Window(4 * DAY_SECONDS, 31 * DAY_SECONDS)
_LONG_AFTER = 1000 * DAY_SECONDS
_DRAWN_AGAIN = 2000

Numbers = dict[str, float | int | None]


def figures(result: Result, prefix: str = "") -> Numbers:
    """Return one policy's figures on one setting, under the names that all benches on traces use."""
    found, wait = result.figures, result.figures.wait
    named: Numbers = {
        "useful_utilization": found.useful_utilization,
        "allocation_fraction": found.allocation_fraction,
        "wait_seconds_mean": wait.mean,
        "wait_seconds_p50": wait.p50,
        "wait_seconds_p95": wait.p95,
        "wait_seconds_p99": wait.p99,
        "waste_fraction": found.waste_fraction,
        "preemptions": found.preemptions,
        "fairness_shortfall_max": result.shortfall_max,
        "never_started": wait.never_started,
    }
    return {f"{prefix}{name}": value for name, value in named.items()}


def measured(result: Result, setting: Setting, window: metrics.Window) -> metrics.Figures:
    """Return the figures of another window of what was played: waits go on beyond its end."""
    waits = metrics.Waited(setting.workload.waiting, result.runs, window, result.played.end_seconds)
    gpu_seconds = replace(setting, window=window).gpu_seconds()
    return metrics.figures(setting.workload, result.runs, gpu_seconds, window, waits)


def beside(results: Mapping[str, Numbers]) -> dict[str, dict[str, float | int | str]]:
    """Return the figures of all but ours, each with what it is."""
    return {
        name: {"source": POLICIES[name].says} | {key: value for key, value in numbers.items() if value is not None}
        for name, numbers in results.items()
        if name != "hanse"
    }


class Player:
    """Plays settings, shows how far it is, and measures what ours costs."""

    def __init__(self, bench: str, line: Line) -> None:
        self._bench, self._line = bench, line
        self.cpu_seconds = 0.0
        self._node_seconds, self._plans = 0, 0
        self.is_conserved = True

    def play(self, name: str, setting: Setting, where: str) -> Result:
        """Return what the policy *name* makes of *setting*."""
        setting = replace(setting, cycle_seconds=CYCLE_SECONDS)

        def progressed(now: Seconds) -> None:
            self._line.update(
                f"{where}, {name}: day {now // DAY_SECONDS} of {setting.window.end_seconds // DAY_SECONDS}"
            )

        progressed(0)
        began = time.process_time()
        result = comparing.play(name, setting, progressed)
        if result.plans:
            self.cpu_seconds += time.process_time() - began
            self._node_seconds += len(setting.cluster.gpus) * result.played.end_seconds
            self._plans += result.plans
        self.is_conserved &= is_conserved(result)
        return result

    def cost(self) -> Numbers:
        """Return what ours took."""
        return {
            "planning_cpu_seconds": self.cpu_seconds,
            "plans": self._plans,
            "node_hours_per_cpu_minute": self._node_seconds / HOUR_SECONDS / max(self.cpu_seconds / 60, 1e-9),
        }


def is_conserved(result: Result) -> bool:
    """Whether all GPU time is accounted for, and each job that is done got just the work that its record says."""
    if result.played.unaccounted_gpu_seconds():
        return False
    kept: dict[int, int] = {}
    last: dict[int, runs.Run] = {}
    for run in result.runs:
        order = run.job.order
        kept[order] = kept.get(order, 0) + run.work(run.works_from + run.kept_seconds)
        last[order] = run
    # The last second of a run is done whether all of it is needed or not.
    return all(
        0 <= kept[order] - cluster.WHOLE * run.job.gpu_seconds < run.steps[-1].rate
        for order, run in last.items()
        if run.end_seconds is not None and not run.was_stopped
    )


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of the mean of *values*, drawn again and again from themselves by one seed."""
    chance = np.random.default_rng(1)
    means = chance.choice(np.array(values, dtype=np.float64), (_DRAWN_AGAIN, len(values))).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def over_seeds(name: str, values: Sequence[float]) -> Numbers:
    """Return the mean of *values*, one a seed, and its interval."""
    low, high = interval(values)
    return {name: float(np.mean(values)), f"{name}_low": low, f"{name}_high": high}


def first_gates(folder: Path, jobs: Workload, line: Line) -> dict[str, bool]:
    """Return the gates that come before any figure of Philly."""
    is_known = True
    for known in known_again(folder):
        line.update(f"the known figures of simple baselines: load {known.row['rho_target']}, {known.row['policy']}")
        is_known &= known.is_exact and abs(float(known.row["util"]) - known.utilization) <= KNOWN_WITHIN
    return {
        "simple baselines come out as known at each load, to 0.1 point": is_known,
        "nobody waits where there is enough for all": nobody_waits(jobs),
        "same seed, same bytes": is_the_same_again(jobs),
    }


class Known(NamedTuple):
    """A known row of a static partition or a pool on Philly, and what is found here.

    It is exact if there are as many GPUs, and the jobs got just the GPU time that their records say.
    """

    row: Mapping[str, str]
    utilization: float
    wait_hours_mean: float
    is_exact: bool


def known_again(folder: Path, target: str | None = None) -> Iterable[Known]:
    """Yield the known rows of one load, or of all, played again: about half a minute a load."""
    jobs = philly.read(folder / "philly", OCTOBER)
    with (folder / _KNOWN).open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if target in {None, row["rho_target"]}]
    for row in rows:
        where, how, basis = row["policy"].split("-")
        weights = quotas.by_use(jobs) if basis == "usage" else philly.nodes_assumed(folder / "philly")
        shares = quotas.shared_out(jobs, weights, OCTOBER.seconds, float(row["rho_target"]))
        capacity = sum(shares.values())
        one = cluster.of_one(capacity)
        on = cluster.Cluster(tuple(shares.values()), tuple(shares)) if where == "static" else one
        policy = Queueing(skips=how == "bf", is_partitioned=where == "static")
        played = engine.run(jobs, on, policy, runs.Terms(), _LONG_AFTER)
        waits = metrics.Waited(jobs.waiting, played.runs, _FROM_DAY_5, _LONG_AFTER)
        found = metrics.figures(jobs, played.runs, capacity * _FROM_DAY_5.seconds, _FROM_DAY_5, waits)
        is_exact = jobs.gpu_seconds == capacity * _LONG_AFTER - played.idle_gpu_seconds
        wait = found.wait.mean / HOUR_SECONDS
        yield Known(row, found.allocation_fraction, wait, is_exact=is_exact and int(row["C"]) == capacity)


def _short(jobs: Workload, load: float) -> Setting:
    """Return two days of *jobs*, for gates that every policy has to pass."""
    few = Workload(jobs.source, tuple(job for job in jobs.jobs if job.submitted_seconds < 2 * DAY_SECONDS))
    shares = quotas.shared_out(few, quotas.by_use(few), 2 * DAY_SECONDS, load)
    return Setting(few, cluster.of_nodes(shares), metrics.Window(0, 2 * DAY_SECONDS), cycle_seconds=CYCLE_SECONDS)


def nobody_waits(jobs: Workload) -> bool:
    """Whether nobody waits longer than until ours is asked, where each member has enough for all that it submits."""
    setting = _short(jobs, 0.01)
    return all(
        float(comparing.play(name, setting).waited.seconds.max(initial=0)) <= (CYCLE_SECONDS if name == "hanse" else 0)
        for name in ("hanse", "kueue", "pool", "pool-skip", "static", "static-skip", "easy")
    )


def is_the_same_again(jobs: Workload) -> bool:
    """Whether ours does the same to the last bit when it is played again."""
    setting = _short(jobs, 1.0)
    return repr(comparing.play("hanse", setting).played) == repr(comparing.play("hanse", setting).played)


def played(
    player: Player, names: Iterable[str], settings: Mapping[str, Setting], then: Callable[[str, Result], Numbers]
) -> dict[str, Numbers]:
    """Return the figures of each policy on all *settings*: what *then* makes of the setting's name and the result."""
    results: dict[str, Numbers] = {}
    for where, setting in settings.items():
        for name in names:
            results.setdefault(name, {}).update(then(where, player.play(name, setting, where)))
    return results


def inputs_of(setting: Setting) -> dict[str, Any]:
    """Return what a setting is, in short."""
    until = setting.window.end_seconds
    counted = [job for job in setting.workload.waiting if job.submitted_seconds < until]
    offered = sum(job.gpu_seconds for job in counted) / (setting.cluster.capacity * until)
    return {
        "workload": setting.workload.source,
        "gpus": setting.cluster.capacity,
        "jobs": len(counted),
        "offered_load": round(offered, 4),
    }
