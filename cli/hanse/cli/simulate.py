"""`hanse simulate`: a trace through the production planner and through baselines, compared.

In: a trace, a policy or several, loads. Out: a table for people on standard output; numbers as JSON and a page with
pictures where files are named for them. Next: :mod:`hanse.simulator`, which does all of it.
"""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from hanse.cli.errors import CommandError

if TYPE_CHECKING:
    from hanse.simulator.comparing import Result, Setting
    from hanse.simulator.scenarios import Asked

# Whoever has not installed the extra has no such command; who has need not wait for plots with each other command.
for _needed in ("jinja2", "matplotlib", "pyarrow"):
    if util.find_spec(_needed) is None:
        raise ModuleNotFoundError(_needed, name=_needed)

_POLICIES = (
    "hanse", "kueue", "kueue-strict", "kueue-stops", "kueue-strict-stops", "static", "static-skip", "pool", "pool-skip",
    "easy", "priority", "kube-least", "kube-most", "srtf-bound",
    "hanse-no-borrowing", "hanse-no-reservations", "hanse-no-run-times", "hanse-no-checkpoints", "hanse-rigid",
)  # fmt: skip
_DEFAULT = ["hanse", "kueue", "static", "pool-skip"]
_MINUTE = 60


Trace = Annotated[str, typer.Option(help="generated, philly, kalos, or a CSV or Parquet file of your own.")]
Data = Annotated[Path | None, typer.Option(help="The folder with the files of a public trace.")]
Names = Annotated[list[str] | None, typer.Option(help=f"What to play, again and again: {', '.join(_POLICIES)}.")]
Loads = Annotated[
    list[float] | None,
    typer.Option(help="The work offered over capacity, again and again; capacity is scaled.", min=0.05, max=5),
]
Days = Annotated[int, typer.Option(min=1, help="So many days of the trace.")]
WarmUp = Annotated[int, typer.Option(min=0, help="The first days, in which nothing is measured.")]
Gpus = Annotated[
    list[str] | None, typer.Option(help="MEMBER=GPUS, again and again; else shared out by use for the load.")
]
More = Annotated[list[str] | None, typer.Option(help="MEMBER=GPUS that it contributes besides; may be negative.")]
Without = Annotated[list[str] | None, typer.Option(help="A MEMBER that is not there, nor are its jobs.")]
Backlog = Annotated[bool, typer.Option("--backlog", help="Add work that may be stopped, enough for what is idle.")]
BacklogPart = Annotated[
    float, typer.Option(help="The most of all GPUs that fillers may have, where there are limits to borrowing.", max=1)
]
Compression = Annotated[int, typer.Option(min=1, help="kalos: submit so many times as fast.")]
Checkpoint = Annotated[int, typer.Option(min=1, help="Between two checkpoints of a job.")]
Restart = Annotated[int, typer.Option(min=0, help="What a stopped job loses when it starts again.")]
Killed = Annotated[float, typer.Option(min=0, max=1, help="Jobs with this part of all GPU time fail, once each.")]
Losses = Annotated[float, typer.Option(min=0, help="Each node is lost once in so many days; 0 is never.")]
Recalls = Annotated[float, typer.Option(min=0, help="Each node is recalled by its owner once in so many days.")]
Slower = Annotated[str, typer.Option(help="PART=THOUSANDTHS: this part of nodes is worth so much of the others.")]
Elastic = Annotated[float, typer.Option(min=0, max=1, help="This part of gangs can use twice what it needs.")]
CycleSeconds = Annotated[int, typer.Option(min=1, help="How often hanse is asked at the most.")]
Seed = Annotated[int, typer.Option(help="For all that is drawn.")]
AsJson = Annotated[Path | None, typer.Option("--json", help="Write the numbers there.")]
Report = Annotated[
    Path | None, typer.Option(help="Write report.html and its pictures into this folder, or one a load.")
]


def simulate(
    trace: Trace = "generated",
    data: Data = None,
    policy: Names = None,
    load: Loads = None,
    days: Days = 14,
    warm_up_days: WarmUp = 2,
    gpus: Gpus = None,
    more: More = None,
    without: Without = None,
    backlog: Backlog = False,
    backlog_part: BacklogPart = 1.0,
    compression: Compression = 1,
    checkpoint_minutes: Checkpoint = 30,
    restart_minutes: Restart = 5,
    killed: Killed = 0.0,
    days_between_losses: Losses = 0.0,
    days_between_recalls: Recalls = 0.0,
    slower: Slower = "0=1000",
    elastic: Elastic = 0.0,
    cycle_seconds: CycleSeconds = 10,
    seed: Seed = 1,
    as_json: AsJson = None,
    report: Report = None,
) -> None:
    """Play a trace of jobs under several policies, and compare utilization, waits and fairness.

    For example: hanse simulate --policy hanse --policy static --report simulated

    Or: hanse simulate --trace jobs.csv --days 30 --gpus north=512 --gpus south=256 --more north=200
    """
    from hanse.simulator import reporting, scenarios  # noqa: PLC0415  # plots take seconds to import
    from hanse.simulator.runs import Terms  # noqa: PLC0415  # as above

    names = _known(policy or _DEFAULT)
    documents, terms = [], Terms(checkpoint_minutes * _MINUTE, restart_minutes * _MINUTE)
    for each in load or [scenarios.GENERATED_LOAD]:
        asked = scenarios.Asked(
            trace, data, days, warm_up_days, each, _numbers("--gpus", gpus), _numbers("--more", more),
            frozenset(without or ()), backlog, compression, terms, seed, killed, days_between_losses,
            days_between_recalls, _slower(slower), elastic, cycle_seconds, backlog_part,
        )  # fmt: skip
        results = list(_played(setting := _setting(asked), names))
        _show(setting, results)
        documents.append(reporting.document(setting, results))
        if report is not None:
            folder = report if len(load or ()) < 2 else report / f"load-{each:g}"  # noqa: PLR2004
            typer.echo(f"report: {reporting.write(folder, setting, results)}", err=True)
    if as_json is not None:
        as_json.write_text(json.dumps(documents, indent=1, sort_keys=True) + "\n")


def _setting(asked: "Asked") -> "Setting":
    from hanse.simulator import scenarios  # noqa: PLC0415  # as above
    from hanse.simulator.workload import WorkloadError  # noqa: PLC0415  # as above

    try:
        return scenarios.setting(asked)
    except WorkloadError as error:
        raise CommandError(str(error)) from error


def _known(names: Sequence[str]) -> list[str]:
    """Return the names, each once, in their order."""
    for name in names:
        if name not in _POLICIES:
            raise CommandError(f"--policy {name}: there is none of that name; there are {', '.join(_POLICIES)}")
    return list(dict.fromkeys(names))


def _numbers(option: str, said: Sequence[str] | None) -> dict[str, int]:
    """Return what MEMBER=GPUS options say."""
    found = {}
    for each in said or ():
        name, _, number = each.partition("=")
        if not name or not number.lstrip("+-").isdecimal():
            raise CommandError(f"{option} {each}: write MEMBER=GPUS, as in {option} north=200")
        found[name] = int(number)
    return found


def _slower(said: str) -> tuple[float, int]:
    """Return what --slower says."""
    part, _, worth = said.partition("=")
    try:
        found = float(part), int(worth)
    except ValueError:
        found = -1.0, 0
    if not (0 <= found[0] <= 1 and 1 <= found[1] <= 1000):  # noqa: PLR2004
        raise CommandError(f"--slower {said}: write PART=THOUSANDTHS, from 0 to 1 and 1 to 1000, as in 0.4=600")
    return found


def _played(setting: "Setting", names: Sequence[str]) -> Iterator["Result"]:
    """Play each policy, with a bar that follows the trace's days."""
    from hanse.simulator import comparing  # noqa: PLC0415  # as above

    with Progress(console=Console(stderr=True), transient=True) as progress:
        for name in names:
            task = progress.add_task(name, total=setting.window.end_seconds)
            yield comparing.play(name, setting, partial(_follow, progress, task))
            progress.update(task, completed=setting.window.end_seconds)


def _follow(progress: Progress, task: TaskID, now: int) -> None:
    progress.update(task, completed=now)


def _show(setting: "Setting", results: Sequence["Result"]) -> None:
    from hanse.simulator import reporting  # noqa: PLC0415  # as above

    said = reporting.inputs(setting)
    typer.echo(
        f"{said['workload']}: {said['jobs']} jobs, {said['fillers']} fillers; {setting.cluster.capacity} GPUs, "
        f"offered load {said['offered_load']:.2f}"
    )
    rows = [reporting.row(result) for result in results]
    table = Table(reporting.HEADS[0], *(row[0] for row in rows))
    for column in table.columns[1:]:
        column.justify = "right"
    for at, head in enumerate(reporting.HEADS[1:], start=1):
        table.add_row(head, *(row[at] for row in rows))
    Console().print(table)
