"""The machine's own Debian or Ubuntu: which packages it has, and where it gets them from.

In: names of packages. Out: they are installed, as root with apt-get, otherwise one sentence with the line to run.
:mod:`hanse.devcluster.realnode`, :mod:`hanse.devcluster.image` and the tests of the dashboard ask before they need a
program. Nothing is ever removed or upgraded.
"""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from hanse.devcluster import files, progress
from hanse.devcluster.errors import DevclusterError

# What shows the dashboard in the tests, with letters for all that it says.
BROWSER = ("chromium", "fonts-liberation", "fonts-wqy-zenhei")
INSTALLED = "ii "
OUTPUT_LINES = 8
# A folder that every Debian has: a lock on it leaves no file of ours behind, and is the same whatever our caches.
LOCK = Path("/var/lib/dpkg")


def require(packages: Iterable[str]) -> None:
    """Make sure that *packages* are installed.

    Raises:
        DevclusterError: they are not, and we may not or cannot install them.

    """
    missing = [package for package in packages if not _is_installed(package)]
    if not missing:
        return
    line = f"apt-get install --no-install-recommends {' '.join(missing)}"
    if not shutil.which("apt-get"):
        raise DevclusterError(
            f"real nodes and images need Debian or Ubuntu; this machine has no apt-get and lacks {' '.join(missing)}"
        )
    if os.geteuid() != 0:
        raise DevclusterError(f"some Debian packages are missing, and only root can install them: sudo {line}")
    _install(missing)


def require_root(what: str) -> None:
    """Refuse to go on as another user than root.

    Raises:
        DevclusterError: this is another user, or not Linux at all.

    """
    if platform.system() != "Linux" or os.geteuid() != 0:
        raise DevclusterError(f"{what} can only be made on Linux and as root")


def suite() -> str:
    """Return the name of the machine's own release, as `bookworm`."""
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "")


def mirror() -> str:
    """Return where the machine's apt gets the machine's own release from.

    Raises:
        DevclusterError: apt has no source for it.

    """
    command = ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        site, _, rest = line.partition(" ")
        if rest == f"{suite()} main":
            return site
    raise DevclusterError(f"apt has no source for {suite() or 'this release'} main: see /etc/apt/sources.list")


def architecture() -> str:
    """Return Debian's name of the machine's architecture, which for amd64 and arm64 is the OCI's too.

    Raises:
        DevclusterError: this is another distribution.

    """
    if not shutil.which("dpkg"):
        raise DevclusterError("images need Debian or Ubuntu; this machine has no dpkg")
    return subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()


def _is_installed(package: str) -> bool:
    if not shutil.which("dpkg-query"):
        return False
    command = ["dpkg-query", "--show", "--showformat", "${db:Status-Abbrev}", package]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.startswith(INSTALLED)


def _install(packages: list[str]) -> None:
    # Let no two of us install at once: for some of its locks apt-get does not wait, but fails.
    with files.locked(LOCK):
        # Somebody who wanted the same may have been here first.
        if missing := [package for package in packages if not _is_installed(package)]:
            _install_missing(missing)


def _install_missing(packages: list[str]) -> None:
    with progress.Line(f"installing Debian packages: {' '.join(packages)}") as line:
        if not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
            line.update("reading the lists of packages")
            _apt_get("update")
        line.update("apt-get install")
        _apt_get("install", "--yes", "--no-install-recommends", *packages)


def _apt_get(*args: str) -> None:
    # Another apt-get may hold the lock, for example the machine's own upgrades.
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=120", *args]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(
        command, env=environment, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if result.returncode != 0:
        tail = "\n".join(f"  {text}" for text in result.stdout.splitlines()[-OUTPUT_LINES:])
        raise DevclusterError(f"`apt-get {' '.join(args)}` failed; try `apt-get update`, then again:\n{tail}")
