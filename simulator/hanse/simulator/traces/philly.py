"""The Philly trace of Microsoft (Jeon et al., ATC '19) in the form that Petuum derived and published, CC BY 4.0.

In: a gzipped CSV of submit_s, duration_s, num_gpus, vc. Out: a workload in which each virtual cluster is a member. The
trace has no quotas: shares by use are hindsight, those of `nodes_assumed` an assumption of the authors of Helios
(SC '21), and every figure says which.
"""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

from hanse.simulator import workload
from hanse.simulator.workload import DAY_SECONDS, Job, Seconds, Workload

OCTOBER = 27 * DAY_SECONDS
"""2017-10-01, in seconds of the trace, which begins on 2017-09-04."""
WORK_SECONDS_MAX = 7 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Span:
    """Jobs that were submitted from *begin* on, for so many days."""

    begin_seconds: Seconds
    days: int

    @property
    def seconds(self) -> Seconds:
        """How long it is."""
        return self.days * DAY_SECONDS


def read(folder: Path, span: Span) -> Workload:
    """Return the jobs of *span*, from its begin on; work is cut at a week, as one job had 53 days."""
    known = nodes_assumed(folder)
    jobs: list[Job] = []
    with gzip.open(folder / "jobs.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            at = int(row["submit_s"]) - span.begin_seconds
            if 0 <= at < span.seconds and row["vc"] in known:
                work = min(int(row["duration_s"]), WORK_SECONDS_MAX)
                jobs.append(Job(len(jobs), row["vc"], *workload.gang(int(row["num_gpus"])), work, at))
    return workload.made(f"Philly, {span.days} days from second {span.begin_seconds}", jobs)


def nodes_assumed(folder: Path) -> dict[str, int]:
    """Return the nodes of each virtual cluster that the authors of Helios assumed."""
    with (folder / "vc_nodes_assumed_by_heliosartifact.csv").open(newline="") as file:
        return {row["vc"]: int(row["node num"]) for row in csv.DictReader(file)}
