"""`hanse bench`: run a benchmark, print its figures, and say with the exit status whether its gates were reached."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hanse.bench import reports
from hanse.cli.errors import CommandError

app = typer.Typer(help="Benchmarks.", no_args_is_help=True, rich_markup_mode=None)
# The exit status of a program that Ctrl-C ended, as shells have it.
INTERRUPTED = 130

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, or write it to FILE, and not a table.")]
File = Annotated[Path | None, typer.Argument(help="With --json: where the JSON goes; by default standard output.")]
Scale = Annotated[
    float, typer.Option(min=0.001, max=1.0, help="Play this part of the jobs; gates of time are then not reached.")
]
Data = Annotated[
    Path, typer.Option(envvar="HANSE_TRACES", help="The folder with the public traces: philly, acme and others in it.")
]


@app.command()
def kueue_baseline(file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Play Kueue's own scheduler benchmark with Hanse, on a control plane of its own: minutes."""
    from hanse.bench import kueue  # noqa: PLC0415  # other commands need not wait for all that a bench starts

    _run(lambda: kueue.run(scale), file, as_json)


@app.command()
def bind_rate(
    file: File = None,
    as_json: AsJson = False,
    scale: Scale = 1.0,
    gang: Annotated[int, typer.Option(min=1, max=1000, help="Workers of each job.")] = 8,
) -> None:
    """Bind 4,000 workers to 1,000 simulated nodes, beside kube-scheduler on the same API server: minutes."""
    from hanse.bench import binding  # noqa: PLC0415  # as above

    _run(lambda: binding.run(scale, gang), file, as_json)


@app.command()
def api(file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Ask the API service for ten things with 20,000 jobs in the pool: minutes."""
    from hanse.bench import api as answering  # noqa: PLC0415  # as above

    _run(lambda: answering.run(scale), file, as_json)


@app.command()
def decide_pool(file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Plan for 20,000 nodes and 70,000 jobs, a hundredth of which changes with each cycle: minutes, in memory."""
    from hanse.bench import deciding  # noqa: PLC0415  # as above

    _run(lambda: deciding.run_pool(scale), file, as_json)


@app.command()
def decide_growth(file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Plan for 1,000 to 40,000 nodes under the same churn: minutes, in memory."""
    from hanse.bench import deciding  # noqa: PLC0415  # as above

    _run(lambda: deciding.run_growth(scale), file, as_json)


@app.command()
def decide_gang(file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Place one gang of 4,096 GPUs in a full pool of 20,000 nodes: on idle nodes, and by reclaim."""
    from hanse.bench import gangs  # noqa: PLC0415  # as above

    _run(lambda: gangs.run_gang(scale), file, as_json)


@app.command()
def decide_unschedulable(file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Tell gangs that cannot run why, in a full pool of 20,000 nodes."""
    from hanse.bench import gangs  # noqa: PLC0415  # as above

    _run(lambda: gangs.run_unschedulable(scale), file, as_json)


@app.command()
def audit_month(file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Verify a day of a pool of 20,000 nodes, 5.8 million slots: a quarter of an hour, and 8 GB of disk."""
    from hanse.bench import auditing  # noqa: PLC0415  # as above

    _run(lambda: auditing.run(scale), file, as_json)


@app.command()
def ledger_ingest(file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Send 20,000 nodes' slots of one interval through the API service at once, and post them: minutes."""
    from hanse.bench import ingesting  # noqa: PLC0415  # as above

    _run(lambda: ingesting.run(scale), file, as_json)


@app.command()
def tamper(file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Manipulate a ledger and its exports in 1,200 ways, and count what the verifier finds: minutes."""
    from hanse.bench import tampering  # noqa: PLC0415  # as above

    _run(lambda: tampering.run(scale), file, as_json)


@app.command()
def trace_philly(data: Data, file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Play a month of Microsoft's Philly cluster at five loads under nine policies: half an hour and more."""
    from hanse.bench import philly  # noqa: PLC0415  # as above

    _run(lambda: philly.run_philly(_folder(data, "philly"), scale), file, as_json)


@app.command()
def trace_philly_month(data: Data, file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Play all of that month at one load, with quotas by use and as others assumed them: a quarter of an hour."""
    from hanse.bench import month  # noqa: PLC0415  # as above

    _run(lambda: month.run(_folder(data, "philly"), scale), file, as_json)


@app.command()
def trace_philly_fill(data: Data, file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Play the same with a backlog that may be stopped at any time: half an hour and more."""
    from hanse.bench import philly  # noqa: PLC0415  # as above

    _run(lambda: philly.run_fill(_folder(data, "philly"), scale), file, as_json)


@app.command()
def trace_philly_tuned(data: Data, file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Tune baselines that have a setting on half of that month, and score them on the other: minutes."""
    from hanse.bench import tuning  # noqa: PLC0415  # as above

    _run(lambda: tuning.run(_folder(data, "philly"), scale), file, as_json)


@app.command()
def trace_kalos(data: Data, file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Play 319 large gangs of Kalos at three rates on two clusters, for ten seeds: minutes."""
    from hanse.bench import kalos  # noqa: PLC0415  # as above

    _run(lambda: kalos.run(_folder(data, "acme"), scale), file, as_json)


@app.command()
def failures(data: Data, file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Kill a part of Philly's jobs, lose and recall nodes, and account for every GPU-second: minutes."""
    from hanse.bench import failing  # noqa: PLC0415  # as above

    _run(lambda: failing.run(_folder(data, "philly"), scale), file, as_json)


@app.command()
def memory_share(data: Data, file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Share GPUs at fixed ratios, with memory drawn from what was measured: a minute."""
    from hanse.bench import remembering  # noqa: PLC0415  # as above

    _run(lambda: remembering.run(_folder(data, "gavel"), scale), file, as_json)


@app.command()
def ablations(file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Play ours with one part left out at a time, on generated jobs: minutes, and no trace is needed."""
    from hanse.bench import ablating  # noqa: PLC0415  # as above

    _run(lambda: ablating.run(scale), file, as_json)


@app.command()
def simulate_pool(file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Simulate a pool of 20,000 nodes for two hours, and time the second: minutes."""
    from hanse.bench import large  # noqa: PLC0415  # as above

    _run(lambda: large.run(scale), file, as_json)


@app.command()
def pack_openb(
    data: Data,
    file: File = None,
    as_json: AsJson = False,
    scale: Annotated[float, typer.Option(min=0.1, max=1.0, help="Play this part of the ten seeds.")] = 1.0,
) -> None:
    """Pack pods of a production cluster onto its servers under eight policies: minutes, on one core."""
    from hanse.bench import packing  # noqa: PLC0415  # as above

    _run(lambda: packing.run(_folder(data, "openb"), scale), file, as_json)


def _folder(data: Path, needed: str) -> Path:
    """Return the folder of the public traces, with the one that is needed in it."""
    if not (data / needed).is_dir():
        raise CommandError(f"--data {data}: there is no folder {needed} in it; docs/simulator.md says where traces are")
    return data


@app.command()
def node_agent(file: File = None, as_json: AsJson = False, scale: Scale = 1.0) -> None:
    """Ask the agent of a node with 8 simulated GPUs and 32 pods for slices, and see what it takes: a minute."""
    from hanse.bench import node_agent as nodes  # noqa: PLC0415  # as above

    _run(lambda: nodes.run(scale), file, as_json)


def _run(bench: Callable[[], reports.Report], file: Path | None, as_json: bool) -> None:
    """Run a bench, which takes away what it started however it ends, and report."""
    if file and not as_json:
        raise CommandError(f"{file} would get the JSON: add --json")
    # `kill` ends a bench as Ctrl-C does, so that it cleans up after itself.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        report = bench()
    except KeyboardInterrupt:
        typer.echo("interrupted; everything that the bench started is gone", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if not as_json:
        reports.show(report, Console(file=sys.stdout, highlight=False))
    elif file:
        file.write_text(report.json())
    else:
        typer.echo(report.json(), nl=False)
    if not report.passed:
        raise typer.Exit(1)
