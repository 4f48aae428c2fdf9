"""A container as a plain process: its mounts, its user, its control group, and its log as kubelets write them.

In: the kubelet's configuration of a container. Out: a running process, and a thread that copies what it says. Mounts
are the process's own and end with it. A mount's place that is not there is made only below /run, which is the node's
own: nothing is made in the machine's own folders.
"""

import os
import subprocess
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from hanse.devcluster import cgroups
from hanse.devcluster.cri.protos import runtime_pb2 as messages
from hanse.devcluster.processes import FOLDER_MARK, PART_MARK

USER = 65_534
"""Whom containers run as: nobody."""
WORKER = "worker"
# Where the kubelet would have a file for a last message: /dev is the machine's own, so there is none.
_NOT_MOUNTED = frozenset({"/dev/termination-log"})
_MADE_BELOW = "/run/"
# Into the control groups, and the mounts made, before it becomes the container.
_SCRIPT = f"""
for group in $HANSE_GROUPS; do echo $$ > "$group/cgroup.procs"; done
unset HANSE_GROUPS
while [ "$1" != -- ]; do
  mount -n --bind "$1" "$2"
  [ "$3" = rw ] || mount -n -o remount,bind,ro "$2"
  shift 3
done
shift
cd "$1"
shift
exec setpriv --reuid={USER} --regid={USER} --clear-groups --no-new-privs -- "$@"
"""


class CannotStartError(Exception):
    """The kubelet asks for what a plain process cannot have, with what it is."""


def start(config: messages.ContainerConfig, group: str, log: Path) -> "subprocess.Popen[bytes]":
    """Start the container that *config* describes in the control group *group*; what it says goes to *log*.

    Raises:
        CannotStartError: it cannot be started so.

    """
    command = [*config.command, *config.args]
    if not command:
        raise CannotStartError("there are no images here, and so no command of an image: the container needs a command")
    mounts = [part for mount in _mounts(config.mounts) for part in mount]
    variables = {each.key: each.value.decode() for each in config.envs}
    variables = {**base(), **variables, "HANSE_GROUPS": " ".join(map(str, cgroups.make_for_one(group)))}
    log.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        ["unshare", "--mount", "--", "sh", "-ec", _SCRIPT, "sh", *mounts, "--", config.working_dir or "/", *command],
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    for name, stream in (("stdout", process.stdout), ("stderr", process.stderr)):
        if stream:
            threading.Thread(target=_copy, args=(name, stream, log), daemon=True).start()
    return process


def base() -> Mapping[str, str]:
    """Return what each container's variables begin with: where this machine has its programs and libraries.

    The marks are those by which :mod:`hanse.devcluster.teardown` finds it, should we end before it.

    """
    taken = ("PATH", "LANG", "LD_LIBRARY_PATH", FOLDER_MARK)
    own = {name: os.environ[name] for name in taken if name in os.environ}
    return {**own, PART_MARK: WORKER, "HOME": "/tmp"}  # noqa: S108  # nobody has no home


def _mounts(wanted: Iterable[messages.Mount]) -> Iterable[tuple[str, str, str]]:
    for mount in wanted:
        place = Path(mount.container_path)
        if mount.container_path in _NOT_MOUNTED:
            continue
        if not place.exists():
            if not mount.container_path.startswith(_MADE_BELOW):
                raise CannotStartError(f"{place}: a mount's place must be there already, or be below {_MADE_BELOW}")
            if Path(mount.host_path).is_dir():
                place.mkdir(parents=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
        yield mount.host_path, mount.container_path, "ro" if mount.readonly else "rw"


def _copy(name: str, stream: IO[bytes], log: Path) -> None:
    """Copy lines to a log in the form of the kubelet's: when, which stream, whether the line is whole, and the line."""
    # Without a buffer each line is one call, which appends it whole, whoever else writes.
    with log.open("ab", buffering=0) as file:
        for line in stream:
            whole = "F" if line.endswith(b"\n") else "P"
            when = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            file.write(f"{when} {name} {whole} ".encode() + line.rstrip(b"\n") + b"\n")
