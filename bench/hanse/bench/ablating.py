"""`ablations`: ours with one part left out at a time, on workloads from seeds, so that anybody can run it.

In: seeds. Out: a report. What is left out is a setting that a pool has, or something that the planner is not told; the
jobs are generated, a fifth of them elastic, and each variant plays the same ones. What is told of a variant is how much
more or less it has than ours on the same seed: the mean of the differences, with its 95 % interval.
"""

from hanse.bench import replays, reports
from hanse.bench.replays import Numbers, Player
from hanse.bench.reports import Report
from hanse.devcluster.progress import Line
from hanse.simulator import scenarios
from hanse.simulator.comparing import POLICIES

ABLATIONS = "ablations"
SEEDS = 6
DAYS, WARM_UP_DAYS, LOAD, ELASTIC = 5, 1, 0.85, 0.2
GPUS = {"member-1": 56, "member-2": 40, "member-3": 24, "member-4": 8}
OURS = "hanse"
LEFT_OUT = tuple(name for name in POLICIES if name.startswith("hanse-"))
COMPARED = ("useful_utilization", "waste_fraction", "wait_seconds_mean", "wait_seconds_p95", "preemptions",
            "fairness_shortfall_max", "bounded_slowdown_mean")  # fmt: skip


def run(scale: float) -> Report:
    """Play ours and each variant of it on *scale* of the seeds."""
    place, seeds = reports.Place(), max(2, round(SEEDS * scale))
    found: dict[str, dict[str, list[float]]] = {}
    with Line(ABLATIONS) as line:
        player = Player(ABLATIONS, line)
        for seed in range(1, seeds + 1):
            asked = scenarios.Asked(
                days=DAYS, warm_up_days=WARM_UP_DAYS, load=LOAD, gpus=GPUS, seed=seed, elastic=ELASTIC
            )
            setting = scenarios.setting(asked)
            for name in (OURS, *LEFT_OUT):
                result = player.play(name, setting, f"seed {seed}")
                numbers = replays.figures(result) | {"bounded_slowdown_mean": result.figures.bounded_slowdown_mean}
                for key in COMPARED:
                    found.setdefault(name, {}).setdefault(key, []).append(float(numbers[key] or 0))
    ours: Numbers = {}
    for key, values in found[OURS].items():
        ours |= replays.over_seeds(key, values)
    others = {name: _differences(found[name], found[OURS]) for name in LEFT_OUT}
    inputs = {
        "scale": scale, "seeds": seeds, "days_played": DAYS, "days_of_warm_up": WARM_UP_DAYS, "load": LOAD,
        "elastic": ELASTIC, "gpus_by_member": GPUS, "cycle_seconds": replays.CYCLE_SECONDS,
        "intervals": "95 %, of the mean of differences on the same seed, by 2,000 bootstraps",
    }  # fmt: skip
    gates = {"all GPU time is accounted for": player.is_conserved}
    return Report(ABLATIONS, ours | player.cost(), replays.beside(others), inputs, 1, gates, place)


def _differences(values: dict[str, list[float]], ours: dict[str, list[float]]) -> Numbers:
    found: Numbers = {}
    for key in COMPARED:
        pairs = zip(values[key], ours[key], strict=True)
        found |= replays.over_seeds(f"{key}_more", [each - own for each, own in pairs])
    return found
