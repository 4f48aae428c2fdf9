"""`python -m hanse.bench.pages`: docs/benchmarks/traces.md and its pictures, from what benches on traces reported.

In: NAME.json in docs/benchmarks, each as `hanse bench NAME --json FILE` wrote it. Out: a page in which every figure of
ours stands beside all others' of its kind, and what is better than ours is bold, so that nobody has to look for it. No
figure is typed by hand, and nothing is said that the figures do not carry. Next: whoever reads the page.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from hanse.bench import kalos, month, packing, philly, plots, replays, tuning
from hanse.simulator.workload import HOUR_SECONDS

FOLDER = Path(__file__).parents[3] / "docs" / "benchmarks"
PAGE = "traces.md"
BENCHES = (
    "trace-philly", "trace-philly-month", "trace-philly-fill", "trace-philly-tuned", "trace-kalos", "failures",
    "ablations", "memory-share", "pack-openb", "simulate-pool",
)  # fmt: skip
Document: TypeAlias = Mapping[str, Any]

_HEAD = """\
# Figures on traces

Made by `make bench` from the reports beside this page; whoever has the traces can make it again ([the
simulator](../simulator.md) says where they are had, and what each figure means). **Bold** is what is better than ours.
Utilization is granted or useful GPU time over capacity, never what a GPU's counters show; in an open replay it is the
offered load of whoever keeps up, so look at the waits beside it. Waits are in hours, and not those of a backlog.
`srtf-bound` knows run times and stops for free: a mark for waits, and no proof that nobody could do better.

Philly is what Petuum derived and published: over all its months 82,247 of 117,325 jobs, and half of the GPU time. One
trace is one sample: where there are no intervals, nobody knows how much of a small difference is chance.

Commits that this repository does not have are of branches that were joined into one later; the nearest commit of main
is 18ad0d0.

"""
_ABOUT = {
    "trace-philly": "Microsoft's Philly cluster, October 2017, on as many GPUs as make it so much load. Quotas are "
    "shared out by use, in hindsight, which flatters static partitions: nobody knows next month's use.",
    "trace-philly-month": "All days of that month at one load, so that it is seen who does not keep up, with quotas on "
    "two bases. One run is measured as a whole and by thirds.",
    "trace-philly-fill": "The same with a backlog of fillers in all that is left idle: gangs of one to eight GPUs for "
    "two to twelve hours, which anybody may stop at any time. **The backlog is ours, and in no trace.** All have it. "
    "`kueue` stands here with the setting that Kueue has for a backlog, `borrowWithinCohort`, off: only "
    "`trace-philly-tuned` plays it (`kueue-stops`), so this need not be the best that Kueue can do.",
    "trace-philly-tuned": "Baselines that have a setting, tuned on the first fortnight of that October and scored on "
    "the rest of it: what is chosen is what lets jobs wait least, on average, on the first; with a backlog it also has "
    "to keep 85 % useful and waste 3 % at most there. Both halves begin with an empty cluster and two days of warm-up. "
    "Ours, EASY and `priority` are as they are by default. September, an eighth of October's jobs, is too thin to tune "
    "on. The quotas of `static` and `kueue` are by use of the whole month, and so know of the half that is scored.",
    "trace-kalos": "The 319 training jobs of Kalos that were completed, on 1,024 GPUs, submitted four times as fast. "
    "Members are drawn by seed, as the trace has none; each figure is the mean of the seeds, with its 95 % interval. "
    "The gate on mean waits looks at them as submitted and twice as fast, and no faster; beside a tenth it allows "
    f"{replays.CYCLE_SECONDS} s, as ours is asked that often.",
    "failures": "Ten days of Philly, in which jobs with a part of all GPU time fail once each, nodes are lost, and "
    "owners take nodes back with an hour's notice: the same for every policy. Capacity is without nodes that are down, "
    "so more of it may be useful where nodes are lost; where 0 % is killed, none is.",
    "ablations": "Ours with one part left out at a time, on generated jobs of four members, a fifth of them elastic. "
    "What is told of a variant is how much more or less it has than ours on the same seed, with the 95 % interval of "
    "the mean, and bold only where all of that is better, of five seeds or more. Fragments, exchange and reclaim have "
    "no switch, and are not among them.",
    "memory-share": "How much memory GPUs use is drawn from what was measured in Seren and Kalos, and not joined to "
    "any job there: **sampled, not measured**. Ratios are fixed; the planner does not choose them yet.",
    "pack-openb": "How much of a production cluster's GPUs is granted, and how much of that had been asked for, in % "
    "of all GPUs: [packing alone](../simulator.md#packing-alone). Ours is a rule, and not the planner.",
    "simulate-pool": "How long a pool of 20,000 nodes the simulator plays in a minute.",
}
_MISSED = {
    "trace-philly-fill": "Why the wait is missed, and what was tried: "
    "[what a backlog costs](../decisions/0197-what-a-backlog-costs.md).",
    "trace-kalos": "Why the wait of 1,024 GPUs is missed, as the rules say and nobody has measured apart: a gang of "
    "all GPUs is wider than any member's own, so it runs only where places are kept for it, and jobs within what is "
    "their members' own may take these. Nothing was tried against it.",
    "memory-share": "Why it is missed: no ratio could reach it with these pairs, as said above. All ratios of the "
    "table were tried, and no other way to pair jobs.",
}
"""Of benches that miss a target: why, and what was tried."""
_SEEDS_FOR_AN_INTERVAL = 4
"""With fewer, a bootstrap only finds the lowest and the highest again."""
_SEEDS_FOR_BOLD = 5  # of four, an eighth of all differences would have one sign by chance
_COLUMNS = (
    ("useful %", "useful_utilization", 100, 1), ("allocated %", "allocation_fraction", 100, 1),
    ("waste %", "waste_fraction", 100, -1), ("stopped", "preemptions", 1, -1),
    ("wait mean", "wait_seconds_mean", 1 / 3600, -1), ("p50", "wait_seconds_p50", 1 / 3600, -1),
    ("p95", "wait_seconds_p95", 1 / 3600, -1), ("p99", "wait_seconds_p99", 1 / 3600, -1),
    ("never started", "never_started", 1, -1), ("shortfall max %", "fairness_shortfall_max", 100, -1),
)  # fmt: skip
"""Heading, figure, what it is multiplied with, and whether more of it is better (1) or less (-1)."""
_FILL_COLUMNS = (
    *_COLUMNS[:4],
    ("entitled mean", "entitled_wait_seconds_mean", 1 / 3600, -1), ("p95", "entitled_wait_seconds_p95", 1 / 3600, -1),
    ("p99", "entitled_wait_seconds_p99", 1 / 3600, -1), ("all: mean", "wait_seconds_mean", 1 / 3600, -1),
    ("p95", "wait_seconds_p95", 1 / 3600, -1), *_COLUMNS[8:],
)  # fmt: skip
"""Waits of jobs that their members' own GPUs would hold, and those of all."""
_THIRD_COLUMNS = (
    ("useful %", "useful_utilization", 100, 1), ("wait mean", "wait_seconds_mean", 1 / 3600, -1),
    ("wait p95", "wait_seconds_p95", 1 / 3600, -1),
)  # fmt: skip
_TUNED_COLUMNS = {
    tuning.BARE: (("useful %", "useful_utilization", 100, 1), *_COLUMNS[4:]),
    tuning.BACKLOG: _FILL_COLUMNS,
}
_KALOS_COLUMNS = (
    ("p95 of 1,024 GPUs", "wait_seconds_p95_of_1024", 1 / 3600, -1),
    ("p95 of 512 GPUs", "wait_seconds_p95_of_512", 1 / 3600, -1),
    ("mean of 8 and less", "wait_seconds_mean_of_8_and_less", 1 / 3600, -1),
    ("mean of all", "wait_seconds_mean", 1 / 3600, -1),
    ("stopped", "preemptions", 1, -1), ("waste %", "waste_fraction", 100, -1),
)  # fmt: skip
_FAILURE_COLUMNS = (
    ("useful %", "useful_utilization", 100, 1), ("failures", "failures", 1, 0), ("stopped", "preemptions", 1, -1),
    ("lost GPU-hours", "lost_gpu_hours", 1, -1), ("of them by failures", "lost_gpu_hours_by_failures", 1, 0),
    ("wait mean", "wait_seconds_mean", 1 / 3600, -1), ("p95", "wait_seconds_p95", 1 / 3600, -1),
)  # fmt: skip
Column: TypeAlias = tuple[str, str, float, int]


def page(documents: Mapping[str, Document]) -> str:
    """Return the page of the reports that are there."""
    sections = ("\n".join(_section(name, documents)).rstrip() for name in BENCHES if name in documents)
    return _HEAD + "\n\n".join(sections) + "\n"


def _section(name: str, documents: Mapping[str, Document]) -> Iterator[str]:
    document = documents[name]
    yield f"## {name}\n"
    yield f"{_ABOUT[name]}\n"
    yield from _sentence(name, document)
    if name == philly.PHILLY and document["inputs"]["days_played"] < philly.DAYS and month.MONTH in documents:
        yield _of_all_days(documents[month.MONTH])
    yield from _tables(name, document)
    if name in plots.PLOTS:
        yield f"![{name}]({name}.png)\n"
    yield from _seeds(document["inputs"])
    is_whole = document["inputs"].get("scale", 1) == 1
    if not is_whole:
        yield f"**Only a part was played, {document['inputs']['scale']:g} of it: targets are not judged.**\n"
    yield "| must hold | |\n| --- | --- |"
    for gate, holds in document["gates"].items():
        yield f"| {gate} | {'yes' if holds else '**no**' if is_whole else '**no**, or not judged'} |"
    if name in _MISSED and is_whole and not all(document["gates"].values()):
        yield f"\n{_MISSED[name]}"
    inputs = ", ".join(f"{key} {_said(value)}" for key, value in document["inputs"].items())
    yield f"\nPlayed: {inputs}. Seed {document['seed']}, commit {document['commit']}.\n"


def _seeds(inputs: Document) -> Iterator[str]:
    """Yield what so few seeds cannot say, if they are few."""
    seeds = inputs.get("seeds", _SEEDS_FOR_AN_INTERVAL)
    if seeds == 1:
        yield "**One seed was played**: there are no intervals, and small differences may be chance.\n"
    elif seeds < _SEEDS_FOR_AN_INTERVAL:
        yield (
            f"**{seeds} seeds were played**: an interval is from the lowest to the highest of them, and no more than "
            "that, whatever it is called.\n"
        )


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{key} {each}" for key, each in value.items()) + ")"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _sentence(name: str, document: Document) -> Iterator[str]:
    """Yield the sentence that the data can carry, with the figures of this report."""
    if name not in (philly.PHILLY, philly.FILL, month.MONTH):
        return
    headline, of_whom, which, with_what = philly.HEADLINE, "", "wait_seconds_p95", ""
    if name == philly.FILL:
        headline, of_whom, which = philly.FILL_LOAD, " of entitled jobs", "entitled_wait_seconds_p95"
        with_what = " with a backlog of our making"
    ours, others = document["figures"], document["baselines"]
    load = document["inputs"][f"load {headline}"]["offered_load"]
    rivals = [("static partitions", others["static-skip"]), ("Kueue-style borrowing", others["kueue"])]
    against = " and ".join(f"{100 * each['useful_utilization']:.1f} % for {said}" for said, each in rivals)
    waits = " / ".join(f"{each[which] / 3600:.2f}" for each in (ours, *(each for _, each in rivals)))
    yield (
        f"On Microsoft's Philly trace at offered load {load:.2f}{with_what}, useful allocation of "
        f"{100 * ours['useful_utilization']:.1f} % against {against}; the 95th percentile of waits{of_whom} is "
        f"{waits} hours. {_days(document['inputs'])}\n"
    )


def _of_all_days(document: Document) -> str:
    """Return what few days cannot say, of whoever played all of them."""
    ours, partitions = document["figures"], document["baselines"]["static-skip"]
    useful = " against ".join(f"{100 * each['useful_utilization']:.1f} %" for each in (ours, partitions))
    return f"On more days of it useful allocation is {useful} for static partitions: [{month.MONTH}](#{month.MONTH}).\n"


def _days(inputs: Document) -> str:
    """Return which days that was, and what is not known of others."""
    first, last = inputs["days_of_warm_up"] + 1, inputs["days_played"]
    which = f"That was measured on days {first} to {last} of the month, of one trace and one seed."
    if last == philly.DAYS:
        return which
    return (
        f"{which} The offered load is that of all {last} days; those that are measured may bring more of it or less. "
        "So few days say nothing of the rest of the month, and whoever does not keep up would wait longer in it: "
        f"nobody can have waited more than {24 * (last - first + 1)} hours here."
    )


def _tables(name: str, document: Document) -> Iterator[str]:
    if name == "trace-philly":
        for load in plots.loads(document):
            yield f"Load {load} ({_offered(document, load)}):\n"
            yield _table(document, _COLUMNS, f"load_{load}_")
        yield _highest(document)
    elif name == "trace-philly-fill":
        yield _table(document, _FILL_COLUMNS)
    elif name == "failures":
        for part in ("0", "0.08", "0.12"):
            yield f"{100 * float(part):.0f} % of GPU time killed:\n"
            yield _table(document, _FAILURE_COLUMNS, f"killed_{part}_")
    else:
        yield from _TABLES.get(name, _figures)(document)


def _figures(document: Document) -> Iterator[str]:
    yield "| figure | |\n| --- | --- |"
    for key, value in document["figures"].items():
        yield f"| {key} | {'-' if value is None else f'{value:,.4g}'} |"
    yield ""


def _offered(document: Document, load: str) -> str:
    setting = document["inputs"][f"load {load}"]
    return f"{setting['offered_load']:.2f} offered in the days played, on {setting['gpus']:,} GPUs"


def _month(document: Document) -> Iterator[str]:
    offered = _offered(document, str(philly.HEADLINE))
    yield f"Load {philly.HEADLINE} ({offered}), quotas shared out by use, in hindsight:\n"
    yield _table(document, _COLUMNS, f"{month.BY_USE}_")
    thirds = [
        (f"{at}: {said}", f"third_{at}_{key}", factor, better)
        for at in range(1, month.THIRDS + 1)
        for said, key, factor, better in _THIRD_COLUMNS
    ]
    offered = ", ".join(f"{100 * each:.0f} %" for each in document["inputs"]["offered_load_by_thirds"])
    yield f"The same run by thirds of the days measured, in which work for {offered} of all GPUs was submitted:\n"
    yield _table(document, thirds, f"{month.BY_USE}_")
    yield (
        "Quotas as the authors of Helios (SC '21) assumed them; `pool-skip` knows none, and is there as the number of "
        "GPUs differs a little:\n"
    )
    yield _table(document, _COLUMNS, f"{month.ASSUMED}_")


def _tuned(document: Document) -> Iterator[str]:
    for what, families in tuning.FAMILIES.items():
        with_what = "with a backlog of our making" if what == tuning.BACKLOG else "without a backlog"
        chosen = document["inputs"]["chosen"][what]
        tried = "; ".join(f"{family}: {', '.join(names)}" for family, names in families.items())
        offered = (document["inputs"][f"{what}, {half}"]["offered_load"] for half in ("tuned", "scored"))
        yield (
            f"Load {tuning.LOADS[what]} of the month {with_what}: {' and '.join(f'{each:.2f}' for each in offered)} "
            f"offered in the days played to tune and to score. Tried, by family: {tried}.\n"
        )
        columns = [("tuned on: wait mean", "tuned_wait_seconds_mean", 1 / 3600, 0)]
        columns += [(said, f"scored_{key}", factor, better) for said, key, factor, better in _TUNED_COLUMNS[what]]
        labels = {name: f"{name} (chosen of {family})" for family, name in chosen.items()}
        yield _table(document, columns, f"{what}_", labels)


def _rates(document: Document) -> Iterator[str]:
    yield _table(document, _KALOS_COLUMNS)
    yield "The same at other rates, and on more GPUs, as means alone:\n"
    for gpus in kalos.CAPACITIES:
        for rate in kalos.RATES:
            if (prefix := f"gpus_{gpus}_rate_{rate}_") != kalos.HEADLINE:
                yield f"{gpus:,} GPUs, submitted {f'{rate} times as fast' if rate > 1 else 'as they were'}:\n"
                yield _table(document, _KALOS_COLUMNS, prefix)
    worse = [each for gpus in kalos.CAPACITIES for rate in kalos.RATES for each in _worse(document, gpus, rate)]
    yield (
        "Percentiles are in no gate but at four times the rate on 1,024 GPUs. Those in which ours is an hour or more "
        f"worse than the best that stops nobody, in hours: {'; '.join(worse) or 'none'}.\n"
    )


def _worse(document: Document, gpus: int, rate: int) -> Iterator[str]:
    for low, _ in (kalos.WIDE, kalos.NARROWER):
        key = f"gpus_{gpus}_rate_{rate}_wait_seconds_p95_of_{low}"
        ours = document["figures"][key]
        best = min(document["baselines"][name][key] for name in kalos.UNSTOPPED)
        if ours - best >= HOUR_SECONDS:
            against = f"{ours / HOUR_SECONDS:.2f} against {best / HOUR_SECONDS:.2f}"
            yield f"{gpus:,} GPUs, {rate}x, p95 of {low:,} GPUs {against}"


def _ablations(document: Document) -> Iterator[str]:
    columns = [each for each in _COLUMNS if f"{each[1]}_low" in document["figures"]]
    yield f"| | {' | '.join(each[0] for each in columns)} |\n| --- |" + " ---: |" * len(columns)
    cells = [cell(document["figures"], document["figures"], key, factor, 0) for _, key, factor, _ in columns]
    yield f"| hanse | {' | '.join(cells)} |"
    zeros = {f"{key}_more": 0.0 for _, key, _, _ in columns}
    for name, figures in document["baselines"].items():
        clear = {key: _is_clear(figures, f"{key}_more", document["inputs"]["seeds"]) for _, key, _, _ in columns}
        cells = [cell(figures, zeros, f"{key}_more", by, better if clear[key] else 0) for _, key, by, better in columns]
        yield f"| {name}, more than that | {' | '.join(cells)} |"
    yield ""


def _is_clear(figures: Document, key: str, seeds: int) -> bool:
    """Whether a difference has one sign in all of its interval, and that of seeds enough."""
    return seeds >= _SEEDS_FOR_BOLD and bool(figures[f"{key}_low"] * figures[f"{key}_high"] > 0)


def _packed(document: Document) -> Iterator[str]:
    columns = [
        (f"{name}: {said}", f"{name}_{key}", 1, 1)
        for name in packing.READ_AT_PERCENT
        for said, key in (("granted", "allocation_percent"), ("asked for", "asked_percent"))
    ]
    yield _table(document, columns)


def _ratios(document: Document) -> Iterator[str]:
    figures = document["figures"]
    columns = (
        ("GPU-hours, of ratio 1.0", "gpu_hours_gained_ratio"), ("work in a GPU-hour", "gpu_hours_per_gpu_hour"),
        ("jobs on a GPU", "jobs_per_gpu"), ("out of memory", "out_of_memory_events"),
        ("lost GPU-hours", "lost_gpu_hours"), ("lost of all", "lost_fraction"),
    )  # fmt: skip
    yield f"| ratio | {' | '.join(head for head, _ in columns)} |\n| ---: |" + " ---: |" * len(columns)
    for name in figures:
        if name.startswith("ratio_") and name.endswith("_jobs_per_gpu"):
            ratio = name.removeprefix("ratio_").removesuffix("_jobs_per_gpu")
            cells = [cell(figures, figures, f"ratio_{ratio}_{key}", 1, 0, 3) for _, key in columns]
            yield f"| {ratio} | {' | '.join(cells)} |"
    most = cell(figures, figures, "gpu_hours_gained_ratio_if_all_fit", 1, 0, 3)
    yield (
        "\nThe ratio that gains most, of those that lose a hundredth or less, is "
        f"{figures['ratio_settled']:g}, chosen on other seeds. If any two jobs had room beside one another, so that "
        f"each GPU always had two, {most} times the GPU-hours of ratio 1.0 would be done: no ratio can gain more, as "
        "pairs were measured.\n"
    )


def _highest(document: Document) -> str:
    key = "load_highest_played_with_mean_wait_1h"
    found = {"hanse": document["figures"]} | document["baselines"]
    told = ", ".join(f"{name} {each.get(key) or 'none'}" for name, each in found.items())
    return (
        "The highest load played at which, and below which, the mean wait is an hour at most, in the days measured: "
        f"{told}.\n"
    )


def _table(
    document: Document, columns: Sequence[Column], prefix: str = "", labels: Mapping[str, str] | None = None
) -> str:
    """Return a table of all that were played there, under their names or *labels*."""
    ours = document["figures"]
    rows = [f"| | {' | '.join(each[0] for each in columns)} |", "| --- |" + " ---: |" * len(columns)]
    for name, figures in ({"hanse": ours} | document["baselines"]).items():
        if any(prefix + key in figures for _, key, _, _ in columns):
            cells = [cell(figures, ours, prefix + key, factor, better) for _, key, factor, better in columns]
            rows.append(f"| {(labels or {}).get(name, name)} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def cell(figures: Document, ours: Document, key: str, factor: float, better: int, digits: int = 2) -> str:  # noqa: PLR0913, PLR0917
    """Return a figure for people, with its interval if it has one, and bold if it is better than ours."""
    value = figures.get(key)
    if value is None:
        return "-"
    scaled, own = value * factor, ours.get(key, value) * factor
    digits = 0 if isinstance(value, int) or abs(scaled) >= 150 else digits  # noqa: PLR2004
    told = f"{scaled:,.{digits}f}"
    if f"{key}_low" in figures and figures[f"{key}_low"] != figures[f"{key}_high"]:
        told += f" ({factor * figures[f'{key}_low']:,.{digits}f} to {factor * figures[f'{key}_high']:,.{digits}f})"
    return f"**{told}**" if better * (scaled - own) > 0 and told != f"{own:,.{digits}f}" else told


_TABLES = {
    "trace-philly-month": _month, "trace-philly-tuned": _tuned, "trace-kalos": _rates, "ablations": _ablations,
    "memory-share": _ratios, "pack-openb": _packed,
}  # fmt: skip
"""Of benches that are more than one or two tables."""


def write(folder: Path) -> None:
    """Write the page and its pictures into *folder*, from the reports there."""
    documents = {name: json.loads(file.read_text()) for name in BENCHES if (file := folder / f"{name}.json").exists()}
    (folder / PAGE).write_text(page(documents))
    for name, document in documents.items():
        plots.write(folder, name, document)


if __name__ == "__main__":
    write(FOLDER)
