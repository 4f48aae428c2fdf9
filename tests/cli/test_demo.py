"""`hanse demo --check`: it holds, and it says so when a claim does not."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
import typer

from hanse.cli import demo
from hanse.devcluster import cluster, paths


def test_every_claim_of_the_demo_holds():
    result = subprocess.run(
        [sys.executable, "-m", "hanse.cli.main", "demo", "--check"], capture_output=True, text=True, check=False
    )
    assert 0 == result.returncode, result.stdout + result.stderr
    assert " claims held, 0 did not" in result.stdout
    assert "li may not use tier urgent in namespace tencent" in result.stdout


def test_a_claim_that_does_not_hold_is_said_and_the_exit_status_is_1(tmp_path, monkeypatch, capsys):
    examples = tmp_path / "examples"
    shutil.copytree(paths.sources().parent / "examples", examples)
    job = examples / "trainingjob.yaml"
    job.write_text(job.read_text().replace("minReplicas: 32", "minReplicas: 320"))
    monkeypatch.setattr(demo, "_examples", lambda: examples)
    monkeypatch.setattr(demo, "_why_no_real_node", lambda: "it takes longer")
    monkeypatch.setattr(demo.signal, "signal", lambda *_: None)  # the test run keeps its own handlers
    with pytest.raises(typer.Exit) as ended:
        demo.demo(check=True)
    assert 1 == ended.value.exit_code
    printed = capsys.readouterr().out
    assert "NO   examples/trainingjob.yaml is accepted" in printed
    assert "minReplicas 320 is larger than replicas 64" in printed


@pytest.fixture(name="guest")
def _guest():
    """A cluster that is not the demo's, and the demo in it."""
    name = f"test-{os.getpid()}-guest"
    with cluster.running(name, cluster.Wanted(postgres=False)) as running:
        environment = {**os.environ, "HANSE_KUBECONFIG": str(running.kubeconfig)}
        command = [sys.executable, "-m", "hanse.cli.main", "demo", "--check"]
        yield running, lambda: subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_in_a_cluster_of_somebody_else_it_leaves_nothing_and_changes_nothing(guest):
    running, run = guest
    shown = run()
    assert 0 == shown.returncode, shown.stdout + shown.stderr
    assert "left out: no pod really runs" in shown.stdout
    running.kubectl("wait", "--for=delete", "namespace/tencent", "--timeout=30s")
    assert "" == running.kubectl("get", "crd,validatingadmissionpolicies", "-o", "name").stdout
    running.kubectl("create", "namespace", "tencent")
    refused = run()
    assert 1 == refused.returncode
    assert "has namespace/tencent already, which the demo would change" in refused.stderr
    assert "namespace/tencent" in running.kubectl("get", "namespaces", "-o", "name").stdout


def test_a_demo_that_is_stopped_has_not_shown_anything():
    command = [sys.executable, "-u", "-m", "hanse.cli.main", "demo", "--check"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while "alliance of five members" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
    assert 130 == process.returncode
