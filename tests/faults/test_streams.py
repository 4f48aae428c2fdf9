"""Pools that lose their parts while jobs stream in; what is promised holds all the same.

`make faults` plays the whole matrix: each fault many times during a stream of 200 jobs, then all of them mixed, under
several seeds. `make test` plays a short mixture. HANSE_FAULTS_SEED, HANSE_FAULTS_JOBS and HANSE_FAULTS_TIMES play
another run, such as one that failed; a history that fails is kept beside the test's other files.
"""

import json
import os
import random
import sys
from collections import Counter

import checker
import injectors
import pytest
import runs

JOBS = int(os.environ.get("HANSE_FAULTS_JOBS", "200"))
TIMES = int(os.environ.get("HANSE_FAULTS_TIMES", "5"))
SEED = int(os.environ.get("HANSE_FAULTS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
# What happens at the most critical moments; the matrix plays the others as well.
SMOKE = (injectors.kill_the_leader, injectors.kill_an_agent, injectors.halt_the_leader, injectors.lose_an_answer)


def promises_hold(tmp_path, run):
    tell(f"\nHANSE_FAULTS_SEED={run.seed}")
    history = runs.play(f"test-{os.getpid()}-faults", tmp_path, run)
    kept = tmp_path / "history.json"
    kept.write_text(json.dumps(history))
    results = checker.check(history)
    said = checker.summary(history, results)
    tell(said)
    assert [] == [each.name for each in results if not each.checked], "a check that looks at nothing shows nothing"
    assert [] == harmless(history), "a fault that does nothing shows nothing"
    assert not any(each.findings for each in results), f"{said}\nthe history is in {kept}"


def harmless(history):
    """Return what was done to the pool more often than the history shows its effect, where that can be counted."""
    done = Counter(each["name"] for each in history["faults"])
    restarts = Counter()
    for name, count in history["restarts"].items():
        restarts[name.partition("-")[0]] += count
    terms = sum(row["kind"] == "TermTaken" for row in history["ledger"]["facts"]) - 1  # the account took the last one
    seen = {
        "kill_the_leader": restarts["operator"],
        "kill_an_agent": restarts["agent"],
        "kill_the_api_service": restarts["api"],
        "halt_the_leader": terms - 1,  # the first leader followed nobody
        "lose_an_answer": sum(history["answersLost"].values()),
    }
    return [f"{name}: {done[name]} times, {count} seen" for name, count in seen.items() if count < done[name]]


def tell(text):
    sys.stdout.write(f"{text}\n")


def test_a_fault_that_did_nothing_is_noticed():
    faults = [{"name": "kill_an_agent"}] * 2 + [{"name": "halt_the_leader"}, {"name": "lose_an_answer"}]
    taken = [{"kind": "TermTaken"}] * 3
    good = {
        "faults": faults, "restarts": {"agent-north": 1, "agent-south": 1}, "answersLost": {"api": 0, "operator": 1},
        "ledger": {"facts": taken},
    }  # fmt: skip
    assert [] == harmless(good)
    for spoilt in ({"restarts": {"agent-north": 1}}, {"answersLost": {"api": 0}}, {"ledger": {"facts": taken[1:]}}):
        assert 1 == len(harmless(good | spoilt))


def test_a_short_mixture_of_faults(tmp_path):
    promises_hold(tmp_path, runs.Run(seed=7, jobs=24, faults=SMOKE, times=1))


@pytest.mark.faults
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("fault", injectors.ALL, ids=lambda fault: fault.__name__)
def test_each_fault_many_times(tmp_path, fault):
    promises_hold(tmp_path, runs.Run(seed=SEED, jobs=JOBS, faults=(fault,), times=TIMES))


@pytest.mark.faults
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("offset", [1, 2, 3])
def test_all_faults_mixed(tmp_path, offset):
    promises_hold(tmp_path, runs.Run(seed=SEED + offset, jobs=JOBS, faults=injectors.ALL, times=2))
