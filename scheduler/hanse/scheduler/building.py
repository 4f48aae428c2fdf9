"""Builds a snapshot from records: names become rows, in an order that does not depend on the order they came in.

In: a `pool.Pool` and `records`. Out: a `snapshot.Snapshot` whose parts fit together. It is where a record that cannot
be is refused (a job of no leaf, two attempts of a job, a GPU held twice), as everything after it trusts the columns.
The functions that make rows also serve `deltas`, which changes a snapshot instead of building it anew.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from hanse.scheduler import columns, using
from hanse.scheduler.catalogue import Catalogue
from hanse.scheduler.columns import Table
from hanse.scheduler.pool import CapWindow, Pool, Shape
from hanse.scheduler.records import Attempt, Exchange, Job, Node, Reservation
from hanse.scheduler.snapshot import Snapshot


class SnapshotError(ValueError):
    """Records that do not fit together; the message names the first."""


def build(  # noqa: PLR0913, PLR0917  # the five tables of a snapshot, and its time
    pool: Pool,
    nodes: Iterable[Node],
    jobs: Iterable[Job],
    attempts: Iterable[Attempt] = (),
    as_of: int = 0,
    reservations: Iterable[Reservation] = (),
) -> Snapshot:
    """Return the snapshot of these records.

    Raises:
        QuotaError: the pool cannot be planned for.
        SnapshotError: the records do not fit together.

    """
    catalogue = Catalogue(pool)
    job_records, attempt_records = sorted(jobs, key=lambda job: job.uid), tuple(attempts)
    shapes = tuple(dict.fromkeys(job.shape for job in job_records))
    node_table = node_rows(catalogue, sorted(nodes, key=lambda node: node.name))
    job_table = job_rows(catalogue, shapes, job_records)
    attempt_table, holdings = attempt_rows(catalogue, node_table, job_table, attempt_records)
    snapshot = Snapshot(
        as_of=as_of, catalogue=catalogue, caps=sorted_caps(pool.caps), shapes=shapes, nodes=node_table, jobs=job_table,
        attempts=attempt_table, holdings=holdings, reservations=sorted_reservations(reservations),
        exchanges=exchanges(catalogue, attempt_records),
    )  # fmt: skip
    check(snapshot)
    return snapshot


def sorted_caps(caps: Iterable[CapWindow]) -> tuple[CapWindow, ...]:
    """Return cap windows in the order that a snapshot has them in."""
    return tuple(sorted(caps, key=lambda cap: (cap.organisation, cap.name, cap.start_seconds)))


def sorted_reservations(reservations: Iterable[Reservation]) -> tuple[Reservation, ...]:
    """Return reservations in the order that a snapshot has them in."""
    return tuple(sorted(reservations, key=lambda each: (each.start_seconds, each.job)))


def exchanges(catalogue: Catalogue, attempts: Iterable[Attempt]) -> tuple[Exchange, ...]:
    """Return what is given for those of *attempts* that run on exchange, in the order that a snapshot has them in."""
    for attempt in attempts:
        for donor in attempt.donors:
            _index(catalogue.accelerator, donor.accelerator, f"an attempt of {attempt.job}: donor")
    return sorted_exchanges(Exchange(each.job, each.donors) for each in attempts if each.donors)


def sorted_exchanges(found: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """Return exchanges in the order that a snapshot has them in."""
    return tuple(sorted(found, key=lambda each: each.job))


def node_rows(catalogue: Catalogue, nodes: Sequence[Node]) -> Table:
    """Return *nodes*, which are in name order, as a table."""
    rows = []
    for node in nodes:
        contribution = _index(catalogue.contribution, node.contribution, f"node {node.name}: contribution")
        accelerator = _index(catalogue.accelerator, node.accelerator, f"node {node.name}: accelerator class")
        rows.append(
            (
                node.name, contribution, accelerator, node.gpus, node.gpus_enrolled, node.cpu_milli, node.memory_mib,
                node.ephemeral_mib, node.rdma, node.foreign_gpus, node.foreign_cpu_milli, node.foreign_memory_mib,
                node.foreign_ephemeral_mib, node.foreign_rdma, node.enrolled, int(node.state), node.rack, node.block,
                node.mem_gib, node.limit_gib, node.tenants,
            )
        )  # fmt: skip
    return columns.table(columns.NODES, rows)


def job_rows(catalogue: Catalogue, shapes: Sequence[Shape], jobs: Sequence[Job]) -> Table:
    """Return *jobs*, which are in uid order and whose shapes are all in *shapes*, as a table."""
    index = {shape: row for row, shape in enumerate(shapes)}
    rows = []
    for job in jobs:
        organisation = _index(catalogue.organisation, job.organisation, f"job {job.uid}: organisation")
        if not catalogue.is_leaf[organisation]:
            raise SnapshotError(f"job {job.uid}: {job.organisation} has organisations below it: name one of those")
        _check_shape(job)
        tier = _index(catalogue.tier, job.tier, f"job {job.uid}: tier")
        rows.append(
            (
                job.uid, organisation, tier, index[job.shape], job.submitted_seconds, job.preemptions, job.attempts,
                job.suspended,
            )
        )  # fmt: skip
    return columns.table(columns.JOBS, rows)


def attempt_rows(catalogue: Catalogue, nodes: Table, jobs: Table, attempts: Iterable[Attempt]) -> tuple[Table, Table]:
    """Return *attempts* and what they hold as tables."""
    records = sorted(attempts, key=lambda attempt: (attempt.job, attempt.number))
    job_row = columns.find(jobs["uid"], [record.job for record in records])
    attempt_tuples, holding_tuples = [], []
    for row, record in enumerate(records):
        if job_row[row] < 0:
            raise SnapshotError(f"attempt {record.number} of {record.job}: there is no such job")
        accelerator = _index(catalogue.accelerator, record.accelerator, f"an attempt of {record.job}: accelerator")
        attempt_tuples.append(
            (
                int(job_row[row]), record.number, accelerator, int(record.rung), record.cover, record.started_seconds,
                record.checkpoint_seconds, record.funded_until_seconds, record.gpu_rate, record.draining,
                record.refused, record.numbered,
            )
        )  # fmt: skip
        holding_tuples += _holdings(row, record, nodes)
    return columns.table(columns.ATTEMPTS, attempt_tuples), columns.table(columns.HOLDINGS, holding_tuples)


def _holdings(row: int, record: Attempt, nodes: Table) -> list[tuple[int, ...]]:
    placed = sorted(record.placed, key=lambda part: part.node)
    extras = sorted(record.extras, key=lambda extra: extra.worker)
    names = [*(part.node for part in placed), *(extra.node for extra in extras)]
    node_rows = columns.find(nodes["name"], names)
    if (node_rows < 0).any():
        missing = names[int(np.argmin(node_rows))]
        raise SnapshotError(
            f"attempt {record.number} of {record.job} is on {missing}, which is not there: end it first"
        )
    core = node_rows[: len(placed)]
    if (core[1:] == core[:-1]).any():
        raise SnapshotError(
            f"attempt {record.number} of {record.job} names a node twice: put its workers there together"
        )
    numbers = [extra.worker for extra in extras]
    if len(set(numbers)) < len(numbers) or not all(0 <= number < record.numbered for number in numbers):
        raise SnapshotError(f"attempt {record.number} of {record.job} has a worker with a number that is not its own")
    beyond = node_rows[len(placed) :].tolist()
    return [
        *((row, columns.CORE, int(node), part.workers, part.gpus, False)
          for node, part in zip(core, placed, strict=True)),
        *((row, extra.worker, node, 1, extra.gpus, extra.leaving) for node, extra in zip(beyond, extras, strict=True)),
    ]  # fmt: skip


def check(snapshot: Snapshot) -> None:
    """Refuse a snapshot in which a name stands twice, a job runs twice, or a GPU has two holders.

    Raises:
        SnapshotError: says which.

    """
    for table, column in ((snapshot.nodes, "name"), (snapshot.jobs, "uid")):
        names = table[column]
        if (names[1:] == names[:-1]).any():
            raise SnapshotError(f"{names[1:][names[1:] == names[:-1]][0]} is there twice")
    live = ~snapshot.attempts["draining"]
    job = np.sort(snapshot.attempts["job"])
    if (job[1:] == job[:-1]).any():
        raise SnapshotError("a job has two attempts: one must have ended")
    staying = live[snapshot.holdings["attempt"]] & ~snapshot.holdings["leaving"]
    is_shared = using.is_shared(snapshot)
    whole = snapshot.holdings[staying & ~is_shared]
    # However many share a GPU, they count as one that holds it.
    once = using.gpus_held(snapshot, staying & is_shared)
    np.add.at(once, whole["node"], np.bitwise_count(whole["gpus"]).astype(np.int64))
    twice = once != using.gpus_held(snapshot, staying)
    if twice.any():
        raise SnapshotError(f"two live attempts hold the same GPU of {snapshot.nodes['name'][twice][0]}")


def _check_shape(job: Job) -> None:
    shape = job.shape
    workers_min = min((option.workers for option in shape.options), default=0)
    resources = (shape.cpu_milli, shape.memory_mib, shape.ephemeral_mib, shape.rdma)
    if workers_min < 1 or shape.gpus_per_worker < 1 or min(resources) < 0:
        raise SnapshotError(
            f"job {job.uid}: it must ask for a class, a worker and a GPU or more, and for nothing below 0"
        )
    if shape.slices is None:
        return
    if shape.gpus_per_worker != 1:
        raise SnapshotError(f"job {job.uid}: its workers share GPUs: each has part of one")
    if not 1 <= shape.slices.guaranteed_gib <= shape.slices.limit_gib:
        raise SnapshotError(f"job {job.uid}: what its workers are guaranteed of a GPU is not from 1 to their limit")


def _index(indices: dict[str, int], name: str, what: str) -> int:
    if name not in indices:
        raise SnapshotError(f"{what} {name!r} is not in the pool")
    return indices[name]
