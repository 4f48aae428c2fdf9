"""`pack-openb`: how much of a production cluster's GPUs is granted, ours beside FGD and others on the same arrivals.

In: the openb trace. Out: for each list of pods the % of GPUs granted, mean of ten seeds: of the pods as observed when
they have asked for 130 % of all GPUs, of the other lists at 100 %, as the targets are. Gates come first: Random,
BestFit and FGD as we play them come within a point of what was published for them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from hanse.bench.reports import Place, Report
from hanse.devcluster.progress import Line
from hanse.simulator.packing import arrivals, comparing, openb
from hanse.simulator.packing.comparing import POLICIES, Played, interval

PACKING = "pack-openb"
ARRIVED_PERCENT = 130
SEEDS = range(42, 52)
OURS, REFERENCE = "hanse", "fgd"
READ_AT_PERCENT: Mapping[str, int] = {"default": 130, "gpuspec33": 100, "gpushare40": 100, "multigpu20": 100}
TARGETS: Mapping[str, float] = {"default": 95.39, "gpuspec33": 87.84, "gpushare40": 93.96}
"""What was published for FGD."""
TOLERANCE_POINTS = 1.0
PUBLISHED = "published for {} by Weng et al., ATC '23, not run here"


def run(folder: Path, scale: float) -> Report:
    """Play all policies on all lists of pods in *folder*/openb; with *scale*, on so many of the seeds."""
    place, folder = Place(), folder / "openb"
    seeds = SEEDS[: max(round(len(SEEDS) * scale), 1)]
    with Line("packing") as line:
        played = {name: _played(folder, name, seeds, line) for name in READ_AT_PERCENT}
    published = {name: openb.published(folder, name, at) for name, at in READ_AT_PERCENT.items()}
    figures = {policy: _figures(played, policy) for policy in POLICIES}
    baselines: dict[str, dict[str, float | int | str]] = {
        policy: {**found, "source": f"played here: {POLICIES[policy].says}"}
        for policy, found in figures.items()
        if policy != OURS
    }
    for policy in next(iter(published.values())):
        known = {f"{name}_allocation_percent": each[policy] for name, each in published.items()}
        baselines[f"{policy} published"] = {**known, "source": PUBLISHED.format(policy)}
    ours = {**figures[OURS], **_over(played)}
    all_seeds = {f"{len(SEEDS)} seeds": len(seeds) == len(SEEDS)}
    gates = {**_gates(figures, published), **_targets(figures[OURS]), **all_seeds}
    inputs = {
        "pods": {name: len(runs[OURS][0].curve.arrived) for name, runs in played.items()},
        "arrived_percent": dict(READ_AT_PERCENT),
        "scale": scale,
        "seeds": len(seeds),
        "intervals": "95 of 100 means of resampled seeds",
        "attribution": "cluster-trace-gpu-v2023, Alibaba, as FGD's authors publish it (Weng et al., USENIX ATC '23)",
    }
    return Report(PACKING, ours, baselines, inputs, SEEDS[0], gates, place)


def _played(folder: Path, name: str, seeds: Sequence[int], line: Line) -> dict[str, list[Played]]:
    trace = openb.read(folder, name)
    runs: dict[str, list[Played]] = {policy: [] for policy in POLICIES}
    for seed in seeds:
        line.update(f"{name}, seed {seed}")
        drawn = arrivals.drawn(trace, ARRIVED_PERCENT, seed)
        for policy, each in runs.items():
            each.append(comparing.play(policy, drawn))
    return runs


def _figures(played: Mapping[str, Mapping[str, Sequence[Played]]], policy: str) -> dict[str, float]:
    """Return one policy's figures; of those that give out whole GPUs also what was asked for of what was granted."""
    found: dict[str, float] = {}
    for name, runs in played.items():
        at = [each.curve.at(READ_AT_PERCENT[name]) for each in runs[policy]]
        granted = interval([each for each, _ in at])
        found[f"{name}_allocation_percent"] = granted.mean
        found[f"{name}_allocation_percent_low"] = granted.low
        found[f"{name}_allocation_percent_high"] = granted.high
        found[f"{name}_asked_percent"] = interval([each for _, each in at]).mean
        found[f"{name}_first_refused_percent"] = interval(
            [each.curve.first_refused_percent() for each in runs[policy]]
        ).mean
    return found


def _over(played: Mapping[str, Mapping[str, Sequence[Played]]]) -> dict[str, float]:
    """Return by how many points ours is over FGD, seed by seed."""
    found: dict[str, float] = {}
    for name, runs in played.items():
        ours, theirs = ([each.curve.at(READ_AT_PERCENT[name])[0] for each in runs[of]] for of in (OURS, REFERENCE))
        over = interval([a - b for a, b in zip(ours, theirs, strict=True)])
        found |= {f"{name}_over_fgd_points": over.mean}
        found |= {f"{name}_over_fgd_points_low": over.low, f"{name}_over_fgd_points_high": over.high}
    return found


def _gates(figures: Mapping[str, Mapping[str, float]], published: Mapping[str, Mapping[str, float]]) -> dict[str, bool]:
    return {
        f"{policy} on {name} within {TOLERANCE_POINTS} of {known}": abs(
            figures[policy][f"{name}_allocation_percent"] - known
        )
        <= TOLERANCE_POINTS
        for name, each in published.items()
        for policy, known in each.items()
    }


def _targets(ours: Mapping[str, float]) -> dict[str, bool]:
    return {
        f"{name}_allocation_percent > {target}": ours[f"{name}_allocation_percent"] > target
        for name, target in TARGETS.items()
    }
