"""Columns: numpy structured arrays that nobody can write to, and the few things done to whole ones.

In: rows as tuples. Out: arrays with their write flag off. All integers are little-endian, so that bytes made from a
column are the same on every machine; a number that does not fit is refused when it enters, never wrapped.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Table: TypeAlias = npt.NDArray[np.void]
Integers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

NODES = np.dtype(
    [
        ("name", "<U113"),
        ("contribution", "<i4"),
        ("accelerator", "<i4"),
        ("gpus", "<u8"),
        ("gpus_enrolled", "<i4"),
        ("cpu_milli", "<i8"),
        ("memory_mib", "<i8"),
        ("ephemeral_mib", "<i8"),
        ("rdma", "<i8"),
        ("foreign_gpus", "<u8"),
        ("foreign_cpu_milli", "<i8"),
        ("foreign_memory_mib", "<i8"),
        ("foreign_ephemeral_mib", "<i8"),
        ("foreign_rdma", "<i8"),
        ("enrolled", "<i8"),
        ("state", "<i4"),
        ("rack", "<U63"),
        ("block", "<U63"),
        ("mem_gib", "<i4"),
        ("limit_gib", "<i4"),
        ("tenants", "<i4"),
    ]
)
"""In name order. `contribution` and `accelerator` index the catalogue."""

JOBS = np.dtype(
    [
        ("uid", "<U36"),
        ("organisation", "<i4"),
        ("tier", "<i4"),
        ("shape", "<i4"),
        ("submitted", "<i8"),
        ("preemptions", "<i4"),
        ("attempts", "<i4"),
        ("suspended", "?"),
    ]
)
"""In uid order. `shape` indexes the snapshot's shapes."""

ATTEMPTS = np.dtype(
    [
        ("job", "<i4"),
        ("number", "<i4"),
        ("accelerator", "<i4"),
        ("rung", "<i4"),
        ("cover", "<i4"),
        ("started", "<i8"),
        ("checkpoint", "<i8"),
        ("funded_until", "<i8"),
        ("gpu_rate", "<i8"),
        ("draining", "?"),
        ("refused", "?"),
        ("numbered", "<i4"),
    ]
)
"""In order of job and number. `job` is a row of JOBS."""

CORE = -1
HOLDINGS = np.dtype(
    [("attempt", "<i4"), ("worker", "<i4"), ("node", "<i4"), ("workers", "<i4"), ("gpus", "<u8"), ("leaving", "?")]
)
"""In order of attempt, worker and node; attempt and node are rows of ATTEMPTS and NODES. `worker` is `CORE`, or the
number of one worker beyond it."""


def table(dtype: np.dtype[Any], rows: Sequence[tuple[Any, ...]]) -> Table:
    """Return *rows* as one array; a number too large for its column raises OverflowError."""
    for row in rows:
        for name, value in zip(dtype.names or (), row, strict=True):
            if isinstance(value, str) and len(value) > dtype[name].itemsize // 4:
                raise ValueError(f"{name} {value!r} has more than {dtype[name].itemsize // 4} characters")
    return frozen(np.array(list(rows), dtype=dtype))


def frozen(array: Table) -> Table:
    """Return *array* with its write flag off."""
    array.flags.writeable = False
    return array


def integers(array: npt.ArrayLike) -> Integers:
    """Return a copy of *array* in 64 bits."""
    return np.array(array, dtype=np.int64)


def find(sorted_names: npt.NDArray[np.str_], names: Sequence[str]) -> Integers:
    """Return the row of each of *names*, or -1."""
    if not len(names) or not len(sorted_names):
        return np.full(len(names), -1, dtype=np.int64)
    wanted = np.array(names, dtype=np.str_)
    rows = np.minimum(np.searchsorted(sorted_names, wanted), len(sorted_names) - 1)
    return np.where(sorted_names[rows] == wanted, rows, -1)


def ordered_attempts(attempts: Table, holdings: Table) -> tuple[Table, Table]:
    """Return attempts in order of job and number, writable, and holdings, which index them, to match."""
    order = np.lexsort((attempts["number"], attempts["job"]))
    new_row = np.empty(len(order), dtype=np.int64)
    new_row[order] = np.arange(len(order))
    moved = holdings.copy()
    moved["attempt"] = new_row[holdings["attempt"]]
    return attempts[order], frozen(moved[np.lexsort((moved["node"], moved["worker"], moved["attempt"]))])
