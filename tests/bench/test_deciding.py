"""The benches of decisions run at a tiny scale and count what they say; no test asserts on times."""

import pytest

from hanse.bench import crowds, deciding, gangs, pools, reports


def test_the_pool_is_as_large_as_it_should_be():
    made = crowds.made(deciding.NODES, deciding.SEED)
    worth = {each.name: each.h100_equivalents["bf16"] for each in crowds.CLASSES}
    assert 150_000_000 == sum(crowds.GPUS_PER_NODE * worth[node.accelerator] for node in made.nodes)
    assert (20_000, 30) == (len(made.nodes), len(made.pool.members))
    assert (4, 3) == (len({each.cluster for each in made.pool.contributions}), len(made.pool.accelerators))
    assert made.nodes == crowds.made(deciding.NODES, deciding.SEED).nodes


def test_the_same_seed_lives_the_same_life():
    def digests():
        living = pools.Living(crowds.made(60, 1), 1)
        cycles = [living.fill(60)]
        living.spread_clocks()
        cycles += [living.live(pools.Churn(3, 5), 150) for _ in range(3)]
        assert 150 == living.waiting + len(cycles[-1].admits) - cycles[-1].figures.stopped
        return [each.plan.digest() for each in cycles]

    assert digests() == digests()


def test_a_gang_starts_on_idle_nodes_and_is_told_what_it_waits_for(monkeypatch):
    said = []
    monkeypatch.setattr(gangs, "TIMES", 1)
    monkeypatch.setattr(gangs, "say", said.append)
    report = gangs.run_gang(0.005)
    assert [f"the gang's owner is told, by reclaim: {report.inputs['told_after_reclaim']}"] == said[:1]
    assert report.gates["the gang starts on idle nodes and stops nobody"]
    home = ", covered by its organisation's entitlement, on its member's own or granted nodes"
    assert report.inputs["told_on_idle"] == f"16 h100 in cluster-0{home}"
    promised = "its GPUs are promised to it, and are its own when those who have to leave them have left"
    assert report.inputs["told_after_reclaim"].endswith(f"{home}; {promised}")
    assert not any(holds for gate, holds in report.gates.items() if "seconds" in gate)


def test_the_gang_is_older_than_all_who_wait_so_that_idle_nodes_are_its_own(monkeypatch):
    asked, cycle = [], pools.cycle

    def spied(planner, delta):
        oldest = int(planner.snapshot.jobs["submitted"].min(initial=0))
        asked.extend((each.submitted_seconds, oldest) for each in delta.jobs if each.uid == gangs.UID)
        return cycle(planner, delta)

    monkeypatch.setattr(gangs, "TIMES", 1)
    monkeypatch.setattr(pools, "cycle", spied)
    gangs.run_gang(0.005)
    assert 2 == len(asked)  # by reclaim, and on idle nodes
    assert all(came < oldest for came, oldest in asked)


def test_gangs_that_cannot_run_are_told_why(monkeypatch):
    monkeypatch.setattr(gangs, "VERDICT_TIMES", 4)
    report = gangs.run_unschedulable(0.005)
    told = [each.partition(":")[0] for each in report.inputs["told"]]
    assert ["NoTopologyFit", "ResidencyLeavesNothing", "NodeResourcesDoNotFit"] == told[:3]
    assert report.gates["every gang waits and is told why"]
    assert not report.passed


def test_a_pool_and_its_growth_are_measured(monkeypatch):
    monkeypatch.setattr(deciding, "CYCLES", 2)
    monkeypatch.setattr(deciding, "GROWTH_CYCLES", 2)
    monkeypatch.setattr(deciding, "GROWTH_NODES", (8000, 16_000))
    figures = deciding.run_pool(0.003).figures
    assert figures["cycle_seconds_p50"] <= figures["cycle_seconds_p99"] <= figures["cycle_seconds_max"]
    assert 0 < figures["gangs_per_second"]
    figures = deciding.run_growth(0.005).figures
    assert {"exponent", "seconds_by_nodes_40", "seconds_by_nodes_80"} <= figures.keys()


def test_a_bench_that_takes_too_long_measures_less_and_reaches_no_gate(monkeypatch):
    monkeypatch.setattr(deciding, "MEASURED_SECONDS_MAX", 0.0)
    monkeypatch.setattr(deciding, "GROWTH_NODES", (8000, 16_000))
    report = deciding.run_pool(0.003)
    assert (1, set()) == (report.inputs["cycles"], {gate for gate, holds in report.gates.items() if holds})
    assert {"seconds_by_nodes_40"} == {name for name in deciding.run_growth(0.005).figures if name.startswith("sec")}


def test_the_exponent_is_the_slope_of_logarithms():
    assert deciding.exponent({10: 1.0, 100: 10.0, 1000: 100.0}) == pytest.approx(1)
    assert deciding.exponent({10: 2.0, 100: 2.0}) == pytest.approx(0)
    assert (1, 100) == (reports.percentile(range(1, 101), 1), reports.percentile(range(1, 101), 100))
