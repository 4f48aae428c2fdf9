"""`hanse demo --check`: it holds, and it says so when a claim does not."""

import shutil
import subprocess
import sys

import pytest
import typer

from hanse.cli import demo
from hanse.devcluster import paths


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
    monkeypatch.setattr(demo, "_may_run_pods", lambda: False)
    monkeypatch.setattr(demo.signal, "signal", lambda *_: None)  # the test run keeps its own handlers
    with pytest.raises(typer.Exit) as ended:
        demo.demo(check=True)
    assert 1 == ended.value.exit_code
    printed = capsys.readouterr().out
    assert "NO   examples/trainingjob.yaml is accepted" in printed
    assert "minReplicas 320 is larger than replicas 64" in printed
