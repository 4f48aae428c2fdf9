"""The world: the cache's objects as typed models, and what is wrong with those that cannot be read.

In: changed documents, from :mod:`hanse.operator.cache`. Out: members, classes, tiers and so on by name, jobs by uid;
next is :mod:`hanse.operator.snapshot`. An object that the API server's rules should have refused, but did not (it was
written before the rule, say), is kept out by itself and named in :attr:`World.misconfigured`; for one of which a good
version was known, that one stays in force. It must not raise, whatever an object looks like.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hanse import resources
from hanse.operator import kinds
from hanse.operator.cache import Document
from hanse.operator.naming import Names

MODELS: Mapping[str, type[resources.Resource]] = {model.__name__: model for model in resources.KINDS}
POLICY_NAME = "default"


@dataclass(frozen=True, slots=True)
class Leaf:
    """Whom a namespace's jobs belong to; the organisation is absent where the member itself is the leaf."""

    member: str
    organisation: str | None


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """An object that cannot be used, and the sentence that says why."""

    kind: str
    name: str
    namespace: str | None
    generation: int
    problem: str
    document: Document = field(repr=False)


class World:
    """All watched objects. Objects other than jobs and placements are few, and are named; the rest goes by uid."""

    def __init__(self) -> None:
        self._objects: dict[str, dict[str, resources.Resource]] = {name: {} for name in MODELS}
        self.leaves: dict[str, Leaf] = {}
        self._placement_by_attempt: dict[str, resources.Placement] = {}
        self._namespace_by_uid: dict[str, str] = {}
        self.names = Names()
        self.documents: dict[str, Document] = {}
        """The raw TrainingJobs by uid: what a status is compared with."""
        self.misconfigured: dict[str, Misconfigured] = {}
        self.pool_version = 0
        """Grows whenever anything but jobs and placements changed: then the pool is another."""
        self.version = 0
        """Grows whenever something changed that may be decided on, and not merely a job's status or our Placement."""

    def take(self, changes: Mapping[str, Mapping[str, Document | None]]) -> bool:
        """Take in what changed; return whether the pool did."""
        version_before = self.pool_version
        for kind, documents in changes.items():
            for uid, document in documents.items():
                if kind == kinds.NAMESPACE.name:
                    self._take_namespace(uid, document)
                    self.version += 1
                else:
                    self.version += self._take_object(kind, uid, document)
            if kind == kinds.PLACEMENT.name and documents:
                self._placement_by_attempt = {each.spec.attempt: each for each in self.placements.values()}
            if documents and kind not in {kinds.TRAINING_JOB.name, kinds.PLACEMENT.name}:
                self.pool_version += 1
        return self.pool_version != version_before

    @property
    def jobs(self) -> Mapping[str, resources.TrainingJob]:
        """The jobs that can be read, by uid."""
        return self._objects["TrainingJob"]  # type: ignore[return-value]  # the values of one kind are of its model

    @property
    def placement_by_attempt(self) -> Mapping[str, resources.Placement]:
        """The placements by the attempt that they are about."""
        return self._placement_by_attempt

    @property
    def placements(self) -> Mapping[str, resources.Placement]:
        """The placements by uid."""
        return self._objects["Placement"]  # type: ignore[return-value]  # as above

    def has(self, uid: str) -> bool:
        """Return whether there is an object of this uid, whether it can be read or not."""
        return uid in self.misconfigured or any(uid in objects for objects in self._objects.values())

    def named(self, kind: str) -> dict[str, Any]:
        """Return the objects of a cluster-wide kind by name, in name order."""
        objects = self._objects[kind].values()
        return {each.metadata.name: each for each in sorted(objects, key=lambda each: each.metadata.name)}

    def contributions(self) -> list[resources.Contribution]:
        """Return all contributions, in the order of namespace and name."""
        found: list[Any] = list(self._objects["Contribution"].values())
        return sorted(found, key=lambda each: (each.metadata.namespace, each.metadata.name))

    def policy(self) -> resources.PoolPolicySpec:
        """Return the alliance's rules; before there are any, their defaults."""
        found = self.named("PoolPolicy").get(POLICY_NAME)
        return found.spec if found else resources.PoolPolicySpec()

    def _take_namespace(self, uid: str, document: Document | None) -> None:
        # A namespace that was deleted and made again changes under both uids, in any order.
        left = self._namespace_by_uid.pop(uid, "")
        if left not in self._namespace_by_uid.values():
            self.leaves.pop(left, None)
        labels = (document or {}).get("metadata", {}).get("labels", {})
        if document and (member := labels.get(resources.MEMBER_LABEL)):
            name = document["metadata"]["name"]
            self._namespace_by_uid[uid] = name
            self.leaves[name] = Leaf(member, labels.get(resources.ORGANISATION_LABEL) or None)

    def _take_object(self, kind: str, uid: str, document: Document | None) -> bool:
        """Take in an object; return whether it may be decided on."""
        was_broken = self.misconfigured.pop(uid, None) is not None
        if document is None:
            self._objects[kind].pop(uid, None)
            self.documents.pop(uid, None)
            self.names.drop(uid)
            return kind != kinds.PLACEMENT.name
        if kind == kinds.TRAINING_JOB.name:
            before, self.documents[uid] = self.documents.get(uid), document
            # Reading one takes long, and most that is told of jobs is what was written into their statuses.
            if before is not None and not was_broken and _asks_the_same(before, document):
                return False
        try:
            self._objects[kind][uid] = MODELS[kind].parse(document)
            if kind == kinds.TRAINING_JOB.name:
                metadata = document["metadata"]
                self.names.put(uid, metadata.get("namespace", ""), metadata["name"])
        except resources.MisconfiguredError as error:
            self.misconfigured[uid] = _misconfigured(kind, document, str(error))
        # A Placement of which no agent has said anything is our own doing.
        return kind != kinds.PLACEMENT.name or "status" in document


def _asks_the_same(before: Document, after: Document) -> bool:
    """Return whether two versions of an object differ in their statuses alone."""
    version = {"resourceVersion": after["metadata"].get("resourceVersion")}
    return bool(before["metadata"] | version == after["metadata"] | version and before.get("spec") == after.get("spec"))


def _misconfigured(kind: str, document: Document, problem: str) -> Misconfigured:
    metadata = document["metadata"]
    return Misconfigured(
        kind, metadata["name"], metadata.get("namespace"), metadata.get("generation", 0), problem, document
    )
