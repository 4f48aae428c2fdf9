"""Whether a container may start with the slices that it was given: by what is placed here, never by what it says.

In: who has which slices, as the kubelet has recorded it; the bindings, as the cluster agent says them. Out: nothing,
or why not. Nothing here waits: :class:`NotYetError` says that asking again may help, as the kubelet or the cluster
agent may not have got there. A pod's own labels and annotations are not looked at.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from hanse.agent.bindings import Binding
from hanse.agent.node import slices


class RefusedError(Exception):
    """The container must not start, with the field, the value and what to do."""


class NotYetError(RefusedError):
    """So far it must not; it may be asked again."""


@dataclass(frozen=True)
class Owner:
    """A container with devices: ids by the name of the resource."""

    namespace: str
    pod: str
    container: str
    devices: Mapping[str, frozenset[str]]

    def __str__(self) -> str:
        """Return its name as kubectl's users write it."""
        return f"{self.namespace}/{self.pod}"


def owner_of(resource: str, ids: Collection[str], owners: Iterable[Owner]) -> Owner:
    """Return the container that has exactly these slices.

    Raises:
        NotYetError: there is none.

    """
    wanted = frozenset(ids)
    for owner in owners:
        if owner.devices.get(resource) == wanted:
            return owner
    raise NotYetError(f"{resource}: the kubelet names no container that has these {len(wanted)} slices")


def check(owner: Owner, bindings: Mapping[str, Binding], offered: Mapping[int, Mapping[str, int]]) -> Binding:
    """Return the binding by which a container has all its slices; *offered* says what makes a whole GPU.

    Raises:
        RefusedError: it is placed elsewhere, or otherwise.
        NotYetError: nothing is known of it.

    """
    binding = bindings.get(owner.pod)
    if binding is None or binding.namespace != owner.namespace:
        raise NotYetError(f"{owner}: no placement on this node names this pod: GPUs are given to Hanse's workers only")
    if binding.stopping:
        raise RefusedError(f"{owner}: attempt {binding.attempt} with fence {binding.fence} is to stop: no more starts")
    has = slices.gathered(owner.devices)
    if sorted(has) != sorted(binding.gpus):
        raise RefusedError(f"{owner} has GPUs {sorted(has)}, and is placed on {sorted(binding.gpus)}: delete the pod")
    for gpu, parts in sorted(has.items()):
        placed = _placed(binding, offered.get(gpu, {}))
        counted = {part: len(parts.get(part, ())) for part in slices.PARTS}
        for part in slices.PARTS:
            if counted[part] != placed[part]:
                name = slices.resource(gpu, part)
                said = f"{owner} has {counted[part]} of {name}, and is placed with {placed[part]}"
                raise RefusedError(f"{said}: delete the pod")
    return binding


def _placed(binding: Binding, offered: Mapping[str, int]) -> Mapping[str, int]:
    """Return how many slices of each part the placement means. A whole GPU is all of it that can be guaranteed."""
    if binding.guaranteed_gib is None or binding.limit_gib is None:
        memory = offered.get(slices.MEMORY, 0)
        return {slices.MEMORY: memory, slices.LIMIT: memory, slices.TENANT: offered.get(slices.TENANT, 0)}
    return {slices.MEMORY: binding.guaranteed_gib, slices.LIMIT: binding.limit_gib, slices.TENANT: 1}
