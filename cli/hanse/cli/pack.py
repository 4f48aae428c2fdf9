"""`hanse pack`: pods with parts of GPUs, whole ones and several onto servers, under several policies, compared.

In: a list of pods of the openb trace, or a seed. Out: a table for people on standard output; numbers as JSON and a page
with pictures where files are named for them. Next: :mod:`hanse.simulator.packing`, which does all of it.
"""

import json
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from hanse.cli.errors import CommandError

if TYPE_CHECKING:
    from hanse.simulator.packing.arrivals import Trace
    from hanse.simulator.packing.comparing import Played

# Whoever has not installed the extra has no such command; who has need not wait for plots with each other command.
for _needed in ("jinja2", "matplotlib"):
    if util.find_spec(_needed) is None:
        raise ModuleNotFoundError(_needed, name=_needed)

_POLICIES = (
    "hanse", "fgd", "best-fit", "random", "kube-least", "kube-most", "kube-least-shared", "kube-most-shared",
)  # fmt: skip
_DEFAULT = ["hanse", "fgd", "best-fit", "random", "kube-most"]
_LISTS = ("default", "gpuspec33", "gpushare40", "multigpu20")
_SERVERS = 100

Data = Annotated[
    Path | None, typer.Option(help="The folder with the openb trace; else servers and pods from the seed.")
]
Pods = Annotated[str, typer.Option(help=f"Which of its lists of pods: {', '.join(_LISTS)}.")]
Names = Annotated[list[str] | None, typer.Option(help=f"What to play, again and again: {', '.join(_POLICIES)}.")]
Percent = Annotated[int, typer.Option(min=100, max=300, help="Until pods have asked for so much of all GPUs.")]
Seeds = Annotated[int, typer.Option(min=1, max=100, help="So many orders of arrival.")]
Seed = Annotated[int, typer.Option(help="The first of them.")]
AsJson = Annotated[Path | None, typer.Option("--json", help="Write the numbers there.")]
Report = Annotated[Path | None, typer.Option(help="Write packing.html and its pictures into this folder.")]


def pack(
    data: Data = None,
    pods: Pods = "default",
    policy: Names = None,
    percent: Percent = 130,
    seeds: Seeds = 3,
    seed: Seed = 42,
    as_json: AsJson = None,
    report: Report = None,
) -> None:
    """Place pods one after another until the GPUs are full and beyond, and compare how much of them is granted.

    For example: hanse pack --policy hanse --policy fgd --report packed

    """
    from hanse.simulator.packing import reports  # noqa: PLC0415  # plots take seconds to import

    names = _known(policy or _DEFAULT)
    trace = _trace(data, pods, seed)
    played = _played(trace, names, percent, range(seed, seed + seeds), with_fragments=report is not None)
    table = Table(*reports.HEADS)
    for column in table.columns[1:]:
        column.justify = "right"
    for name in names:
        table.add_row(*reports.row(name, percent, played))
    typer.echo(
        f"{trace.source}: {len(trace.pods)} pods, {trace.servers.gpus.sum()} GPUs of {len(trace.servers.gpus)} servers"
    )
    Console().print(table)
    if report is not None:
        typer.echo(f"report: {reports.write(report, trace.source, percent, played)}", err=True)
    if as_json is not None:
        as_json.write_text(json.dumps(reports.document(trace.source, percent, played), indent=1, sort_keys=True) + "\n")


def _known(names: list[str]) -> list[str]:
    for name in names:
        if name not in _POLICIES:
            raise CommandError(f"--policy {name}: there is none of that name; there are {', '.join(_POLICIES)}")
    return list(dict.fromkeys(names))


def _trace(data: Path | None, pods: str, seed: int) -> "Trace":
    from hanse.simulator.packing import generated, openb  # noqa: PLC0415  # as above

    if data is None:
        return generated.generate(_SERVERS, seed)
    if pods not in _LISTS:
        raise CommandError(f"--pods {pods}: there is no list of that name; there are {', '.join(_LISTS)}")
    if not (data / f"pods_{pods}.csv.gz").is_file():
        raise CommandError(
            f"--data {data}: pods_{pods}.csv.gz is not in it; docs/simulator.md says where it is to be had"
        )
    return openb.read(data, pods)


def _played(
    trace: "Trace", names: list[str], percent: int, seeds: range, *, with_fragments: bool
) -> "dict[str, list[Played]]":
    from hanse.simulator.packing import arrivals, comparing  # noqa: PLC0415  # as above

    played: dict[str, list[Played]] = {name: [] for name in names}
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("playing", total=len(names) * len(seeds))
        for seed in seeds:
            drawn = arrivals.drawn(trace, percent, seed)
            for name in names:
                played[name].append(comparing.play(name, drawn, with_fragments=with_fragments and seed == seeds[0]))
                progress.advance(task)
    return played
