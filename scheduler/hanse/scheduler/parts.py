"""Parts: what runs, as columns by job row, and which nodes each part holds.

A part is what is started, stopped and labelled as one. Today that is a rigid gang, so a part's row is its job's row;
the workers of an elastic gang beyond its core will be rows of their own behind the jobs'. In: the snapshot's jobs and
live attempts. Out: the columns that `rules`, `accounts` and `victims` compare, changed as the plan goes. It keeps
facts and decides nothing.
"""

import numpy as np

from hanse.quota import units
from hanse.scheduler import exchange, runtimes
from hanse.scheduler import ground as grounds
from hanse.scheduler.capacity import Use
from hanse.scheduler.columns import Flags, Integers, find, integers
from hanse.scheduler.ground import GPUS, Ground
from hanse.scheduler.pool import Rung
from hanse.scheduler.snapshot import Snapshot


class Parts:
    """Columns by part. Those in the first block never change in a plan; the others mean something while `live`."""

    def __init__(self, snapshot: Snapshot, ground: Ground) -> None:
        catalogue, jobs, size = snapshot.catalogue, snapshot.jobs, len(snapshot.jobs)
        self.leaf = integers(jobs["organisation"])
        self.tier = integers(jobs["tier"])
        self.shape = integers(jobs["shape"])
        self.member = integers(catalogue.member_of)[self.leaf]
        self.leaf_depth = integers(catalogue.depth)[self.leaf]
        self.tier_rank = catalogue.tier_rank[self.tier]
        self.age = _ranks(np.lexsort((jobs["uid"], jobs["submitted"])))
        self.preemptible: Flags = np.array([tier.preemptible for tier in catalogue.tiers])[self.tier]
        self._as_of = snapshot.as_of
        self._run_min = integers([tier.run_seconds_min for tier in catalogue.tiers])
        self.run_until_min = np.zeros(size, dtype=np.int64)
        self._run = integers([shape.run_seconds for shape in snapshot.shapes])

        self.live: Flags = np.zeros(size, dtype=np.bool_)
        self.accelerator = np.zeros(size, dtype=np.int64)
        self.rung = np.zeros(size, dtype=np.int64)
        self.cover = np.zeros(size, dtype=np.int64)
        self.number = integers(jobs["attempts"])
        self.preemptions = integers(jobs["preemptions"])
        self.gpu_rate = np.zeros(size, dtype=np.int64)
        self.milli_gpus = np.zeros(size, dtype=np.int64)
        self.milli_levied = np.zeros(size, dtype=np.int64)
        self.at_home: Flags = np.zeros(size, dtype=np.bool_)
        self.on_own: Flags = np.zeros(size, dtype=np.bool_)
        self.lost_seconds = np.zeros(size, dtype=np.int64)
        self.ends = np.zeros(size, dtype=np.int64)
        self.started: Flags = np.zeros(size, dtype=np.bool_)
        self.donors: dict[int, exchange.Donors] = {}
        self._load(snapshot)
        self.holdings = Holdings(snapshot, self)
        self._place(np.flatnonzero(self.live), ground)

    def _load(self, snapshot: Snapshot) -> None:
        attempts = snapshot.attempts[~snapshot.attempts["draining"]]
        rows, policy = attempts["job"], snapshot.catalogue.pool.policy
        self.live[rows] = True
        for name in ("accelerator", "rung", "cover", "number", "gpu_rate"):
            getattr(self, name)[rows] = attempts[name]
        since_checkpoint = snapshot.as_of - np.maximum(attempts["started"], attempts["checkpoint"])
        self.lost_seconds[rows] = np.clip(since_checkpoint, 0, policy.lost_seconds_max)
        self.run_until_min[rows] = attempts["started"] + self._run_min[self.tier[rows]]
        self.ends[rows] = attempts["started"] + self._run[self.shape[rows]]
        late = self.ends[rows] <= snapshot.as_of
        for part, started in zip(rows[late].tolist(), attempts["started"][late].tolist(), strict=True):
            self.ends[part] = runtimes.end(started, int(self._run[self.shape[part]]), snapshot.as_of)

        # Those whose donors are gone have none, and fall.
        self.donors = dict.fromkeys(np.flatnonzero(self.live & (self.rung == Rung.EXCHANGE)).tolist(), ())
        accelerators = snapshot.catalogue.accelerator
        exchanging = find(snapshot.jobs["uid"], [each.job for each in snapshot.exchanges]).tolist()
        for part, each in zip(exchanging, snapshot.exchanges, strict=True):
            if part in self.donors:
                self.donors[part] = tuple((accelerators[donor.accelerator], donor.milli_gpus) for donor in each.donors)

    def cover_in_kind(self, parts: Integers) -> Integers:
        """Return the cover of *parts* in the classes on which they run: what exchanges has none."""
        cover: Integers = np.where(self.rung[parts] == Rung.EXCHANGE, -1, self.cover[parts])
        return cover

    def _place(self, parts: Integers, ground: Ground) -> None:
        """Set what follows from where the live *parts* are."""
        held = self.holdings
        rows = held.rows(parts)
        part, node = held.part[rows], held.node[rows]
        milli = held.workers[rows] * held.demand_of[GPUS, self.shape[part]] * units.MILLI
        levied, own = ground.levied[node], ground.owner[node] == self.member[part]
        grants = np.array(ground.catalogue.grant, dtype=np.int64).reshape(
            -1, max(1, len(ground.catalogue.accelerators))
        )
        has_grant = grants[self.member[part], ground.accelerator[node]] > 0
        self.milli_gpus[parts], self.milli_levied[parts] = 0, 0
        np.add.at(self.milli_gpus, part, milli)
        np.add.at(self.milli_levied, part, np.where(levied, milli, 0))
        self.at_home[parts], self.on_own[parts] = True, True
        self.at_home[part[~np.where(levied, has_grant, own)]] = False
        self.on_own[part[levied | ~own]] = False

    def start(self, part: int, accelerator: int, gpu_rate: int, placed: "Placement", ground: Ground) -> None:
        """Make *part* live where *placed* says; its label is set by `accounts`."""
        self.live[part] = self.started[part] = True
        self.accelerator[part] = accelerator
        self.gpu_rate[part] = gpu_rate
        self.number[part] += 1
        self.lost_seconds[part] = 0
        self.ends[part] = self.end_if_started(part)
        self.run_until_min[part] = self._as_of + self._run_min[self.tier[part]]
        self.holdings.add(part, placed)
        self._place(np.array([part]), ground)

    def end_if_started(self, part: int) -> int:
        """Return by when *part* would end if it started now."""
        return self._as_of + int(self._run[self.shape[part]])

    def stop(self, part: int) -> None:
        """Make *part* wait again, with its place in the queue kept."""
        self.live[part] = False
        self.preemptions[part] += 1
        self.holdings.drop(part)

    def gpus(self, part: int) -> int:
        """Return the whole GPUs of a live part."""
        return int(self.milli_gpus[part]) // units.MILLI

    def rate(self, part: int) -> units.MilliH100e:
        """Return the mH·s that a live part uses in a second."""
        return int(self.gpu_rate[part]) * self.gpus(part)


class Placement:
    """Where a part is to run: nodes, how many workers and which GPUs on each."""

    __slots__ = ("gpus", "nodes", "workers")

    def __init__(self, nodes: Integers, workers: Integers, gpus: list[int]) -> None:
        self.nodes, self.workers, self.gpus = nodes, workers, gpus


class Holdings:
    """Which part holds which GPUs of which node: growing columns in which each part's rows are together."""

    def __init__(self, snapshot: Snapshot, parts: Parts) -> None:
        self._parts = parts
        demands = [grounds.demand(shape) for shape in snapshot.shapes]
        self.demand_of = np.array(demands, dtype=np.int64).reshape(-1, len(grounds.RESOURCES)).T
        self.exclusive_of = np.array([grounds.is_exclusive(shape) for shape in snapshot.shapes], dtype=np.bool_)
        held = snapshot.holdings[~snapshot.attempts["draining"][snapshot.holdings["attempt"]]]
        self.part = integers(snapshot.attempts["job"][held["attempt"]])
        self.node, self.workers = integers(held["node"]), integers(held["workers"])
        self.gpus = held["gpus"].astype(np.uint64)
        self.size = len(held)
        self.first = np.zeros(len(parts.leaf), dtype=np.int64)
        self.count = np.bincount(self.part, minlength=len(parts.leaf)).astype(np.int64)
        starts = np.flatnonzero(np.diff(self.part, prepend=-1))
        self.first[self.part[starts]] = starts

    def rows(self, parts: Integers) -> Integers:
        """Return the rows of all *parts*, in their order."""
        if len(parts) == 1:
            first = int(self.first[parts[0]])
            return np.arange(first, first + int(self.count[parts[0]]))
        counts = self.count[parts]
        ends = np.cumsum(counts)
        within = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
        return np.repeat(self.first[parts], counts) + within

    def use(self, parts: Integers) -> Use:
        """Return what *parts* hold, in the form that `capacity` takes."""
        rows = self.rows(parts)
        part = self.part[rows]
        shape = self._parts.shape[part]
        use = Use(
            self.node[rows], self.workers[rows], self.demand_of[:, shape], self._parts.member[part],
            self.exclusive_of[shape],
        )  # fmt: skip
        use.is_one = len(parts) == 1
        return use

    def add(self, part: int, placed: Placement) -> None:
        """Append the rows of a part that starts."""
        count, size = len(placed.nodes), self.size
        while size + count > len(self.part):
            self._grow(size + count)
        new = slice(size, size + count)
        self.part[new], self.node[new], self.workers[new] = part, placed.nodes, placed.workers
        self.gpus[new] = np.array(placed.gpus, dtype=np.uint64)
        self.first[part], self.count[part], self.size = size, count, size + count

    def _grow(self, least: int) -> None:
        size = max(1024, 2 * least)
        for name in ("part", "node", "workers", "gpus"):
            setattr(self, name, np.resize(getattr(self, name), size))

    def drop(self, part: int) -> None:
        """Forget the rows of a part that stops."""
        self.count[part] = 0


def _ranks(order: Integers) -> Integers:
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return ranks
