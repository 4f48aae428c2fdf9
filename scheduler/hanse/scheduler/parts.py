"""Parts: what runs, as columns by job row, and which nodes each part holds.

A part is what is started, stopped and labelled as one: a rigid gang, an elastic gang's core, or one worker beyond it. A
gang's or core's row is its job's row; behind the jobs' come those of the workers beyond cores, all of which borrow.
In: the snapshot's jobs and live attempts. Out: the columns that `rules`, `accounts` and `victims` compare, changed as
the plan goes. It keeps facts and decides nothing.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hanse.quota import charge, units
from hanse.scheduler import columns, exchange, runtimes
from hanse.scheduler import ground as grounds
from hanse.scheduler.capacity import Use
from hanse.scheduler.columns import Flags, Integers, find, integers
from hanse.scheduler.ground import Ground
from hanse.scheduler.pool import Rung, Shape, Slices
from hanse.scheduler.sharing import Parted
from hanse.scheduler.snapshot import Snapshot

BORROWED = -1
"""The cover of who borrows."""
_WHOLE = Slices(0, 0)


class Parts:
    """Columns by part. Those in the first block never change in a plan; the others mean something while `live`."""

    def __init__(self, snapshot: Snapshot, ground: Ground) -> None:
        catalogue, beyond = snapshot.catalogue, snapshot.holdings[_is_extra(snapshot)]
        self.jobs = len(snapshot.jobs)
        size = self.jobs + len(beyond)
        self.job = np.concatenate([np.arange(self.jobs), snapshot.attempts["job"][beyond["attempt"]]])
        self.worker = np.concatenate([np.full(self.jobs, columns.CORE), integers(beyond["worker"])])
        self.is_extra: Flags = np.arange(size) >= self.jobs
        jobs = snapshot.jobs[self.job] if len(beyond) else snapshot.jobs
        self.leaf = integers(jobs["organisation"])
        self.tier = integers(jobs["tier"])
        self.shape = integers(jobs["shape"])
        self.member = integers(catalogue.member_of)[self.leaf]
        by_member = np.argsort(self.member, kind="stable")
        ends = np.cumsum(np.bincount(self.member, minlength=len(catalogue.members)))
        self.of_member = np.split(by_member, ends[:-1])
        self.leaf_depth = integers(catalogue.depth)[self.leaf]
        self.tier_rank = catalogue.tier_rank[self.tier]
        self.age = _ranks(np.lexsort((snapshot.jobs["uid"], snapshot.jobs["submitted"])))[self.job]
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
        self.starts: list[int] = []
        self.donors: dict[int, exchange.Donors] = {}
        self._catalogue, self._shapes = catalogue, snapshot.shapes
        self.milli_of = _by_class_and_shape(snapshot, catalogue.milli_gpus)
        grants = np.array(catalogue.grant, dtype=np.int64).reshape(-1, max(1, len(catalogue.accelerators)))
        self._has_grant: Flags = grants > 0
        self._milli_limit_of = _by_class_and_shape(snapshot, catalogue.milli_gpus_limit)
        self._load(snapshot)
        self._load_extras()
        self.holdings = Holdings(snapshot, self, ground)
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

    def _load_extras(self) -> None:
        """Let each worker beyond a core be as its core, but for its label; it leaves whenever it is asked to."""
        extras, core = self.jobs, self.job[self.jobs :]
        for column in (self.live, self.accelerator, self.gpu_rate, self.lost_seconds):
            column[extras:] = column[core]
        self.rung[extras:], self.cover[extras:] = Rung.BORROW, BORROWED
        self.ends[extras:] = self._as_of

    def _place(self, parts: Integers, ground: Ground) -> None:
        """Set what follows from where the live *parts* are."""
        held = self.holdings
        rows = held.rows(parts)
        part, node = held.part[rows], held.node[rows]
        milli = held.workers[rows] * self.milli_of[self.accelerator[part], self.shape[part]]
        levied, own = ground.levied[node], ground.owner[node] == self.member[part]
        has_grant = self._has_grant[self.member[part], ground.accelerator[node]]
        self.milli_gpus[parts], self.milli_levied[parts] = 0, 0
        np.add.at(self.milli_gpus, part, milli)
        np.add.at(self.milli_levied, part, np.where(levied, milli, 0))
        self.at_home[parts], self.on_own[parts] = True, True
        self.at_home[part[~np.where(levied, has_grant, own)]] = False
        self.on_own[part[levied | ~own]] = False

    def start(self, part: int, accelerator: int, gpu_rate: int, placed: "Placement", ground: Ground) -> None:
        """Make *part* live where *placed* says; its label is set by `accounts`."""
        self.live[part] = self.started[part] = True
        self.starts.append(part)
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

    def extras_of(self, cores: Integers) -> Integers:
        """Return the live workers beyond these *cores*."""
        extras: Integers = self.jobs + np.flatnonzero(self.live[self.jobs :] & np.isin(self.job[self.jobs :], cores))
        return extras

    def workers(self, part: int) -> int:
        """Return the workers of a live part."""
        return int(self.milli_gpus[part] // self.milli_of[self.accelerator[part], self.shape[part]])

    def gpus(self, part: int) -> int:
        """Return the GPUs of a live part, shared or not."""
        return self.workers(part) * self._shapes[int(self.shape[part])].gpus_per_worker

    def milli_gpus_limit(self, part: int) -> units.MilliGpu:
        """Return the most milli-GPUs that a live part may be charged for."""
        shape, accelerator = self._shapes[int(self.shape[part])], int(self.accelerator[part])
        return self.workers(part) * self._catalogue.milli_gpus_limit(accelerator, shape)

    def rate(self, part: int) -> units.MilliH100e:
        """Return the most mH·s that a live part uses in a second."""
        return charge.rate(int(self.gpu_rate[part]), self.milli_gpus_limit(part))

    def rates(self, parts: Integers) -> Integers:
        """Return the same for each of live *parts*."""
        shape, accelerator = self.shape[parts], self.accelerator[parts]
        workers = self.milli_gpus[parts] // self.milli_of[accelerator, shape]
        rates: Integers = -(-self.gpu_rate[parts] * workers * self._milli_limit_of[accelerator, shape] // units.MILLI)
        return rates

    def rates_by_leaf(self, parts: Integers) -> list[tuple[int, units.MilliH100e]]:
        """Return what live *parts* use in a second at most, by leaf."""
        leaves, index = np.unique(self.leaf[parts], return_inverse=True)
        total = np.zeros(len(leaves), dtype=np.int64)
        np.add.at(total, index, self.rates(parts))
        return list(zip(leaves.tolist(), total.tolist(), strict=True))


class Placement:
    """Where a part is to run: nodes, how many workers and which GPUs on each."""

    __slots__ = ("gpus", "nodes", "workers")

    def __init__(self, nodes: Integers, workers: Integers, gpus: list[int]) -> None:
        self.nodes, self.workers, self.gpus = nodes, workers, gpus


class Holdings:
    """Which part holds which GPUs of which node: growing columns in which each part's rows are together."""

    def __init__(self, snapshot: Snapshot, parts: Parts, ground: Ground) -> None:
        self._parts, self.nodes = parts, len(snapshot.nodes)
        slices = [shape.slices or _WHOLE for shape in snapshot.shapes] if ground.shares else []
        self._slices_of = integers([(each.guaranteed_gib, each.limit_gib, each.with_others) for each in slices]).T
        self.is_shared_of: Flags = np.array([shape.slices is not None for shape in snapshot.shapes], dtype=np.bool_)
        demands = [grounds.demand(shape) for shape in snapshot.shapes]
        self.demand_of = np.array(demands, dtype=np.int64).reshape(-1, len(grounds.RESOURCES)).T
        self.exclusive_of = np.array([grounds.is_exclusive(shape) for shape in snapshot.shapes], dtype=np.bool_)
        is_extra = _is_extra(snapshot)
        staying = ~snapshot.attempts["draining"][snapshot.holdings["attempt"]] & ~snapshot.holdings["leaving"]
        part = integers(snapshot.attempts["job"][snapshot.holdings["attempt"]])
        part[is_extra] = parts.jobs + np.arange(int(is_extra.sum()))
        held, self.part = snapshot.holdings[staying], part[staying]
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
        use.parted = self.parted(self.gpus[rows], shape)
        return use

    def parted(self, masks: npt.NDArray[np.uint64], shape: Integers) -> Parted | None:
        """Return what workers of these shapes hold of shared GPUs, or None where no node shares any."""
        if not len(self._slices_of):
            return None
        guaranteed, limit, with_others = self._slices_of[:, shape]
        return Parted(masks, guaranteed, limit, with_others.astype(np.bool_))

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


def _by_class_and_shape(snapshot: Snapshot, of: Callable[[int, Shape], int]) -> Integers:
    """Return a number by class and shape; that of most shapes is the same for all classes."""
    classes = max(1, len(snapshot.catalogue.accelerators))
    rows = [[of(each, shape) for each in range(classes if shape.slices else 1)] for shape in snapshot.shapes]
    table = [row if len(row) == classes else row * classes for row in rows]
    return integers(table).reshape(-1, classes).T


def _is_extra(snapshot: Snapshot) -> Flags:
    """Return which holdings are those of workers beyond a core who stay."""
    held = snapshot.holdings
    draining: Flags = snapshot.attempts["draining"][held["attempt"]]
    beyond: Flags = (held["worker"] != columns.CORE) & ~held["leaving"] & ~draining
    return beyond


def _ranks(order: Integers) -> Integers:
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return ranks
