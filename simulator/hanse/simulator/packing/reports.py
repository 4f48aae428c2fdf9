"""A report of packing: one page with its pictures, and the numbers as plain data.

In: curves of several policies on the same arrivals. Out: a page of HTML, pictures as PNG, documents for JSON, rows for
people. Pictures show how much is granted, and how much of what is free is a fragment, while pods arrive.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hanse.simulator.packing.comparing import POLICIES, Interval, Played, interval

HEADS = ("policy", "granted %", "95 %", "asked for %", "first refused at %", "over fgd, points", "95 %")
REFERENCE = "fgd"
_PAGE = jinja2.Environment(autoescape=True, trim_blocks=True).from_string("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title><style>
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1100px; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; font-size: 13px } th, td { padding: .3rem .7rem; text-align: right }
th { border-bottom: 1px solid #999 } th:first-child, td:first-child { text-align: left }
img { max-width: 100% } figcaption { font-weight: 600; margin-top: 2rem } figure { margin: 0 }
</style></head><body>
<h1>{{ title }}</h1>
<p>{{ about }}</p>
<table><tr>{% for head in heads %}<th>{{ head }}</th>{% endfor %}</tr>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>
<ul>{% for name, says in policies.items() %}<li><b>{{ name }}</b>: {{ says }}</li>{% endfor %}</ul>
{% for name, png in pictures %}<figure><figcaption>{{ name }}</figcaption>
<img alt="{{ name }}" src="data:image/png;base64,{{ png }}"></figure>
{% endfor %}</body></html>
""")


def document(title: str, percent: int, played: Mapping[str, Sequence[Played]]) -> dict[str, Any]:
    """Return the numbers of one trace; curves are means of all seeds."""
    return {
        "trace": title,
        "arrived_percent": percent,
        "seeds": [each.seed for each in next(iter(played.values()))],
        "policies": {name: _figures(percent, runs, played.get(REFERENCE)) for name, runs in played.items()},
    }


def row(name: str, percent: int, played: Mapping[str, Sequence[Played]]) -> list[str]:
    """Return one policy's figures for people, as `HEADS` says."""
    found = _figures(percent, played[name], played.get(REFERENCE))
    over = found.get("over_fgd_points")
    return [
        name, f"{found['allocation_percent']['mean']:.2f}", _between(found["allocation_percent"]),
        f"{found['asked_percent']['mean']:.2f}", f"{found['first_refused_percent']:.1f}",
        f"{over['mean']:+.2f}" if over else "-", _between(over) if over else "-",
    ]  # fmt: skip


def write(folder: Path, title: str, percent: int, played: Mapping[str, Sequence[Played]]) -> Path:
    """Write the page and its pictures into *folder*, and return the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"granted": _granted(played), "granted-late": _late(played), "fragments": _fragments(played)}
    pictures = []
    for name, figure in figures.items():
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=110, metadata={"Software": None})
        (folder / f"{name}.png").write_bytes(png.getvalue())
        pictures.append((figure.get_label(), base64.b64encode(png.getvalue()).decode()))
    seeds = len(next(iter(played.values())))
    (folder / "packing.html").write_text(
        _PAGE.render(
            title=f"Packing {title}", heads=HEADS, pictures=pictures,
            rows=[row(name, percent, played) for name in played],
            policies={name: POLICIES[name].says for name in played},
            about=f"What is granted when pods have asked for {percent} % of all GPUs; mean of {seeds} seeds, and what "
            "95 of 100 means of resampled seeds lie between. Nothing leaves; what fits is never refused.",
        )
    )  # fmt: skip
    return folder / "packing.html"


def _figures(percent: int, runs: Sequence[Played], reference: Sequence[Played] | None) -> dict[str, Any]:
    at = [each.curve.at(percent) for each in runs]
    granted = [each for each, _ in at]
    figures = {
        "allocation_percent": _plain(interval(granted)),
        "asked_percent": _plain(interval([asked for _, asked in at])),
        "first_refused_percent": float(np.mean([each.curve.first_refused_percent() for each in runs])),
        "arrived_curve_percent": list(range(percent + 1)),
        "granted_curve_percent": [round(each, 3) for each in _curve(runs, percent)],
    }
    if reference is not None and reference is not runs:
        theirs = [each.curve.at(percent)[0] for each in reference]
        figures["over_fgd_points"] = _plain(interval([a - b for a, b in zip(granted, theirs, strict=True)]))
    return figures


def _curve(runs: Sequence[Played], percent: int) -> list[float]:
    """Return what is granted at each percent of arrivals, mean of seeds."""
    return [float(np.mean([each.curve.upto(arrived) for each in runs])) for arrived in range(percent + 1)]


def _granted(played: Mapping[str, Sequence[Played]]) -> Figure:
    figure, axes = _figure("% of GPUs granted", "GPUs granted while pods arrive, mean of all seeds")
    last = _last(played)
    axes.plot([0, last], [0, last], color="#999", linestyle=":", label="all that was asked for")
    for name, runs in played.items():
        axes.plot(range(last + 1), _curve(runs, last), label=name, linewidth=1.6)
    axes.set_ylim(0, 102)
    axes.legend(loc="lower right", ncols=2)
    return figure


def _late(played: Mapping[str, Sequence[Played]]) -> Figure:
    figure, axes = _figure("% of GPUs granted", "The same, when little is left")
    last = _last(played)
    for name, runs in played.items():
        axes.plot(range(last + 1), _curve(runs, last), label=name, linewidth=1.6)
    axes.set(xlim=(75, last), ylim=(75, 100.5))
    axes.legend(loc="lower right", ncols=2)
    return figure


def _fragments(played: Mapping[str, Sequence[Played]]) -> Figure:
    figure, axes = _figure(
        "% of all GPUs", "Free GPUs that are of no use to the mix of pods, as FGD counts them; first seed"
    )
    for name, (first, *_) in played.items():
        arrived = sorted(first.fragments_percent)
        axes.plot(arrived, [first.fragments_percent[each] for each in arrived], label=name, linewidth=1.6)
    axes.legend(loc="upper right", ncols=2)
    return figure


def _last(played: Mapping[str, Sequence[Played]]) -> int:
    first = next(iter(played.values()))[0].curve
    return int(first.arrived[-1] * 100 // first.gpu_milli)


def _figure(y: str, name: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(11, 4.6), layout="constrained", label=name)
    axes = figure.add_subplot()
    axes.set(xlabel="% of all GPUs that arrived pods have asked for", ylabel=y)
    axes.grid(visible=True, alpha=0.25)
    return figure, axes


def _plain(found: Interval) -> dict[str, float]:
    return {name: round(value, 4) for name, value in (("mean", found.mean), ("low", found.low), ("high", found.high))}


def _between(found: Mapping[str, float]) -> str:
    """Return an interval for people; one seed has none."""
    return f"{found['low']:.2f} to {found['high']:.2f}" if found["low"] < found["high"] else "-"
