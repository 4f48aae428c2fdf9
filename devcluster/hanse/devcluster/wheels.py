"""Python packages for the image, as the lock file has them, by uv.

In: the checkout and a folder. Out: packages installed into that folder. uv's cache is asked first and the network only
if that does not suffice, so that a second build works offline. :mod:`hanse.devcluster.image` makes layers of it.
"""

import os
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hanse.devcluster.errors import DevclusterError


def roots(checkout: Path) -> list[str]:
    """Return the folders of the checkout that go into our wheel."""
    packages: list[str] = _pyproject(checkout)["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return packages


def extras(checkout: Path) -> list[str]:
    """Return the names of all extras."""
    return sorted(_pyproject(checkout)["project"].get("optional-dependencies", {}))


def install_dependencies(checkout: Path, wanted_extras: list[str], target: Path) -> None:
    """Install what our wheel with *wanted_extras* needs, and nothing of ours, into *target*.

    Raises:
        DevclusterError: uv is not there, or neither its cache nor the network has a package.

    """
    flags = [flag for extra in wanted_extras for flag in ("--extra", extra)]
    export = ["export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--project", str(checkout), *flags]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(_uv(export))
        requirements.flush()
        _install(target, "--require-hashes", "--requirement", requirements.name)


def install_ours(checkout: Path, target: Path) -> None:
    """Build our wheel as it would be published and install it, and nothing it needs, into *target*.

    Raises:
        DevclusterError: uv is not there, or the build fails.

    """
    with tempfile.TemporaryDirectory() as folder:
        _uv(["build", "--quiet", "--wheel", "--out-dir", folder, str(checkout)])
        [wheel] = Path(folder).glob("*.whl")
        _install(target, "--no-deps", str(wheel))


def _install(target: Path, *what: str) -> None:
    # Debian's folder for modules is in that of its Python: `python3.11/dist-packages`.
    version = target.parent.name.removeprefix("python")
    target.mkdir(parents=True, exist_ok=True)
    flags = [
        "--quiet",
        "--target",
        str(target),
        "--python-version",
        version,
        "--only-binary",
        ":all:",
        "--link-mode=copy",
    ]
    _uv(["pip", "install", *flags, *what])


def _uv(args: list[str]) -> str:
    uv = os.environ.get("HANSE_UV") or shutil.which("uv")
    if not uv:
        raise DevclusterError("uv is needed to put Hanse into an image, and was not found: run it through `make`")
    for network in (["--offline"], []):
        result = subprocess.run([uv, *network, *args], capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return result.stdout
    raise DevclusterError(
        f"`uv {args[0]}` failed; the Python package index must be reachable:\n{result.stderr.strip()}"
    )


def _pyproject(checkout: Path) -> dict[str, Any]:
    return tomllib.loads((checkout / "pyproject.toml").read_text())
