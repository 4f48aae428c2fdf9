"""Several policies on one workload and one cluster: the same jobs, the same terms, the same estimates.

In: a `Setting`. Out: a `Result` for each policy that was asked for. The names of policies are those of the command
line and of reports. Next: `reporting`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hanse.simulator import cluster as clusters
from hanse.simulator import engine, metrics, quotas, series
from hanse.simulator.cluster import Cluster
from hanse.simulator.engine import Policy
from hanse.simulator.estimates import Estimates
from hanse.simulator.incidents import Incidents
from hanse.simulator.metrics import Figures, Waited, Window
from hanse.simulator.policies.easy import Easy
from hanse.simulator.policies.hanse import CYCLE_SECONDS, Hanse, Switches
from hanse.simulator.policies.kube import Kube
from hanse.simulator.policies.kueue import Kueue
from hanse.simulator.policies.queueing import Queueing
from hanse.simulator.policies.srtf import FREE_OF_COST, ShortestRemaining
from hanse.simulator.runs import Played, Run, Terms
from hanse.simulator.series import Series
from hanse.simulator.workload import Seconds, Workload


@dataclass(frozen=True, slots=True)
class Setting:
    """What is played: the same for each policy. *window* is what counts; arrivals after its end are not played.

    *cycle_seconds* is how often ours is asked at the most, and *fillers_part* how much of all GPUs fillers may have at
    the most, under policies that know limits to borrowing.
    """

    workload: Workload
    cluster: Cluster
    window: Window
    terms: Terms = field(default_factory=Terms)
    seed: int = 1
    incidents: Incidents = field(default_factory=Incidents)
    cycle_seconds: Seconds = CYCLE_SECONDS
    fillers_part: float = 1.0

    @property
    def fillers_gpus(self) -> int:
        """How many GPUs fillers may have at the most."""
        return int(self.fillers_part * self.cluster.capacity)

    def gpu_seconds(self) -> int:
        """Return what is there in the window: GPUs by their worth, without nodes that are down."""
        cluster, window = self.cluster, self.window
        down = sum(
            cluster.gpus[each.node] * cluster.worths[each.node] * window.cut(each.begin_seconds, each.end_seconds)
            for each in self.incidents.outages
        )
        return (cluster.worth_of_all * window.seconds - down) // clusters.WHOLE


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
    played: Played
    waited: Waited = field(repr=False)
    """What the figures of waits were reckoned from."""
    waited_by_class: Mapping[str, Waited] = field(repr=False)
    """The same by the classes of `quotas`, and of fillers, which are in no other."""
    plans: int = 0
    """How often ours was asked."""

    @property
    def runs(self) -> Sequence[Run]:
        """All runs, in the order of their starts."""
        return self.played.runs

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


def _ours(says: str, **switches: bool) -> _Kind:
    return _Kind(
        says,
        lambda s: Hanse(
            s.cluster, Estimates(s.seed), s.terms, s.cycle_seconds, Switches(**switches, fillers_part=s.fillers_part)
        ),
    )


POLICIES: Mapping[str, _Kind] = {
    "hanse": _ours("the production planner"),
    "kueue": _Kind(
        "quotas, one cohort, borrowing and reclaim, BestEffortFIFO",
        lambda s: Kueue(s.cluster.owned(), s.fillers_gpus, is_strict=False),
    ),
    "kueue-strict": _Kind(
        "the same, StrictFIFO",
        lambda s: Kueue(s.cluster.owned(), s.fillers_gpus, is_strict=True),
    ),
    "kueue-stops": _Kind(
        "kueue with borrowWithinCohort LowerPriority: who borrows may have fillers stopped",
        lambda s: Kueue(s.cluster.owned(), s.fillers_gpus, is_strict=False, stops_to_borrow=True),
    ),
    "kueue-strict-stops": _Kind(
        "kueue-strict with borrowWithinCohort LowerPriority",
        lambda s: Kueue(s.cluster.owned(), s.fillers_gpus, is_strict=True, stops_to_borrow=True),
    ),
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
    "kube-least": _Kind("kube-scheduler's default scores, workers one by one", lambda _: Kube(packs=False)),
    "kube-most": _Kind("kube-scheduler packing nodes, workers one by one", lambda _: Kube(packs=True)),
    "srtf-bound": _Kind(
        "a mark, no proof and no scheduler: shortest remaining time, clairvoyant, free of cost, only numbers count",
        lambda _: ShortestRemaining(),
        is_bound=True,
    ),
    "hanse-no-borrowing": _ours("the production planner, and nobody may borrow", borrows=False),
    "hanse-no-reservations": _ours("the production planner, and no places are kept", reserves=False),
    "hanse-no-run-times": _ours("the production planner, and all jobs say that they run a day", hears_run_times=False),
    "hanse-no-checkpoints": _ours("the production planner, which hears of no checkpoint", hears_checkpoints=False),
    "hanse-rigid": _ours("the production planner, and no gang is elastic", resizes=False),
}


def play(name: str, setting: Setting, progressed: Callable[[Seconds], object] = lambda _: None) -> Result:
    """Return what the policy *name* makes of *setting*; *progressed* hears the time in the trace, now and then."""
    kind = POLICIES[name]
    cluster = clusters.of_one(setting.cluster.capacity) if kind.is_bound else setting.cluster
    terms = FREE_OF_COST if kind.is_bound else setting.terms
    end = setting.window.end_seconds
    policy = kind.make(setting)
    played = engine.run(setting.workload, cluster, policy, terms, end, progressed, setting.incidents)
    over = series.over(setting.workload, played.runs, setting.window)
    short = {name: each.tolist() for name, each in series.shortfalls(over, setting.cluster.owned()).items()}
    told, plans = (dict(policy.waited_gpu_seconds), policy.plans) if isinstance(policy, Hanse) else ({}, 0)
    waited = Waited(setting.workload.waiting, played.runs, setting.window, end)
    by_class = {
        said: Waited(jobs, played.runs, setting.window, end)
        for said, jobs in quotas.by_class(setting.workload, setting.cluster.owned()).items()
    }
    found = metrics.figures(setting.workload, played.runs, setting.gpu_seconds(), setting.window, waited)
    return Result(name, found, over, short, told, played, waited, by_class, plans)
