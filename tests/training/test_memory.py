"""hanse.training on a shared GPU: what it makes of the hints, with PyTorch's documented calls."""

import json
import sys
import types

import pytest

from hanse import training
from hanse.training import memory

MIB = 1024 * 1024
OK = {"guaranteedMiB": 4096, "limitMiB": 6144, "basisMiB": 10_240, "pressure": "ok", "checkpointRequested": False}
WARN = {**OK, "pressure": "warn"}


class Torch(types.ModuleType):
    """PyTorch's caching allocator as far as it is told something: what is freed stays, until it is emptied.

    It sees less of the GPU than the driver says, as on an H100, and refuses what is past the fraction of that.
    """

    uint8 = "uint8"

    def __init__(self):
        super().__init__("torch")
        self.cuda = self
        self.reserved, self.total, self.fractions = 0, 10_180 * MIB, []

    def is_available(self):
        return True

    def mem_get_info(self):
        return self.total - self.reserved, self.total

    def memory_reserved(self):
        return self.reserved

    def set_per_process_memory_fraction(self, fraction):
        self.fractions.append(fraction)

    def empty(self, size, dtype, device):
        assert ("uint8", "cuda") == (dtype, device)
        self.reserved += -(-size // (2 * MIB)) * 2 * MIB
        assert self.reserved <= int(self.fractions[-1] * self.total), "out of memory"

    def empty_cache(self):
        self.reserved = 0


@pytest.fixture(name="torch")
def _torch(monkeypatch):
    monkeypatch.setattr(memory, "_known", memory._Known())
    torch = Torch()
    monkeypatch.setitem(sys.modules, "torch", torch)
    return torch


@pytest.fixture(name="tell")
def _tell(monkeypatch, tmp_path):
    file = tmp_path / "hints.json"
    monkeypatch.setenv("HANSE_HINTS", str(file))
    return lambda content: file.write_text(json.dumps(content))


def test_the_guarantee_is_taken_at_the_start_with_room_for_what_is_no_tensor(torch, tell):
    tell(OK)
    assert training.take_guarantee()
    assert [(6144 - memory.CONTEXT_MIB) / 10_240] == torch.fractions
    assert (4096 - memory.CONTEXT_MIB) * MIB == torch.reserved
    assert training.take_guarantee()
    assert (4096 - memory.CONTEXT_MIB) * MIB == torch.reserved


def test_it_shrinks_to_its_guarantee_and_keeps_that_until_memory_is_not_short(torch, tell):
    tell(OK)
    training.take_guarantee()
    torch.reserved = 6000 * MIB
    tell(WARN)
    assert "warn" == training.keep_to_memory(every_seconds=0)
    high, low = ((each - memory.CONTEXT_MIB) / 10_240 for each in (6144, 4096))
    assert [high, low] == torch.fractions
    # All of the guarantee that the fraction lets it have.
    assert 0 <= int(low * torch.total) - torch.reserved < 2 * MIB
    assert "warn" == training.keep_to_memory(every_seconds=0)
    tell(OK)
    assert "warn" == training.keep_to_memory(every_seconds=3600)
    assert "ok" == training.keep_to_memory(every_seconds=0)
    assert [high, low, high] == torch.fractions


def test_a_guarantee_that_is_all_of_the_limit_can_be_taken(torch, tell):
    tell({**OK, "limitMiB": 4096})
    assert training.take_guarantee()
    taken = torch.reserved
    assert 0 <= int(torch.fractions[0] * torch.total) - taken < 2 * MIB
    tell({**WARN, "limitMiB": 4096})
    assert "warn" == training.keep_to_memory(every_seconds=0)
    assert taken == torch.reserved


def test_of_a_whole_gpu_nothing_is_taken_and_nothing_held_back(torch, tell):
    tell({**OK, "guaranteedMiB": 10_240, "limitMiB": 10_240})
    assert not training.take_guarantee()
    assert "ok" == training.keep_to_memory(every_seconds=0)
    assert (0, []) == (torch.reserved, torch.fractions)


@pytest.mark.parametrize("content", ["{", "[]", "{}", json.dumps({**OK, "limitMiB": None})])
def test_hints_that_cannot_be_read_are_none(torch, tell, tmp_path, content):
    tell(OK)
    (tmp_path / "hints.json").write_text(content)
    assert training.memory_hints() is None
    assert not training.take_guarantee()
    assert "ok" == training.keep_to_memory(every_seconds=0)
    assert [] == torch.fractions


def test_without_pytorch_or_outside_of_hanse_the_same_loop_runs(monkeypatch, tell):
    monkeypatch.setattr(memory, "_known", memory._Known())
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    tell(WARN)
    assert ("warn", False) == (training.keep_to_memory(every_seconds=0), training.take_guarantee())
    assert training.MemoryHints(4096, 6144, 10_240, "warn", checkpoint_requested=False) == training.memory_hints()
    monkeypatch.delenv("HANSE_HINTS")
    assert ("ok", False) == (training.keep_to_memory(every_seconds=0), training.take_guarantee())
