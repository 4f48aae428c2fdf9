"""Container images as files, in the OCI image layout, without a container engine.

In: folders that become layers, and what an image is called and runs. Out: one tar archive that `ctr images import`
reads. The same folders give the same bytes, whoever owns them and whenever they were made. Layers are not compressed:
an archive only travels to a containerd on the same machine, where unpacking would be most of the time.
:mod:`hanse.devcluster.image` says what goes in; this module must not know it.
"""

import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
# containerd names an imported image by this annotation of its manifest.
NAME_ANNOTATION = "io.containerd.image.name"

EPOCH = "1970-01-01T00:00:00Z"
CHUNK_BYTES = 1 << 20
# No container here needs to become another user.
SET_ID_BITS = stat.S_ISUID | stat.S_ISGID


@dataclass(frozen=True)
class Layer:
    """A layer that lies in *file*."""

    file: Path
    digest: str
    size_bytes: int


@dataclass(frozen=True)
class Image:
    """What an image is called, made of, and runs."""

    name: str
    layers: tuple[Layer, ...]
    config: Mapping[str, Any]


def write_layer(folder: Path, file: Path, dropped: Callable[[str], bool] = lambda _: False) -> Layer:
    """Write the content of *folder* as a layer to *file*, without the paths for which *dropped* is true."""
    part = file.with_suffix(".part")
    with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in _walk(folder):
            name = str(path.relative_to(folder))
            if not dropped(name):
                _add(tar, path, name)
    part.rename(file)
    return read_layer(file)


def read_layer(file: Path) -> Layer:
    """Return the layer that lies in *file*."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
    return Layer(file, f"sha256:{digest.hexdigest()}", file.stat().st_size)


def write_archive(file: Path, images: Iterable[Image], architecture: str) -> None:
    """Write *images* to the archive *file*; layers that they share are in it once."""
    part = file.with_suffix(".part")
    blobs: dict[str, bytes] = {}
    images = list(images)
    manifests = [_manifest(image, architecture, blobs) for image in images]
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": manifests}
    with tarfile.open(part, "w") as tar:
        _add_bytes(tar, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        _add_bytes(tar, "index.json", _json(index))
        for digest, data in sorted(blobs.items()):
            _add_bytes(tar, _blob(digest), data)
        for layer in sorted({layer for image in images for layer in image.layers}, key=lambda layer: layer.digest):
            with layer.file.open("rb") as content:
                tar.addfile(_member(_blob(layer.digest), layer.size_bytes), content)
    part.rename(file)


def _manifest(image: Image, architecture: str, blobs: dict[str, bytes]) -> dict[str, Any]:
    """Put the image's configuration and manifest into *blobs*; return the manifest's entry for the index."""
    platform = {"architecture": architecture, "os": "linux"}
    config = {
        **platform,
        "created": EPOCH,
        "config": image.config,
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in image.layers]},
        "history": [{"created": EPOCH, "created_by": layer.file.stem} for layer in image.layers],
    }
    layers = [{"mediaType": LAYER_TYPE, "digest": layer.digest, "size": layer.size_bytes} for layer in image.layers]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _put(blobs, CONFIG_TYPE, config),
        "layers": layers,
    }
    return {**_put(blobs, MANIFEST_TYPE, manifest), "platform": platform, "annotations": {NAME_ANNOTATION: image.name}}


def _put(blobs: dict[str, bytes], media_type: str, content: object) -> dict[str, Any]:
    data = _json(content)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    blobs[digest] = data
    return {"mediaType": media_type, "digest": digest, "size": len(data)}


def _walk(folder: Path) -> Iterator[Path]:
    """Yield everything below *folder*, a folder before what is in it, in an order that does not change."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        yield Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    status = path.lstat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)):
        return
    member = _member(name, 0)
    member.mode = stat.S_IMODE(status.st_mode) & ~SET_ID_BITS
    member.uid, member.gid = status.st_uid, status.st_gid
    if stat.S_ISDIR(status.st_mode):
        member.type = tarfile.DIRTYPE
        tar.addfile(member)
    elif stat.S_ISLNK(status.st_mode):
        member.type, member.linkname = tarfile.SYMTYPE, str(path.readlink())
        tar.addfile(member)
    else:
        member.size = status.st_size
        with path.open("rb") as content:
            tar.addfile(member, content)


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_member(name, len(content)), io.BytesIO(content))


def _member(name: str, size_bytes: int) -> tarfile.TarInfo:
    """Return a member without what differs from one run to the next: time, user and group names."""
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size_bytes, 0o644, 0
    return member


def _blob(digest: str) -> str:
    return f"blobs/sha256/{digest.partition(':')[2]}"


def _json(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
