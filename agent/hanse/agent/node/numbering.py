"""Which GPU has which number: the order of the PCI bus as it was when the node booted, kept until the next boot.

In: the GPUs that the driver finds, and a file. Out: the node's GPUs by number, and which of them are lost. One that
the driver does not find any more keeps its number: if the others moved up, slices that are in use would become free
ones of another resource, and be given away twice. After a boot nothing is in use, and all are numbered anew.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from hanse.agent.node import files
from hanse.agent.node.gpus import Gpu
from hanse.resources.model import Model


class _Numbered(Model):
    index: int
    uuid: str
    memory_mib: int
    numa_node: int | None = None


class _Kept(Model):
    boot_id: UUID
    gpus: tuple[_Numbered, ...]


def number(found: Sequence[Gpu], file: Path, boot_id: UUID) -> tuple[tuple[Gpu, ...], frozenset[str]]:
    """Return all GPUs of this boot, and the UUIDs of those that are lost; remember them in *file*.

    One that was not there when the node booted comes after all others.

    """
    before = _read(file, boot_id)
    known = {gpu.uuid for gpu in before}
    new = [gpu for gpu in found if gpu.uuid not in known]
    there = (*before, *(replace(gpu, index=len(before) + nth) for nth, gpu in enumerate(new)))
    if new:
        kept = tuple(
            _Numbered(index=gpu.index, uuid=gpu.uuid, memory_mib=gpu.memory_mib, numa_node=gpu.numa_node)
            for gpu in there
        )
        files.replace(file, _Kept(boot_id=boot_id, gpus=kept).model_dump_json())
    return there, frozenset(known - {gpu.uuid for gpu in found})


def _read(file: Path, boot_id: UUID) -> tuple[Gpu, ...]:
    try:
        kept = _Kept.model_validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return ()
    if kept.boot_id != boot_id:
        return ()
    return tuple(Gpu(each.index, each.uuid, each.memory_mib, each.numa_node) for each in kept.gpus)
