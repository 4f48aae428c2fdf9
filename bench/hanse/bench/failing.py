"""`failures`: a part of all work is killed, nodes are lost and recalled, and no GPU-second may go unaccounted for.

In: the folder with the public traces. Out: a report. Days of Philly, of which jobs with 8 or 12 % of all GPU time fail
once each at any point of their work, as much as failed in Kalos and Seren; each node is lost once in 60 days, and
recalled by its owner once in 30 with an hour's notice. Several seeds; what each policy meets is the same.
"""

from dataclasses import replace
from pathlib import Path

from hanse.bench import replays, reports
from hanse.bench.replays import Numbers, Player
from hanse.bench.reports import Report
from hanse.devcluster.progress import Line
from hanse.simulator import cluster, incidents, metrics, quotas
from hanse.simulator.comparing import Result, Setting
from hanse.simulator.incidents import Incidents
from hanse.simulator.traces import philly
from hanse.simulator.workload import DAY_SECONDS, HOUR_SECONDS, Workload

FAILURES = "failures"
PARTS = (0.0, 0.08, 0.12)
DAYS, WARM_UP_DAYS, LOAD, SEEDS = 10, 2, 0.7, 5
DAYS_BETWEEN_LOSSES, DAYS_BETWEEN_RECALLS = 60, 30
POLICIES = ("hanse", "kueue", "pool-skip", "static-skip")
HEADLINE = 0.12


def run(folder: Path, scale: float) -> Report:
    """Play each part of killed work, and none, for *scale* of the seeds."""
    place, seeds = reports.Place(), max(1, round(SEEDS * scale))
    values: dict[str, dict[str, list[float]]] = {}
    unaccounted = 0
    with Line(FAILURES) as line:
        player = Player(FAILURES, line)
        gates = replays.first_gates(folder, philly.read(folder / "philly", replays.OCTOBER), line)
        jobs = philly.read(folder / "philly", philly.Span(philly.OCTOBER, DAYS))
        for part in PARTS:
            for seed in range(1, seeds + 1):
                setting = _setting(jobs, part, seed)
                for name in POLICIES:
                    result = player.play(name, setting, f"{part:.0%} killed, seed {seed}")
                    unaccounted += abs(result.played.unaccounted_gpu_seconds())
                    for key, value in _of(result).items():
                        values.setdefault(name, {}).setdefault(f"killed_{part:g}_{key}", []).append(float(value or 0))
    results = {name: _means(each) for name, each in values.items()}
    ours = results["hanse"]
    gates |= {
        "unaccounted_gpu_seconds = 0": unaccounted == 0,
        "each job that ended got just its work": player.is_conserved,
        "failures were played": all(ours[f"killed_{part:g}_failures"] for part in PARTS if part),
    }
    inputs = {
        "scale": scale, "seeds": seeds, "days_played": DAYS, "days_of_warm_up": WARM_UP_DAYS,
        "days_between_losses_of_a_node": DAYS_BETWEEN_LOSSES, "days_between_recalls_of_a_node": DAYS_BETWEEN_RECALLS,
        "where 0 is killed": "neither is a node lost or recalled", "cycle_seconds": replays.CYCLE_SECONDS,
        "intervals": "95 %, of the mean over seeds, by 2,000 bootstraps", **replays.inputs_of(_setting(jobs, 0.0, 1)),
        "attribution": "Philly traces, Microsoft (Jeon et al., USENIX ATC 2019), CC BY 4.0, as derived by Petuum",
    }  # fmt: skip
    figures = ours | {"unaccounted_gpu_seconds": unaccounted} | player.cost()
    return Report(FAILURES, figures, replays.beside(results), inputs, 1, gates, place)


def _setting(jobs: Workload, part: float, seed: int) -> Setting:
    span = DAYS * DAY_SECONDS
    on = cluster.of_nodes(quotas.shared_out(jobs, quotas.by_use(jobs), span, LOAD))
    setting = Setting(jobs, on, metrics.Window(WARM_UP_DAYS * DAY_SECONDS, span), seed=seed)
    if not part:
        return setting
    outages = incidents.together(
        incidents.lost(on, DAYS_BETWEEN_LOSSES, span, seed),
        incidents.recalled(on, DAYS_BETWEEN_RECALLS, HOUR_SECONDS, span, seed),
    )
    return replace(setting, incidents=Incidents(incidents.failing(jobs, part, seed), outages))


def _of(result: Result) -> Numbers:
    found = result.figures
    return replays.figures(result) | {
        "failures": found.failures,
        "lost_gpu_hours": found.lost_gpu_hours,
        "lost_gpu_hours_by_failures": found.lost_gpu_hours_by_failures,
    }


def _means(values: dict[str, list[float]]) -> Numbers:
    means: Numbers = {}
    for key, each in values.items():
        means |= replays.over_seeds(key, each)
    headline = f"killed_{HEADLINE:g}_"
    return means | {name.removeprefix(headline): value for name, value in means.items() if name.startswith(headline)}
