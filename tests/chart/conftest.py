"""Helm itself, of a pinned version, built from source like the control plane."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from hanse.devcluster import build

CHART = Path(__file__).parents[2] / "charts/hanse"


class Helm:
    """The program, and what it says of our chart."""

    def __init__(self, binary, home):
        self._binary = binary
        self._environment = {"PATH": "/usr/bin:/bin", "HOME": str(home)}

    def __call__(self, *arguments, kubeconfig=None, values=None, check=True):
        given = ["--values=-"] if values is not None else []
        given += [f"--kubeconfig={kubeconfig}"] if kubeconfig else []
        result = subprocess.run(
            [str(self._binary), *arguments, *given],
            input=yaml.safe_dump(values or {}), capture_output=True, text=True, check=False, env=self._environment,
        )  # fmt: skip
        assert not check or result.returncode == 0, result.stderr + result.stdout
        return result

    def render(self, **values):
        """Return the objects of a release `hanse` in `hanse-system`."""
        answer = self("template", "hanse", str(CHART), "--namespace=hanse-system", values=values)
        return [each for each in yaml.safe_load_all(answer.stdout) if each]


@pytest.fixture(name="helm", scope="session")
def _helm(tmp_path_factory):
    return Helm(build.binary(build.HELM), tmp_path_factory.mktemp("helm"))


@pytest.fixture(name="promtool", scope="session")
def _promtool():
    """What Prometheus brings to check metrics and rules."""
    binary = build.binary(build.PROMTOOL)

    def run(*arguments, stdin=b""):
        return subprocess.run([str(binary), *map(str, arguments)], input=stdin, capture_output=True, check=False)

    return run


@pytest.fixture(name="dry_run")
def _dry_run(hub):
    """Show objects to the API server as if they were applied; return a line for each that it takes."""

    def shown(objects):
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        arguments = ("--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-")
        return hub.kubectl("apply", *arguments, stdin=listed).stdout.splitlines()

    return shown


@pytest.fixture(name="chart", scope="session")
def _chart():
    return CHART
