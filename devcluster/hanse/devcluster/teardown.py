"""Taking a cluster away, whatever state it is in.

In: a cluster's folder. Out: no process, mount, network, control group or file of it is left. It works from what can be
seen (marked processes, recorded bridges), not from what somebody remembered, so it does the same after a crash; it may
run twice, also at once. Nobody's work is saved: the control plane is killed, not asked.
"""

import signal
import subprocess
import time
from pathlib import Path

from hanse.devcluster import paths, postgres, processes, processnode, realnode
from hanse.devcluster.errors import DevclusterError

REMOVE_TRIES = 20


def destroy(folder: Path) -> None:
    """End everything that belongs to the cluster in *folder*, and remove the folder.

    Raises:
        DevclusterError: something does not go away, or *folder* is not where clusters are.

    """
    if folder.parent != paths.clusters() or not folder.name:
        raise DevclusterError(f"{folder} is no cluster's folder: nothing is taken away")
    # Postgres removes its shared memory if it is told to stop at once; an ordinary user's may be in no namespace.
    processes.end(folder, [postgres.PART], [signal.SIGQUIT, signal.SIGKILL], patience_seconds=2)
    processes.end(folder, signals=[signal.SIGKILL])
    realnode.clean(folder)
    processnode.clean(folder)
    _remove(folder)


def _remove(folder: Path) -> None:
    for _ in range(REMOVE_TRIES):
        # Three times as fast as `shutil.rmtree` for the many files of a container runtime, and it never leaves a file
        # system: what is mounted below, whoever mounted it, is not ours to delete.
        subprocess.run(["rm", "-rf", "--one-file-system", "--", str(folder)], capture_output=True, check=False)
        if not folder.exists():
            return
        time.sleep(0.1)
    raise DevclusterError(f"{folder} cannot be removed: see what it still holds with `ls -lR` and `lsof +D`")
