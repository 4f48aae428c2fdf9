"""Faults: whatever dies, stops, lies or goes away, each decision has its effect in the end, and nothing runs twice.

The names are those of the table in docs/operations.md.
"""

import contextlib
import copy
import importlib.util
import json
import os
import signal
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
import yaml

from hanse.devcluster import controlplane, postgres, processes
from hanse.operator import failpoints

_spec = importlib.util.spec_from_file_location("operator_proxies", Path(__file__).with_name("proxies.py"))
proxies = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(proxies)

HISTORY = """
SELECT d.effect, a.job, a.fence, e.outcome FROM ledger.decision d
LEFT JOIN ledger.attempt a ON a.id = d.attempt LEFT JOIN ledger.effect e ON e.decision = d.id
WHERE d.effect IN ('admit', 'stop')
"""


def has_settled(pool):
    return not pool.rows("SELECT 1 FROM ledger.outbox") and pool.rows("SELECT 1 FROM ledger.decision")


def check_history(pool, *, jobs):
    """No effect without a decision, no decision without its effect, no job with two attempts or two Placements."""
    # Effects are recorded beside the cycles, a moment after they are seen.
    pool.until("an empty outbox", lambda: has_settled(pool))
    history = pool.rows(HISTORY)
    assert {"done"} == {row.outcome for row in history}
    admitted = [(row.job, row.fence) for row in history if row.effect == "admit"]
    assert len(set(admitted)) == len(admitted) == jobs
    decided = {str(row.id) for row in pool.rows("SELECT id FROM ledger.attempt")}
    placed = [each["spec"]["attempt"] for each in pool.placements()]
    assert set(placed) <= decided
    assert len(placed) == len({each["spec"]["fence"] for each in pool.placements()}) * jobs


def test_operators_killed_at_each_failpoint_go_on_where_the_last_one_was(pool):
    """One is armed for each failpoint and stands by; whoever leads dies with the next job, and another takes over."""
    pool.report(nodes=4)
    armed = {name: pool.operator(failpoint=f"{name}:kill") for name in failpoints.NAMES}
    for number in range(len(armed)):
        alive = [each for each in armed.values() if each.process.poll() is None]
        pool.submit(f"job-{number}", gpus=4)
        pool.until("a death", lambda alive=alive: any(each.process.poll() == -signal.SIGKILL for each in alive))
    pool.operator()
    pool.until("all placed", lambda: len(pool.placements()) == len(armed))
    pool.until("all told", lambda: {pool.phase(f"job-{number}") for number in range(len(armed))} == {"Admitted"})
    assert [-signal.SIGKILL] * len(armed) == [each.process.returncode for each in armed.values()]
    check_history(pool, jobs=len(armed))


def test_a_plan_that_was_not_recorded_has_no_effect(pool):
    running = pool.operator(failpoint="before-record:kill")
    pool.submit("planned")
    pool.until("its death", lambda: running.process.poll() == -signal.SIGKILL)
    assert not pool.rows("SELECT 1 FROM ledger.decision")
    assert not pool.placements()
    assert not pool.status("planned")


def test_a_leader_halted_before_it_records_changes_nothing_when_it_wakes_up(pool):
    # No other lease may end than that of the leader that halts: a machine with other work may stop anybody for seconds.
    old = pool.operator(failpoint="before-record:stop", lease_seconds=10)
    pool.until("a leader", lambda: old.said("leading"))
    new = pool.operator(lease_seconds=10)
    pool.submit("contested")
    pool.until("the old leader to halt", lambda: _is_halted(old))
    pool.until("the new leader to place it", pool.placements)
    old.signal(signal.SIGCONT)
    pool.until("the old leader to give up", lambda: old.said("leadership_ended"))
    assert "StaleTermError" in {entry["error"] for entry in old.said("leadership_ended")}
    assert [(2,)] == pool.rows("SELECT DISTINCT term FROM ledger.decision")
    check_history(pool, jobs=1)
    new.end()
    pool.submit("later")
    pool.until("the old leader to lead again", lambda: len(pool.placements()) == 2)


def test_a_leader_halted_before_its_effect_leaves_nothing_behind_when_it_wakes_up(pool):
    """It writes a Placement of an attempt that has ended meanwhile; the new leader takes it away."""
    old = pool.operator(failpoint="before-effect:stop")
    pool.until("a leader", lambda: old.said("leading"))
    pool.operator()
    pool.submit("contested")
    pool.until("the old leader to halt", lambda: _is_halted(old))
    (placement,) = pool.until("the new leader to place it", pool.placements)
    pool.grant(placement)
    pool.release(placement, "Succeeded")
    pool.until("the Placement to go", lambda: not pool.placements())
    old.signal(signal.SIGCONT)
    pool.until("the old leader to give up", lambda: old.said("leadership_ended") or old.said("lease_lost"))
    pool.until("Succeeded", lambda: pool.phase("contested") == "Succeeded")
    pool.until("nothing to be left", lambda: not pool.placements())
    assert [(1,)] == pool.rows("SELECT count(*) FROM ledger.attempt")


def test_the_api_server_restarts(pool):
    running = pool.operator()
    pool.submit("before", gpus=4)
    (before,) = pool.until("a Placement", pool.placements)
    folder = pool.plane.folder
    processes.end(folder, [controlplane.API_SERVER])
    controlplane.ControlPlane(folder, controlplane.LOOPBACK).start_api_server()
    pool.until("a job", lambda: pool.submit("after", gpus=4))
    pool.until("both placed", lambda: len(pool.placements()) == 2)
    assert before["metadata"]["uid"] in {each["metadata"]["uid"] for each in pool.placements()}
    assert running.process.poll() is None
    check_history(pool, jobs=2)


def test_postgres_restarts(pool):
    running = pool.operator()
    pool.submit("before", gpus=4)
    pool.until("a Placement", pool.placements)
    folder = pool.plane.folder
    postmaster = int((folder / "postgres/postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGINT)  # what systemd sends: it does not wait for clients
    pool.submit("during", gpus=4)
    pool.until("it to be down", lambda: not (folder / "postgres/postmaster.pid").exists())
    postgres.start(folder, sa.make_url(pool.url).port, durable=False)
    pool.until("both placed", lambda: len(pool.placements()) == 2)
    assert running.process.poll() is None
    check_history(pool, jobs=2)


def test_a_watch_that_fails_with_error_500_restarts_the_feed_and_nothing_else(pool, tmp_path):
    with proxies.ApiProxy(pool.kubeconfig) as proxy:
        running = pool.operator(kubeconfig=proxy.kubeconfig(pool.kubeconfig, tmp_path), lease_seconds=60)
        pool.submit("before", gpus=4)
        pool.until("a Placement", pool.placements)
        proxy.inject(500)
        pool.until("the feed to fail", lambda: running.said("feed_ended"))
        pool.submit("after", gpus=4)
        pool.until("both placed", lambda: len(pool.placements()) == 2)
        assert 1 == len(running.said("leading"))
        check_history(pool, jobs=2)
        running.end()


def test_a_deletion_lost_before_a_410_is_found_by_the_sweep(pool, tmp_path):
    with proxies.ApiProxy(pool.kubeconfig) as proxy:
        running = pool.operator(kubeconfig=proxy.kubeconfig(pool.kubeconfig, tmp_path))
        pool.submit("ghost")
        (placement,) = pool.until("a Placement", pool.placements)
        pool.grant(placement)
        proxy.drop = lambda event: event["type"] == "DELETED" and event["object"]["kind"] == "TrainingJob"
        pool.delete("ghost")
        pool.until("the event to be lost", lambda: proxy.dropped)
        proxy.inject(410)
        pool.until("the attempt to be stopped", lambda: pool.placements()[0]["spec"]["wanted"] == "Stopped")
        assert running.said("ghosts_swept")
        running.end()


def test_a_commit_whose_answer_is_lost_is_looked_up_and_not_repeated(pool):
    url = sa.make_url(pool.url)
    with proxies.CommitCutter(url.host, url.port) as cutter:
        proxied = url.set(port=cutter.port).render_as_string(hide_password=False)
        # Its lease is not to end meanwhile: a machine with other work may stop anybody for seconds.
        running = pool.operator(database_url=proxied, lease_seconds=60)
        pool.until("a leader", lambda: running.said("leading"))
        cutter.is_armed = True
        pool.submit("once")
        pool.until("the answer to be lost", lambda: cutter.cuts)
        pool.until("a Placement", pool.placements)
        pool.until("Admitted", lambda: pool.phase("once") == "Admitted")
        assert {"CommitUnknownError"} == {entry["error"] for entry in running.said("cycle_failed")}
        check_history(pool, jobs=1)
        running.end()


def test_an_object_that_no_rule_caught_is_misconfigured_and_stops_nobody_else(pool):
    """It names a class twice, and was written while the rule against that was not there."""
    crds = Path(__file__).parents[2] / "charts/hanse/templates/crds/trainingjobs.yaml"
    running = pool.operator()
    twice = {"accelerators": [{"class": "h100"}, {"class": "h100"}]}
    with _without_rules(pool.plane, crds):
        pool.until("the rule to be gone", lambda: pool.submit("broken", **twice))
    pool.submit("sound")
    pool.until("the sound one placed", pool.placements)
    status = pool.until("Misconfigured", lambda: pool.status("broken"))
    assert "Misconfigured" == status["reason"]
    assert "accelerators names a class twice: remove one of the two" in status["explanation"]["message"]
    pool.until("Admitted", lambda: pool.phase("sound") == "Admitted")
    assert running.process.poll() is None
    check_history(pool, jobs=1)


@contextlib.contextmanager
def _without_rules(plane, crds):
    """Take the rules out of a CRD for the time of a `with` block."""
    document = yaml.safe_load(crds.read_text())
    bare = copy.deepcopy(document)
    del bare["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["x-kubernetes-validations"]
    try:
        plane.kubectl("replace", "-f", "-", stdin=json.dumps(bare))
        yield
    finally:
        plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(document))


def _is_halted(running):
    state = Path(f"/proc/{running.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state == "T"


def test_only_the_commit_of_what_was_meant_is_cut(pool):
    """Connections are used again: the answer lost is that of the transaction meant, even if its text is not sent."""
    url, marked = sa.make_url(pool.url), "SELECT 'record_cycle'"
    with proxies.CommitCutter(url.host, url.port) as cutter:
        through = url.set(port=cutter.port).render_as_string(hide_password=False)
        with psycopg.connect(through, prepare_threshold=2) as connection:
            for _ in range(4):
                connection.execute(marked)
                connection.commit()
            cutter.is_armed = True
            connection.execute("SELECT 1")
            connection.commit()
            assert 0 == cutter.cuts
            connection.execute(marked)
            with pytest.raises(psycopg.OperationalError):
                connection.commit()
            assert 1 == cutter.cuts
