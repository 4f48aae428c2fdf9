"""`memory-share`, in a first form: GPU time gained by sharing GPUs, at fixed ratios, against what running out costs.

In: the folder with the public traces. Out: a report. The ratio that is called settled is that which gains most of those
at which no more than a hundredth of the work is lost, chosen on other seeds than it is told of: no controller chose it.
What could be gained at the most, if any two jobs had room beside one another, is told with it.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from hanse.bench import replays, reports
from hanse.bench.replays import Numbers
from hanse.bench.reports import Report
from hanse.devcluster.progress import Line
from hanse.simulator import memory

SHARE = "memory-share"
RATIOS = (1.0, 1.1, 1.2, 1.25, 1.3, 1.4, 1.6, 1.8, 2.0)
SEEDS, TUNED_ON = 5, 1000
"""How many seeds are told of, from 1, and from where on those are that the ratio is chosen by."""
GAINED_MIN, LOST_MAX = 1.15, 0.01


def run(folder: Path, scale: float) -> Report:
    """Play each ratio, for *scale* of the seeds."""
    place, seeds = reports.Place(), max(1, round(SEEDS * scale))
    measured = memory.read(folder)
    told = range(1, seeds + 1)
    figures: Numbers = {}
    with Line(SHARE) as line:
        before: list[memory.Shared] = []
        for ratio in RATIOS:
            line.update(f"ratio {ratio}")
            found = _played(measured, ratio, told)
            before = before or found
            figures |= _of(f"ratio_{ratio:g}_", found, before)
        settled = _settled(measured, range(TUNED_ON + 1, TUNED_ON + seeds + 1), line)
        line.update("what could be gained at the most")
        roomy = replace(measured, memory_percent=(1.0,))
        most = [each.useful_gpu_hours for each in _played(roomy, 1.0, told)]
    figures |= replays.over_seeds(
        "gpu_hours_gained_ratio_if_all_fit",
        [each / first.useful_gpu_hours for each, first in zip(most, before, strict=True)],
    )
    prefix = f"ratio_{settled:g}_"
    figures = {"ratio_settled": settled} | {
        name.removeprefix(prefix): value for name, value in figures.items() if name.startswith(prefix)
    } | figures  # fmt: skip
    gates = {
        f"gpu_hours_gained_ratio >= {GAINED_MIN:g} at the ratio settled": scale == 1
        and (figures["gpu_hours_gained_ratio"] or 0) >= GAINED_MIN,
        f"lost work <= {LOST_MAX:g} of all there": scale == 1 and (figures["lost_fraction"] or 0) <= LOST_MAX,
    }
    inputs = {
        "scale": scale, "seeds": seeds, "gpus": memory.GPUS, "days": memory.DAYS, "step_seconds": memory.STEP_SECONDS,
        "memory": "what jobs use is sampled from what busy GPUs of Seren and Kalos used; no trace has it by job",
        "speeds": "pairs of models on V100, as measured for Gavel; two share at most",
        "settled": f"on seeds from {TUNED_ON + 1} on, by no controller",
        "intervals": "95 %, of the mean over seeds, by 2,000 bootstraps",
        "attribution": "AcmeTrace (Hu et al., NSDI 2024), CC BY 4.0; Gavel (Narayanan et al., OSDI 2020), MIT",
    }  # fmt: skip
    return Report(SHARE, figures, {}, inputs, 1, gates, place)


def _played(measured: memory.Measured, ratio: float, seeds: Iterable[int]) -> list[memory.Shared]:
    return [memory.play(measured, ratio, seed) for seed in seeds]


def _settled(measured: memory.Measured, seeds: Iterable[int], line: Line) -> float:
    """Return the ratio that gains most of those at which no more than is allowed is lost."""
    gained: dict[float, float] = {}
    for ratio in RATIOS:
        line.update(f"choosing a ratio: {ratio}")
        found = _played(measured, ratio, seeds)
        useful = sum(each.useful_gpu_hours for each in found)
        if sum(each.lost_gpu_hours for each in found) <= LOST_MAX * useful:
            gained[ratio] = useful
    return max(gained, key=lambda each: gained[each])


def _of(prefix: str, found: list[memory.Shared], before: list[memory.Shared]) -> Numbers:
    pairs = list(zip(found, before, strict=True))
    numbers: dict[str, list[float]] = {
        "gpu_hours_gained_ratio": [each.useful_gpu_hours / first.useful_gpu_hours for each, first in pairs],
        "gpu_hours_per_gpu_hour": [
            each.useful_gpu_hours / (memory.GPUS * memory.DAYS * 24) for each in found
        ],
        "out_of_memory_events": [float(each.out_of_memory_events) for each in found],
        "lost_gpu_hours": [each.lost_gpu_hours for each in found],
        "lost_fraction": [each.lost_gpu_hours / each.useful_gpu_hours for each in found],
        "jobs_per_gpu": [each.jobs_per_gpu for each in found],
    }  # fmt: skip
    result: Numbers = {}
    for name, values in numbers.items():
        result |= replays.over_seeds(f"{prefix}{name}", values)
    return result
