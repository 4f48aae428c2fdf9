"""The container images of the development cluster: our wheel on a small Debian, and what holds a pod's namespaces.

In: the recipe `devcluster/image/image.toml`, the checkout and its lock file. Out: one OCI archive in the user's cache,
named by a hash of all that went in, which :mod:`hanse.devcluster.realnode` loads into containerd; no registry, no
container engine. It has three layers, each made again only when its own input changed: the base (debootstrap), the
dependencies (uv), and our code. Only the first two ask the network, and uv only for what its cache lacks.
:mod:`hanse.devcluster.oci` writes the files; this module must not know how an image looks inside.
"""

import contextlib
import fcntl
import fnmatch
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import time
import tomllib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any, cast

from hanse.devcluster import debian, oci, paths, progress, store, wheels
from hanse.devcluster.errors import DevclusterError

NAME = "hanse.dev/hanse:dev"
PAUSE_NAME = "hanse.dev/pause:1"

# Raised when this module makes something else of the same recipe.
FORMAT = "1"
OUTPUT_LINES = 12
KEPT_OF_EACH = 2
# Where programs are in any Debian; nothing else of our environment reaches what runs inside the base.
PROGRAMS = "/usr/sbin:/usr/bin:/sbin:/bin"
# Where Debian's Python looks for what its packages do not bring, before and after its version.
SITE_PATTERN = "usr/local/lib/python3.*/dist-packages"


def build() -> Path:
    """Return the archive with all images, making first what the cache lacks.

    Raises:
        DevclusterError: this is not Debian or Ubuntu, or not root, or a mirror or index cannot be reached.

    """
    recipe = Recipe()
    archive = paths.images() / f"images-{recipe.archive_key}.tar"
    if archive.exists():
        return archive
    debian.require_root("images")
    debian.require(["debootstrap"])
    with _umask(0o022), (paths.images() / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            _build(recipe, archive)
            _forget_older()
    return archive


def by_digest(archive: Path, name: str = NAME) -> str:
    """Return the name of an image in *archive* with its digest in place of its tag, as jobs must name it."""
    with tarfile.open(archive) as tar, cast("IO[bytes]", tar.extractfile("index.json")) as index:
        entries = json.load(index)["manifests"]
    digest = next(each["digest"] for each in entries if each["annotations"][oci.NAME_ANNOTATION] == name)
    return f"{name.rpartition(':')[0]}@{digest}"


class Recipe:
    """The recipe and the checkout, read once, and the hashes of what goes into each layer."""

    def __init__(self) -> None:
        self.checkout = paths.sources().parent
        self._file = paths.sources() / "image" / "image.toml"
        self.content: dict[str, Any] = tomllib.loads(self._file.read_text())
        self.suite = debian.suite()
        self.architecture = debian.architecture()

    @cached_property
    def base_key(self) -> str:
        """Hash of what goes into the base layer; what the mirror holds that day is not part of it."""
        return _hash([FORMAT, self.suite, self.architecture, repr(self.content["base"])])

    @cached_property
    def dependencies_key(self) -> str:
        """Hash of what goes into the layer of dependencies."""
        return _hash([self.base_key, repr(self.extras), (self.checkout / "uv.lock").read_bytes()])

    @cached_property
    def application_key(self) -> str:
        """Hash of our code and everything else that lies beside it in the source roots."""
        parts: list[str | bytes] = [self.base_key, (self.checkout / "pyproject.toml").read_bytes()]
        for folder in [*wheels.roots(self.checkout), *self.folders]:
            for file in sorted(file for file in (self.checkout / folder).rglob("*") if file.is_file()):
                # An editor's temporary file may be gone by now.
                with contextlib.suppress(FileNotFoundError):
                    if "__pycache__" not in file.parts:
                        parts += [str(file.relative_to(self.checkout)), file.read_bytes()]
        return _hash(parts)

    @cached_property
    def archive_key(self) -> str:
        """Hash of everything."""
        return _hash([self._file.read_bytes(), self.dependencies_key, self.application_key])

    @property
    def extras(self) -> list[str]:
        """The extras of pyproject.toml that go into the image."""
        without = self.content["dependencies"]["without_extras"]
        return [extra for extra in wheels.extras(self.checkout) if extra not in without]

    @property
    def folders(self) -> dict[str, str]:
        """Where each folder of the checkout goes that is no Python package, of those that there are."""
        folders: dict[str, str] = self.content["application"]["folders"]
        return {folder: target for folder, target in folders.items() if (self.checkout / folder).is_dir()}


def _build(recipe: Recipe, archive: Path) -> None:
    started = time.monotonic()
    with progress.Line("making the container images (the first time: about two minutes)") as line:
        base = _base(recipe, line)
        layers = {"base": oci.read_layer(base.with_suffix(".tar"))}
        for kind, key, install in (
            ("dependencies", recipe.dependencies_key, _install_dependencies),
            ("application", recipe.application_key, _install_application),
        ):
            line.update(f"the layer of the {kind}")
            layers[kind] = _python_layer(f"{kind}-{key}", base, partial(install, recipe))
        line.update("writing the archive")
        images = [_image(name, recipe.content, layers) for name in recipe.content["images"]]
        oci.write_archive(archive, images, recipe.architecture)
    size_mib = archive.stat().st_size >> 20
    progress.say(f"made the container images in {time.monotonic() - started:.0f} s ({size_mib} MiB)")


def _image(name: str, content: dict[str, Any], layers: dict[str, oci.Layer]) -> oci.Image:
    own, common = content["images"][name], content["config"]
    config = {"User": common["user"], "Env": common["environment"], "Entrypoint": own["entrypoint"], "WorkingDir": "/"}
    return oci.Image(name, tuple(layers[layer] for layer in own["layers"]), config)


def _base(recipe: Recipe, line: progress.Line) -> Path:
    """Return a folder with a small Debian, and beside it the layer of the same name."""
    root = paths.images() / f"base-{recipe.base_key}"
    if root.is_dir() and root.with_suffix(".tar").exists():
        return root
    base = recipe.content["base"]
    shutil.rmtree(root, ignore_errors=True)
    # In a mount namespace of its own, whose end takes debootstrap's mounts away whatever happens to it.
    command = ["unshare", "--mount", "--fork", "--kill-child", "debootstrap", "--variant=minbase"]
    command += [f"--include={','.join(base['packages'])}", recipe.suite, str(root), debian.mirror()]
    _run_with_progress(command, line)
    line.update("compiling Python's own modules")
    _compile(root, "usr/lib")
    _hide_build_time(root)
    oci.write_layer(root, root.with_suffix(".tar"), lambda path: _is_dropped(path, base["drop"], base["keep"]))
    return root


def _install_dependencies(recipe: Recipe, site: Path, _folder: Path) -> None:
    wheels.install_dependencies(recipe.checkout, recipe.extras, site)


def _install_application(recipe: Recipe, site: Path, folder: Path) -> None:
    wheels.install_ours(recipe.checkout, site)
    for source, target in recipe.folders.items():
        shutil.copytree(recipe.checkout / source, folder / target, ignore=shutil.ignore_patterns("__pycache__"))


def _python_layer(name: str, base: Path, install: Callable[[Path, Path], None]) -> oci.Layer:
    """Return the layer called *name* of what *install* puts into a folder: programs in their place, modules compiled.

    It is given the place of modules in that folder, and the folder.
    """
    file = paths.images() / f"{name}.tar"
    if file.exists():
        return oci.read_layer(file)
    folder = _fresh(file)
    site = _site(base, folder)
    install(site, folder)
    programs = folder / "usr/local/bin"
    programs.mkdir(parents=True)
    for program in (site / "bin").glob("*"):
        _, separator, body = program.read_text().partition("\n")
        (programs / program.name).write_text("#!/usr/bin/python3" + separator + body)
        (programs / program.name).chmod(0o755)
    shutil.rmtree(site / "bin", ignore_errors=True)
    (site / ".lock").unlink(missing_ok=True)
    _compile(base, str(site.relative_to(folder)), mounted=site)
    layer = oci.write_layer(folder, file)
    shutil.rmtree(folder)
    return layer


def _compile(base: Path, path: str, mounted: Path | None = None) -> None:
    """Compile the modules under *path* with the Python of *base*, where *mounted* is seen at *path* if given.

    Compiled files usually carry their source's modification time, which is the same for all files of a layer;
    unchecked ones are just believed.
    """
    script = 'if [ -n "$3" ]; then mount -n --bind "$3" "$1/$2"; fi; exec chroot "$1" python3 -m compileall -q -f -j 0 \
        --invalidation-mode unchecked-hash "/$2"'
    command = ["unshare", "--mount", "sh", "-ec", script, "sh", str(base), path, str(mounted or "")]
    # Some packages carry modules for other versions of Python, which fail here and are never imported.
    result = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": PROGRAMS})
    if result.returncode not in (0, 1):
        raise DevclusterError(f"compiling the modules under {path} failed: {result.stderr.strip()}")


def _hide_build_time(root: Path) -> None:
    """Remove the day of the build, which is all that two builds of the same packages differ by, from the accounts."""
    for name in ("etc/shadow", "etc/shadow-"):
        file = root / name
        if file.exists():
            rows = [row.split(":") for row in file.read_text().splitlines()]
            file.write_text("".join(":".join([*row[:2], "0", *row[3:]]) + "\n" for row in rows))


def _is_dropped(path: str, drop: list[str], keep: list[str]) -> bool:
    def matches(patterns: list[str]) -> bool:
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)

    return matches(drop) and not matches(keep)


def _site(base: Path, folder: Path) -> Path:
    """Return where in *folder* modules go, as the Python of *base* looks for them."""
    [site] = base.glob(SITE_PATTERN)
    return folder / site.relative_to(base)


def _fresh(file: Path) -> Path:
    """Return an empty folder to make the layer *file* in."""
    folder = file.with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _run_with_progress(command: list[str], line: progress.Line) -> None:
    last_lines: deque[str] = deque(maxlen=OUTPUT_LINES)
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for text in process.stdout or ():
            last_lines.append(text.rstrip())
            line.update(text.removeprefix("I: ").rstrip())
    if process.returncode != 0:
        log = "\n".join(f"  {text}" for text in last_lines)
        raise DevclusterError(f"debootstrap failed; the mirror of apt's own sources must be reachable:\n{log}")


def _forget_older() -> None:
    """Keep the newest of each kind and the one before it, so that switching branches does not build each time."""
    for kind in ("base", "dependencies", "application", "images"):
        files = sorted(paths.images().glob(f"{kind}-*.tar"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in files[KEPT_OF_EACH:]:
            store.forget(file)
            file.unlink(missing_ok=True)


@contextlib.contextmanager
def _umask(mask: int) -> Iterator[None]:
    """Make files as any user may read them, whatever the caller's own mask: containers run as another user."""
    previous = os.umask(mask)
    try:
        yield
    finally:
        os.umask(previous)


def _hash(parts: Iterable[str | bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        # The length first: two neighbours never pass for one.
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]
