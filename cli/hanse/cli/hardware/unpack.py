"""The beginning of a run on a GPU machine: the pack is unpacked, and a Python made that has what is in it.

    python3 cli/hanse/cli/hardware/unpack.py PACK FOLDER

In: a pack, and the machine's Python, which has PyTorch and which this runs on: nothing but the standard library is
used. Out: an environment in a folder of its own, which is removed in the end, with this checkout, the pack's packages
and the machine's NumPy; and in it the run (:mod:`hanse.cli.hardware.command`), whose results go to FOLDER. Workers are
run by the machine's Python, as it is.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[4]
PYTHON = (3, 12)


def main() -> int:
    """Unpack, and run; return the run's exit status."""
    pack, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    if sys.version_info[:2] != PYTHON:
        return _refused(f"the pack is for Python {'.'.join(map(str, PYTHON))}, and this is {sys.version.split()[0]}")
    if not pack.is_file():
        return _refused(f"{pack} is not there: make hardware-pack makes it, on a machine with a network")
    out.mkdir(parents=True, exist_ok=True)
    # In a folder that all may enter: the workers' user is nobody.
    folder = Path(tempfile.mkdtemp(prefix="hanse-pack-"))
    folder.chmod(0o755)
    try:
        python = _prepare(pack, folder)
        variables = {
            **os.environ,
            "XDG_CACHE_HOME": str(folder / "cache"),
            "HANSE_WORKERS_PYTHON": sys.executable,
            # Where drivers often have their programs.
            "PATH": f"{python.parent}:{os.environ['PATH']}:/usr/local/nvidia/bin:/usr/local/cuda/bin",
            "PYTHONUNBUFFERED": "1",
        }
        variables.pop("PYTHONPATH", None)
        # Ctrl-C is the run's to answer, which takes down what it has started; we wait for that.
        signal.signal(signal.SIGINT, lambda *_: None)
        run = [str(python), "-P", "-m", "hanse.cli.hardware.command", str(out)]
        return subprocess.run(run, env=variables, cwd=CHECKOUT, check=False).returncode
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(pack: Path, folder: Path) -> Path:
    """Unpack into *folder*; return the Python to run with."""
    began = time.monotonic()
    with tarfile.open(pack, "r:xz") as archive:
        archive.extractall(folder, filter="data")
    binaries = folder / "cache" / "hanse" / "bin"
    binaries.parent.mkdir(parents=True)
    (folder / "bin").rename(binaries)
    _say("unpacked", began)
    environment = folder / "python"
    venv.create(environment, with_pip=False, symlinks=True)
    [packages] = (environment / "lib").glob("python*/site-packages")
    listed = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    roots = [str(CHECKOUT / name).removesuffix("/hanse") for name in listed["packages"]]
    (packages / "hanse.pth").write_text("\n".join([*roots, str(folder / "site")]) + "\n")
    # Once for all processes, which start at the same time; what cannot be compiled nobody imports.
    python = environment / "bin" / "python"
    subprocess.run([str(python), "-m", "compileall", "-qq", "-j0", str(folder / "site")], check=False)
    _link_numpy(folder / "site")
    _say("prepared", began)
    return python


def _link_numpy(site: Path) -> None:
    """Have the run use the NumPy that the machine's PyTorch uses: it is large, and so not in the pack."""
    found = importlib.util.find_spec("numpy")
    if found is None or found.origin is None:
        raise SystemExit(_refused("the machine's Python has no NumPy, which PyTorch has: use the Python of PyTorch"))
    package = Path(found.origin).parent
    for each in (package, package.with_name("numpy.libs")):
        if each.exists():
            (site / each.name).symlink_to(each)


def _say(what: str, began: float) -> None:
    sys.stdout.write(f"the pack is {what}: {time.monotonic() - began:.1f} s\n")
    sys.stdout.flush()


def _refused(why: str) -> int:
    sys.stderr.write(f"hardware: {why}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
