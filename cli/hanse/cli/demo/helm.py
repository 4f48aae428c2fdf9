"""The pool as Helm installs it, played from the page that tells users how: docs/quickstart.md, section "With Helm".

In: a development cluster with a real node and a scheduler. Out: claims, one a heading of that section: its commands end
well. They run in one shell, so that variables hold, with Helm built from source. Only the port of
the port-forward is not the page's, which others may use. What the commands start ends with the context.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hanse.cli.demo.stage import Stage, StoryEndsError
from hanse.devcluster import build, cluster, paths, ports, processes

PORT = 8443
_HEADING, _BLOCK = re.compile(r"^### (.+)$", re.MULTILINE), re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
_MARK = "-- heading "
_PART = "shell"


@dataclass(frozen=True)
class Step:
    """A heading of the page: what is said there, and the commands."""

    title: str
    why: str
    commands: str


@dataclass(frozen=True)
class Played:
    """What is there when all steps have ended well."""

    api_url: str
    folder: Path
    """Keys, credentials and the export."""
    said: dict[str, str] = field(default_factory=dict)
    """What the commands printed, by heading."""


def steps(page: str) -> list[Step]:
    """Return the steps of the page's section."""
    section = page.partition("\n## With Helm\n")[2].partition("\n## ")[0]
    _, *parts = _HEADING.split(section)
    return [
        Step(title, text.partition("```")[0].strip(), "".join(_BLOCK.findall(text)))
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    ]


@contextmanager
def played(stage: Stage, own: cluster.Cluster) -> Iterator[Played]:
    """Run all steps in the cluster *own*; what they leave running ends with the `with` block.

    Raises:
        StoryEndsError: commands of a step fail.

    """
    root, port = paths.sources().parent, ports.free()
    played_by = Played(f"http://127.0.0.1:{port}", own.folder / "pool")
    played_by.folder.mkdir()
    wanted = steps((root / "docs/quickstart.md").read_text())
    marked = "\n".join(f"echo '{_MARK}{number}'\n{step.commands}" for number, step in enumerate(wanted))
    script = f"set -euo pipefail\n{marked}\necho '{_MARK}{len(wanted)}'\n"
    script = script.replace(f" {PORT}:{PORT}", f" {port}:{PORT}").replace(f"127.0.0.1:{PORT}", f"127.0.0.1:{port}")
    try:
        with subprocess.Popen(
            ["bash", "-c", script], cwd=root, env=_environment(own, played_by.folder), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as shell:  # fmt: skip
            _tell(stage, wanted, shell, played_by.said)
        yield played_by
    finally:
        # The shell, if it is still there, and what it has put into the background: the port-forward.
        processes.end(own.folder, [_PART])


def next_steps(own: cluster.Cluster, played_by: Played) -> tuple[str, ...]:
    """Return what to try in another terminal."""
    return (
        f"export KUBECONFIG={own.kubeconfig} HANSE_API={played_by.api_url}",
        f'export PATH="{own.kubectl_binary.parent}:{Path(sys.executable).parent}:$PATH"   # kubectl, helm and hanse',
        "helm list --all-namespaces",
        "kubectl logs -n hanse-agent-zhejiang-lab-hz statefulset/hanse-agent",
        "HANSE_TOKEN=$(kubectl create token people -n jiangsu-lab --audience=hanse-api) hanse login",
    )


def _environment(own: cluster.Cluster, folder: Path) -> dict[str, str]:
    """Return an environment with the programs on its path, and the mark by which the cluster takes the shell away."""
    programs = own.folder / "bin"
    (programs / "helm").symlink_to(build.binary(build.HELM))
    return {
        **processes.environment(),
        **{f"HELM_{kind}_HOME": str(folder / "helm") for kind in ("CACHE", "CONFIG", "DATA")},
        processes.FOLDER_MARK: str(own.folder),
        processes.PART_MARK: _PART,
        "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "KUBECONFIG": str(own.kubeconfig),
        "POOL": str(folder),
    }


def _tell(stage: Stage, wanted: list[Step], shell: subprocess.Popen[str], said: dict[str, str]) -> None:
    """Tell what the shell prints as it comes, and claim each step when the next one begins.

    Raises:
        StoryEndsError: a command failed, and the shell ended with it.

    """
    current: Step | None = None
    for line in shell.stdout or ():
        if not line.startswith(_MARK):
            title = current.title if current else ""
            said[title] = said.get(title, "") + line
            stage.lines(line)
            continue
        if current:
            stage.claim(f"{current.title}: all commands end well", holds=True)
        number = int(line.removeprefix(_MARK))
        if number == len(wanted):
            return
        current = wanted[number]
        stage.title(current.title, current.why)
        for command in current.commands.splitlines():
            stage.command(command)
    title = current.title if current else "the shell"
    stage.claim(f"{title}: all commands end well", holds=False, found=said.get(title, ""))
    raise StoryEndsError(title)
