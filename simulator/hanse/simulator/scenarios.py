"""Settings by name: a trace, how much capacity, who takes part.

In: an `Asked`, as the command line says it. Out: a `comparing.Setting`. What is asked for and cannot be is refused with
the option's name. Members may be given more GPUs, or taken out with their jobs: what a pool is worth to a member is the
difference between two settings that are otherwise the same.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hanse.simulator import backlog, cluster, incidents, quotas, workload
from hanse.simulator.cluster import Cluster
from hanse.simulator.comparing import Setting
from hanse.simulator.incidents import Incidents, Outage
from hanse.simulator.metrics import Window
from hanse.simulator.policies.hanse import CYCLE_SECONDS
from hanse.simulator.runs import Terms
from hanse.simulator.traces import generated, kalos, own, philly
from hanse.simulator.workload import DAY_SECONDS, GPUS_PER_NODE, HOUR_SECONDS, Job, Seconds, Workload, WorkloadError

GENERATED_GPUS, GENERATED_LOAD = 256, 0.8
RECALL_NOTICE_SECONDS = HOUR_SECONDS


@dataclass(frozen=True, slots=True)
class Asked:
    """What to play. *trace* is `generated`, `philly`, `kalos`, or a file of one's own.

    *gpus* are each member's, where they are not to be shared out by use for *load*; *more* is added to what a member
    has, and *without* are members that are not there. Incidents, kinds of nodes and elastic gangs are as
    `docs/simulator.md` says; zero is none.
    """

    trace: str = "generated"
    folder: Path | None = None
    days: int = 14
    warm_up_days: int = 2
    load: float = GENERATED_LOAD
    gpus: Mapping[str, int] = field(default_factory=dict)
    more: Mapping[str, int] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    has_backlog: bool = False
    compression: int = 1
    terms: Terms = field(default_factory=Terms)
    seed: int = 1
    killed: float = 0.0
    days_between_losses: float = 0.0
    days_between_recalls: float = 0.0
    slower: tuple[float, int] = (0.0, cluster.WHOLE)
    elastic: float = 0.0
    cycle_seconds: Seconds = CYCLE_SECONDS
    backlog_part: float = 1.0


def setting(asked: Asked) -> Setting:
    """Return what *asked* says.

    Raises:
        WorkloadError: it cannot be played.

    """
    if not 0 <= asked.warm_up_days < asked.days:
        raise WorkloadError(f"--warm-up-days {asked.warm_up_days}: it must be less than --days {asked.days}")
    span = asked.days * DAY_SECONDS
    jobs = _until(_read(asked), span)
    shares = _shares(asked, jobs, span)
    jobs = workload.made(jobs.source, (job for job in jobs.jobs if job.member not in asked.without))
    if not jobs.jobs:
        raise WorkloadError(f"{asked.trace}: no job is left to play in {asked.days} days")
    if asked.has_backlog:
        more = backlog.fillers(jobs, shares, span, asked.seed)
        jobs = workload.merged(f"{jobs.source}, with a backlog of {more.source}", [jobs, more])
    if asked.elastic:
        jobs = workload.made(f"{jobs.source}, {asked.elastic:g} elastic", _elastic(jobs, asked.elastic, asked.seed))
    on = cluster.mixed(cluster.of_nodes(shares), *asked.slower)
    window = Window(asked.warm_up_days * DAY_SECONDS, span)
    return Setting(
        jobs, on, window, asked.terms, asked.seed, _incidents(asked, jobs, on, span), asked.cycle_seconds,
        asked.backlog_part,
    )  # fmt: skip


def _elastic(jobs: Workload, part: float, seed: int) -> Iterable[Job]:
    """Yield *jobs*, of which *part*, by chance, can use twice the workers that they need."""
    chance = random.Random(f"elastic {seed}")  # noqa: S311  # the same each time is the point
    for job in jobs.jobs:
        yield replace(job, workers_max=2 * job.workers) if chance.random() < part else job


def _incidents(asked: Asked, jobs: Workload, on: Cluster, span_seconds: Seconds) -> Incidents:
    outages: list[tuple[Outage, ...]] = []
    if asked.days_between_losses:
        outages.append(incidents.lost(on, asked.days_between_losses, span_seconds, asked.seed))
    if asked.days_between_recalls:
        outages.append(
            incidents.recalled(on, asked.days_between_recalls, RECALL_NOTICE_SECONDS, span_seconds, asked.seed)
        )
    killed = incidents.failing(jobs, asked.killed, asked.seed) if asked.killed else {}
    return Incidents(killed, incidents.together(*outages))


def _read(asked: Asked) -> Workload:
    if asked.trace == "generated":
        made = generated.Made(asked.days, sum(asked.gpus.values()) or GENERATED_GPUS, asked.load, seed=asked.seed)
        return generated.generate(made)
    if asked.trace in ("philly", "kalos"):
        if asked.folder is None or not asked.folder.is_dir():
            raise WorkloadError(f"--trace {asked.trace}: say --data FOLDER, where the files of that trace are")
        if asked.trace == "philly":
            return philly.read(asked.folder, philly.Span(philly.OCTOBER, asked.days))
        return kalos.read(asked.folder, asked.compression, asked.seed)
    file = Path(asked.trace)
    if not file.is_file():
        raise WorkloadError(f"--trace {asked.trace}: it is no file, and none of generated, philly, kalos")
    return own.read(file)


def _until(jobs: Workload, end_seconds: Seconds) -> Workload:
    """Return the jobs that are submitted by then."""
    return workload.made(jobs.source, (job for job in jobs.jobs if job.submitted_seconds < end_seconds))


def _shares(asked: Asked, jobs: Workload, span_seconds: Seconds) -> dict[str, int]:
    """Return each member's GPUs, in whole nodes."""
    shares = {name: _whole(gpus) for name, gpus in asked.gpus.items()}
    shares = shares or quotas.shared_out(jobs, quotas.by_use(jobs), span_seconds, asked.load)
    for name in sorted({*asked.more, *asked.without} - shares.keys()):
        raise WorkloadError(f"member {name}: there is none of that name; there are {', '.join(sorted(shares))}")
    for name, gpus in asked.more.items():
        shares[name] = _whole(max(shares[name] + gpus, 0))
    shares = {name: gpus for name, gpus in shares.items() if name not in asked.without}
    for name in jobs.members:
        if name not in shares and name not in asked.without:
            raise WorkloadError(f"--gpus: member {name} submits jobs, and no GPUs are said for it (say {name}=0)")
    return shares


def _whole(gpus: int) -> int:
    """Return *gpus* rounded up to whole nodes."""
    return workload.nodes(gpus) * GPUS_PER_NODE
