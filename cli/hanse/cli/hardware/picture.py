"""The picture of a run on hardware in docs/hardware.md: what the driver said of the two jobs' memory, and of power.

In: a folder with a run's `results.json` and `driver.json`. Out: one picture. It needs matplotlib, of the extra `sim`,
which a machine with a GPU need not have: `python -m hanse.cli.hardware.picture FOLDER FILE`.
"""

import json
import sys
from pathlib import Path
from typing import Any

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hanse.cli.hardware.sharing import SHARES

COLOURS = dict(zip(SHARES, ("#1f5fa8", "#c2571a"), strict=True))
GREY, GIB = "#4b5565", 1024
BEFORE_SECONDS = 8.0
POWER_SECONDS = 2.0
"""The counter of energy steps: its slope is taken over so long."""


def main() -> None:
    """Draw the run in a folder into a file."""
    folder, file = map(Path, sys.argv[1:])
    figures = json.loads((folder / "results.json").read_text())["figures"]
    rows = json.loads((folder / "driver.json").read_text())["rows"]
    begins = next(row[0] for row in rows if row[4]) - BEFORE_SECONDS
    shown = [[row[0] - begins, *row[1:]] for row in rows if row[0] >= begins]
    # The same run gives the same file.
    rcParams["svg.hashsalt"] = "hanse"
    figure = Figure(figsize=(9.6, 6.2), layout="constrained")
    memory, power = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _draw_memory(memory, shown, figures)
    _draw_power(power, shown)
    power.set_xlabel("seconds")
    figure.savefig(file, metadata={"Date": None, "Creator": None})


def _draw_memory(axes: Axes, rows: list[list[Any]], figures: dict[str, Any]) -> None:
    at = [row[0] for row in rows]
    for name, colour in COLOURS.items():
        uid, has = figures["pods"][name], figures[f"{name}: memory"]
        axes.plot(at, [row[4].get(uid, 0) / GIB for row in rows], color=colour, linewidth=2)
        for what, style, above in (("guaranteed", "--", -10), ("limit", ":", 3)):
            height = has[f"{what}MiB"] / GIB
            axes.axhline(height, color=colour, linestyle=style, linewidth=1)
            axes.annotate(f"{name}: {what.replace('teed', 'tee')} {height:.0f} GiB", (1, height), (-4, above),
                          xycoords=("axes fraction", "data"), textcoords="offset points", color=colour, ha="right",
                          fontsize=8)  # fmt: skip
    axes.plot(at, [row[1] / GIB for row in rows], color=GREY, linewidth=1)
    most = max(rows, key=lambda row: row[1])
    axes.annotate("all in use", (most[0], most[1] / GIB), (0, 3), textcoords="offset points", color=GREY, fontsize=8)
    if "behind MPS" in figures:
        last = next(row for row in reversed(rows) if row[1])
        axes.annotate("a job behind MPS", (last[0], last[1] / GIB), (0, 22), textcoords="offset points", color=GREY,
                      ha="right", fontsize=8)  # fmt: skip
    has_mib = figures["both at once"]["gpuMiB"]
    axes.axhline(has_mib / GIB, color=GREY, linewidth=1)
    axes.annotate(f"the GPU has {has_mib / GIB:.1f} GiB", (1, has_mib / GIB), (-4, -10), ha="right", color=GREY,
                  xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=8)  # fmt: skip
    axes.set_ylim(0, has_mib / GIB * 1.03)
    axes.set_ylabel("memory in use, GiB")
    axes.set_title("Two jobs on one GPU, as its driver has them", loc="left", fontsize=10)


def _draw_power(axes: Axes, rows: list[list[Any]]) -> None:
    points: list[tuple[float, float]] = []
    last = rows[0]
    for one in rows[1:]:
        if one[0] - last[0] >= POWER_SECONDS:
            points.append(((one[0] + last[0]) / 2, (one[3] - last[3]) / (one[0] - last[0]) / 1000))
            last = one
    axes.plot([at for at, _ in points], [watts for _, watts in points], color=GREY)
    axes.set_ylim(0)
    axes.set_ylabel("power, W")


if __name__ == "__main__":
    main()
