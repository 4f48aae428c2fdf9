"""Replaying: a cycle's plan made again, from the frames that say what it saw.

In: the frames of a chain, in their order. Out: the plan of the cycle that the last one belongs to, as plain values that
whoever holds the ledger compares with what was recorded: :mod:`hanse.ledger.replaying` asks for no more. It plans from
cold, so that an operator that had come to know something else by following is found out too. Next: `seeing` says what
of the snapshot mattered.
"""

from dataclasses import dataclass
from typing import Any

from hanse.scheduler import columns, digests, frames, planner
from hanse.scheduler.decisions import Plan, plain
from hanse.scheduler.snapshot import Snapshot


@dataclass(frozen=True)
class Planned:
    """A cycle, planned again; *said* is what its frame says of it."""

    said: frames.Header
    snapshot: Snapshot
    plan: Plan

    @property
    def state(self) -> bytes:
        """The digest of what it saw."""
        return digests.state(self.snapshot)

    @property
    def decided(self) -> str:
        """The digest of what it decides."""
        return self.plan.decided()

    @property
    def was_decided(self) -> str:
        """The digest of what it decided then, as its frame says."""
        return self.said.decided

    @property
    def recorded(self) -> list[dict[str, Any]]:
        """The decisions that its cycle recorded, as plain values; the others were left to a later one.

        Raises:
            FrameError: the frame says so of decisions that are not in the plan.

        """
        places = self.said.recorded
        if list(places) != sorted(set(places)) or (places and not 0 <= places[0] <= places[-1] < self.count):
            raise frames.FrameError(f"of {self.count} decisions it says that those at {list(places)} are recorded")
        return [plain(self.plan.decisions[place]) for place in places]

    @property
    def count(self) -> int:
        """How many decisions the plan has."""
        return len(self.plan.decisions)

    def job(self, uid: str) -> dict[str, Any]:
        """Return what a recorded decision says of its job: whose it is, and at what rates it runs."""
        row = int(columns.find(self.snapshot.jobs["uid"], [uid])[0])
        if row < 0:
            raise frames.FrameError(f"there is no job {uid}")
        job, catalogue = self.snapshot.jobs[row], self.snapshot.catalogue
        tier, shape = catalogue.tiers[job["tier"]], self.snapshot.shapes[job["shape"]]
        precision, slices = shape.precision, shape.slices
        return {
            "organisation": catalogue.organisations[job["organisation"]].name,
            "member": catalogue.members[catalogue.member_of[job["organisation"]]].name,
            "tier": tier.name,
            "tierRank": tier.rank,
            "tierThousandths": tier.factor,
            "precision": precision,
            "milliH100e": {each.name: each.h100_equivalents.get(precision) for each in catalogue.accelerators},
            "slices": (slices.guaranteed_gib, slices.limit_gib, slices.with_others) if slices else None,
            "shareableGiB": {each.name: each.shareable_gib for each in catalogue.accelerators},
        }


class Replayer:
    """Follows frames, and plans again for the last one."""

    def __init__(self) -> None:
        self._reader = frames.Reader()
        self._said = frames.Header("", "", ())

    def is_key(self, frame: bytes) -> bool:
        """Return whether a frame can be taken up without the one before.

        Raises:
            FrameError: it is none.

        """
        return frames.header(frame).is_key

    def take(self, frame: bytes) -> None:
        """Take up a frame.

        Raises:
            FrameError: it is none, or it follows another that was not taken up.

        """
        self._said = self._reader.take(frame)

    def planned(self) -> Planned:
        """Plan again for what the last frame saw.

        Raises:
            FrameError: what the frames hold does not fit together.

        """
        snapshot = self._reader.snapshot()
        return Planned(self._said, snapshot, planner.plan(snapshot))
