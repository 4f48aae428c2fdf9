"""Huawei's NPUs, by what their tool `npu-smi` prints, as its documentation shows it.

In: the tool. Out: what a provider answers. The hardware divides an NPU's memory by templates or not at all, and nothing
can be promised beyond it: such nodes keep the maker's own resources, and are measured only.
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping

from hanse.agent.node.gpus import Gpu, Process, ProviderError, Sample

TOOL_SECONDS = 10.0
_HEALTHY = "OK"
_ROW = re.compile(r"\s*(\d+)\s+(\d+)\s+(\d+)\s+(?:\d+\s+)?Ascend")
_FIELD = re.compile(r"\s*([^:]+?)\s*:\s*(.+?)\s*$")
_PROCESS = re.compile(r"Process id:\s*(\d+)\s.*Process memory\(MB\):\s*(\d+)")


class Ascend:
    """All NPUs that the tool knows; *say* runs it with arguments."""

    cdi_kind = ""
    is_divisible = False

    def __init__(self, say: "Callable[..., str] | None" = None) -> None:
        self._say = say or _npu_smi
        self._chips: dict[str, tuple[str, str]] = {}

    def gpus(self) -> tuple[Gpu, ...]:
        """Return the NPUs, in the order of the tool's logic ids.

        Raises:
            ProviderError: the tool is not there, or fails.

        """
        rows = sorted(_mapping(self._say("info", "-m")))
        found = []
        for index, (_, card, chip) in enumerate(rows):
            fields = self._fields("usages", card, chip)
            uuid = f"NPU-{card}-{chip}"
            self._chips[uuid] = (card, chip)
            found.append(Gpu(index, uuid, _number(fields, "HBM Capacity(MB)") or 0))
        return tuple(found)

    def sample(self, gpu: Gpu) -> Sample:
        """Return what the tool says of an NPU now. It counts no energy."""
        card, chip = self._chips[gpu.uuid]
        try:
            used = self._fields("usages", card, chip)
            health = self._fields("health", card, chip).get("Health", "unknown")
            processes = _PROCESS.findall(self._say("info", "-t", "proc-mem", "-i", card, "-c", chip))
        except ProviderError as error:
            return Sample(0, fault=str(error))
        return Sample(
            used_mib=gpu.memory_mib * (_number(used, "HBM Usage Rate(%)") or 0) // 100,
            processes=tuple(Process(int(pid), int(mib)) for pid, mib in processes),
            utilization_percent=_number(used, "Aicore Usage Rate(%)"),
            fault="" if health == _HEALTHY else f"npu-smi says of its health: {health}",
        )

    def _fields(self, what: str, card: str, chip: str) -> Mapping[str, str]:
        said = self._say("info", "-t", what, "-i", card, "-c", chip)
        return {found[1]: found[2] for line in said.splitlines() if (found := _FIELD.match(line))}


def _mapping(said: str) -> Iterator[tuple[int, str, str]]:
    """Yield (logic id, NPU id, chip id) of each row that is a computing chip."""
    for line in said.splitlines():
        if found := _ROW.match(line):
            yield int(found[3]), found[1], found[2]


def _number(fields: Mapping[str, str], name: str) -> int | None:
    text = fields.get(name, "")
    return int(text) if text.isdecimal() else None


def _npu_smi(*arguments: str) -> str:
    try:
        said = subprocess.run(["npu-smi", *arguments], capture_output=True, text=True, check=True, timeout=TOOL_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise ProviderError(f"npu-smi cannot be asked ({error}): is Huawei's driver installed, and mounted?") from error
    return said.stdout
