"""`trace-philly-month`: all of October 2017 of Philly at one load, with quotas on two bases, as a whole and by thirds.

In: the folder with the public traces. Out: a report. `trace-philly` was reported on few days at five loads; this plays
all days at one, so that who does not keep up is seen not to. Quotas are shared out by use in hindsight, and as the
authors of Helios assumed. Thirds are windows of one run: what waits at the end of one is still there in the next.
"""

import itertools
from pathlib import Path

from hanse.bench import philly, replays, reports
from hanse.bench.replays import Numbers, Player
from hanse.bench.reports import Report
from hanse.devcluster.progress import Line
from hanse.simulator import metrics
from hanse.simulator.comparing import Result, Setting
from hanse.simulator.traces import philly as trace

MONTH = "trace-philly-month"
BY_USE, ASSUMED = "by_use", "assumed"
POLICIES = {
    BY_USE: philly.POLICIES,
    ASSUMED: ("hanse", "kueue", "kueue-strict", "pool-skip", "static-skip", "static"),
}
"""By basis of quotas; beside assumed ones `pool-skip`, which knows none, as the number of GPUs differs a little."""
THIRDS = 3


def run(folder: Path, scale: float) -> Report:
    """Play the month on both bases; *scale* is the part of it that is played."""
    place, days = reports.Place(), philly.days_of(scale)
    results: dict[str, Numbers] = {}
    with Line(MONTH) as line:
        jobs = trace.read(folder / "philly", replays.OCTOBER)
        gates = replays.first_gates(folder, jobs, line)
        player = Player(MONTH, line)
        weights = {BY_USE: None, ASSUMED: trace.nodes_assumed(folder / "philly")}
        settings = {basis: philly.at_load(jobs, philly.HEADLINE, days, weights=each) for basis, each in weights.items()}
        for basis, setting in settings.items():
            for name in POLICIES[basis]:
                found = _of(player.play(name, setting, basis), setting)
                results.setdefault(name, {}).update({f"{basis}_{key}": value for key, value in found.items()})
    for numbers in results.values():
        numbers |= {key.removeprefix(f"{BY_USE}_"): numbers[key] for key in list(numbers) if key.startswith(BY_USE)}
    gates["all GPU time is accounted for"] = player.is_conserved
    inputs = {
        "scale": scale, "days_played": days, "days_of_warm_up": philly.WARM_UP_DAYS,
        "cycle_seconds": replays.CYCLE_SECONDS, f"load {philly.HEADLINE}": replays.inputs_of(settings[BY_USE]),
        "assumed": replays.inputs_of(settings[ASSUMED]), "offered_load_by_thirds": _offered(settings[BY_USE]),
        "attribution": philly.ATTRIBUTION,
    }  # fmt: skip
    figures = results["hanse"] | player.cost()
    return Report(MONTH, figures, replays.beside(results), inputs, philly.SEED, gates, place)


def thirds(window: metrics.Window) -> list[metrics.Window]:
    """Return three windows that are together *window*."""
    edges = [window.begin_seconds + at * window.seconds // THIRDS for at in range(THIRDS + 1)]
    return [metrics.Window(begin, end) for begin, end in itertools.pairwise(edges)]


def _of(result: Result, setting: Setting) -> Numbers:
    """Return the figures of all days that are measured, and of each third of them."""
    numbers = replays.figures(result)
    for at, window in enumerate(thirds(setting.window), start=1):
        part = replays.measured(result, setting, window)
        numbers |= {
            f"third_{at}_useful_utilization": part.useful_utilization,
            f"third_{at}_wait_seconds_mean": part.wait.mean,
            f"third_{at}_wait_seconds_p95": part.wait.p95,
        }
    return numbers


def _offered(setting: Setting) -> list[float]:
    """Return the work that is submitted in each third, as part of what all GPUs can do in it."""
    found = []
    for window in thirds(setting.window):
        begin, end = window.begin_seconds, window.end_seconds
        work = sum(job.gpu_seconds for job in setting.workload.jobs if begin <= job.submitted_seconds < end)
        found.append(round(work / (setting.cluster.capacity * window.seconds), 4))
    return found
