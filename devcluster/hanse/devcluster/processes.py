"""Processes that belong to a cluster, and can be found again whatever became of those who started them.

In: a cluster's folder, a part's name and a command line. Out: a process in a session of its own (a Ctrl-C in the
terminal does not reach it), adopted by init (it outlives us, and leaves no zombie), that logs to `logs/PART.log`.

There are no pid files: a crash between fork and write would lose a process, and a pid can be used again. The mark is
two environment variables, which the kernel keeps for each process and its children inherit; :func:`find` reads them
back from `/proc`. :mod:`hanse.devcluster.teardown` ends what is found.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hanse.devcluster.errors import DevclusterError

FOLDER_MARK = "HANSE_DEVCLUSTER_FOLDER"
PART_MARK = "HANSE_DEVCLUSTER_PART"

# What a part gets of our environment. A proxy, or somebody's ETCD_ or PG variable, would change what it does.
INHERITED = ("HOME", "LANG", "PATH", "TMPDIR", "TZ", "XDG_CACHE_HOME")

NONE: Mapping[str, str] = {}
LOG_TAIL_LINES = 12
POLL_SECONDS = 0.05
# A process in the middle of `execve` shows no environment: what is not found is looked for again before it is believed.
# On a busy machine that middle may last.
LOOKS = 4
LOOK_AGAIN_SECONDS = 0.05
MISSING_SECONDS = 2.0
KILLED_SECONDS = 60.0
"""So long what was killed may take to be gone."""
# Start time in clock ticks, counted after the command's name: proc(5), field 22.
STARTED_FIELD = 19


@dataclass(frozen=True)
class Found:
    """A running process that carries a cluster's mark."""

    pid: int
    part: str


def environment() -> dict[str, str]:
    """Return the part of our environment that does not depend on who we are."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def libraries() -> dict[str, str]:
    """Return where a GPU's driver keeps its libraries, if our environment says so: for parts that ask the driver."""
    return {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}


def start(  # noqa: PLR0913  # a process
    folder: Path,
    part: str,
    argv: list[str],
    stdin: int = subprocess.DEVNULL,
    *,
    variables: Mapping[str, str] = NONE,
    inherited: Collection[int] = (),
) -> None:
    """Start *argv* as *part* of the cluster in *folder*.

    What others must not see, such as a URL with a password, goes into *variables*: arguments are for everybody to read.
    The files *inherited* stay open in it, and in what it starts.

    """
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{part}.log").open("ab") as log:
        subprocess.run(
            ["setsid", "--fork", *argv],
            stdin=stdin,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**environment(), **variables, FOLDER_MARK: str(folder), PART_MARK: part},
            cwd=folder,
            check=True,
            pass_fds=inherited,
        )


def start_module(folder: Path, part: str, module: str, *args: str, **variables: str) -> None:
    """Start a module of this Python as *part*; a folder that it happens to run in adds nothing that it could import."""
    start(folder, part, [sys.executable, "-P", "-m", module, *args], variables=variables)


def wait_until_ready(folder: Path, part: str, ready: Callable[[], bool], limit_seconds: float) -> None:
    """Call *ready* until it returns true.

    Raises:
        DevclusterError: the part ended first, or the limit went by; with the end of its log.

    """
    started = seen = time.monotonic()
    while True:
        # In this order: somebody else's server on the same port must not pass for a part of ours that has ended.
        answered = ready()
        runs = bool(_look(folder, {part}))
        if answered and runs:
            return
        now = time.monotonic()
        seen = now if runs else seen
        if now - seen > MISSING_SECONDS:
            raise DevclusterError(f"{part} ended before it was ready; {log_tail(folder, part)}")
        if now - started > limit_seconds:
            raise DevclusterError(f"{part} was not ready after {limit_seconds:.0f} s; {log_tail(folder, part)}")
        time.sleep(POLL_SECONDS)


def find(folder: Path, parts: Iterable[str] | None = None) -> list[Found]:
    """Return the running processes of the cluster in *folder*, all or those of *parts*, never the caller itself."""
    wanted = None if parts is None else set(parts)
    for _ in range(LOOKS):
        if found := _look(folder, wanted):
            return found
        time.sleep(LOOK_AGAIN_SECONDS)
    return []


def end(
    folder: Path,
    parts: Iterable[str] | None = None,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGKILL),
    patience_seconds: float = 5.0,
) -> None:
    """End the cluster's processes, all or those of *parts*: each signal is given time before the next is sent.

    Raises:
        DevclusterError: a process does not end even so.

    """
    wanted = None if parts is None else list(parts)
    for number in signals:
        # What is killed ends by itself, if late on a machine with other work; what is asked to may not.
        patience = max(patience_seconds, KILLED_SECONDS) if number is signal.SIGKILL else patience_seconds
        if _signal_and_wait(folder, wanted, number, patience):
            return
    names = ", ".join(f"{process.part} (pid {process.pid})" for process in find(folder, wanted))
    raise DevclusterError(f"these processes do not end: {names}; see what holds them with `ps -o pid,stat,wchan,cmd`")


def identity(pid: int) -> str:
    """Return what tells a process from all others that have or had its pid, empty if there is none with it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return f"{pid}:{fields[STARTED_FIELD]}"


def log_tail(folder: Path, part: str) -> str:
    """Return the end of a part's log, for an error message."""
    path = folder / "logs" / f"{part}.log"
    lines = path.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:] if path.exists() else []
    return "\n".join([f"the end of {path}:", *(f"  {line}" for line in lines)])


def _look(folder: Path, parts: set[str] | None) -> list[Found]:
    mark = f"{FOLDER_MARK}={folder}"
    found = []
    for pid in sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        variables = _variables(pid)
        if mark not in variables or pid == os.getpid():
            continue
        part = next((entry.partition("=")[2] for entry in variables if entry.startswith(f"{PART_MARK}=")), "?")
        if parts is None or part in parts:
            found.append(Found(pid, part))
    return found


def _signal_and_wait(folder: Path, parts: list[str] | None, number: signal.Signals, patience_seconds: float) -> bool:
    """Signal the processes and return whether they are gone within the patience; new children are signalled too."""
    deadline = time.monotonic() + patience_seconds
    signalled: set[int] = set()
    while remaining := find(folder, parts):
        for pid in {process.pid for process in remaining} - signalled:
            signalled.add(pid)
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _variables(pid: int) -> list[str]:
    """Return a process's variables as `NAME=value`; none for a zombie, a kernel thread or somebody else's process."""
    try:
        content = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return []
    return content.decode(errors="replace").split("\0")
