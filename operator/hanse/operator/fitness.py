"""Whether a job can be planned for at all, whatever is free: what its fields and its namespace name must be there.

In: the pool and a job. Out: a verdict, or nothing. Pure. The API server's rules refuse most of this when a job is
applied; a tier may be deleted afterwards, a namespace relabelled, a policy tightened.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from hanse import resources
from hanse.operator.world import Leaf, World
from hanse.resources import Reason
from hanse.scheduler.phrases import Phrase, phrase
from hanse.scheduler.pool import Pool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a job is not to be admitted: a reason of the API's list, and a sentence."""

    reason: Reason
    sentence: str
    code: str = ""
    """Of the sentence as a phrase, which *values* stand in; empty where it says what only English says."""
    values: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, reason: Reason, said: Phrase) -> Self:
        """Return the verdict that says a phrase."""
        return cls(reason, said.english, said.code, tuple(said.values.items()))

    @property
    def said(self) -> Phrase:
        """The phrase that it says."""
        return Phrase(self.code, self.sentence, dict(self.values))


def organisation_name(leaf: Leaf) -> str:
    """Return the planner's name of a leaf: organisations are unique within their member only."""
    return f"{leaf.member}/{leaf.organisation}" if leaf.organisation else leaf.member


class Fitness:
    """Judges the jobs of one situation."""

    def __init__(self, world: World, pool: Pool) -> None:
        self._world = world
        self._members = world.named("Member")
        self._max_grace = world.policy().max_grace
        self._tiers = {tier.name for tier in pool.tiers}
        self._accelerators = {each.name for each in pool.accelerators}
        parents = {each.parent for each in pool.organisations}
        every = {each.name for each in pool.organisations} | {each.name for each in pool.members}
        self._leaves = every - parents

    def unfit(self, job: resources.TrainingJob) -> Verdict | None:
        """Return the first thing that keeps the job from being planned for."""
        return next(self._problems(job), None)

    def knows(self, organisation: str, tier: str, accelerator: str) -> bool:
        """Return whether an attempt with these names can be in a snapshot."""
        return organisation in self._leaves and tier in self._tiers and accelerator in self._accelerators

    def _problems(self, job: resources.TrainingJob) -> Iterator[Verdict]:
        yield from self._of_namespace(job)
        tier = job.spec.tier
        if tier not in self._tiers:
            said = phrase("unfit.tier", "spec.tier: there is no PriorityTier {tier}", tier=tier)
            yield Verdict.of(Reason.TIER_NOT_ALLOWED, said)
        if job.spec.checkpoint.grace > self._max_grace:
            said = phrase("unfit.grace", "spec.checkpoint.grace: it is longer than maxGrace of the PoolPolicy")
            yield Verdict.of(Reason.MISCONFIGURED, said)

    def _of_namespace(self, job: resources.TrainingJob) -> Iterator[Verdict]:
        leaf = self._world.leaves.get(job.metadata.namespace or "")
        if leaf is None or leaf.member not in self._members:
            said = phrase("unfit.namespace", "metadata.namespace: it belongs to no member of the alliance")
            yield Verdict.of(Reason.MISCONFIGURED, said)
            return
        if organisation_name(leaf) not in self._leaves:
            text = "metadata.namespace: {organisation} is no leaf of the member {member}"
            named = {"organisation": leaf.organisation or leaf.member, "member": leaf.member}
            yield Verdict.of(Reason.MISCONFIGURED, phrase("unfit.leaf", text, **named))
