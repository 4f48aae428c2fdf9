"""The command line as a user meets it."""

import os
import subprocess
import sys
from importlib import metadata

import pytest

from hanse.devcluster import paths


def hanse(*args, env=None):
    return subprocess.run(
        [sys.executable, "-m", "hanse.cli.main", *args],
        capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1", **(env or {})},
    )  # fmt: skip


@pytest.fixture(name="name")
def _name():
    name = f"test-{os.getpid()}-cli"
    yield name
    if name in hanse("devcluster", "status").stdout:
        hanse("devcluster", "down", name)


def test_the_version_is_the_installed_one():
    assert f"hanse {metadata.version('hanse')}\n" == hanse("--version").stdout


@pytest.mark.parametrize("command", [[], ["devcluster"], ["devcluster", "up"], ["devcluster", "down"], ["demo"]])
def test_help_says_what_a_command_does(command):
    result = hanse(*command, "--help")
    assert 0 == result.returncode
    assert result.stdout.startswith("Usage: ")


def test_a_command_loads_nothing_that_others_need():
    code = (
        "import sys; from hanse.cli import main; main.app(['queue', '--help'], standalone_mode=False)\n"
        "others = {'kubernetes', 'sqlalchemy', 'hanse.cli.demo', 'hanse.cli.devcluster'}\n"
        "print(*others & sys.modules.keys(), file=sys.stderr)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ("\n", True) == (told.stderr, "Usage" in told.stdout)


def test_an_error_is_one_sentence_and_no_traceback():
    result = hanse("devcluster", "kubeconfig", "nowhere")
    assert 1 == result.returncode
    assert "" == result.stdout
    assert result.stderr.startswith("hanse: no cluster 'nowhere' runs")
    assert "Traceback" not in result.stderr


def test_a_shape_that_is_none_is_refused_before_anything_starts(name):
    result = hanse("devcluster", "up", name, "--nodes", "four")
    assert (1, "hanse: 'four' is no shape of nodes: write CLASS=NODESxGPUS, such as h100-80g=4x8\n") == (
        result.returncode,
        result.stderr,
    )
    assert name not in hanse("devcluster", "status").stdout


def test_a_cluster_that_stays_from_up_to_down(name):
    up = hanse("devcluster", "up", name, "--nodes", "h100-80g=2x8", "--no-postgres")
    assert 0 == up.returncode, up.stderr
    status = hanse("devcluster", "status").stdout
    assert name in status
    assert "stays until it is taken down" in status
    path = hanse("devcluster", "kubeconfig", name).stdout.strip()
    assert f"export KUBECONFIG={path}" in up.stdout
    nodes = hanse("devcluster", "nodes", name, "--add", "ascend-910b=1x8")
    assert "1 new nodes of ascend-910b" in nodes.stderr
    assert ["ascend-910b-00000", "h100-80g-00000", "h100-80g-00001"] == [
        line.split()[0] for line in nodes.stdout.splitlines()[1:]
    ]
    again = hanse("devcluster", "up", name)
    assert f"take it down with `hanse devcluster down {name}`" in again.stderr
    assert f"{name}: gone\n" == hanse("devcluster", "down", name).stdout
    assert name not in hanse("devcluster", "status").stdout


@pytest.mark.parametrize("name", ["", "..", "/etc"])
def test_down_takes_nothing_away_that_is_no_cluster(name):
    result = hanse("devcluster", "down", name)
    assert (1, True) == (result.returncode, "cannot name a cluster" in result.stderr)


def test_a_port_out_of_range_is_refused():
    result = hanse("devcluster", "up", "--port", "70000")
    assert 2 == result.returncode
    assert "Invalid value for '--port'" in result.stderr


def test_down_without_names_takes_the_default_and_leftovers_and_leaves_what_stays(tmp_path):
    """In a cache of its own, whose clusters are nobody's work."""
    (tmp_path / "hanse").mkdir()
    (tmp_path / "hanse" / "bin").symlink_to(paths.binaries())
    mine = {"XDG_CACHE_HOME": str(tmp_path)}
    leaves = "from hanse.devcluster import cluster; cluster._make_folder(cluster.Cluster('crashed'), '1:1')"
    try:
        for command in (["up", "--no-postgres"], ["up", "stays", "--no-postgres"]):
            assert 0 == hanse("devcluster", *command, env=mine).returncode
        subprocess.run([sys.executable, "-c", leaves], check=True, env={**os.environ, **mine})
        down = hanse("devcluster", "down", env=mine).stdout
        assert ["crashed: gone", "hanse: gone"] == down.splitlines()[:2]
        assert "stays: left, it belongs to nobody" in down
        assert "stays: gone\n" == hanse("devcluster", "down", "--all", env=mine).stdout
    finally:
        hanse("devcluster", "down", "--all", env=mine)


def test_without_the_development_extra_its_commands_are_not_there(tmp_path):
    """An installation for production has no urllib3, as far as Python can see."""
    (tmp_path / "urllib3.py").write_text("raise ModuleNotFoundError('no urllib3', name='urllib3')\n")
    result = hanse("--help", env={"PYTHONPATH": str(tmp_path)})
    assert 0 == result.returncode, result.stderr
    assert "pip install 'hanse[devcluster]'" in result.stdout
    assert "Show a pool" not in result.stdout
