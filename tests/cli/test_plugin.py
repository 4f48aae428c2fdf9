"""`kubectl hanse`, found and completed by the real kubectl; completion in shells."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from hanse.devcluster import build

SCRIPTS = Path(sys.executable).parent


@pytest.fixture(name="kubectl", scope="module")
def _kubectl(tmp_path_factory):
    """Return what runs kubectl as a user does who has installed Hanse, and nothing else."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "kubectl").symlink_to(build.binary(build.CONTROLPLANE))
    variables = {**os.environ, "PATH": f"{folder}:{SCRIPTS}:/usr/bin:/bin", "KUBECONFIG": "/dev/null", "NO_COLOR": "1"}

    def run(*args):
        return subprocess.run(["kubectl", *args], capture_output=True, text=True, check=False, env=variables)

    return run


def completed(kubectl, *words):
    """Return what kubectl offers to its shell in place of the last word, without descriptions, and its directive."""
    *found, directive = kubectl("__complete", "hanse", *words).stdout.splitlines()
    return [line.partition("\t")[0] for line in found], directive


def test_kubectl_lists_the_plugin(kubectl):
    assert str(SCRIPTS / "kubectl-hanse") in kubectl("plugin", "list").stdout.split()


def test_the_plugin_is_the_command_under_its_own_name(kubectl):
    assert f"hanse {metadata.version('hanse')}\n" == kubectl("hanse", "--version").stdout
    assert kubectl("hanse", "queue", "--help").stdout.startswith("Usage: kubectl hanse queue ")


def test_its_mistakes_are_said_under_its_own_name(kubectl):
    wrong = kubectl("hanse", "jobs")
    assert (2, True) == (wrong.returncode, wrong.stderr.startswith("Usage: kubectl hanse jobs ")), wrong.stderr
    failed = kubectl("hanse", "log", "key", "no URL", "--out=/nowhere/key")
    assert (1, True) == (failed.returncode, failed.stderr.startswith("kubectl hanse: ")), failed.stderr


def test_it_does_not_offer_to_install_completion_which_is_kubectls(kubectl):
    assert "completion" not in kubectl("hanse", "--help").stdout


@pytest.mark.parametrize(
    ("words", "expected", "directive"),
    [
        pytest.param(["audit", "verify"], ["verify", "verify-proof", "verify-line"], ":4", id="a command of a group"),
        pytest.param(["queue", "--a"], ["--api"], ":4", id="an option"),
        pytest.param(["audit", "verify", ""], [], ":0", id="a file"),
    ],
)
def test_kubectl_completes_its_words(kubectl, words, expected, directive):
    assert (expected, directive) == completed(kubectl, *words)


# What each shell's script sets before it asks; fish and zsh give the line, bash words and the place of the last one.
ASKING = {
    "bash": {"COMP_WORDS": "hanse wit", "COMP_CWORD": "1"},
    "fish": {"_TYPER_COMPLETE_ARGS": "hanse wit", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    "zsh": {"_TYPER_COMPLETE_ARGS": "hanse wit"},
}


@pytest.mark.parametrize("shell", ASKING)
def test_each_shell_gets_a_script_that_asks_and_an_answer(shell):
    def ask(what):
        variables = {**os.environ, **ASKING[shell], "_HANSE_COMPLETE": f"{what}_{shell}"}
        return subprocess.run(["hanse"], executable=SCRIPTS / "hanse", capture_output=True, text=True, check=False,
                              env=variables).stdout  # fmt: skip

    script = ask("source")
    assert f"_HANSE_COMPLETE=complete_{shell}" in script
    assert [name for name in ASKING[shell] if name not in script] == []
    assert "witness" in ask("complete")


def test_bash_completes_a_command_with_the_script():
    script = """
        eval "$(_HANSE_COMPLETE=source_bash hanse)"
        COMP_WORDS=(hanse clus) COMP_CWORD=1
        _hanse_completion hanse
        echo "${COMPREPLY[@]}"
        complete -p hanse
    """
    said = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True,
                          env={**os.environ, "PATH": f"{SCRIPTS}:{os.environ['PATH']}"}).stdout  # fmt: skip
    assert ["cluster cluster-agent", "complete -o default -F _hanse_completion hanse"] == [
        " ".join(sorted(line.split())) if line.startswith("cluster") else line for line in said.splitlines()
    ]
