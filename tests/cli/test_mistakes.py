"""Ordinary mistakes are one sentence with what to do, whatever library found them."""

import os
import subprocess
import sys

import pytest

NOWHERE = "127.0.0.1:9"
PASSWORD = "guess-it"  # noqa: S105  # of no database
URL = f"postgresql://hanse:{PASSWORD}@{NOWHERE}/hanse"
EXPORT = ["audit", "export", "--period=2026-01", "--out=export"]
ENROL = ["cluster", "enrol", "--member=north", "--member-key=signing.key"]
KUBECONFIG = f"""\
apiVersion: v1
kind: Config
clusters: [{{name: hub, cluster: {{server: "http://{NOWHERE}"}}}}]
users: [{{name: people, user: {{}}}}]
contexts: [{{name: hub, context: {{cluster: hub, user: people}}}}]
current-context: hub
"""
SETTINGS = f"""\
cluster: north-1
hubKubeconfig: kubeconfig
apiUrl: http://{NOWHERE}
apiTokenFile: api-token
signingKeyFile: not-there.key
sealingKeyFile: sealing.key
stateFolder: state
"""


@pytest.fixture(name="folder")
def _folder(tmp_path):
    files = {"kubeconfig": KUBECONFIG, "agent.yaml": SETTINGS, "broken.yaml": "a: [secret\n"}
    for name, content in (files | {"signing.key": "A" * 43 + "="}).items():
        (tmp_path / name).write_text(content)
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("command", "url", "sentence"),
    [
        (EXPORT, URL, "see that PostgreSQL runs where HANSE_DATABASE_URL says"),
        (EXPORT, URL.replace("://", "//"), "HANSE_DATABASE_URL is no URL of a database: write postgresql://USER"),
        (EXPORT, f"postgresql://hanse:{PASSWORD}", "HANSE_DATABASE_URL is no URL of a database: write"),
        (EXPORT, URL.replace("guess", "x@guess"), "with @ in a password as %40"),
        (["cluster", "install", "empty"], "", "empty/agent.yaml is not there: name a file that is"),
        ([*ENROL, "broken.yaml"], "", "broken.yaml, line 2: expected ',' or ']'"),
        ([*ENROL, "agent.yaml"], "", "api-token is not there"),
        (["cluster-agent", "--config=broken.yaml"], "", "broken.yaml, line 2: expected ',' or ']'"),
        (["cluster-agent", "--config=agent.yaml"], "", "not-there.key is not there"),
        (["operator", "--kubeconfig=not-there"], URL, "Name a kubeconfig that is there"),
        (["operator", "--kubeconfig=broken.yaml"], URL, "broken.yaml, line 2: expected ',' or ']'"),
        (["api", "--kubeconfig=not-there"], URL, "Name a kubeconfig that is there"),
        (["doctor", "--kubeconfig=broken.yaml"], "", "broken.yaml, line 2: expected ',' or ']'"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_mistake_is_one_sentence_with_what_to_do(folder, command, url, sentence):
    result = subprocess.run(
        [sys.executable, "-P", "-m", "hanse.cli.main", *command], capture_output=True, text=True, check=False,
        cwd=folder, env={**os.environ, "KUBECONFIG": "kubeconfig", "HANSE_DATABASE_URL": url},
    )  # fmt: skip
    last = result.stderr.splitlines()[-1]
    assert (1, True, True) == (result.returncode, last.startswith("hanse: "), sentence in last), result.stderr
    assert "Traceback" not in result.stderr
    assert not [word for word in (PASSWORD, "secret") if word in result.stdout + result.stderr]


def test_what_is_no_ordinary_mistake_keeps_its_traceback():
    breaks = "from hanse.cli import main; main.app = lambda **_: {}['gone']; main.main()"
    result = subprocess.run([sys.executable, "-c", breaks], capture_output=True, text=True, check=False)
    assert (1, True) == (result.returncode, "KeyError: 'gone'" in result.stderr)
