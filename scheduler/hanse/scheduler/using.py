"""What attempts use, by row of a snapshot: of nodes, of entitlement, of caps.

In: a snapshot. Out: numbers by holding, attempt or node, the same for a plan and for who tells of one. GPUs that
workers share are counted once on a node, and of entitlement and caps by what each worker has of them.
"""

import numpy as np

from hanse.quota import units
from hanse.scheduler import columns
from hanse.scheduler.columns import Flags, Integers, integers
from hanse.scheduler.snapshot import Snapshot


def gpus(snapshot: Snapshot) -> Integers:
    """Return the GPUs of each holding, shared or not."""
    return integers(np.bitwise_count(snapshot.holdings["gpus"]))


def gpus_held(snapshot: Snapshot, counted: Flags) -> Integers:
    """Return on how many GPUs of each node the holdings that are *counted* have workers."""
    masks = np.zeros(len(snapshot.nodes), dtype=np.uint64)
    np.bitwise_or.at(masks, snapshot.holdings["node"][counted], snapshot.holdings["gpus"][counted])
    return integers(np.bitwise_count(masks))


def milli_gpus(snapshot: Snapshot) -> Integers:
    """Return what each holding counts as: of shared GPUs, by what is guaranteed."""
    return _milli_gpus(snapshot, is_limit=False)


def rates(snapshot: Snapshot) -> Integers:
    """Return the most mH·s that each attempt uses in a second, draining ones too: of shared GPUs, by its limit.

    Its core and each worker beyond it are rounded up by themselves: the one may stop using GPUs without the other.
    """
    held, gpu_rate, milli = snapshot.holdings, snapshot.attempts["gpu_rate"], _milli_gpus(snapshot, is_limit=True)
    is_core = held["worker"] == columns.CORE
    of_core = np.zeros(len(gpu_rate), dtype=np.int64)
    np.add.at(of_core, held["attempt"][is_core], milli[is_core])
    rates: Integers = -(-gpu_rate * of_core // units.MILLI)
    beyond = held["attempt"][~is_core]
    np.add.at(rates, beyond, -(-gpu_rate[beyond] * milli[~is_core] // units.MILLI))
    return rates


def is_shared(snapshot: Snapshot) -> Flags:
    """Return which holdings are of workers that share GPUs."""
    shared = np.array([shape.slices is not None for shape in snapshot.shapes], dtype=np.bool_)
    found: Flags = shared[snapshot.jobs["shape"][snapshot.attempts["job"][snapshot.holdings["attempt"]]]]
    return found


def _milli_gpus(snapshot: Snapshot, *, is_limit: bool) -> Integers:
    milli = gpus(snapshot) * units.MILLI
    catalogue = snapshot.catalogue
    of = catalogue.milli_gpus_limit if is_limit else catalogue.milli_gpus
    for row in np.flatnonzero(is_shared(snapshot)).tolist():
        holding = snapshot.holdings[row]
        attempt = snapshot.attempts[holding["attempt"]]
        shape = snapshot.shapes[snapshot.jobs["shape"][attempt["job"]]]
        milli[row] = int(holding["workers"]) * of(int(attempt["accelerator"]), shape)
    return milli
