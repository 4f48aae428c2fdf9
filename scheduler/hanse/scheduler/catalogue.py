"""The pool's names as indices, and the tables that follow from its organisations, classes and tiers alone.

In: a `pool.Pool`. Out: lists and small arrays that the planner's loops index; names come back only when a decision is
written. Everything is in name order, so that the order of the records never matters. It refuses, with the reason, a
pool that cannot be planned for; the operator keeps the last good one.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hanse.quota import charge, entitlement, shares, units
from hanse.quota.errors import QuotaError
from hanse.scheduler.pool import Organisation, Pool, Shape, Trust

NONE = -1
UNLIMITED = 2**62


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class Catalogue:
    """Indices of one pool. `depth` and `path` (leaf first, member last) are by organisation."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.accelerators = sorted(pool.accelerators, key=_name)
        self.tiers = sorted(pool.tiers, key=_name)
        self.members = sorted(pool.members, key=_name)
        self.contributions = sorted(pool.contributions, key=_name)
        self.accelerator = _indices("accelerator class", self.accelerators)
        self.tier = _indices("tier", self.tiers)
        self.member = _indices("member", self.members)
        self.contribution = _indices("contribution", self.contributions)
        self.clusters = sorted({each.cluster for each in self.contributions})
        self._index_organisations(pool)
        self._index_contributions()
        self._index_classes()
        self.terms = shares.Terms(pool.policy.share_floor, pool.policy.share_half_life_seconds)
        self._serves: dict[tuple[int, frozenset[str], frozenset[str]], npt.NDArray[np.bool_]] = {}
        self._offers: dict[Trust, npt.NDArray[np.bool_]] = {}
        self.tier_rank = np.array([tier.rank for tier in self.tiers], dtype=np.int64)

    def _index_organisations(self, pool: Pool) -> None:
        roots = [Organisation(member.name, "", {}) for member in self.members]
        self.organisations = sorted([*roots, *pool.organisations], key=_name)
        self.organisation = _indices("organisation", self.organisations)
        self.parent = [self.organisation.get(each.parent, NONE) for each in self.organisations]
        self.path = [self._path(index) for index in range(len(self.organisations))]
        self.depth = [len(path) - 1 for path in self.path]
        self.member_of = [self.member[self.organisations[path[-1]].name] for path in self.path]
        self.root = [self.organisation[member.name] for member in self.members]
        self.is_leaf = [index not in self.parent for index in range(len(self.organisations))]
        self.common_depth = self._common_depths()
        for index, organisation in enumerate(self.organisations):
            self._check_children(index, organisation.name)

    def _path(self, index: int) -> list[int]:
        path = [index]
        while (parent := self.parent[path[-1]]) != NONE:
            if parent in path:
                raise QuotaError(f"{self.organisations[index].name} is below itself: give one of its parents another")
            path.append(parent)
        root = self.organisations[path[-1]]
        if root.parent or root.name not in self.member:
            raise QuotaError(f"{root.name} is below {root.parent or 'nobody'}, which is no member or organisation")
        return path

    def _common_depths(self) -> npt.NDArray[np.int64]:
        """Return the depth of the lowest common ancestor by pair of organisations; NONE between members."""
        ancestors = np.zeros((len(self.path), len(self.path)), dtype=np.int64)
        for index, path in enumerate(self.path):
            ancestors[index, path] = 1
        return ancestors @ ancestors.T - 1

    def _check_children(self, index: int, name: str) -> None:
        children = [self.organisations[child] for child, parent in enumerate(self.parent) if parent == index]
        for accelerator in self.accelerator:
            entitlement.check_shares(name, [child.shares.get(accelerator, 0) for child in children])

    def _index_contributions(self) -> None:
        self.contribution_member = np.array([self.member[each.member] for each in self.contributions], dtype=np.int64)
        cluster = {name: index for index, name in enumerate(self.clusters)}
        self.contribution_cluster = np.array([cluster[each.cluster] for each in self.contributions], dtype=np.int64)
        self.contribution_mixes = np.array([each.mixes for each in self.contributions], dtype=np.bool_)

    def _index_classes(self) -> None:
        precision = self.pool.policy.reference_precision
        self.raw = [each.h100_equivalents.get(precision, 0) for each in self.accelerators]
        names = self.accelerator
        self.borrowing_limit = [_row(member.borrowing_limits, names, UNLIMITED) for member in self.members]
        self.lending_limit = [_row(member.lending_limits, names, UNLIMITED) for member in self.members]
        self.grant = [_row(member.grants, names, 0) for member in self.members]

    def gpu_rate(self, accelerator: int, precision: str, tier: int) -> int:
        """Return the mH·s a second of one GPU of this class at this precision; 0 if the class does not have it."""
        equivalent = self.accelerators[accelerator].h100_equivalents.get(precision, 0)
        return charge.gpu_rate(equivalent, self.tiers[tier].factor)

    def milli_gpus(self, accelerator: int, shape: Shape) -> units.MilliGpu:
        """Return what one worker of this shape counts as on a class: of a shared GPU, by what it is guaranteed."""
        return self.part_of_gpu(accelerator, shape.slices.guaranteed_gib) if shape.slices else _whole(shape)

    def milli_gpus_limit(self, accelerator: int, shape: Shape) -> units.MilliGpu:
        """Return the most that one worker of this shape may be charged for: of a shared GPU, by its limit."""
        return self.part_of_gpu(accelerator, shape.slices.limit_gib) if shape.slices else _whole(shape)

    def part_of_gpu(self, accelerator: int, gib: int) -> units.MilliGpu:
        """Return what so much memory is of a GPU, rounded up; all of it where none is shared any more."""
        all_gib = self.accelerators[accelerator].shareable_gib
        return min(units.MILLI, -(-units.MILLI * gib // all_gib)) if all_gib else units.MILLI

    def serves(self, member: int, regions: frozenset[str], excluded: frozenset[str]) -> npt.NDArray[np.bool_]:
        """Return which contributions serve this *member*, lie in the *regions* (none: any), and are not *excluded*."""
        key = member, regions, excluded
        if key not in self._serves:
            name = self.members[member].name
            self._serves[key] = np.array(
                [
                    name not in each.excluded_members
                    and each.member not in excluded
                    and (not regions or each.region in regions)
                    for each in self.contributions
                ],
                dtype=np.bool_,
            )
        return self._serves[key]

    def offers(self, trust: Trust) -> npt.NDArray[np.bool_]:
        """Return which contributions offer this kind of *trust*."""
        if trust not in self._offers:
            offered = [trust == Trust.NONE or trust in each.trust for each in self.contributions]
            self._offers[trust] = np.array(offered, dtype=np.bool_)
        return self._offers[trust]

    def outside(self, clusters: frozenset[str]) -> npt.NDArray[np.bool_]:
        """Return which contributions are in none of these *clusters*."""
        return np.array([each.cluster not in clusters for each in self.contributions], dtype=np.bool_)


def _whole(shape: Shape) -> units.MilliGpu:
    return units.MILLI * shape.gpus_per_worker


def _name(record: _Named) -> str:
    return record.name


def _indices(what: str, records: Iterable[_Named]) -> dict[str, int]:
    names = [record.name for record in records]
    if len(set(names)) < len(names):
        twice = sorted(name for name in set(names) if names.count(name) > 1)
        raise QuotaError(f"more than one {what} is called {', '.join(twice)}: rename all but one")
    return {name: index for index, name in enumerate(names)}


def _row(values: Mapping[str, int], names: Mapping[str, int], default: int) -> list[int]:
    unknown = sorted(set(values) - set(names))
    if unknown:
        raise QuotaError(f"there is no accelerator class {', '.join(unknown)}: add it, or take it out of the member")
    return [values.get(name, default) for name in names]
