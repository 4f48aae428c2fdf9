"""`hanse demo --check`: it holds, and it says so when a claim does not."""

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import typer
import yaml

from hanse.cli.demo import command, hub, jobs, stage
from hanse.devcluster import cluster, paths
from hanse.devcluster.errors import DevclusterError

DEMO = [sys.executable, "-u", "-m", "hanse.cli.main", "demo", "--check"]
EXAMPLES = paths.sources().parent / "examples"
# One sentence of each claim that the demonstration is for.
CLAIMS = (
    "tencent/llm-7b runs at HOME in tencent-gz",
    "charged 8 x 0.6 = 4.8 H100e",
    "one standard job of tencent was stopped for it, and waits to run again",
    "jiangsu-lab/eval borrows 8 idle H100 of alibaba",
    "waits with ExceedsCap",
    "waits with ResidencyLeavesNothing",
    "waits with WaitingForQuota",
    "jiangsu-lab/real-guest was stopped for it, once",
    "jiangsu-lab/real-guest runs again",
    "zhejiang-lab/wide-sweep has ended well",
    "debits equal credits",
    "the export verifies",
    "a copy with one digit changed is refused",
    "the dashboard lets a member in",
    "the dashboard lets the auditor in",
    "the dashboard lets the coordinator in",
)
OF_THE_REAL_NODE = (
    "workers have torchrun's variables: MASTER_ADDR=w-0.",
    "credentials are sealed: none can be read in a Placement or a pod",
    "its owner reads in `hanse explain` how far it has come",
    "a worker hears that memory is short",
    "it learns: its loss was",
    "it was stopped at a checkpoint",
    "its own output says that it began at step",
    "it goes on with what it had learned",
)


@pytest.mark.real_node
def test_every_claim_of_the_demo_holds():
    result = subprocess.run(DEMO, capture_output=True, text=True, check=False)
    assert 0 == result.returncode, result.stdout + result.stderr
    assert " claims held, 0 did not" in result.stdout
    held = [line for line in result.stdout.splitlines() if line.startswith("  yes  ")]
    missing = [claim for claim in (*CLAIMS, *OF_THE_REAL_NODE) if not any(claim in line for line in held)]
    assert [] == missing


def test_the_examples_of_the_demo_are_a_dozen_jobs_and_one_of_each_name():
    files = sorted((EXAMPLES / "demo" / "jobs").glob("*.yaml"))
    names = [line for file in files for line in file.read_text().splitlines() if line.startswith("  name: ")]
    assert (12, 12) == (len(files), len(set(names)))


@pytest.mark.parametrize(
    ("status", "holds"),
    [
        ({"phase": "Running", "preemptions": 0}, True),
        ({"phase": "Succeeded", "preemptions": 0}, True),
        ({"phase": "Succeeded", "preemptions": 1}, False),
        ({"phase": "Requeued", "preemptions": 1}, False),
        ({"phase": "Failed"}, False),
        ({}, False),
    ],
)
def test_a_job_that_has_ended_meanwhile_was_not_stopped(status, holds):
    """Simulated jobs take less than a minute, which a slow machine may need for the acts before."""
    assert holds == jobs.untouched(status)


def test_both_jobs_that_may_give_way_run_as_long():
    """One of them has to be there still when the urgent job is planned for."""
    files = [EXAMPLES / "demo" / "jobs" / f"{name}.yaml" for name in ("01-tencent-llm", "02-tencent-vision")]
    times = {yaml.safe_load(f.read_text())["spec"]["template"]["metadata"]["annotations"].popitem() for f in files}
    assert 1 == len(times)


class Impatient(stage.Stage):
    """Waits for what cannot hold no longer than until its job runs, however long that takes; for all else as ever."""

    def until(self, text, probe):
        job = "guangdong-lab/ascend-sft"
        if text.startswith(f"{job} runs on 8"):
            super().until(f"{job} has begun", lambda: (self.status(job).get("phase") in {"Running", "Succeeded"}, ""))
            self.patience_seconds = 1.0
        super().until(text, probe)


def test_a_claim_that_does_not_hold_is_said_and_the_exit_status_is_1(tmp_path, monkeypatch, capsys):
    """The job that should run on 8 Ascend asks for 4 by now: so say the API server and the ledger, and the demo too."""
    examples = tmp_path / "examples"
    shutil.copytree(EXAMPLES, examples)
    job = examples / "demo" / "jobs" / "05-guangdong-ascend.yaml"
    job.write_text(job.read_text().replace("gpusPerWorker: 8", "gpusPerWorker: 4"))
    monkeypatch.setattr(command, "Stage", functools.partial(Impatient, examples=examples))
    monkeypatch.setattr(command, "why_no_real_node", lambda: "it takes longer")
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)  # the test run keeps its own handlers
    with pytest.raises(typer.Exit) as ended:
        command.demo(check=True)
    assert 1 == ended.value.exit_code
    printed = capsys.readouterr().out
    assert "  yes  alibaba/ads-ctr runs at HOME in alibaba-hz" in printed
    assert "  NO   guangdong-lab/ascend-sft runs on 8 Ascend 910B" in printed
    assert '"attempts": 1' in printed
    history = printed.partition("What happened to guangdong-lab/ascend-sft:")[2]
    assert re.search(r"attempt 1  Admit  HOME\n.*  attempt 1  LeaseGranted\n", history)
    assert "The story ends here" in printed
    assert " claims held, 1 did not" in printed


def test_a_command_that_the_demo_gets_wrong_is_a_sentence(tmp_path):
    """A usage error of the command line's own parser would end in a traceback."""
    made = hub.Hub(SimpleNamespace(folder=tmp_path, url="http://127.0.0.1:1", database_url=""), None)
    with pytest.raises(DevclusterError, match=r"hanse member addd: No such command 'addd'"):
        made.hanse("member", "addd")


@pytest.fixture(name="guest")
def _guest():
    """A cluster that is not the demo's, and the demo in it."""
    name = f"test-{os.getpid()}-guest"
    with cluster.running(name, cluster.Wanted(postgres=False)) as running:
        environment = {**os.environ, "HANSE_KUBECONFIG": str(running.kubeconfig)}
        yield running, lambda: subprocess.run(DEMO, capture_output=True, text=True, check=False, env=environment)


def test_in_a_cluster_of_somebody_else_it_leaves_nothing_and_changes_nothing(guest):
    running, run = guest
    shown = run()
    assert 0 == shown.returncode, shown.stdout + shown.stderr
    assert "Left out: everything that runs" in shown.stdout
    assert "li may not use tier urgent in namespace tencent" in " ".join(shown.stdout.split())
    running.kubectl("wait", "--for=delete", "namespace/tencent", "--timeout=600s")
    assert "" == running.kubectl("get", "crd,validatingadmissionpolicies", "-o", "name").stdout
    running.kubectl("create", "namespace", "tencent")
    refused = run()
    assert 1 == refused.returncode
    assert "has namespace/tencent already, which the demo would change" in refused.stderr
    assert "namespace/tencent" in running.kubectl("get", "namespaces", "-o", "name").stdout


def test_a_demo_that_is_stopped_has_not_shown_anything():
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, text=True) as process:
        # Members are let in then, by commands that run in the demo's own process.
        while "$ hanse cluster enrol" not in process.stdout.readline():
            assert process.poll() is None
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
    assert 130 == process.returncode
    assert f"demo-{process.pid}" not in [each.name for each in cluster.every()]
