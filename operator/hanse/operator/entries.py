"""A plan as the ledger's entries.

In: the planner's decisions, and what the world says of their jobs. Out: groups of
:class:`hanse.ledger.decisions.Entry`: a decision, and what it stops or relabels, stand and fall together.
:mod:`hanse.operator.grouping` says which can be recorded. Nothing is decided here.
"""

import dataclasses
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from hanse.evidence import identity
from hanse.ledger import credits as credits_
from hanse.ledger.decisions import Admission, Effect, Entry, Funding, Label, Strength
from hanse.operator import resizing, shapes, sharing
from hanse.operator.fitness import organisation_name
from hanse.operator.following import Situation
from hanse.operator.mirror import ADMIT, PREEMPT, REFUSE, RELEASE, RENEW, RESERVE, Live, Mirror
from hanse.operator.resizing import LEFT, RESIZE
from hanse.operator.world import World
from hanse.quota import charge, units
from hanse.resources import TrainingJobSpec
from hanse.scheduler import decisions
from hanse.scheduler.pool import Rung


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that belong together; `cause_index` of an entry counts from the group's first.

    *planned* is the place in the plan of the decision that they say; none of what users, time and agents end.
    """

    job: str
    entries: tuple[Entry, ...]
    planned: int | None = None


def flatten(groups: Iterable[Group]) -> tuple[Entry, ...]:
    """Return the entries of all groups, each cause counted from the first entry of all."""
    found: list[Entry] = []
    for group in groups:
        offset = len(found)
        for entry in group.entries:
            cause = None if entry.cause_index is None else entry.cause_index + offset
            found.append(dataclasses.replace(entry, cause_index=cause))
    return tuple(found)


class Translator:
    """Turns decisions into groups of entries."""

    def __init__(self, world: World, mirror: Mirror, situation: Situation) -> None:
        self._world, self._mirror, self._windows = world, mirror, situation.windows
        self._as_of, self._credits_as_of = situation.snapshot.as_of, situation.credits_as_of
        # Not the world's: where settings are refused it was planned with those before, which may know more.
        self._catalogue = situation.snapshot.catalogue

    def groups(self, planned: Iterable[decisions.Decision]) -> Iterator[Group]:
        """Yield the groups of a plan's decisions; those about an attempt that the plan itself admits cannot be made."""
        for place, decision in enumerate(planned):
            yield dataclasses.replace(self._group(decision), planned=place)

    def _group(self, decision: decisions.Decision) -> Group:
        if isinstance(decision, decisions.Admit):
            return Group(decision.attempt.job, (self._admit(decision), *self._followed(decision)))
        if isinstance(decision, decisions.Rise):
            first = self._relabel("Rise", decision.change)
            return Group(first[0], (first[1], *(self._relabel("Fall", each, 0)[1] for each in decision.falls)))
        if isinstance(decision, decisions.Fall):
            job, entry = self._relabel("Fall", decision.change)
            return Group(job, (entry,))
        if isinstance(decision, decisions.Reserve | decisions.Release):
            return Group(decision.job, (self._reservation(decision),))
        live = self._mirror.live[decision.attempt.job]
        if isinstance(decision, decisions.Resize):
            return Group(live.job, (self._resized(live, decision),))
        return Group(
            live.job,
            (self._renew(live, decision) if isinstance(decision, decisions.Renew) else self._refuse(live, decision),),
        )

    def _admit(self, decision: decisions.Admit) -> Entry:
        job = self._world.jobs[decision.attempt.job]
        spec, leaf = job.spec, self._world.leaves[job.metadata.namespace or ""]
        tier = self._catalogue.tiers[self._catalogue.tier[spec.tier]]
        accelerator = self._catalogue.accelerators[self._catalogue.accelerator[decision.accelerator]]
        gpus = sum(placed.gpus.bit_count() for placed in decision.placed)
        part = sharing.counted(self._catalogue, decision.accelerator, shapes.slices(spec))
        return Entry(
            kind=ADMIT,
            effect=Effect.ADMIT,
            verdict="Admitted",
            reason=decision.label.rung.name,
            member=leaf.member,
            job=uuid.UUID(decision.attempt.job),
            fence=decision.attempt.number,
            admission=Admission(
                cluster=decision.cluster,
                accelerator_class=decision.accelerator,
                precision=str(spec.precision),
                tier=spec.tier,
                milli_h100e=accelerator.h100_equivalents[str(spec.precision)],
                tier_thousandths=tier.factor,
                lease_seconds=int(spec.partition_tolerance.total_seconds()),
                grace_seconds=self._grace_seconds(spec),
            ),
            # Named as slots and enrolments name nodes, or nothing that runs there would be covered by its decision.
            # The most that it may be charged for there: of shared GPUs, up to its limit.
            nodes={placed.node: part.milli_gpus_limit * placed.gpus.bit_count() for placed in decision.placed},
            strength=_strength(decision.label, tier.rank),
            funded_until_seconds=decision.funded_until_seconds,
            funding=self._funding(
                decision.reserved, (self._as_of, decision.funded_until_seconds),
                charge.rate(decision.gpu_rate, gpus * part.milli_gpus_limit),
            ),
            detail={
                "asOf": self._as_of,
                "namespace": job.metadata.namespace or "",
                "name": job.metadata.name,
                "organisation": organisation_name(leaf),
                # A mask of 64 GPUs is no exact integer of JSON, so it travels as a string.
                "placed": [[placed.node, placed.workers, str(placed.gpus)] for placed in decision.placed],
                "awaits": [_attempt(each) for each in decision.awaits],
                "awaitsWorkers": [[_attempt(each.attempt), each.worker] for each in decision.awaits_workers],
                **part.detail,
                **self._credit(leaf.member, decision),
            },
        )  # fmt: skip

    def _rate(self, live: Live, gpus: int) -> units.MilliH100e:
        """Return what caps are asked for so many of an attempt's GPUs, by the limits as they are by now."""
        part = sharing.counted(self._catalogue, live.accelerator_class, live.part.slices)
        rate = units.thousandths_of(live.milli_h100e, live.tier_thousandths)
        return charge.rate(rate, gpus * part.milli_gpus_limit)

    def _credit(self, member: str, decision: decisions.Admit) -> dict[str, str]:
        """Return the ledger's row that the member's turn among borrowers followed from, if it borrows."""
        if decision.label.rung != Rung.BORROW or not self._credits_as_of:
            return {}
        return {"credit": str(credits_.row_id(member, self._credits_as_of))}

    def _reservation(self, decision: decisions.Reserve | decisions.Release) -> Entry:
        """Return the entry of what is kept for a waiting job: it changes no attempt, and nothing acts on it."""
        job = self._world.jobs[decision.job]
        leaf = self._world.leaves[job.metadata.namespace or ""]
        released = Entry(
            kind=RELEASE, effect=Effect.NONE, verdict="Released", reason=str(decision.cause), member=leaf.member,
            job=uuid.UUID(decision.job), detail={"asOf": self._as_of},
        )  # fmt: skip
        if isinstance(decision, decisions.Release):
            return released
        return dataclasses.replace(
            released,
            kind=RESERVE,
            verdict="Reserved",
            detail={
                "asOf": self._as_of,
                "class": decision.accelerator,
                "cluster": decision.cluster,
                "start": decision.start_seconds,
                "kept": [[each.node, each.workers] for each in decision.kept],
            },
        )

    def _grace_seconds(self, spec: TrainingJobSpec) -> int:
        """Return how long after its lease the attempt is left alone: until its agent has ended it for certain."""
        policy = self._world.policy()
        return int(max(spec.checkpoint.grace, policy.lease_drift + policy.kill_budget).total_seconds())

    def _followed(self, decision: decisions.Admit) -> Iterable[Entry]:
        """Return what an admission stops, and what it takes entitlement from."""
        for stop in decision.stops:
            live = self._mirror.live[stop.attempt.job]
            yield dataclasses.replace(
                stopping(live, PREEMPT, stop.reason, {"lostGpuSeconds": stop.lost_gpu_seconds}), cause_index=0
            )
        for shrink in decision.shrinks:
            entry = self._resize(
                self._mirror.live[shrink.attempt.job], (), shrink.workers, str(decisions.Reason.PREEMPTED)
            )
            yield dataclasses.replace(entry, cause_index=0)
        for relabel in decision.falls:
            yield self._relabel("Fall", relabel, 0)[1]

    def _resize(
        self, live: Live, grown: Iterable[tuple[int, str, int]], leaving: Collection[int], reason: str
    ) -> Entry:
        """Return the entry that gives a gang more workers beyond its core, or fewer."""
        new = list(grown)
        nodes: Counter[str] = Counter()
        staying = (each for each in live.size.staying if each.worker not in leaving)
        held = ((each.node, each.gpus) for each in staying)
        for node, mask in (*((node, mask) for node, _, mask in live.placed), *held, *((n, mask) for _, n, mask in new)):
            nodes[node] += live.part.milli_gpus_limit * mask.bit_count()
        entry = _keeping(live, RESIZE, "Grown" if new else "Shrunk", reason)
        return dataclasses.replace(entry, nodes=dict(nodes), detail=resizing.detail(self._as_of, new, leaving))

    def _resized(self, live: Live, decision: decisions.Resize) -> Entry:
        grown = [(each.worker, each.node, each.gpus) for each in decision.grown]
        gpus = sum(mask.bit_count() for *_, mask in grown)
        rate = self._rate(live, gpus)
        funding = self._funding(decision.reserved, (self._as_of, live.funded_until_seconds or self._as_of), rate)
        entry = self._resize(live, grown, decision.leaving, str(decision.why))
        return dataclasses.replace(entry, funding=funding)

    def _relabel(self, kind: str, change: decisions.Relabel, cause_index: int | None = None) -> tuple[str, Entry]:
        live = self._mirror.live[change.attempt.job]
        entry = _keeping(live, kind, "Relabelled", change.after.rung.name)
        strength = _strength(change.after, live.strength["tierRank"])
        return live.job, dataclasses.replace(entry, strength=strength, cause_index=cause_index)

    def _renew(self, live: Live, decision: decisions.Renew) -> Entry:
        rate = self._rate(live, live.gpus)
        start = max(live.funded_until_seconds or 0, self._as_of)
        return dataclasses.replace(
            _keeping(live, RENEW, "Funded", "Renewed"),
            funded_until_seconds=decision.funded_until_seconds,
            funding=self._funding(decision.reserved, (start, decision.funded_until_seconds), rate),
        )

    def _refuse(self, live: Live, decision: decisions.Refuse) -> Entry:
        entry = _keeping(live, REFUSE, "Refused", str(decision.reason))
        short = decision.short
        said: dict[str, int | str] = {"stopBy": decision.stop_by_seconds, "cap": short.cap}
        said |= {"asked": short.asked, "left": short.left}
        return dataclasses.replace(entry, detail=said)

    def _funding(
        self, taken: Iterable[decisions.Reserved], interval: tuple[int, int], rate: int
    ) -> tuple[Funding, ...]:
        found = []
        for reserved in taken:
            window = self._windows[reserved.organisation, reserved.cap, reserved.start_seconds]
            start = max(interval[0], window.start_seconds)
            end = min(interval[1], window.end_seconds)
            found.append(Funding(reserved.cap, window.start_seconds, window.ceiling, start, end, rate))
        return tuple(found)


def left(live: Live, workers: Collection[int], as_of: int) -> Entry:
    """Return the entry that says which workers beyond its core have left a gang."""
    entry = _keeping(live, LEFT, "Confirmed", LEFT)
    return dataclasses.replace(entry, detail={"asOf": as_of, "left": list(workers)})


def stopping(live: Live, kind: str, reason: str, detail: Mapping[str, int] | None = None) -> Entry:
    """Return the entry that stops an attempt, with the strength it had: an auditor compares it with who stopped it."""
    had = live.strength
    strength = Strength(Label(had["label"]), had["cover"], had["tierRank"], had.get("donors", {}))
    return Entry(
        kind=kind, effect=Effect.STOP, verdict="Stopped", reason=str(reason), member=live.member,
        job=uuid.UUID(live.job), fence=live.fence, strength=strength, detail=dict(detail or {}),
    )  # fmt: skip


def _keeping(live: Live, kind: str, verdict: str, reason: str) -> Entry:
    return Entry(
        kind=kind, effect=Effect.KEEP, verdict=verdict, reason=reason, member=live.member, job=uuid.UUID(live.job),
        fence=live.fence,
    )  # fmt: skip


def _attempt(attempt: decisions.AttemptId) -> str:
    return str(identity.attempt_id(uuid.UUID(attempt.job), attempt.number))


def _strength(label: decisions.Label, tier_rank: int) -> Strength:
    donors = {each.accelerator: each.milli_gpus for each in label.donors}
    return Strength(Label[label.rung.name], label.cover, tier_rank, donors)
