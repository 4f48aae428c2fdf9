"""The ground: what follows from the pool's names and its nodes alone, whoever runs there.

In: a catalogue and the node column. Out: entitlements by organisation and class, whose home each node is, and which
nodes a shape may use at all (residency, exclusion, trust, state). Nothing here depends on jobs or attempts, so a
warm planner keeps it until a node or the policy changes. Next: `capacity` lays on it what runs.
"""

from functools import cached_property

import numpy as np

from hanse.quota import entitlement, units
from hanse.scheduler.catalogue import NONE, Catalogue
from hanse.scheduler.columns import Flags, Integers, Table, integers
from hanse.scheduler.domains import Domains
from hanse.scheduler.ladders import Ladders
from hanse.scheduler.pool import NodeState, Shape, Trust
from hanse.scheduler.records import NOT_ENROLLED

RESOURCES = ("gpus", "cpu_milli", "memory_mib", "ephemeral_mib", "rdma")
GPUS = 0

ClusterNodes = list[tuple[int, Integers]]


class Ground:
    """Facts about nodes; `usable_gpus` and `whole` (by resource and node) are less what foreign pods hold."""

    def __init__(self, catalogue: Catalogue, nodes: Table, before: "Ground | None" = None) -> None:
        self.catalogue = catalogue
        self.nodes = nodes
        self.accelerator = integers(nodes["accelerator"])
        self.contribution = integers(nodes["contribution"])
        self.owner = catalogue.contribution_member[self.contribution]
        self.ready: Flags = nodes["state"] == NodeState.READY
        self.recalled: Flags = nodes["state"] == NodeState.RECALLED
        self.usable_gpus = nodes["gpus"] & ~nodes["foreign_gpus"]
        self.shares = bool((nodes["mem_gib"] > 0).any())
        self.whole = self._whole()
        cluster = catalogue.contribution_cluster[self.contribution]
        is_as_before = before is not None and before.domains.holds(nodes, cluster)
        self.domains: Domains = before.domains if before and is_as_before else Domains(nodes, cluster)
        is_same_pool = before is not None and before.catalogue is catalogue
        self.ladders: list[Ladders] = (
            before.ladders
            if before and is_same_pool
            else [Ladders(catalogue, member) for member in range(len(catalogue.members))]
        )
        self.levied = self._levied()
        self.granted, self.entitled = self._entitle()
        self._nodes_for: dict[tuple[object, ...], ClusterNodes] = {}
        self._nodes_offered: dict[tuple[object, ...], ClusterNodes] = {}
        self._clusters_of: dict[bytes, ClusterNodes] = {}

    def _whole(self) -> Integers:
        rows = [np.bitwise_count(self.usable_gpus).astype(np.int64)]
        rows += [np.maximum(0, self.nodes[name] - self.nodes[f"foreign_{name}"]) for name in RESOURCES[1:]]
        return np.array(rows, dtype=np.int64)

    def _levied(self) -> Flags:
        """Return which nodes are levied: of each member and class, those that were enrolled first."""
        levied = np.zeros(len(self.nodes), dtype=np.bool_)
        enrolled = self.nodes["enrolled"] != NOT_ENROLLED
        for member, record in enumerate(self.catalogue.members):
            for accelerator in range(len(self.catalogue.accelerators)):
                rows = np.flatnonzero((self.owner == member) & (self.accelerator == accelerator))
                # Where none is enrolled nothing is metered, and the levy is of what there is.
                rows = rows[enrolled[rows]] if enrolled[rows].any() else rows
                by_age = rows[np.argsort(self.nodes["enrolled"][rows], kind="stable")]
                levied[by_age[: entitlement.levied_nodes(len(rows), record.levy)]] = True
        return levied

    def _entitle(self) -> tuple[list[list[int]], list[list[int]]]:
        """Return what each member's grant is worth, and each organisation's entitlement, by class, in milli-GPUs."""
        catalogue = self.catalogue
        classes = range(len(catalogue.accelerators))
        own, levied, levied_healthy = self._gpus_own(), self._gpus_enrolled_levied(), self._gpus_healthy_levied()
        granted = [
            [
                entitlement.granted(
                    row[c], sum(each[c] for each in catalogue.grant), int(levied[c]), int(levied_healthy[c])
                )
                for c in classes
            ]
            for row in catalogue.grant
        ]
        entitled = [[0 for _ in classes] for _ in catalogue.organisations]
        for organisation in sorted(range(len(catalogue.depth)), key=catalogue.depth.__getitem__):
            member, parent = catalogue.member_of[organisation], catalogue.parent[organisation]
            shares = catalogue.organisations[organisation].shares
            for c in classes:
                if parent == NONE:
                    entitled[organisation][c] = entitlement.member(int(own[member, c]), granted[member][c])
                else:
                    share = shares.get(catalogue.accelerators[c].name, 0)
                    entitled[organisation][c] = entitlement.child(entitled[parent][c], share)
        return granted, entitled

    @cached_property
    def _counts(self) -> Flags:
        state = self.nodes["state"]
        counts: Flags = (state == NodeState.READY) | (state == NodeState.RECALLED)
        return counts

    def _gpus_own(self) -> Integers:
        counted = self._counts & ~self.levied
        own = np.zeros((len(self.catalogue.members), len(self.catalogue.accelerators)), dtype=np.int64)
        np.add.at(own, (self.owner[counted], self.accelerator[counted]), self.whole[GPUS][counted])
        return own

    def _gpus_healthy_levied(self) -> Integers:
        counted = self._counts & self.levied
        return self._by_class(np.where(counted, self.whole[GPUS], 0))

    def _gpus_enrolled_levied(self) -> Integers:
        # A node outside its contribution's window is not broken: it is no part of what there is to grant.
        counted = (self.nodes["state"] != NodeState.CLOSED) & self.levied
        enrolled = np.maximum(integers(self.nodes["gpus_enrolled"]), self.whole[GPUS])
        return self._by_class(np.where(counted, enrolled, 0))

    def _by_class(self, gpus: Integers) -> Integers:
        total = np.zeros(len(self.catalogue.accelerators), dtype=np.int64)
        np.add.at(total, self.accelerator, gpus)
        return total

    def raw_entitled(self, member: int) -> units.MilliH100e:
        """Return a member's entitlement over all classes, in H100e at the reference precision."""
        milli_gpus = self.entitled[self.catalogue.root[member]]
        return sum(milli * raw for milli, raw in zip(milli_gpus, self.catalogue.raw, strict=True)) // units.MILLI

    def home(self, member: int, accelerator: int) -> Flags:
        """Return which nodes of a class are a member's home: its own unlevied ones; with a grant, all levied ones."""
        own = ~self.levied & (self.owner == member)
        if self.catalogue.grant[member][accelerator]:
            own |= self.levied
        home: Flags = own & (self.accelerator == accelerator)
        return home

    def _offering(self, member: int, shape: Shape) -> Flags:
        """Return which contributions residency, exclusion and trust leave to this member's jobs of this shape."""
        serves = self.catalogue.serves(member, shape.regions, shape.excluded_members)
        offering: Flags = serves & self.catalogue.offers(shape.trust)
        return offering & self.catalogue.outside(shape.excluded_clusters) if shape.excluded_clusters else offering

    def allowed(self, member: int, shape: Shape) -> Flags:
        """Return which nodes residency, exclusion and trust leave to this member's jobs of this shape."""
        allowed: Flags = self._offering(member, shape)[self.contribution]
        return allowed

    def nodes_for(self, member: int, shape: Shape, accelerator: int, *, home: bool = False) -> ClusterNodes:
        """Return, by cluster, the nodes that may take workers of this shape; each list is in name order."""
        is_shared = shape.slices is not None
        where = (shape.regions, shape.excluded_members, shape.excluded_clusters, shape.trust, is_shared)
        key = (member, *where, accelerator, home)
        if key not in self._nodes_for:
            self._nodes_for[key] = self._nodes_of(
                member, self._offering(member, shape), accelerator, is_shared=is_shared, home=home
            )
        return self._nodes_for[key]

    def nodes_of_class(self, accelerator: int) -> ClusterNodes:
        """Return, by cluster, all nodes of a class that take workers, whoever's they are."""
        everywhere = np.ones(len(self.catalogue.contributions), dtype=np.bool_)
        return self._nodes_of(NONE, everywhere, accelerator, is_shared=False, home=False)

    def _nodes_of(self, member: int, offering: Flags, accelerator: int, *, is_shared: bool, home: bool) -> ClusterNodes:
        """Return the nodes of these contributions; what many shapes are left with is looked up once."""
        known = (member if home else NONE, is_shared, accelerator, offering.tobytes())
        if known not in self._nodes_offered:
            flags = self.ready & (self.accelerator == accelerator) & offering[self.contribution]
            if home:
                flags &= self.home(member, accelerator)
            if is_shared:
                flags &= self.nodes["mem_gib"] > 0
            rows = np.flatnonzero(flags)
            # The same nodes are the same array, whoever asks: what `capacity` remembers of them serves all.
            same = rows.tobytes()
            if same not in self._clusters_of:
                self._clusters_of[same] = self._by_cluster(rows)
            self._nodes_offered[known] = self._clusters_of[same]
        return self._nodes_offered[known]

    def _by_cluster(self, rows: Integers) -> ClusterNodes:
        cluster = self.catalogue.contribution_cluster[self.contribution[rows]]
        found = ((each, rows[cluster == each]) for each in range(len(self.catalogue.clusters)))
        return [(each, nodes) for each, nodes in found if len(nodes)]


def demand(shape: Shape) -> Integers:
    """Return what one worker takes of each of `RESOURCES`."""
    return integers(
        [shape.gpus_per_worker, shape.cpu_milli, shape.memory_mib, shape.ephemeral_mib, shape.rdma],
    )


def is_exclusive(shape: Shape) -> bool:
    """Return whether workers of this shape share a node only with their own member's."""
    return shape.trust == Trust.EXCLUSIVE_NODE
