"""Reports: what several policies made of the same jobs, as numbers, and as a page with pictures.

In: a setting and results. Out: plain data for JSON, PNG files, and one HTML page with the pictures in it, which needs
nothing else. Each figure stands beside all others' of its kind, so that what got worse is seen where the rest is.
"""

import base64
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hanse.simulator import quotas
from hanse.simulator.colours import COLOURS, line
from hanse.simulator.comparing import POLICIES, Result, Setting
from hanse.simulator.metrics import BUCKETS, bucket_name
from hanse.simulator.workload import DAY_SECONDS, HOUR_SECONDS

_PAGE = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ title }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1a1f29 }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #d6dae1; text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
img { max-width: 100%; height: auto } figure { margin: 2rem 0 } .note { color: #4b5565 }
</style>
<h1>{{ title }}</h1>
<p>{{ about }}</p>
<table>
<tr>{% for head in heads %}<th>{{ head }}</th>{% endfor %}</tr>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table>
<p class="note">Utilization is granted or useful GPU time over capacity, not what a GPU's counters show. Waits are of
jobs submitted in the window, fillers left out but where they are named; who never started has waited to its end.</p>
{% for name, png in pictures %}
<figure><img alt="{{ name }}" src="data:image/png;base64,{{ png }}"><figcaption>{{ name }}</figcaption></figure>
{% endfor %}
<h2>What was played</h2>
<ul>{% for name in policies %}<li><b>{{ name }}</b>: {{ says[name] }}</li>{% endfor %}</ul>
</html>
""")


def document(setting: Setting, results: Sequence[Result]) -> dict[str, Any]:
    """Return inputs and figures as plain data."""
    return {
        "inputs": inputs(setting),
        "policies": {result.policy: figures(result) for result in results},
    }


def inputs(setting: Setting) -> dict[str, Any]:
    """Return what was played."""
    window = setting.window
    counted = setting.workload.waiting
    played = sum(job.gpu_seconds for job in counted if job.submitted_seconds < window.end_seconds)
    return {
        "workload": setting.workload.source,
        "jobs": len(counted),
        "fillers": len(setting.workload.jobs) - len(counted),
        "gpus_by_member": setting.cluster.owned(),
        "offered_load": round(played / (setting.cluster.capacity * window.end_seconds), 4),
        "window_begin_seconds": window.begin_seconds,
        "window_end_seconds": window.end_seconds,
        **asdict(setting.terms),
        "cycle_seconds": setting.cycle_seconds,
        "failures": len(setting.incidents.failures),
        "outages": len(setting.incidents.outages),
        "worth_of_all_gpus": setting.cluster.worth_of_all / 1000,
        "elastic_gangs": sum(job.workers_max > job.workers for job in setting.workload.jobs),
        "seed": setting.seed,
    }


def figures(result: Result) -> dict[str, Any]:
    """Return one policy's figures."""
    return {
        **asdict(result.figures),
        "wait_by_class": {name: asdict(waited.of_all()) for name, waited in result.waited_by_class.items()},
        "idle_gpu_seconds": result.played.idle_gpu_seconds,
        "down_gpu_seconds": result.played.down_gpu_seconds,
        "unaccounted_gpu_seconds": result.played.unaccounted_gpu_seconds(),
        "fairness_shortfall_max": result.shortfall_max,
        "fairness_shortfall_p95": result.shortfall_p95,
        "waited_gpu_seconds_by_reason": dict(sorted(result.waited_gpu_seconds.items())),
    }


_HOURS = ((1 / 60, "1 min"), (1 / 6, "10 min"), (1, "1 h"), (10, "10 h"), (100, "100 h"))
_LEAST_HOURS = _HOURS[0][0]
_CLASSES = {
    quotas.ENTITLED: "within what its member has", quotas.BEYOND: "beyond it", quotas.FILLERS: "fillers",
}  # fmt: skip
HEADS = (
    "policy", "allocated %", "useful %", "waste %", "stopped", "wait mean h", "p50 h", "p95 h", "p99 h",
    "never started", "slowdown mean", "shortfall max",
)  # fmt: skip


def row(result: Result) -> list[str]:
    """Return one policy's figures for people, as `HEADS` says."""
    found, wait = result.figures, result.figures.wait
    percents = (found.allocation_fraction, found.useful_utilization, found.waste_fraction)
    return [
        result.policy, *(f"{100 * each:.2f}" for each in percents), str(found.preemptions),
        *(f"{each / HOUR_SECONDS:.2f}" for each in (wait.mean, wait.p50, wait.p95, wait.p99)), str(wait.never_started),
        f"{found.bounded_slowdown_mean:.1f}", f"{100 * result.shortfall_max:.0f} %",
    ]  # fmt: skip


def write(folder: Path, setting: Setting, results: Sequence[Result]) -> Path:
    """Write the page and its pictures into *folder*, and return the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    for file, name, figure in _pictures(setting, results):
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=110, metadata={"Software": None})
        (folder / f"{file}.png").write_bytes(png.getvalue())
        pictures.append((name, base64.b64encode(png.getvalue()).decode()))
    said = inputs(setting)
    page = _PAGE.render(
        title=f"{len(results)} policies on {setting.workload.source}", heads=HEADS, pictures=pictures,
        rows=[row(result) for result in results], policies=[result.policy for result in results],
        says={name: kind.says for name, kind in POLICIES.items()},
        about=f"{said['jobs']} jobs and {said['fillers']} fillers on {setting.cluster.capacity} GPUs of "
        f"{len(setting.cluster.owned())} members: an offered load of {100 * said['offered_load']:.0f} %.",
    )  # fmt: skip
    (folder / "report.html").write_text(page)
    return folder / "report.html"


def _pictures(setting: Setting, results: Sequence[Result]) -> Iterable[tuple[str, str, Figure]]:
    yield "utilization", "GPUs granted over time, of all there are", _utilization(setting, results)
    yield (
        "waits",
        "How many jobs had waited no longer than so long, by size of the gang: a minute is drawn for less",
        _waits(results),
    )
    yield (
        "classes",
        "The same by class: jobs that their member's own GPUs would hold if nobody ever waited; others; and fillers",
        _waits_by_class(results),
    )
    yield "members", "Mean wait of each member's jobs; a minute or less at the bottom", _members(results)
    yield "fairness", "The part of its entitlement that a member wanted and did not get", _fairness(setting, results)
    if any(result.waited_gpu_seconds for result in results):
        yield "reasons", "Why gangs waited, as their owners were told, fillers left out", _reasons(results)


def _utilization(setting: Setting, results: Sequence[Result]) -> Figure:
    figure, axes = _figure("days", "% of GPUs granted")
    for result in results:
        steps = result.series
        at = (steps.begin_seconds + steps.step_seconds * (np.arange(len(steps.granted)) + 0.5)) / DAY_SECONDS
        axes.plot(at, 100 * steps.granted / setting.cluster.capacity, **line(result.policy))
    axes.set_ylim(0, 102)
    figure.legend(loc="outside upper center", ncols=6, frameon=False)
    return figure


def _waits(results: Sequence[Result]) -> Figure:
    return _shares(results, {
        f"{bucket_name(*bucket)} GPU{'s' * (bucket != (1, 1))}": [
            result.waited.seconds[result.waited.rows_of(bucket)] for result in results
        ] for bucket in BUCKETS
    })  # fmt: skip


def _waits_by_class(results: Sequence[Result]) -> Figure:
    return _shares(
        results, {said: [result.waited_by_class[name].seconds for result in results] for name, said in _CLASSES.items()}
    )


def _shares(results: Sequence[Result], waits_by_panel: Mapping[str, Sequence[NDArray[Any]]]) -> Figure:
    """Draw which part of the jobs of each panel had waited no longer than so long; panels without jobs are left out."""
    asked = {said: waits for said, waits in waits_by_panel.items() if len(waits[0])}
    lines = -(-len(asked) // 3)
    figure = Figure(figsize=(11, 3.4 * lines), layout="constrained")
    for at, (said, waits_of_each) in enumerate(asked.items()):
        axes = figure.add_subplot(lines, 3, at + 1)
        for result, seconds in zip(results, waits_of_each, strict=True):
            waits = np.sort(seconds) / HOUR_SECONDS
            share = np.arange(1, len(waits) + 1) / len(waits)
            axes.plot(np.maximum(waits, _LEAST_HOURS), 100 * share, drawstyle="steps-post", **line(result.policy))
        axes.set(xscale="log", xlim=(_LEAST_HOURS * 0.9, _HOURS[-1][0]), ylabel="% of jobs", ylim=(0, 102))
        axes.set_xticks([hours for hours, _ in _HOURS], [name for _, name in _HOURS])
        axes.minorticks_off()
        axes.set_title(f"{said}, {len(waits_of_each[0]):,} job{'s' * (len(waits_of_each[0]) != 1)}", fontsize=11)
        axes.grid(visible=True, alpha=0.25)
    if asked:
        handles, names = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=6, frameon=False)
    return figure


def _members(results: Sequence[Result]) -> Figure:
    figure, axes = _figure("", "mean wait")
    names = list(results[0].figures.wait_by_member)
    _bars(axes, names, {
        result.policy: [
            max(result.figures.wait_by_member[name].mean / HOUR_SECONDS, _LEAST_HOURS) for name in names
        ] for result in results
    })  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylim(_LEAST_HOURS / 2, None)
    axes.set_yticks([hours for hours, _ in _HOURS], [name for _, name in _HOURS])
    axes.minorticks_off()
    return figure


def _fairness(setting: Setting, results: Sequence[Result]) -> Figure:
    figure, axes = _figure("", "mean over 6-hour steps, %")
    names = [name for name, gpus in setting.cluster.owned().items() if gpus]
    _bars(axes, names, {
        result.policy: [100 * float(np.mean(result.shortfalls.get(name, [0.0]))) for name in names]
        for result in results
    })  # fmt: skip
    return figure


def _reasons(results: Sequence[Result]) -> Figure:
    """Draw reasons one below the other, the commonest first, with their hours written beside them."""
    told = {result.policy: result.waited_gpu_seconds for result in results if result.waited_gpu_seconds}
    totals: Counter[str] = Counter()
    for each in told.values():
        totals.update(each)
    reasons = [reason for reason, _ in totals.most_common()][::-1]
    figure = Figure(figsize=(11, 1.2 + 0.35 * len(reasons) * len(told)), layout="constrained")
    axes = figure.add_subplot()
    height = 0.8 / len(told)
    for index, (name, each) in enumerate(told.items()):
        at = np.arange(len(reasons)) - (index - (len(told) - 1) / 2) * height
        hours = [each.get(reason, 0) / HOUR_SECONDS for reason in reasons]
        bars = axes.barh(at, hours, height, label=name, color=COLOURS[name])
        axes.bar_label(bars, [f"{hour:,.0f} h" for hour in hours], padding=4, fontsize=9)
    axes.set_yticks(np.arange(len(reasons)), reasons)
    axes.set_xlabel("GPU-hours of waiting")
    axes.margins(x=0.1)
    if len(told) > 1:
        figure.legend(loc="outside upper center", ncols=6, frameon=False)
    return figure


def _figure(x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.set(xlabel=x, ylabel=y)
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="y", alpha=0.25)
    return figure, axes


def _bars(axes: Axes, names: Sequence[str], values: Mapping[str, Sequence[float]]) -> None:
    width = 0.8 / max(len(values), 1)
    for index, (policy, heights) in enumerate(values.items()):
        at = np.arange(len(names)) + (index - (len(values) - 1) / 2) * width
        axes.bar(at, heights, width, label=policy, color=COLOURS[policy])
    axes.set_xticks(np.arange(len(names)), names, rotation=30 if len(names) > 4 else 0)  # noqa: PLR2004
    figure = axes.get_figure()
    if isinstance(figure, Figure):
        figure.legend(loc="outside upper center", ncols=6, frameon=False)
