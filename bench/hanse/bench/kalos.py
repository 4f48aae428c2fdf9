"""`trace-kalos`: large gangs of language models on 1,024 and 1,536 GPUs, as they came, and two and four times as fast.

In: the folder with the public traces. Out: a report. The trace has no members: each of ten seeds draws them, and what
is told is the mean over the seeds with its 95 % interval. 319 jobs that were completed are all there is of it; what was
cancelled or failed, and all short jobs, are missing, so that it says how gangs wait, and not how full a cluster gets.
"""

from pathlib import Path

from hanse.bench import replays, reports
from hanse.bench.replays import Numbers, Player
from hanse.bench.reports import Report
from hanse.devcluster.progress import Line
from hanse.simulator import cluster, metrics, runs
from hanse.simulator.comparing import Result, Setting
from hanse.simulator.traces import kalos
from hanse.simulator.workload import DAY_SECONDS, GPUS_PER_NODE

KALOS = "trace-kalos"
SEEDS = 10
CAPACITIES = (1024, 1536)
RATES = (1, 2, 4)
SPAN_DAYS = 400
"""Long enough for all to end: who waits for long is seen to the end."""
POLICIES = ("hanse", "priority", "pool", "easy", "kueue", "kube-most", "srtf-bound")
HEADLINE = "gpus_1024_rate_4_"
WIDE, NARROWER = (1024, 1024), (512, 512)
WIDE_RATIO_MAX, NARROWER_RATIO_MAX, BEST_RATIO_MAX = 0.6, 1.15, 1.1
UNSTOPPED = ("priority", "pool", "easy")


def run(folder: Path, scale: float) -> Report:
    """Play each rate on each capacity, for *scale* of the seeds."""
    place, seeds = reports.Place(), max(1, round(SEEDS * scale))
    values: dict[str, dict[str, list[float]]] = {}
    with Line(KALOS) as line:
        player = Player(KALOS, line)
        for gpus in CAPACITIES:
            for rate in RATES:
                for seed in range(1, seeds + 1):
                    setting = _setting(folder, gpus, rate, seed)
                    for name in POLICIES:
                        result = player.play(name, setting, f"{gpus} GPUs, {rate}x, seed {seed}")
                        for key, value in _of(result).items():
                            found = values.setdefault(name, {}).setdefault(f"gpus_{gpus}_rate_{rate}_{key}", [])
                            found.append(float(value or 0))
    ratios = _ratios(values)
    results = {name: _means(each) for name, each in values.items()}
    ours = results["hanse"] | ratios | player.cost()
    is_whole = scale == 1
    gates = {
        "all GPU time is accounted for": player.is_conserved,
        "none is starved: all start in the end": all(
            value == 0 for name, value in results["hanse"].items() if name.endswith("never_started")
        ),
        f"wait_p95_ratio_1024_at_4x <= {WIDE_RATIO_MAX:g}": is_whole
        and (ratios["wait_p95_ratio_1024_at_4x"] or 9) <= WIDE_RATIO_MAX,
        f"wait_p95_ratio_512_at_4x <= {NARROWER_RATIO_MAX:g}": is_whole
        and (ratios["wait_p95_ratio_512_at_4x"] or 9) <= NARROWER_RATIO_MAX,
        f"mean waits at 1x and 2x within a tenth and {replays.CYCLE_SECONDS} s of the best that stops nobody": is_whole
        and _is_near_the_best(results),
    }
    inputs = {
        "scale": scale, "seeds": seeds, "span_days": SPAN_DAYS, "cycle_seconds": replays.CYCLE_SECONDS,
        "intervals": "95 %, of the mean over seeds of members, by 2,000 bootstraps",
        "attribution": "AcmeTrace, Shanghai AI Laboratory (Hu et al., USENIX NSDI 2024), CC BY 4.0",
    }  # fmt: skip
    return Report(KALOS, ours, replays.beside(results), inputs, 1, gates, place)


def _setting(folder: Path, gpus: int, rate: int, seed: int) -> Setting:
    jobs = kalos.read(folder / "acme", rate, seed)
    share = gpus // len(kalos.MEMBERS) // GPUS_PER_NODE * GPUS_PER_NODE
    on = cluster.of_nodes(dict.fromkeys(kalos.MEMBERS, share))
    return Setting(jobs, on, metrics.Window(0, SPAN_DAYS * DAY_SECONDS), seed=seed)


def _of(result: Result) -> Numbers:
    waited = result.waited
    of_gangs = {
        f"wait_seconds_p95_of_{low}": waited.of(waited.rows_of((low, high))).p95 for low, high in (WIDE, NARROWER)
    }
    narrow = waited.of(waited.rows_of((1, 8)))
    ends = max(run.end_seconds or result.played.end_seconds for run in result.runs)
    granted = sum(runs.granted_gpu_seconds(run, ends) for run in result.runs)
    work = sum(run.job.gpu_seconds for run in result.runs if run.end_seconds == run.due_seconds)
    until_the_last_ends: Numbers = {
        "useful_utilization": work / (result.played.capacity * ends),
        "allocation_fraction": granted / (result.played.capacity * ends),
    }
    return (
        replays.figures(result) | until_the_last_ends | of_gangs | {"wait_seconds_mean_of_8_and_less": narrow.mean}
    )  # fmt: skip


def _means(values: dict[str, list[float]]) -> Numbers:
    means: Numbers = {}
    for key, each in values.items():
        means |= replays.over_seeds(key, each) if key.startswith(HEADLINE) else {key: sum(each) / len(each)}
    return means | {
        name.removeprefix(HEADLINE): value for name, value in means.items() if name.startswith(HEADLINE)
    }  # fmt: skip


def _ratios(values: dict[str, dict[str, list[float]]]) -> Numbers:
    """Return how long ours lets wide gangs wait at the highest rate, as part of what they wait by priority."""
    found: Numbers = {}
    for low, _ in (WIDE, NARROWER):
        key = f"{HEADLINE}wait_seconds_p95_of_{low}"
        pairs = zip(values["hanse"][key], values["priority"][key], strict=True)
        found |= replays.over_seeds(f"wait_p95_ratio_{low}_at_4x", [ours / max(other, 1.0) for ours, other in pairs])
    return found


def _is_near_the_best(results: dict[str, Numbers]) -> bool:
    for gpus in CAPACITIES:
        for rate in RATES[:-1]:
            key = f"gpus_{gpus}_rate_{rate}_wait_seconds_mean"
            best = min(results[name][key] or 0 for name in UNSTOPPED)
            if (results["hanse"][key] or 0) > BEST_RATIO_MAX * best + replays.CYCLE_SECONDS:
                return False
    return True
