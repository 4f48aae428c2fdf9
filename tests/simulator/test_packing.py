"""Pods on servers, one after another: what may never be, what each policy does, and what is known of openb."""

import csv
import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from hanse.bench import packing as bench
from hanse.cli import pack as packing
from hanse.cli.main import app
from hanse.simulator.packing import arrivals, comparing, generated, openb
from hanse.simulator.packing.comparing import POLICIES
from hanse.simulator.packing.servers import Kind, Room, Servers

OPENB = Path(__file__).parents[3] / "shared" / "traces" / "openb"
needs_openb = pytest.mark.skipif(not OPENB.exists(), reason="the public traces are not beside the checkout")


def servers(*rows):
    """Return servers of (model, processors, GPUs) with memory enough."""
    models = sorted({model for model, *_ in rows})
    model, cpu, gpus = (np.array(each) for each in zip(*((models.index(m), c, g) for m, c, g in rows), strict=True))
    return Servers(models, model, cpu * 1000, np.full(len(rows), 10**6), gpus)


def pod(cpu, gpus, milli=1000, *models):
    return Kind(cpu * 1000, 0, gpus, milli, frozenset(models))


def first_place(policy, on, pods, mix):
    """Return the row of the server where the last of *pods* goes, of a policy that expects *mix*."""
    trace = arrivals.made("test", on, [*mix, *pods])
    room = Room(on, trace.kinds)
    chooses = POLICIES[policy].make(room, arrivals.Arrivals(trace, on, [], 1))
    for each in pods:
        kind = trace.kinds.index(each)
        server, gpus = chooses.choose(kind, room.able(kind))
        room.take(kind, server, gpus)
    return server


@pytest.fixture(scope="module")
def trace():
    return generated.generate(40, 7)


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_nobody_gets_what_is_not_there_and_nobody_who_fits_is_refused(trace, policy):
    drawn = arrivals.drawn(trace, 130, 1)
    kinds = [each.whole for each in trace.kinds] if POLICIES[policy].is_whole else trace.kinds
    room = Room(drawn.servers, kinds)
    chooses = POLICIES[policy].make(room, drawn)
    taken = 0
    for each in drawn.pods:
        able = room.able(each)
        if len(able):
            server, gpus = chooses.choose(each, able)
            assert server in able
            assert kinds[each].gpus == len(set(gpus.tolist()))
            room.take(each, server, gpus)
            taken += kinds[each].gpu_milli
        assert min(room.cpu_milli.min(), room.memory_mib.min(), room.gpu_milli.min()) >= 0
    assert drawn.servers.gpu_milli == taken + room.gpu_milli.sum(), "what is granted and what is free are all GPUs"
    assert taken == comparing.play(policy, drawn).curve.granted[-1], "the same seed gives the same"
    assert taken > 0.7 * drawn.servers.gpu_milli


def test_all_of_a_trace_arrives_once_and_more_of_it_up_to_the_demand(trace):
    drawn = arrivals.drawn(trace, 130, 1)
    once = drawn.pods[: len(trace.pods)]
    assert sorted(trace.pods) == sorted(once)
    assert list(trace.pods) != list(once)
    demand = sum(trace.kinds[each].gpu_milli for each in drawn.pods)
    assert 0 <= drawn.servers.gpu_milli * 130 // 100 - demand < 8000
    assert drawn.pods == arrivals.drawn(trace, 130, 1).pods
    assert drawn.pods != arrivals.drawn(trace, 130, 2).pods


def test_where_there_is_enough_each_gets_what_it_asks_for(trace):
    anywhere = [replace(trace.kinds[each], models=frozenset()) for each in trace.pods]
    drawn = arrivals.drawn(arrivals.made("anywhere", trace.servers, anywhere), 130, 1)
    for policy in ("best-fit", "fgd", "hanse"):
        curve = comparing.play(policy, drawn).curve
        assert (curve.granted == curve.asked).all()
        assert 50 < curve.first_refused_percent() < 100, policy


def test_whole_gpus_are_granted_to_pods_that_ask_for_parts(trace):
    curve = comparing.play("kube-most", arrivals.drawn(trace, 130, 1)).curve
    granted, asked = curve.at(120)
    assert granted > asked + 5


def test_the_gradients_leave_the_roomy_server_to_the_pods_that_need_it():
    """Either server has a GPU left over; only the second has processors for the mix."""
    on = servers(("a", 8, 2), ("a", 64, 2))
    for policy in ("fgd", "hanse"):
        assert 0 == first_place(policy, on, [pod(2, 1)], [pod(32, 1)] * 9)
        assert 1 == first_place(policy, on, [pod(32, 1)], [pod(2, 1)] * 9)


def test_a_part_goes_to_the_gpu_that_is_in_use():
    on = servers(("a", 64, 4), ("a", 64, 4))
    mix = [pod(2, 1)] * 5 + [pod(1, 1, 400)] * 5
    for policy in ("fgd", "hanse", "best-fit"):
        trace = arrivals.made("test", on, mix)
        room = Room(on, trace.kinds)
        chooses = POLICIES[policy].make(room, arrivals.Arrivals(trace, on, [], 1))
        part = trace.kinds.index(mix[-1])
        for _ in range(2):
            room.take(part, *chooses.choose(part, room.able(part)))
        assert [200, 1000, 1000, 1000] == sorted(room.gpu_milli[:, :4].min(axis=0).tolist()), policy


def test_ours_keeps_the_few_gpus_of_a_model_for_those_that_need_them():
    """Server 0 has the model that a third of the pods need, and processors that would suit the pod better."""
    on = servers(("few", 128, 2), *[("many", 16, 2)] * 9)
    mix = [pod(4, 1)] * 6 + [pod(4, 1, 1000, "few")] * 3
    assert 0 != first_place("hanse", on, [pod(4, 1)], mix)
    assert 0 == first_place("hanse", on, [pod(4, 1, 1000, "few")], mix)


def test_kube_schedulers_scores_spread_out_or_fill_up():
    on = servers(("a", 64, 8), ("a", 64, 8))
    twice = [pod(4, 1), pod(4, 1)]
    assert 1 == first_place("kube-least", on, twice, [])
    assert 0 == first_place("kube-most", on, twice, [])


def test_an_interval_holds_its_mean_and_is_the_same_each_time():
    found = comparing.interval([1.0, 2.0, 4.0, 5.0])
    assert 1.0 < found.low < found.mean == 3.0 < found.high < 5.0
    assert found == comparing.interval([1.0, 2.0, 4.0, 5.0])
    assert comparing.Interval(2.0, 2.0, 2.0) == comparing.interval([2.0] * 3)


@needs_openb
@pytest.mark.parametrize("policy", ["best-fit", "fgd", "random"])
def test_what_is_published_of_openb_comes_out(policy):
    """To a point, of one seed: the bench asks it of ten."""
    drawn = arrivals.drawn(openb.read(OPENB, "default"), 130, 42)
    curve = comparing.play(policy, drawn).curve
    for percent in (90, 100, 130):
        assert openb.published(OPENB, "default", percent)[policy] == pytest.approx(curve.at(percent)[0], abs=1.0)


@needs_openb
def test_where_pods_need_models_of_gpu_ours_grants_more_than_fgd():
    drawn = arrivals.drawn(openb.read(OPENB, "gpuspec33"), 130, 42)
    ours = comparing.play("hanse", drawn).curve.at(100)[0]
    assert ours > openb.published(OPENB, "gpuspec33", 100)["fgd"] + 5


def write(file, *rows):
    with gzip.open(file, "wt", newline="") as text:
        csv.writer(text).writerows(rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A trace in the form of openb: twenty servers, and lists of pods, one of them without models."""
    folder = tmp_path_factory.mktemp("traces") / "openb"
    folder.mkdir()
    nodes = [[f"node-{at}", 64_000, 262_144, 4, "T4" if at % 4 else "G2"] for at in range(20)]
    write(folder / "nodes_gpu.csv.gz", ["sn", "cpu_milli", "memory_mib", "gpu", "model"], *nodes)
    asks = [(8000, 1, 1000, ""), (3000, 1, 500, "T4"), (4000, 1, 250, "G2|T4"), (6000, 0, "", ""), (16000, 2, 1000, "")]
    heads = ["name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli", "gpu_spec"]
    for name in openb.LISTS:
        columns = 5 if name == "multigpu20" else 6
        pods = [[f"pod-{at}", *row[:1], 1024, *row[1:]] for at in range(100) for row in [asks[at % 5]]]
        write(folder / f"pods_{name}.csv.gz", heads[:columns], *(each[:columns] for each in pods))
    with (folder / "fgd_published_alloc_ratio_pct.csv").open("w", newline="") as text:
        table = csv.writer(text)
        table.writerow(["workload", "sc_policy", "100", "130"])
        for name in openb.LISTS:
            table.writerows([f"openb_pod_list_{name}", each, 10, 20] for each in ("01-Random", "05-BestFit", "06-FGD"))
    return folder


def test_openb_is_read_as_it_is(folder):
    found = openb.read(folder, "default")
    assert (20, 80_000, ["G2", "T4"]) == (len(found.servers.gpus), found.servers.gpu_milli, found.servers.models)
    assert Kind(4000, 1024, 1, 250, frozenset({"G2", "T4"})) in found.kinds
    assert Kind(6000, 1024, 0, 0) in found.kinds
    assert (5, 100) == (len(found.kinds), len(found.pods))
    assert all(not kind.models for kind in openb.read(folder, "multigpu20").kinds)
    assert {"random": 20, "best-fit": 20, "fgd": 20} == openb.published(folder, "default", 130)


def run(*words):
    return CliRunner().invoke(app, [*map(str, words)])


def test_the_bench_tells_a_gate_that_is_not_reached(folder, tmp_path):
    told = run("bench", "pack-openb", "--data", folder.parent, "--scale", "0.1", "--json", tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    assert (1, False) == (told.exit_code, report["passed"]), told.output
    assert not any(holds for gate, holds in report["gates"].items() if "within" in gate)
    assert {"scale": 0.1, "seeds": 1}.items() <= report["inputs"].items(), "as the page of figures reads them"
    assert {f"{name}_allocation_percent" for name in openb.LISTS} <= report["figures"].keys()
    assert {"fgd", "fgd published", "kube-most"} <= report["baselines"].keys()
    assert set(openb.LISTS) == set(bench.READ_AT_PERCENT)


def test_the_command_names_all_policies_and_lists():
    assert (tuple(POLICIES), openb.LISTS) == (packing._POLICIES, packing._LISTS)


def test_pack_writes_a_page_with_pictures_and_numbers(tmp_path):
    told = run(
        "pack", "--policy", "hanse", "--policy", "fgd", "--seeds", 1, "--json", tmp_path / "a", "--report", tmp_path
    )
    assert 0 == told.exit_code, told.output
    document = json.loads((tmp_path / "a").read_text())
    assert ["fgd", "hanse"] == sorted(document["policies"])
    assert {"mean", "low", "high"} == document["policies"]["hanse"]["over_fgd_points"].keys()
    assert all(f"<b>{name}</b>" in (tmp_path / "packing.html").read_text() for name in ("fgd", "hanse"))
    assert {"granted.png", "granted-late.png", "fragments.png"} <= {each.name for each in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--policy", "magic"], "--policy magic: there is none of that name"),
        (["--data", "nowhere", "--pods", "some"], "--pods some: there is no list of that name"),
        (["--data", "nowhere"], "pods_default.csv.gz is not in it"),
    ],
)
def test_what_cannot_be_packed_is_refused_by_name(words, says):
    told = run("pack", *words)
    assert 1 == told.exit_code
    assert says in (told.output + str(told.exception))
