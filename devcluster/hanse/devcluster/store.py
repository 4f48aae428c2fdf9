"""The images as containerd keeps them: unpacked once for each archive, and linked into each real node's folder.

In: the archive of :mod:`hanse.devcluster.image`. Out: a folder beside it, forgotten with it; and from that what
containerd finds when a node starts. To load the archive each time would write a gigabyte. Content and layers are shared
by links, as containerd never writes into them; its databases are copied. This must not know what is in an image.
"""

import fcntl
import shutil
import subprocess
import tempfile
from pathlib import Path

from hanse.devcluster import paths, progress
from hanse.devcluster.errors import DevclusterError

# Of mounts and processes; they end with their first process.
NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
# A containerd that writes into the folder that is the first argument, and loads the archive that is the second.
LOAD = """\
umask 022
mount -n -t tmpfs -o mode=755 tmpfs /run
mount -n -t tmpfs -o mode=755 tmpfs /var/lib
mkdir -p /run/tmp /var/lib/containerd
mount -n --bind "$1" /var/lib/containerd
export TMPDIR=/run/tmp
cat > /run/containerd.toml <<'END'
version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[plugins."io.containerd.internal.v1.opt"]
  path = "/run/opt"
END
containerd --config /run/containerd.toml --log-level warn >&2 &
until ctr version > /dev/null 2>&1; do
    kill -0 $!
    sleep 0.05
done
ctr --namespace k8s.io images import "$2"
# Jobs name images by digest, and no registry says here which those are.
ctr --namespace k8s.io images list | while read -r name _ digest _; do
    case $name in *@*|sha256:*|REF) continue ;; esac
    ctr --namespace k8s.io images tag --force "$name" "${name%:*}@$digest"
done
kill -TERM $!
wait $!
"""
DATABASES = "*/*.db"
UNFINISHED = ".store-"


def prepared(archive: Path) -> Path:
    """Return the folder with what is in *archive*, made first if it is not there.

    Raises:
        DevclusterError: containerd does not take it, with what it said.

    """
    store = archive.with_suffix("")
    if store.is_dir():
        return store
    with (paths.images() / "store.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in paths.images().glob(f"{UNFINISHED}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        if not store.is_dir():
            _load(archive, store)
    return store


def forget(archive: Path) -> None:
    """Remove the folder beside *archive*; nodes that run have links of their own."""
    if (store := archive.with_suffix("")).is_dir():
        # First out of sight, as one step: whoever is killed meanwhile leaves no half of it to be taken for the whole.
        gone = store.replace(tempfile.mkdtemp(prefix=UNFINISHED, dir=paths.images()))
        shutil.rmtree(gone, ignore_errors=True)


def link(store: Path, folder: Path) -> None:
    """Have in *folder* all that is in *store*, for a containerd that is to write there.

    Raises:
        DevclusterError: it cannot be linked.

    """
    command = ["cp", "--archive", "--link", "--", f"{store}/.", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise DevclusterError(f"the images in {store} cannot be linked: {result.stderr.strip()}")
    for database in folder.glob(DATABASES):
        aside = database.with_suffix(".copy")
        shutil.copy2(database, aside)
        aside.replace(database)


def _load(archive: Path, store: Path) -> None:
    with progress.Line("unpacking the container images"):
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=paths.images()))
        command = [*NAMESPACES, "sh", "-ec", LOAD, "sh", str(unfinished), str(archive)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            shutil.rmtree(unfinished)
            raise DevclusterError(f"containerd does not take {archive}: {result.stderr.strip()}")
        unfinished.rename(store)
