"""Reads a snapshot back into records: for a changed pool, whose indices are all new, and for whoever looks into one.

In: a snapshot. Out: the records that `building.build` would make the same snapshot from.
"""

from hanse.scheduler import building, columns
from hanse.scheduler.pool import NodeState, Pool, Rung
from hanse.scheduler.records import Attempt, Extra, Job, Node, Placed
from hanse.scheduler.snapshot import Snapshot


def rebuilt(snapshot: Snapshot, pool: Pool) -> Snapshot:
    """Return what *snapshot* holds, under another pool. Its caps are the other pool's."""
    records = nodes(snapshot), jobs(snapshot), attempts(snapshot)
    return building.build(pool, *records, snapshot.as_of, snapshot.reservations)


def nodes(snapshot: Snapshot) -> list[Node]:
    """Return the nodes, in name order."""
    catalogue = snapshot.catalogue
    return [
        Node(
            name=name, contribution=catalogue.contributions[contribution].name,
            accelerator=catalogue.accelerators[accelerator].name, gpus=gpus, gpus_enrolled=gpus_enrolled,
            cpu_milli=cpu, memory_mib=memory, ephemeral_mib=ephemeral, rdma=rdma, foreign_gpus=foreign_gpus,
            foreign_cpu_milli=foreign_cpu, foreign_memory_mib=foreign_memory, foreign_ephemeral_mib=foreign_ephemeral,
            foreign_rdma=foreign_rdma, enrolled=enrolled, state=NodeState(state), rack=rack, block=block,
            mem_gib=mem_gib, limit_gib=limit_gib, tenants=tenants,
        )
        for (
            name, contribution, accelerator, gpus, gpus_enrolled, cpu, memory, ephemeral, rdma, foreign_gpus,
            foreign_cpu, foreign_memory, foreign_ephemeral, foreign_rdma, enrolled, state, rack, block, mem_gib,
            limit_gib, tenants,
        ) in snapshot.nodes.tolist()
    ]  # fmt: skip


def jobs(snapshot: Snapshot) -> list[Job]:
    """Return the jobs, in uid order."""
    catalogue = snapshot.catalogue
    return [
        Job(
            uid, catalogue.organisations[organisation].name, catalogue.tiers[tier].name, snapshot.shapes[shape],
            submitted, preemptions, number, suspended,
        )
        for uid, organisation, tier, shape, submitted, preemptions, number, suspended in snapshot.jobs.tolist()
    ]  # fmt: skip


def attempts(snapshot: Snapshot) -> list[Attempt]:
    """Return the attempts, in order of job and number."""
    uids, names = snapshot.jobs["uid"].tolist(), snapshot.nodes["name"].tolist()
    placed: list[list[Placed]] = [[] for _ in range(len(snapshot.attempts))]
    extras: list[list[Extra]] = [[] for _ in range(len(snapshot.attempts))]
    for attempt, worker, node, workers, gpus, leaving in snapshot.holdings.tolist():
        if worker == columns.CORE:
            placed[attempt].append(Placed(names[node], workers, gpus))
        else:
            extras[attempt].append(Extra(worker, names[node], gpus, leaving))
    donors = {each.job: each.donors for each in snapshot.exchanges}
    return [
        Attempt(
            uids[job], number, snapshot.catalogue.accelerators[accelerator].name, Rung(rung), cover, started,
            checkpoint, funded_until, gpu_rate, tuple(placed[row]), draining, refused,
            donors.get(uids[job], ()), tuple(extras[row]), numbered,
        )
        for row, (
            job, number, accelerator, rung, cover, started, checkpoint, funded_until, gpu_rate, draining, refused,
            numbered,
        ) in enumerate(snapshot.attempts.tolist())
    ]  # fmt: skip
