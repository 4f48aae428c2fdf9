"""`trace-philly` and `trace-philly-fill`: October 2017 of Microsoft's Philly cluster under every policy.

In: the folder with the public traces, and how many days of them. Out: reports. Members are the trace's virtual
clusters, with GPUs shared out by what they used, in hindsight, as nobody published what they had: that flatters static
partitions. Loads are reached by scaling capacity. Nothing of ours is tuned on the trace. The backlog of the second is
ours.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hanse.bench import replays, reports
from hanse.bench.replays import Numbers, Player
from hanse.bench.reports import Report
from hanse.devcluster.progress import Line
from hanse.simulator import backlog, cluster, metrics, quotas, workload
from hanse.simulator.comparing import Result, Setting
from hanse.simulator.traces import philly
from hanse.simulator.workload import DAY_SECONDS, HOUR_SECONDS, Workload

PHILLY, FILL = "trace-philly", "trace-philly-fill"
SEED = 1
DAYS = 31
WARM_UP_DAYS, FILL_WARM_UP_DAYS = 4, 2
LOADS = (0.5, 0.7, 0.85, 0.95, 1.1)
HEADLINE = 0.85
FILL_LOAD = 0.7
POLICIES = ("hanse", "kueue", "kueue-strict", "pool-skip", "pool", "easy", "static-skip", "static", "kube-least",
            "kube-most", "srtf-bound")  # fmt: skip
FILLED = ("hanse", "kueue", "priority", "static-skip")
USEFUL_MIN, WASTE_MAX, WAIT_SECONDS_MAX = 0.85, 0.03, HOUR_SECONDS
ATTRIBUTION = "Philly traces, Microsoft (Jeon et al., USENIX ATC 2019), CC BY 4.0, as derived by Petuum"
RECLAIM_SECONDS = replays.CYCLE_SECONDS + 60
"""Until ours is asked, and until a stopped gang has left."""


def run_philly(folder: Path, scale: float) -> Report:
    """Play loads from half of capacity to more than all of it; *scale* is the part of the month that is played."""
    place, days = reports.Place(), days_of(scale)
    with Line(PHILLY) as line:
        jobs = philly.read(folder / "philly", replays.OCTOBER)
        gates = replays.first_gates(folder, jobs, line)
        player = Player(PHILLY, line)
        settings = {f"load {load}": at_load(jobs, load, days) for load in LOADS}
        results = replays.played(player, POLICIES, settings, _of_load)
    for numbers in results.values():
        numbers["load_highest_played_with_mean_wait_1h"] = _highest(numbers)
        numbers |= {
            name.removeprefix(f"load_{HEADLINE}_"): value
            for name, value in list(numbers.items())
            if name.startswith(f"load_{HEADLINE}_")
        }
    ours, best = results["hanse"], results["pool-skip"]
    gates["all GPU time is accounted for"] = player.is_conserved
    gates["the highest load with a mean wait of an hour is not below pooling's alone"] = scale == 1 and (
        (ours["load_highest_played_with_mean_wait_1h"] or 0) >= (best["load_highest_played_with_mean_wait_1h"] or 0)
    )
    return Report(
        PHILLY, ours | player.cost(), replays.beside(results), _inputs(settings, scale, days), SEED, gates, place
    )  # fmt: skip


def run_fill(folder: Path, scale: float) -> Report:
    """Play a load that pooling alone carries, with a backlog that may be stopped in what it leaves idle."""
    place, days = reports.Place(), days_of(scale, FILL_WARM_UP_DAYS)
    with Line(FILL) as line:
        jobs = philly.read(folder / "philly", replays.OCTOBER)
        gates = replays.first_gates(folder, jobs, line)
        player = Player(FILL, line)
        bare = at_load(jobs, FILL_LOAD, days, FILL_WARM_UP_DAYS)
        shares = bare.cluster.owned()
        more = backlog.fillers(jobs, shares, replays.OCTOBER.seconds, SEED)
        filled = workload.merged(f"{jobs.source}, with a backlog of {more.source}", [jobs, more])
        setting = Setting(filled, bare.cluster, bare.window, bare.terms, SEED)
        without = with_entitled(player.play("kueue", bare, "without a backlog"))
        results = replays.played(player, FILLED, {"with a backlog": setting}, lambda _, each: with_entitled(each))
    ours = results["hanse"]
    wait_max = (without["entitled_wait_seconds_p95"] or 0) + RECLAIM_SECONDS
    gates |= {
        "all GPU time is accounted for": player.is_conserved,
        f"useful_utilization >= {USEFUL_MIN:g}": scale == 1 and (ours["useful_utilization"] or 0) >= USEFUL_MIN,
        f"waste_fraction <= {WASTE_MAX:g}": scale == 1 and (ours["waste_fraction"] or 0) <= WASTE_MAX,
        "entitled_wait_seconds_p95 <= kueue's without a backlog, and a reclaim": scale == 1
        and (ours["entitled_wait_seconds_p95"] or 0) <= wait_max,
    }
    beside = replays.beside(results)
    beside["kueue without a backlog"] = {"source": "the same quotas and borrowing, and nothing that fills"} | {
        name: value for name, value in without.items() if value is not None
    }
    inputs = _inputs({f"load {FILL_LOAD}": setting}, scale, days) | {
        "days_of_warm_up": FILL_WARM_UP_DAYS,
        "entitled": "jobs that their members' own GPUs would hold when they come, if nobody ever waited",
    }
    return Report(FILL, ours | player.cost(), beside, inputs, SEED, gates, place)


def with_entitled(result: Result) -> Numbers:
    """Return figures, and the waits of those jobs alone that their members' own GPUs would hold."""
    waits = result.waited_by_class[quotas.ENTITLED].of_all()
    return replays.figures(result) | {
        "entitled_jobs": waits.jobs,
        "entitled_wait_seconds_mean": waits.mean,
        "entitled_wait_seconds_p50": waits.p50,
        "entitled_wait_seconds_p95": waits.p95,
        "entitled_wait_seconds_p99": waits.p99,
    }


def days_of(scale: float, warm_up_days: int = WARM_UP_DAYS) -> int:
    """Return how many days *scale* of the month is: at least one that is measured."""
    return max(warm_up_days + 1, round(DAYS * scale))


def at_load(
    jobs: Workload, load: float, days: int, warm_up_days: int = WARM_UP_DAYS, weights: Mapping[str, int] | None = None
) -> Setting:
    """Return *jobs* on as many GPUs as make them so much *load* of all October, played and measured for some days.

    Quotas are in proportion to *weights*, or to what members used.
    """
    shares = quotas.shared_out(jobs, weights or quotas.by_use(jobs), replays.OCTOBER.seconds, load)
    window = metrics.Window(warm_up_days * DAY_SECONDS, days * DAY_SECONDS)
    return Setting(jobs, cluster.of_nodes(shares), window, seed=SEED)


def _of_load(where: str, result: Result) -> Numbers:
    return replays.figures(result, f"{where.replace(' ', '_')}_")


def _highest(numbers: Numbers) -> float | None:
    """Return the highest load that was played at which the mean wait is an hour at most, and at all below it."""
    highest = None
    for load in LOADS:
        if (numbers[f"load_{load}_wait_seconds_mean"] or 0) > WAIT_SECONDS_MAX:
            break
        highest = load
    return highest


def _inputs(settings: Mapping[str, Setting], scale: float, days: int) -> dict[str, Any]:
    return {
        "scale": scale,
        "days_played": days,
        "days_of_warm_up": WARM_UP_DAYS,
        "quotas": "by use in hindsight, in whole nodes, never below a member's widest gang",
        "cycle_seconds": replays.CYCLE_SECONDS,
        **{where: replays.inputs_of(setting) for where, setting in settings.items()},
        "attribution": ATTRIBUTION,
    }
