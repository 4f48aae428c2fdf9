"""What a container gets with its slices: a pure function of their ids, as the kubelet does not say whose they are.

In: ids of one resource. Out: an answer for the kubelet. Only `mem-gib` answers with anything: the kubelet merges the
answers of several resources in no fixed order, so that one path or variable from two of them would be either. Whether
the container may have them is :mod:`~hanse.agent.node.checking`'s to say, before it starts.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from hanse.agent.node import slices
from hanse.agent.node.gpus import Gpu

HINTS_FOLDER = "/run/hanse"


class UnknownSliceError(Exception):
    """An id is not one of this resource."""


@dataclass(frozen=True)
class Grant:
    """Variables, a folder of this node at its place in the container, and a device's name for the container toolkit."""

    variables: Mapping[str, str]
    folder: Path | None = None
    mounted_at: str = ""
    cdi_device: str = ""


def grant(gpu: Gpu, part: str, ids: Collection[str], folders: Path, cdi_kind: str) -> Grant:
    """Return what comes with slices *ids* of a *part* of *gpu*.

    Raises:
        UnknownSliceError: one of them is not such a slice, with its name.

    """
    for text in ids:
        found = slices.parse(text)
        if found is None or (found.uuid, found.part) != (gpu.uuid, part):
            raise UnknownSliceError(f"{text} is no {part} of GPU {gpu.index} ({gpu.uuid}): delete the pod")
    if part != slices.MEMORY:
        return Grant({})
    return Grant(
        variables={f"HANSE_GPU_{gpu.index}": gpu.uuid},
        folder=folders / folder_name(ids),
        mounted_at=f"{HINTS_FOLDER}/gpu{gpu.index}",
        cdi_device=f"{cdi_kind}={gpu.uuid}" if cdi_kind else "",
    )


def folder_name(ids: Collection[str]) -> str:
    """Return the name of the folder that goes with these slices, and with no others."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:16]
