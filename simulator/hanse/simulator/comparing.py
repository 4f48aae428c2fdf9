"""Several policies on one workload and one cluster: the same jobs, the same terms, the same estimates.

In: a `Setting`. Out: a `Result` for each policy that was asked for. The names of policies are those of the command
line and of reports. Next: `reporting`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hanse.simulator import cluster as clusters
from hanse.simulator import engine, metrics, series
from hanse.simulator.cluster import Cluster
from hanse.simulator.engine import Policy, Run, Terms
from hanse.simulator.estimates import Estimates
from hanse.simulator.metrics import Figures, Waited, Window
from hanse.simulator.policies.easy import Easy
from hanse.simulator.policies.hanse import Hanse
from hanse.simulator.policies.kueue import Kueue
from hanse.simulator.policies.queueing import Queueing
from hanse.simulator.policies.srtf import FREE_OF_COST, ShortestRemaining
from hanse.simulator.series import Series
from hanse.simulator.workload import Seconds, Workload


@dataclass(frozen=True, slots=True)
class Setting:
    """What is played: the same for each policy. *window* is what counts; arrivals after its end are not played."""

    workload: Workload
    cluster: Cluster
    window: Window
    terms: Terms = field(default_factory=Terms)
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """What one policy made of a setting."""

    policy: str
    figures: Figures
    series: Series
    shortfalls: Mapping[str, Sequence[float]]
    """By member: in each step, which part of its entitlement it wanted and did not get."""
    waited_gpu_seconds: Mapping[str, int]
    """By the reason that was told, of policies that tell reasons."""
    runs: Sequence[Run]
    waited: Waited = field(repr=False)
    """What the figures of waits were reckoned from."""

    @property
    def shortfall_max(self) -> float:
        """The worst step of the worst member."""
        return max((each for steps in self.shortfalls.values() for each in steps), default=0.0)

    @property
    def shortfall_p95(self) -> float:
        """What 95 % of all members' steps do not exceed."""
        steps = sorted(each for steps in self.shortfalls.values() for each in steps)
        return steps[int(0.95 * (len(steps) - 1))] if steps else 0.0


@dataclass(frozen=True, slots=True)
class _Kind:
    """A policy by name: what it is, how it is made, and whether it is played on a cluster where only numbers count."""

    says: str
    make: Callable[[Setting], Policy]
    is_bound: bool = False


POLICIES: Mapping[str, _Kind] = {
    "hanse": _Kind("the production planner", lambda s: Hanse(s.cluster, Estimates(s.seed), s.terms)),
    "kueue": _Kind(
        "quotas, one cohort, borrowing and reclaim, BestEffortFIFO",
        lambda s: Kueue(s.cluster.owned(), is_strict=False),
    ),
    "kueue-strict": _Kind("the same, StrictFIFO", lambda s: Kueue(s.cluster.owned(), is_strict=True)),
    "static": _Kind(
        "a partition a member, first come, first served", lambda _: Queueing(skips=False, is_partitioned=True)
    ),
    "static-skip": _Kind(
        "a partition a member, what does not fit is skipped", lambda _: Queueing(skips=True, is_partitioned=True)
    ),
    "pool": _Kind("one queue, first come, first served", lambda _: Queueing(skips=False)),
    "pool-skip": _Kind("one queue, what does not fit is skipped", lambda _: Queueing(skips=True)),
    "easy": _Kind("EASY backfilling by users' estimates", lambda s: Easy(Estimates(s.seed))),
    "priority": _Kind("priority and best fit, nothing stopped", lambda _: Queueing(skips=True, fillers_last=True)),
    "srtf-bound": _Kind(
        "a bound, no scheduler: shortest remaining time first, clairvoyant, free of cost, only numbers count",
        lambda _: ShortestRemaining(),
        is_bound=True,
    ),
}


def play(name: str, setting: Setting, progressed: Callable[[Seconds], object] = lambda _: None) -> Result:
    """Return what the policy *name* makes of *setting*; *progressed* hears the time in the trace, now and then."""
    kind = POLICIES[name]
    cluster = clusters.of_one(setting.cluster.capacity) if kind.is_bound else setting.cluster
    terms = FREE_OF_COST if kind.is_bound else setting.terms
    end = setting.window.end_seconds
    policy = kind.make(setting)
    runs = engine.run(setting.workload, cluster, policy, terms, end, progressed)
    over = series.over(setting.workload, runs, setting.window)
    short = {name: each.tolist() for name, each in series.shortfalls(over, setting.cluster.owned()).items()}
    told = dict(policy.waited_gpu_seconds) if isinstance(policy, Hanse) else {}
    waited = Waited(setting.workload, runs, setting.window, end)
    found = metrics.figures(setting.workload, runs, cluster.capacity, setting.window, waited)
    return Result(name, found, over, short, told, runs, waited)
