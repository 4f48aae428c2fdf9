"""The digest of a snapshot: what a decision was made from, in 32 bytes.

In: a snapshot. Out: the same digest on every machine for the same pool, nodes, jobs and attempts, however the snapshot
came about: built at once, or followed by deltas, which leaves shapes in another order and forgotten ones among them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from hanse.scheduler.snapshot import Snapshot


def state(snapshot: Snapshot) -> bytes:
    """Return the SHA-256 of everything that a plan depends on."""
    used, row_in_use = np.unique(snapshot.jobs["shape"], return_inverse=True)
    written = [_text(snapshot.shapes[row]) for row in used]
    order = sorted(range(len(written)), key=written.__getitem__)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    jobs = snapshot.jobs.copy()
    jobs["shape"] = rank[row_in_use]
    digest = hashlib.sha256()
    for text in (
        str(snapshot.as_of), _text(replace(snapshot.catalogue.pool, caps=())), _text(snapshot.caps),
        _text(snapshot.reservations), _text(snapshot.exchanges), *sorted(written),
    ):  # fmt: skip
        digest.update(text.encode() + b"\n")
    for table in (snapshot.nodes, jobs, snapshot.attempts, snapshot.holdings):
        digest.update(len(table).to_bytes(8, "big") + table.tobytes())
    return digest.digest()


def _text(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """Return records as JSON knows them; sets in order, as Python's own order of them changes with each process."""
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(_plain(each) for each in value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, int) else str(value)
