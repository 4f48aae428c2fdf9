"""`trace-philly-tuned`: baselines that have a setting, tuned on the first half of a month and scored on the second.

In: the folder with the public traces. Out: a report. Every setting of a family is played on both halves, from an empty
cluster each; the one that lets jobs wait least on the first is its family's choice, and what counts is how that one
does on the second. With a backlog only those are chosen that keep what is asked of a backlog. Ours, and what has no
setting, are played as they are by default, on the second half alone.

September, which would be the month to tune on, has an eighth of October's jobs, and no day after October is there.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hanse.bench import philly, replays, reports
from hanse.bench.replays import Numbers, Player
from hanse.bench.reports import Report
from hanse.devcluster.progress import Line
from hanse.simulator import backlog, cluster, metrics, quotas, workload
from hanse.simulator.comparing import Setting
from hanse.simulator.traces import philly as trace
from hanse.simulator.workload import DAY_SECONDS, Workload

TUNED = "trace-philly-tuned"
TUNED_DAYS, WARM_UP_DAYS = 14, 2
BARE, BACKLOG = "bare", "backlog"
LOADS = {BARE: philly.HEADLINE, BACKLOG: philly.FILL_LOAD}
_BOTH = {"static": ("static", "static-skip"), "kube-scheduler": ("kube-least", "kube-most")}
FAMILIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    BARE: {"kueue": ("kueue", "kueue-strict"), "pool": ("pool", "pool-skip"), **_BOTH},
    BACKLOG: {"kueue": ("kueue", "kueue-strict", "kueue-stops", "kueue-strict-stops"), **_BOTH},
}
"""By what is played, and by family: its settings. Without a backlog there is one priority, and nobody below another."""
UNTUNED: Mapping[str, tuple[str, ...]] = {BARE: ("hanse", "easy", "priority"), BACKLOG: ("hanse", "priority")}
"""Scored as they are. EASY and one queue know no fillers: with a backlog they would have jobs wait behind it."""


@dataclass(frozen=True, slots=True)
class Halves:
    """The days on which settings are chosen, and those on which they count."""

    tuned: trace.Span
    scored: trace.Span


def halves() -> Halves:
    """Return the first fortnight of October, and the rest of it."""
    later = trace.OCTOBER + TUNED_DAYS * DAY_SECONDS
    return Halves(trace.Span(trace.OCTOBER, TUNED_DAYS), trace.Span(later, philly.DAYS - TUNED_DAYS))


def run(folder: Path, scale: float) -> Report:
    """Play every setting on both halves; *scale* is the part of the days of the second that is played."""
    place, days = reports.Place(), halves()
    scored = trace.Span(days.scored.begin_seconds, max(WARM_UP_DAYS + 1, round(days.scored.days * scale)))
    results: dict[str, Numbers] = {}
    chosen: dict[str, dict[str, str]] = {}
    inputs: dict[str, Any] = {}
    with Line(TUNED) as line:
        month = trace.read(folder / "philly", replays.OCTOBER)
        gates = replays.first_gates(folder, month, line)
        player = Player(TUNED, line)
        for what, families in FAMILIES.items():
            settings = {
                half: _setting(folder, month, span, what)
                for half, span in (("tuned", days.tuned), ("scored", scored))
            }  # fmt: skip
            inputs |= {f"{what}, {half}": replays.inputs_of(setting) for half, setting in settings.items()}
            for half, setting in settings.items():
                names = [name for family in families.values() for name in family]
                for name in [*(UNTUNED[what] if half == "scored" else ()), *names]:
                    found = philly.with_entitled(player.play(name, setting, f"{what}, {half}"))
                    results.setdefault(name, {}).update({f"{what}_{half}_{key}": each for key, each in found.items()})
            chosen[what] = {family: choice(what, names, results) for family, names in families.items()}
    for name, numbers in results.items():
        numbers |= {
            f"{what}_is_chosen": int(name in names.values())
            for what, names in chosen.items()
            if f"{what}_tuned_wait_seconds_mean" in numbers
        }
    gates["all GPU time is accounted for"] = player.is_conserved
    inputs |= {
        "scale": scale, "days_tuned": TUNED_DAYS, "days_played": scored.days, "days_of_warm_up": WARM_UP_DAYS,
        "cycle_seconds": replays.CYCLE_SECONDS, "quotas": "by use of all October in hindsight", "chosen": chosen,
        "attribution": philly.ATTRIBUTION,
    }  # fmt: skip
    figures = results["hanse"] | player.cost()
    return Report(TUNED, figures, replays.beside(results), inputs, philly.SEED, gates, place)


def choice(what: str, names: tuple[str, ...], results: Mapping[str, Numbers]) -> str:
    """Return which of *names* let jobs wait least on the first half; the first of them where that is the same.

    With a backlog it is of those that keep what is asked of one, if there are any. Who has no wait measured comes last.
    """
    prefix = f"{what}_tuned_"
    able = [name for name in names if what == BARE or _keeps(results[name], prefix)]

    def wait(name: str) -> float:
        found = results[name][f"{prefix}wait_seconds_mean"]
        return math.inf if found is None else found

    return min(able or names, key=wait)


def _keeps(numbers: Numbers, prefix: str) -> bool:
    useful, waste = numbers[f"{prefix}useful_utilization"] or 0, numbers[f"{prefix}waste_fraction"] or 0
    return useful >= philly.USEFUL_MIN and waste <= philly.WASTE_MAX


def _setting(folder: Path, month: Workload, span: trace.Span, what: str) -> Setting:
    """Return the jobs of *span* on as many GPUs as make the month's jobs so much load, maybe with a backlog."""
    jobs = trace.read(folder / "philly", span)
    shares = quotas.shared_out(month, quotas.by_use(month), replays.OCTOBER.seconds, LOADS[what])
    if what == BACKLOG:
        more = backlog.fillers(jobs, shares, span.seconds, philly.SEED)
        jobs = workload.merged(f"{jobs.source}, with a backlog of {more.source}", [jobs, more])
    window = metrics.Window(WARM_UP_DAYS * DAY_SECONDS, span.seconds)
    return Setting(jobs, cluster.of_nodes(shares), window, seed=philly.SEED)
