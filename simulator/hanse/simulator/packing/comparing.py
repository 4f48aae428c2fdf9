"""Policies by name, on the same arrivals: figures over seeds, with intervals, and differences seed by seed.

In: traces, names of policies, seeds. Out: % of GPUs granted, for the commands and the benches. The names are those of
the command line and of reports.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from hanse.simulator.packing import playing
from hanse.simulator.packing.arrivals import Arrivals
from hanse.simulator.packing.playing import Curve, Policy
from hanse.simulator.packing.policies import fgd
from hanse.simulator.packing.policies.fgd import Fgd
from hanse.simulator.packing.policies.hanse import Hanse
from hanse.simulator.packing.policies.kube import Kube
from hanse.simulator.packing.policies.simple import BestFit, Random
from hanse.simulator.packing.servers import Room

_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class PolicyKind:
    """A policy by name: what it is, how it is made, and whether it gives out whole GPUs only."""

    says: str
    make: Callable[[Room, Arrivals], Policy]
    is_whole: bool = False


POLICIES: Mapping[str, PolicyKind] = {
    "hanse": PolicyKind("ours", lambda room, on: Hanse(room, on.trace)),
    "fgd": PolicyKind("fragmentation gradient descent, as published", lambda room, on: Fgd(room, on.trace)),
    "best-fit": PolicyKind("the server with the least left over", lambda room, _: BestFit(room)),
    "random": PolicyKind("any server, any GPU", lambda room, on: Random(room, on.seed)),
    "kube-least": PolicyKind(
        "kube-scheduler's default scores, whole GPUs", lambda room, _: Kube(room, fills=False), is_whole=True
    ),
    "kube-most": PolicyKind(
        "kube-scheduler's scores for packing, whole GPUs", lambda room, _: Kube(room, fills=True), is_whole=True
    ),
    "kube-least-shared": PolicyKind("the same as kube-least, shared GPUs", lambda room, _: Kube(room, fills=False)),
    "kube-most-shared": PolicyKind("the same as kube-most, shared GPUs", lambda room, _: Kube(room, fills=True)),
}


@dataclass(frozen=True, slots=True)
class Played:
    """What one policy made of one seed; *fragments_percent* by what has arrived, if it was asked for."""

    seed: int
    curve: Curve
    fragments_percent: Mapping[int, float]


def play(name: str, arrivals: Arrivals, *, with_fragments: bool = False) -> Played:
    """Return what the policy *name* makes of *arrivals*."""
    kind, kinds = POLICIES[name], arrivals.trace.kinds
    room = Room(arrivals.servers, [each.whole for each in kinds] if kind.is_whole else kinds)
    fragments: dict[int, float] = {}
    mix = fgd.mix(arrivals.trace)

    def seen(arrived: int) -> None:
        percent = arrived * 100 // arrivals.servers.gpu_milli
        if with_fragments and percent not in fragments:
            fragments[percent] = fgd.fragments_milli(room, mix) * 100 / arrivals.servers.gpu_milli

    curve = playing.play(arrivals, room, kind.make(room, arrivals), seen)
    return Played(arrivals.seed, curve, fragments)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds, and what 95 of 100 means of resampled seeds lie between."""

    mean: float
    low: float
    high: float


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of *values* with its bootstrap interval; the same for the same values."""
    chance = random.Random(len(values))  # noqa: S311
    means = sorted(fmean(chance.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    return Interval(fmean(values), means[_RESAMPLES * 25 // 1000], means[_RESAMPLES * 975 // 1000 - 1])
