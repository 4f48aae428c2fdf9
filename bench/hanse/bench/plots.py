"""Pictures for the page of figures on traces.

In: the report of a bench. Out: one PNG each, with all policies in the same colours everywhere, ours the widest line.
Bars have their figures on them, as some are too low to be seen.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from hanse.simulator.colours import COLOURS, line


def loads(document: Mapping[str, Any]) -> list[str]:
    """Return the loads that were played, as they stand in the names of figures."""
    return [name.removeprefix("load ") for name in document["inputs"] if name.startswith("load ")]


def _policies(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return figures by policy, ours first; ours with a part left out are in tables only."""
    found = {"hanse": document["figures"]} | document["baselines"]
    return {name: figures for name, figures in found.items() if name in COLOURS}


def _philly(document: Mapping[str, Any]) -> Figure:
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    useful, waits = figure.subplots(1, 2)
    at = [100 * document["inputs"][f"load {load}"]["offered_load"] for load in loads(document)]
    for name, figures in _policies(document).items():
        style = line(name) | {"marker": "o", "markersize": 4}
        useful.plot(at, [100 * figures[f"load_{load}_useful_utilization"] for load in loads(document)], **style)
        hours = [figures[f"load_{load}_wait_seconds_mean"] / 3600 for load in loads(document)]
        waits.plot(at, [max(each, 0.01) for each in hours], **style)
    useful.set(xlabel="offered load, %", ylabel="useful utilization, %")
    waits.set(xlabel="offered load, %", ylabel="mean wait, hours (0.01 or less at the bottom)", yscale="log")
    waits.axhline(1, color="black", linewidth=0.8, linestyle="--")
    for axes in (useful, waits):
        axes.grid(visible=True, alpha=0.25)
    useful.legend(fontsize=9, ncols=2)
    return figure


def _fill(document: Mapping[str, Any]) -> Figure:
    found = _policies(document)
    panels = (("useful utilization, %", "useful_utilization", 100.0), ("waste, % of granted", "waste_fraction", 100.0),
              ("p95 wait of entitled jobs, hours", "entitled_wait_seconds_p95", 1 / 3600))  # fmt: skip
    return _bars(found, panels)


def _kalos(document: Mapping[str, Any]) -> Figure:
    panels = (("p95 wait of 1,024 GPUs, hours", "wait_seconds_p95_of_1024", 1 / 3600),
              ("p95 wait of 512 GPUs, hours", "wait_seconds_p95_of_512", 1 / 3600),
              ("mean wait of all, hours", "wait_seconds_mean", 1 / 3600))  # fmt: skip
    return _bars(_policies(document), panels)


def _failures(document: Mapping[str, Any]) -> Figure:
    panels = (("useful utilization, %", "useful_utilization", 100.0), ("lost GPU-hours", "lost_gpu_hours", 1.0),
              ("mean wait, hours", "wait_seconds_mean", 1 / 3600))  # fmt: skip
    return _bars(_policies(document), panels)


def _bars(found: Mapping[str, Mapping[str, Any]], panels: Sequence[tuple[str, str, float]]) -> Figure:
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    for axes, (title, key, factor) in zip(figure.subplots(1, len(panels)), panels, strict=True):
        heights = [factor * figures[key] for figures in found.values()]
        lows = [factor * (figures[key] - figures.get(f"{key}_low", figures[key])) for figures in found.values()]
        highs = [factor * (figures.get(f"{key}_high", figures[key]) - figures[key]) for figures in found.values()]
        axes.bar(list(found), heights, color=[COLOURS[name] for name in found])
        for name, height, high in zip(found, heights, highs, strict=True):
            axes.annotate(
                f"{height:.3g}", (name, height + high), (0, 3), textcoords="offset points", ha="center", fontsize=8
            )  # fmt: skip
        axes.margins(y=0.12)
        if any(lows) or any(highs):
            axes.errorbar(list(found), heights, [lows, highs], fmt="none", ecolor="black", capsize=3)
        axes.set_title(title, fontsize=10)
        axes.tick_params(axis="x", rotation=40)
        axes.grid(visible=True, axis="y", alpha=0.25)
    return figure


PLOTS: Mapping[str, Callable[[Mapping[str, Any]], Figure]] = {
    "trace-philly": _philly, "trace-philly-fill": _fill, "trace-kalos": _kalos, "failures": _failures,
}  # fmt: skip


def write(folder: Path, name: str, document: Mapping[str, Any]) -> None:
    """Write the picture of a bench into *folder*, if it has one."""
    if name in PLOTS:
        PLOTS[name](document).savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})
