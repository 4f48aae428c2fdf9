"""The digest of a snapshot: what a decision was made from, in 32 bytes.

In: a snapshot. Out: the same digest on every machine for the same pool, nodes, jobs and attempts, however the snapshot
came about: built at once, or followed by deltas, which leaves shapes in another order and forgotten ones among them.
And the digest of the code that decides.
"""

import hashlib
import json
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from hanse.scheduler import spelling
from hanse.scheduler.snapshot import Snapshot

_PACKAGES = ("hanse.quota", "hanse.scheduler")


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
    return json.dumps(spelling.plain(value), sort_keys=True, separators=(",", ":"))


@cache
def code() -> bytes:
    """Return the SHA-256 of the files that decide: who has the same ones decides the same."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        files = (each for each in resources.files(package).iterdir() if each.name.endswith(".py"))
        for file in sorted(files, key=lambda each: each.name):
            digest.update(f"{package}/{file.name}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.digest()
