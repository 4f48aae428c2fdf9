"""Benches on traces play a small trace of the same form as the public ones, and count what they say."""

import csv
import gzip
import json

import pytest
from typer.testing import CliRunner

from hanse.bench import ablating, failing, kalos, large, month, pages, philly, remembering, replays, tuning
from hanse.cli.main import app
from hanse.simulator import cluster, comparing, memory, metrics, workload
from hanse.simulator.packing import openb
from hanse.simulator.traces import philly as reading
from hanse.simulator.workload import DAY_SECONDS

NAMES = ("a", "b")


def gzipped(file, head, rows):
    file.parent.mkdir(exist_ok=True)
    with gzip.open(file, "wt", newline="") as text:
        csv.writer(text).writerows([head, *rows])


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    """Two members that submit every hour of three days; one of them more than it has."""
    folder = tmp_path_factory.mktemp("traces")
    jobs = [
        (reading.OCTOBER + 3600 * at, 3600 * (1 + at % 5), (8, 1)[at % 2] * (1 + at % 2), NAMES[at % 3 == 0])
        for at in range(3 * 24)
    ]
    gzipped(folder / "philly" / "jobs.csv.gz", ("submit_s", "duration_s", "num_gpus", "vc"), jobs)
    (folder / "philly" / "vc_nodes_assumed_by_heliosartifact.csv").write_text("vc,node num\na,2\nb,1\n")
    gangs = [(3000 * at, 4000, 2 ** (at % 11)) for at in range(22)]
    gzipped(folder / "acme" / "kalos_completed_training_jobs.csv.gz", ("submit_s", "duration_s", "num_gpus"), gangs)
    used = [(at, at, at) for at in range(0, 101, 5)]
    heads = ("cdf_pct", "seren_gpu_mem_used_pct", "kalos_gpu_mem_used_pct")
    gzipped(folder / "acme" / "gpu_utilization_cdfs.csv.gz", heads, used)
    (folder / "gavel").mkdir()
    one, two = "('one (batch size 1)', 1)", "('two (batch size 1)', 1)"
    speeds = {one: {"null": 10, one: [5, 5], two: [8, 2]}, two: {"null": 4, one: [2, 8], two: [0, 0]}}
    with gzip.open(folder / "gavel" / "simulation_throughputs.json.gz", "wt") as text:
        json.dump({"v100": speeds}, text)
    known = folder / "baselines_computed" / "philly_static_vs_pool.csv"
    known.parent.mkdir()
    known.write_text("util,wait_mean_h,policy,rho_target,C\n0.0,0.0,pool-fifo-usage,1.0,24\n")
    return folder


@pytest.fixture
def short(monkeypatch):
    """Three days, two loads, one seed."""
    monkeypatch.setattr(philly, "DAYS", 3)
    monkeypatch.setattr(philly, "WARM_UP_DAYS", 1)
    monkeypatch.setattr(philly, "FILL_WARM_UP_DAYS", 1)
    monkeypatch.setattr(philly, "LOADS", (0.7, 0.85))
    monkeypatch.setattr(tuning, "TUNED_DAYS", 1)
    monkeypatch.setattr(tuning, "WARM_UP_DAYS", 0)
    monkeypatch.setattr(failing, "DAYS", 3)
    monkeypatch.setattr(failing, "DAYS_BETWEEN_LOSSES", 2)
    monkeypatch.setattr(kalos, "SPAN_DAYS", 30)
    monkeypatch.setattr(large, "NODES", 30)
    monkeypatch.setattr(ablating, "DAYS", 1)
    monkeypatch.setattr(ablating, "WARM_UP_DAYS", 0)
    monkeypatch.setattr(ablating, "LOAD", 0.3)
    monkeypatch.setattr(ablating, "LEFT_OUT", ("hanse-rigid",))
    monkeypatch.setattr(ablating, "GPUS", {"member-1": 8, "member-2": 8, "member-3": 8, "member-4": 8})
    monkeypatch.setattr(memory, "GPUS", 4)
    monkeypatch.setattr(memory, "DAYS", 2)


@pytest.mark.usefixtures("short")
def test_benches_on_traces_report_what_the_page_needs(traces):
    reports = {
        "trace-philly": philly.run_philly(traces, 1.0),
        "trace-philly-month": month.run(traces, 1.0),
        "trace-philly-fill": philly.run_fill(traces, 0.7),
        "trace-philly-tuned": tuning.run(traces, 1.0),
        "trace-kalos": kalos.run(traces, 0.1),
        "failures": failing.run(traces, 0.3),
        "memory-share": remembering.run(traces, 0.2),
        "ablations": ablating.run(0.1),
        "simulate-pool": large.run(1.0),
    }
    documents = {name: json.loads(report.json()) for name, report in reports.items()}
    for name, document in documents.items():
        assert name == document["name"]
        assert document["gates"].get("all GPU time is accounted for", True), name
        assert all(isinstance(value, int | float | None) for value in document["figures"].values()), name
    for name in ("trace-philly", "trace-philly-month", "trace-philly-fill", "failures"):
        assert not documents[name]["gates"]["simple baselines come out as known at each load, to 0.1 point"], (
            "they do not, here"
        )
        assert documents[name]["gates"]["same seed, same bytes"]
        assert documents[name]["gates"]["nobody waits where there is enough for all"]
    assert 2 == documents["trace-philly-fill"]["inputs"]["days_played"]
    assert not documents["trace-philly-fill"]["gates"]["useful_utilization >= 0.85"], "what is scaled reaches no target"
    failures = documents["failures"]["figures"]
    assert 0 == failures["unaccounted_gpu_seconds"]
    assert failures["killed_0_lost_gpu_hours_by_failures"] == 0 < failures["killed_0.12_lost_gpu_hours_by_failures"]
    assert documents["memory-share"]["figures"]["ratio_1_out_of_memory_events"] == 0
    assert documents["simulate-pool"]["figures"]["pool_hours_per_wall_minute"] > 0
    tuned = documents["trace-philly-tuned"]
    assert {"days_tuned": 1, "days_played": 2}.items() <= tuned["inputs"].items()
    for what, chosen in tuned["inputs"]["chosen"].items():
        assert tuning.FAMILIES[what].keys() == chosen.keys()
        for family, name in chosen.items():
            assert tuned["baselines"][name][f"{what}_is_chosen"] == 1
            waits = [
                tuned["baselines"][each][f"{what}_tuned_wait_seconds_mean"] for each in tuning.FAMILIES[what][family]
            ]
            assert what == tuning.BACKLOG or tuned["baselines"][name][f"{what}_tuned_wait_seconds_mean"] == min(waits)
    assert not any("tuned_" in key for key in tuned["figures"]), "ours is not tuned"
    for what, name in ((tuning.BARE, "easy"), (tuning.BARE, "priority"), (tuning.BACKLOG, "priority")):
        figures = tuned["baselines"][name]
        assert f"{what}_scored_wait_seconds_mean" in figures, "what has no setting is scored too"
        assert f"{what}_tuned_wait_seconds_mean" not in figures
    told = pages.page(documents)
    assert all(f"## {name}\n" in told for name in documents)
    assert "(chosen of kueue)" in told
    assert "useful allocation of " in told


def test_the_page_sets_what_is_better_than_ours_in_bold():
    ours = {"wait_seconds_mean": 7200.0, "useful_utilization": 0.5}
    theirs = {"wait_seconds_mean": 3600.0, "useful_utilization": 0.4}
    assert "**1.00**" == pages.cell(theirs, ours, "wait_seconds_mean", 1 / 3600, -1)
    assert "40.00" == pages.cell(theirs, ours, "useful_utilization", 100, 1)
    assert "-" == pages.cell({}, ours, "wait_seconds_mean", 1, -1)


def test_the_page_is_what_its_reports_say():
    reports = {file.stem: json.loads(file.read_text()) for file in pages.FOLDER.glob("*.json")}
    assert pages.page(reports) == (pages.FOLDER / pages.PAGE).read_text()


def test_the_page_says_what_few_days_and_few_seeds_cannot():
    documents = {
        name: json.loads((pages.FOLDER / f"{name}.json").read_text()) for name in ("trace-philly", "trace-kalos")
    }
    documents["trace-philly"]["inputs"] |= {"days_played": 6, "days_of_warm_up": 4}
    documents["trace-kalos"]["gates"]["reached"] = False
    assert "can have waited more than 48 hours here" in pages.page(documents)
    assert "One seed was played" not in pages.page(documents)
    documents["trace-philly"]["inputs"]["days_played"] = philly.DAYS
    documents["trace-kalos"]["inputs"]["seeds"] = 1
    told = pages.page(documents)
    assert "on days 5 to 31 of the month" in told
    assert "hours here" not in told
    assert "One seed was played" in told
    assert "Why the wait of 1,024 GPUs is missed" in told
    documents["trace-kalos"]["gates"] = dict.fromkeys(documents["trace-kalos"]["gates"], True)
    assert "is missed" not in pages.page(documents)


def test_a_setting_with_no_measured_wait_is_not_chosen():
    waits = {"kueue": None, "kueue-strict": 60.0, "pool": 0.0, "pool-skip": 60.0}
    results = {name: {"bare_tuned_wait_seconds_mean": wait} for name, wait in waits.items()}
    assert "kueue-strict" == tuning.choice(tuning.BARE, ("kueue", "kueue-strict"), results)
    assert "pool" == tuning.choice(tuning.BARE, ("pool", "pool-skip"), results), "no wait at all is the least"


def reported(*names):
    return {name: json.loads((pages.FOLDER / f"{name}.json").read_text()) for name in names}


def test_of_all_the_month_is_said_what_was_reported_of_it():
    documents = reported("trace-philly")
    assert documents["trace-philly"]["inputs"]["days_played"] < philly.DAYS
    assert "On more days of it useful" not in pages.page(documents)
    whole = json.loads(json.dumps(documents["trace-philly"]))
    whole["inputs"] |= {"days_played": philly.DAYS, "offered_load_by_thirds": [0.7, 0.8, 0.9]}
    whole["figures"]["useful_utilization"], whole["baselines"]["static-skip"]["useful_utilization"] = 0.75, 0.725
    told = pages.page(documents | {"trace-philly-month": whole})
    assert "useful allocation is 75.0 % against 72.5 % for static partitions: [trace-philly-month](#trace" in told


def test_the_page_names_the_waits_of_kalos_that_are_worse_than_of_those_who_stop_nobody():
    documents = reported("trace-kalos")
    told = pages.page(documents)
    assert "1,536 GPUs, 2x, p95 of 512 GPUs 25.27 against 21.71; 1,536 GPUs, 4x, p95 of 1,024 GPUs 73.47 aga" in told
    for policy in kalos.UNSTOPPED:
        documents["trace-kalos"]["baselines"][policy]["gpus_1536_rate_2_wait_seconds_p95_of_512"] = 25 * 3600
    assert "1,536 GPUs, 2x" not in pages.page(documents)


def test_nothing_is_bold_in_ablations_of_fewer_than_five_seeds():
    documents = reported("ablations")
    for seeds, is_bold in ((2, False), (4, False), (5, True)):
        documents["ablations"]["inputs"]["seeds"] = seeds
        rows = [row for row in pages.page(documents).splitlines() if ", more than that |" in row]
        assert is_bold == any("**" in row for row in rows), seeds


def test_packing_is_told_beside_what_was_asked_for_and_published():
    def found(granted, asked):
        keys = ("allocation_percent", "asked_percent")
        return {f"{name}_{key}": each for name in openb.LISTS for key, each in zip(keys, (granted, asked), strict=True)}

    document = {
        "figures": found(95.0, 95.0), "baselines": {"kube-most": found(99.0, 81.0), "fgd published": found(94.0, None)},
        "inputs": {"scale": 1.0, "seeds": 10}, "gates": {"10 seeds": True}, "seed": 42, "commit": "none",
    }  # fmt: skip
    told = pages.page({"pack-openb": document})
    assert f"| kube-most |{' **99.00** | 81.00 |' * len(openb.LISTS)}\n" in told
    assert f"| fgd published |{' 94.00 | - |' * len(openb.LISTS)}\n" in told


def test_an_interval_holds_the_mean():
    low, high = replays.interval([1.0, 2.0, 3.0, 4.0])
    assert 1.0 <= low < 2.5 < high <= 4.0
    assert (2.0, 2.0) == replays.interval([2.0, 2.0])


def test_a_folder_without_the_trace_is_refused_by_name(tmp_path):
    told = CliRunner().invoke(app, ["bench", "trace-philly", "--data", str(tmp_path)])
    assert 1 == told.exit_code
    assert "there is no folder philly in it" in told.output + str(told.exception)


def test_memory_runs_out_only_where_more_is_promised_than_there_is(traces):
    measured = memory.read(traces)
    assert [(0.5, 0.5), (0.8, 0.5), (0.5, 0.8)] == list(measured.pairs)
    assert 0 == memory.play(measured, 1.0, 1).out_of_memory_events
    assert 0 < memory.play(measured, 2.0, 1).lost_gpu_hours
    assert memory.play(measured, 2.0, 1) == memory.play(measured, 2.0, 1)


def test_what_went_on_at_noon_is_there_at_the_begin():
    before, there = large.BEGIN_SECONDS - 100, large.BEGIN_SECONDS + 50
    rows = ((before, 99), (before, 150), (there, 10), (there + DAY_SECONDS, 5))
    jobs = [workload.Job(at, "a", 1, 1, work, seconds) for at, (seconds, work) in enumerate(rows)]
    found = large.going_on(workload.made("drawn", jobs), 3600)
    assert [(0, 50), (50, 10)] == [(job.submitted_seconds, job.work_seconds) for job in found.jobs]


def test_a_setting_that_does_not_keep_what_is_asked_of_a_backlog_is_not_chosen():
    def found(wait, useful, waste=0.0):
        figures = {"wait_seconds_mean": wait, "useful_utilization": useful, "waste_fraction": waste}
        return {
            f"{what}_tuned_{key}": value for what in (tuning.BARE, tuning.BACKLOG) for key, value in figures.items()
        }

    results = {"a": found(1.0, 0.84), "b": found(3.0, 0.86), "c": found(2.0, 0.9), "d": found(1.0, 0.9, 0.04)}
    assert "a" == tuning.choice(tuning.BARE, tuple(results), results)
    assert "c" == tuning.choice(tuning.BACKLOG, tuple(results), results)
    assert "a" == tuning.choice(tuning.BACKLOG, ("a", "d"), results), "if none keeps it, it is as without one"


def test_thirds_are_the_whole_and_waits_go_on_beyond_their_end():
    window = metrics.Window(DAY_SECONDS, 4 * DAY_SECONDS)
    assert [(1, 2), (2, 3), (3, 4)] == [
        (each.begin_seconds // DAY_SECONDS, each.end_seconds // DAY_SECONDS) for each in month.thirds(window)
    ]
    asked = [(0, 2 * DAY_SECONDS), (DAY_SECONDS, 60), (3 * DAY_SECONDS, 60)]
    jobs = workload.made("drawn", [workload.Job(0, "a", 1, 8, work, at) for at, work in asked])
    setting = comparing.Setting(jobs, cluster.of_nodes({"a": 8}), window)
    first, second, third = (
        replays.measured(comparing.play("pool", setting), setting, each) for each in month.thirds(window)
    )
    assert (DAY_SECONDS, 0, 0) == (first.wait.mean, second.wait.jobs, third.wait.mean)
    assert 1.0 == first.useful_utilization > second.useful_utilization
