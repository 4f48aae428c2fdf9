"""The planner: who runs where, who is stopped for whom, and why the others wait.

`plan(snapshot)` is a pure function of immutable columns: no clock, no I/O, no chance, integers only. `building.build`
makes a snapshot from records, `apply` says what it is after a plan, and `Planner` follows a pool by deltas, saying
the same as `plan` to the byte. The rules are in `docs/fairness.md`, the order of the modules in this folder's README.
"""

from hanse.scheduler.applying import apply
from hanse.scheduler.building import SnapshotError, build
from hanse.scheduler.decisions import Plan
from hanse.scheduler.deltas import Delta
from hanse.scheduler.digests import code as code_digest
from hanse.scheduler.digests import state as state_digest
from hanse.scheduler.planner import Planner, plan
from hanse.scheduler.snapshot import Snapshot

__all__ = [
    "Delta", "Plan", "Planner", "Snapshot", "SnapshotError", "apply", "build", "code_digest", "plan", "state_digest",
]  # fmt: skip
