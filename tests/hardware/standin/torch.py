"""A stand-in for PyTorch where there is no GPU: it counts memory, refuses what is too much, and computes nothing.

What it has taken stands in a file for each process, from which the rehearsal writes the script of simulated GPUs.
"""

import itertools
import json
import os
import time
from pathlib import Path

__version__ = "stand-in"
uint8 = bfloat16 = float32 = None
TOTAL, CONTEXT = 81_920 * 2**20, 500 * 2**20
WRITTEN = Path(os.environ.get("STANDIN_FOLDER", "/tmp/hanse-standin"))  # noqa: S108
_limits = os.environ.get("CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "")
MPS = int(_limits.partition("=")[2].rstrip("M")) * 2**20 if os.environ.get("CUDA_MPS_PIPE_DIRECTORY") else 0
_conf = os.environ.get("PYTORCH_CUDA_ALLOC_CONF", "").partition("per_process_memory_fraction:")[2]


class OutOfMemoryError(RuntimeError):
    pass


class _Memory:
    allocated = 0
    reserved = 0
    fraction = float(_conf or 1)

    def take(self, count):
        free = self.reserved - self.allocated
        more = max(0, count - free)
        if self.reserved + more > self.fraction * TOTAL:
            raise OutOfMemoryError(f"stand-in: {self.fraction} of the GPU allowed")
        if MPS and self.reserved + more + CONTEXT > MPS:
            raise OutOfMemoryError("stand-in: MPS")
        self.reserved += more
        self.allocated += count
        self.write()

    def give(self, count):
        self.allocated -= count

    def write(self):
        WRITTEN.mkdir(exist_ok=True)
        aside = WRITTEN / f"{os.getpid()}.new"
        aside.write_text(json.dumps((self.reserved + CONTEXT) // 2**20))
        aside.replace(WRITTEN / str(os.getpid()))


_memory = _Memory()


class _Number:
    def __init__(self, value):
        self.value = value

    def item(self):
        return self.value

    def __float__(self):
        return self.value

    def backward(self):
        time.sleep(0.05)


class Tensor:
    size = 0
    param_groups = ()

    def __getattr__(self, _):
        return lambda *_, **__: self

    def __sub__(self, _):
        return self

    __add__ = __matmul__ = __call__ = __sub__

    def __iter__(self):
        return iter([Tensor()] * 4)

    def mean(self):
        return _Number(1 / next(_steps))

    def __float__(self):
        return 1.0

    def __del__(self):
        _memory.give(self.size)


_steps = itertools.count(1)


def empty(count, **_):
    _memory.take(count)
    tensor = Tensor()
    tensor.size = count
    return tensor


def randn(*_, **__):
    return empty(2**20)


def manual_seed(_):
    pass


class nn:  # noqa: N801
    Linear = GELU = Sequential = ModuleList = staticmethod(lambda *_, **__: randn())


class optim:  # noqa: N801
    AdamW = staticmethod(lambda *_, **__: Tensor())


class cuda:  # noqa: N801
    @staticmethod
    def is_available():
        return True

    @staticmethod
    def init():
        _memory.write()

    @staticmethod
    def get_device_name():
        return "stand-in"

    @staticmethod
    def mem_get_info():
        total = MPS or TOTAL
        return total - _memory.reserved - CONTEXT, total

    @staticmethod
    def memory_reserved():
        return _memory.reserved

    @staticmethod
    def memory_allocated():
        return _memory.allocated

    @staticmethod
    def set_per_process_memory_fraction(value):
        _memory.fraction = value

    @staticmethod
    def empty_cache():
        _memory.reserved = _memory.allocated

    @staticmethod
    def synchronize():
        pass
