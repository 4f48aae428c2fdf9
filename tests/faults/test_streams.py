"""Pools that lose their parts while jobs stream in; what is promised holds all the same.

`make faults` plays the whole matrix: each fault many times during a stream of 200 jobs, then all of them mixed, under
several seeds. `make test` plays a short mixture. HANSE_FAULTS_SEED, HANSE_FAULTS_JOBS and HANSE_FAULTS_TIMES play
another run, such as one that failed; a history that fails is kept beside the test's other files.
"""

import json
import os
import random
import sys

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
    assert len(run.faults) * run.times == len(history["faults"])
    assert [] == [fault.__name__ for fault in run.faults if not has_done_damage(history, fault)]
    assert not any(each.findings for each in results), f"{said}\nthe history is in {kept}"


def has_done_damage(history, fault):
    """Whether what can be counted of a fault was: a fault that does nothing shows nothing."""
    if fault is injectors.lose_an_answer:
        return any(history["answersLost"].values())
    part = {"kill_the_leader": "operator", "kill_an_agent": "agent", "kill_the_api_service": "api"}.get(fault.__name__)
    return part is None or any(count for name, count in history["restarts"].items() if name.startswith(part))


def tell(text):
    sys.stdout.write(f"{text}\n")


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
