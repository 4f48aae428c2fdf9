"""`hanse[audit]` alone verifies: an environment that has it and nothing else of ours, away from the checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hanse.bench import days, ledgers
from hanse.evidence import policy

ROOT = Path(__file__).parents[2]
ARGUMENTS = ("sync", "--frozen", "--extra=audit", "--no-default-groups", "--no-editable", "--quiet")
NOT_FOR_AUDITORS = ("sqlalchemy", "psycopg", "alembic", "fastapi", "kopf", "kubernetes", "numpy", "pyarrow")


@pytest.fixture(scope="module", name="environment")
def _environment(tmp_path_factory):
    """A virtual environment, from the lock file: what is in uv's cache is not asked for again."""
    folder = tmp_path_factory.mktemp("auditor") / "venv"
    uv = os.environ.get("HANSE_UV") or shutil.which("uv")
    if uv is None:
        pytest.fail("uv is not there: run the tests with `make test`")
    variables = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder)}
    command = [uv, *ARGUMENTS, f"--python={sys.executable}"]
    for more in (["--offline"], []):
        done = subprocess.run([*command, *more], cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr
    return folder


def test_what_an_auditor_installs_verifies_proves_and_witnesses(environment, tmp_path):
    installed = {path.name.partition("-")[0].lower() for path in environment.glob("lib/python*/site-packages/*")}
    assert "cryptography" in installed
    assert installed.isdisjoint(NOT_FOR_AUDITORS)
    days.Day(tmp_path, 2, 2, 1).write(1, lambda _: None)
    keys = ledgers.Keys.of(1)
    named = "".join(f"witness w{number} {each.key}\n" for number, each in enumerate(keys.witnesses))
    text = f"log {keys.log[0].key}\n{named}group all 2 w0 w1 w2\nquorum all\n"
    assert policy.parse(text)
    (tmp_path / "policy").write_text(text)

    def hanse(*arguments, good=True):
        command = [str(environment / "bin" / "hanse"), *map(str, arguments)]
        result = subprocess.run(command, cwd="/", env={"LANG": "C.UTF-8"}, capture_output=True, text=True, check=False)
        assert good == (result.returncode == 0), result.stderr
        return result.stdout + result.stderr

    policy_file = tmp_path / "policy"
    assert "the ledger of 2026-11 holds" in hanse("audit", "verify", tmp_path, "--policy", policy_file)
    hanse("audit", "prove", tmp_path, "transfers.jsonl:5", "--out", tmp_path / "proof")
    assert '"file":"transfers"' in hanse("audit", "verify-proof", tmp_path / "proof", "--policy", policy_file)
    assert "witness" in hanse("witness", "key", "auditor.example/w", "--out", tmp_path / "key")
    with (tmp_path / "facts.jsonl").open("ab") as file:
        file.write(b"{}\n")
    assert "first offender: C2 facts.jsonl" in hanse("audit", "verify", tmp_path, "--policy", policy_file, good=False)
