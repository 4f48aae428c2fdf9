"""What a bench reports: figures beside their baselines, from which inputs, on which machine, and what had to hold.

In: the figures and gates of one run. Out: one JSON document, the same for all benches, or a table for people. A figure
is printed whether its gate passed or not; whether all did is `passed`, and the command's exit status.
"""

import json
import math
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import Console
from rich.table import Table

from hanse.devcluster import paths

Figures: TypeAlias = Mapping[str, float | int | None]


def _machine() -> dict[str, Any]:
    """Return what the figures depend on and is not ours: the machine, and how busy it is just now."""
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "cpu_model": _after("/proc/cpuinfo", "model name"),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average_1m": round(os.getloadavg()[0], 2),
    }


def _commit() -> str:
    """Return the commit of the checkout, and whether its files differ from it."""
    try:
        asked = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        said = subprocess.run(asked, cwd=paths.sources(), capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return said.stdout.strip() or "unknown"


@dataclass(frozen=True)
class Place:
    """The machine, and the commit of the code, as they are before a bench begins and makes the machine busy."""

    machine: Mapping[str, Any] = field(default_factory=_machine)
    commit: str = field(default_factory=_commit)


@dataclass(frozen=True)
class Report:
    """One run of the bench *name*.

    *baselines* are the figures of others by name, each with what it is under `source`. A gate that was not reached,
    or could not be judged, is false.
    """

    name: str
    figures: Figures
    baselines: Mapping[str, Mapping[str, float | int | str]]
    inputs: Mapping[str, Any]
    seed: int
    gates: Mapping[str, bool]
    place: "Place"

    @property
    def passed(self) -> bool:
        """Whether every gate was reached."""
        return all(self.gates.values())

    def document(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "name": self.name,
            "figures": dict(self.figures),
            "baselines": {name: dict(figures) for name, figures in self.baselines.items()},
            "inputs": dict(self.inputs),
            "seed": self.seed,
            "commit": self.place.commit,
            "machine": dict(self.place.machine),
            "gates": dict(self.gates),
            "passed": self.passed,
        }

    def json(self) -> str:
        """Return the report as JSON that people can read too."""
        return json.dumps(self.document(), indent=2) + "\n"


def show(report: Report, console: Console) -> None:
    """Print the report for people: figures beside those of others, then the gates."""
    table = Table("figure", "hanse", *report.baselines, title=report.name, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, value in report.figures.items():
        others = (_number(figures.get(name)) for figures in report.baselines.values())
        table.add_row(name, _number(value), *others)
    console.print(table)
    for name, figures in report.baselines.items():
        console.print(f"{name}: {figures['source']}", markup=False)
    console.print(f"inputs: {_listed(report.inputs)}", markup=False)
    console.print(f"machine: {_listed(report.place.machine)}; commit {report.place.commit}", markup=False)
    for name, holds in report.gates.items():
        console.print(f"  {'yes' if holds else 'NO '}  {name}", markup=False)
    console.print("passed" if report.passed else "not passed", markup=False)


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the smallest value that so many percent of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def peak_rss_bytes(pid: int) -> int:
    """Return the most memory that a running process has had resident so far."""
    return int(_after(f"/proc/{pid}/status", "VmHWM").split()[0]) * 1024


def _after(file: str, key: str) -> str:
    lines = Path(file).read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "0 unknown")


def _number(value: float | str | None) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:,.3f}".removesuffix(".000")


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
