"""What a snapshot is made of: the world and the mirror as the planner's records.

In: typed objects, attempts, node reports, what caps have taken, the time. Out: :class:`Gathered`: the records, and a
verdict on each job that cannot be among them. Next is :mod:`hanse.operator.following`. Pure: the same input gives the
same records. One bad object must not keep the others out, so whatever the planner would refuse is left out here, with
a reason.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from hanse import resources
from hanse.evidence import identity
from hanse.ledger import reports
from hanse.ledger.credits import Credits
from hanse.ledger.overrides import Ceilings
from hanse.operator import capping, offers, sharing
from hanse.operator.candidates import Memory
from hanse.operator.checkpoints import Saved
from hanse.operator.fitness import Fitness, Verdict
from hanse.operator.mirror import Live, Mirror
from hanse.operator.world import World
from hanse.quota import charge
from hanse.scheduler import pool as pools
from hanse.scheduler import records

SLOT_LATENCY_SECONDS = 600
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
NODE_ID_LENGTH_MAX = 113
"""A cluster's name, a slash, and a node's: what the planner's columns hold. Longer names are left out, not cut."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The planner's records, a verdict on each job that cannot be among them, and the windows of caps."""

    pool: pools.Pool
    nodes: Mapping[str, records.Node]
    jobs: Mapping[str, records.Job]
    attempts: tuple[records.Attempt, ...]
    as_of: int
    verdicts: Mapping[str, Verdict]
    windows: Mapping[tuple[str, str, int], capping.Opened]
    reservations: tuple[records.Reservation, ...] = ()
    credits_as_of: int = 0
    free_by: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """By when nodes have to be free (Unix time): those that are closed, recalled, or about to be closed."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a snapshot is made from."""

    world: World
    mirror: Mirror
    reports: Iterable[reports.Node]
    taken_by_account: Mapping[str, int]
    held_back: Mapping[str, Verdict]
    """Jobs that are not to be admitted for now, and why: what the ledger refused a moment ago, storage."""
    enrolled: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """From when on nodes were enrolled first: the ledger levies in this order, and none that is not enrolled."""
    credits: Credits = dataclasses.field(default_factory=Credits)
    ceilings: Ceilings = dataclasses.field(default_factory=Ceilings)
    """What caps of windows that have begun may be, and what trustees raised."""


def gather(inputs: Inputs, memory: Memory) -> Gathered:
    """Return what is to be planned for, as of the mirror's time."""
    world, mirror = inputs.world, inputs.mirror
    settled = _with_debits(memory.pool(world, _pool), inputs.credits)
    # Where settings are refused those before them are in force, and may know less than the objects name.
    organisations = {each.name for each in settled.members} | {each.name for each in settled.organisations}
    known = [each for each in cap_windows(world, mirror.now_seconds) if each.organisation in organisations]
    opened = capping.bounded(known, inputs.ceilings)
    pool = dataclasses.replace(settled, caps=capping.left(opened, inputs.taken_by_account))
    offered = _offered(inputs, pool)
    nodes = _nodes(inputs, pool, offered)
    ends = {_contribution_name(each): seen.free_by_seconds for each, seen in offered}
    free_by = {name: end for name, node in nodes.items() if (end := ends[node.contribution]) is not None}
    verdicts = dict(inputs.held_back)
    jobs: dict[str, records.Job] = {}
    for uid, each in memory.candidates(world, mirror).items():
        if isinstance(each.judged, Verdict):
            verdicts[uid] = each.judged
        elif uid in inputs.held_back:
            jobs[uid] = each.judged.held
        else:
            jobs[uid] = each.judged.free
    attempts, left_out = _attempts(mirror, memory.fitness, jobs, nodes)
    verdicts |= {live.job: _offered_no_more(live) for live in left_out if not live.is_stopped}
    attempts = [_with_donors_of(pool, each) for each in attempts]
    # In an order of their own: that of the mirror depends on when its leader began.
    unplaced = sorted(_unplaced(left_out, pool), key=dataclasses.astuple)
    pool = dataclasses.replace(pool, unplaced=tuple(unplaced))
    windows = {(each.organisation, each.cap, each.start_seconds): each for each in opened}
    kept = tuple(each for job, each in sorted(mirror.reservations.items()) if job in jobs)
    as_of = inputs.credits.as_of_seconds
    return Gathered(pool, nodes, jobs, tuple(attempts), mirror.now_seconds, verdicts, windows, kept, as_of, free_by)


def _with_debits(pool: pools.Pool, credited: Credits) -> pools.Pool:
    debits = credited.debits
    members = tuple(dataclasses.replace(each, debit=debits.get(each.name, 0)) for each in pool.members)
    return dataclasses.replace(pool, members=members)


def _attempts(
    mirror: Mirror, fitness: Fitness, jobs: dict[str, records.Job], nodes: dict[str, records.Node]
) -> tuple[list[records.Attempt], list[Live]]:
    """Return the attempts, and those left out; add jobs that are gone, for as long as their attempts hold GPUs.

    An attempt that the planner cannot place in this world (its node, its class or its member's organisation is gone)
    is left out; then its job is not admitted either, as it has one attempt at a time.
    """
    found, left_out = [], []
    for live in mirror.live.values():
        if live.job not in jobs and fitness.knows(live.organisation, live.tier, live.accelerator_class):
            jobs[live.job] = _departed(live)
        job = jobs.get(live.job)
        if job is not None and _is_plannable(live, job, fitness) and all(node in nodes for node, _ in live.held):
            found.append(_attempt(live, mirror.saved.get(live.job)))
            continue
        left_out.append(live)
        if job is not None:
            jobs[live.job] = dataclasses.replace(job, suspended=True)
        # It holds GPUs all the same: nobody else gets them until it has ended.
        for node, mask in live.held:
            if node in nodes:
                nodes[node] = dataclasses.replace(nodes[node], foreign_gpus=nodes[node].foreign_gpus | mask)
    return found, left_out


def _offered_no_more(live: Live) -> Verdict:
    """Return what the owner of an attempt is told that runs where nobody renews its funding."""
    until = live.funded_until_seconds
    ends = f" after {datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M} UTC" if until else ""
    sentence = f"what it runs on is not in the pool any more, so it is not funded{ends}; then it is tried elsewhere"
    return Verdict(resources.Reason.FUNDING_REFUSED, sentence)


def _unplaced(left_out: Iterable[Live], pool: pools.Pool) -> Iterable[pools.Unplaced]:
    """Yield what caps at once and borrowing limits count of attempts that were left out.

    Caps count them until they have ended, as they count all that drain; borrowing limits until they are told to stop.
    Each is the organisation's that it was admitted for, or the member's where that is gone.
    """
    members = {each.name for each in pool.members}
    organisations = members | {each.name for each in pool.organisations}
    accelerators = {each.name for each in pool.accelerators}
    for live in left_out:
        whose = live.organisation if live.organisation in organisations else live.member
        if whose not in organisations:
            continue
        gpus = sum(mask.bit_count() for _, mask in live.held)
        gpu_rate = charge.gpu_rate(live.milli_h100e, live.tier_thousandths)
        rate = charge.rate(gpu_rate, gpus * live.part.milli_gpus_limit)
        is_borrowed = live.strength["label"] == pools.Rung.BORROW.name and not live.is_stopped
        is_counted = is_borrowed and live.accelerator_class in accelerators
        borrowed = (live.accelerator_class, gpus * live.part.milli_gpus) if is_counted else ("", 0)
        yield pools.Unplaced(whose, rate, *borrowed)


def _is_plannable(live: Live, job: records.Job, fitness: Fitness) -> bool:
    """Return whether the attempt's class is there, and its job still belongs to the member that it is charged to."""
    is_its_members = job.organisation.partition("/")[0] == live.member
    return is_its_members and fitness.knows(job.organisation, job.tier, live.accelerator_class)


def cap_windows(world: World, now_seconds: int) -> list[capping.Opened]:
    """Return the windows of all members' caps."""
    zone = world.policy().settlement.time_zone
    return [each for member in world.named("Member").values() for each in capping.windows(member, zone, now_seconds)]


def _pool(world: World) -> pools.Pool:
    """Return the pool without what its caps have left, which changes with each plan."""
    members = world.named("Member")
    classes = world.named("AcceleratorClass")
    policy = world.policy()
    return pools.Pool(
        accelerators=tuple(
            pools.AcceleratorClass(
                name,
                {str(key): value for key, value in each.spec.h100_equivalent.items()},
                sharing.memory(policy, each).shareable_gib,
            )
            for name, each in classes.items()
        ),
        tiers=tuple(_tier(name, each.spec) for name, each in world.named("PriorityTier").items()),
        members=tuple(_member(name, each.spec, classes) for name, each in members.items()),
        organisations=tuple(
            _organisation(name, each, classes) for name, member in members.items() for each in member.spec.organisations
        ),
        contributions=tuple(_contributions(world)),
        caps_at_once=tuple(each for member in members.values() for each in capping.at_once(member)),
        policy=pools.Policy(
            reference_precision=str(policy.reference_precision),
            share_floor=policy.share_floor_milli_h100e,
            share_half_life_seconds=_seconds(policy.share_half_life),
            restart_cost_seconds=_seconds(policy.restart_cost),
            lost_seconds_max=_seconds(policy.max_loss),
            funding_seconds_min=_seconds(policy.funding_horizon),
            slot_latency_seconds=SLOT_LATENCY_SECONDS,
            reservation_depth=policy.reservation_depth,
        ),
    )


def _tier(name: str, spec: resources.PriorityTierSpec) -> pools.Tier:
    return pools.Tier(
        name, spec.rank, spec.usage_factor_thousandths, spec.entitlement_share_thousandths, spec.preempts,
        spec.preemptible, _seconds(spec.min_runtime),
    )  # fmt: skip


def _member(name: str, spec: resources.MemberSpec, classes: Mapping[str, Any]) -> pools.Member:
    # A class that is not there (yet) has no GPUs to grant, to lend or to borrow.
    grants, borrowing, lending = (
        {each.accelerator_class: each.gpus for each in listed if each.accelerator_class in classes}
        for listed in (spec.grants, spec.borrowing_limits, spec.lending_limits)
    )
    return pools.Member(
        name, spec.levy_thousandths, grants, {key: 1000 * gpus for key, gpus in borrowing.items()},
        {key: 1000 * gpus for key, gpus in lending.items()}, suspended=spec.suspended,
    )  # fmt: skip


def _organisation(member: str, each: Any, classes: Mapping[str, Any]) -> pools.Organisation:
    parent = f"{member}/{each.parent}" if each.parent else member
    shares = {name: share for name, share in each.share_thousandths.items() if name in classes}
    return pools.Organisation(f"{member}/{each.name}", parent, shares)


def _contributions(world: World) -> Iterable[pools.Contribution]:
    clusters, members, classes = (world.named(kind) for kind in ("MemberCluster", "Member", "AcceleratorClass"))
    for each in world.contributions():
        cluster = clusters.get(each.spec.cluster)
        if cluster is None or cluster.spec.member not in members or each.spec.accelerator_class not in classes:
            continue
        excluded = {name for name, member in members.items() if not _may_run_in(member, cluster)}
        yield pools.Contribution(
            name=_contribution_name(each),
            member=cluster.spec.member,
            cluster=each.spec.cluster,
            region=cluster.spec.region,
            trust=frozenset(pools.Trust[level.name] for level in each.spec.trust_levels),
            excluded_members=frozenset(excluded | set(each.spec.exclude_members)),
            mixes=each.spec.allow_sharing_with == resources.Sharing.ANY,
        )


def _may_run_in(member: resources.Member, cluster: resources.MemberCluster) -> bool:
    """Return whether the member's residency allows the cluster: it lies in one of the zones, if any are named."""
    return not member.spec.zones or bool(set(member.spec.zones) & set(cluster.spec.zones))


def _contribution_name(each: resources.Contribution) -> str:
    return f"{each.metadata.namespace}/{each.metadata.name}"


_Offered: TypeAlias = list[tuple[resources.Contribution, offers.Outlook]]


def _offered(inputs: Inputs, pool: pools.Pool) -> _Offered:
    """Return the contributions that count, and whether they are open."""
    known, now = {each.name for each in pool.contributions}, inputs.mirror.now_seconds
    return [
        (each, offers.outlook(each.spec, now))
        for each in inputs.world.contributions()
        if _contribution_name(each) in known
    ]


def _nodes(inputs: Inputs, pool: pools.Pool, offered: _Offered) -> dict[str, records.Node]:
    classes, policy = {each.name for each in pool.accelerators}, inputs.world.policy()
    memories = {name: sharing.memory(policy, each) for name, each in inputs.world.named("AcceleratorClass").items()}
    found: dict[str, records.Node] = {}
    for cluster, name, report in ((each.cluster, each.name, each.body) for each in inputs.reports):
        offer = next((each for each in offered if offers.includes(each[0].spec, cluster, report)), None)
        # Decisions name a node as slots and enrolments do: two clusters may both have a node-0.
        node = identity.node_id(cluster, name)
        is_known = offer is not None and report["class"] in classes & memories.keys()
        if offer is not None and is_known and len(node) <= NODE_ID_LENGTH_MAX:
            made = sharing.offered(_node(node, report, *offer), report, memories[report["class"]], offer[0].spec)
            found[node] = dataclasses.replace(made, enrolled=inputs.enrolled.get(node, records.NOT_ENROLLED))
    return found


def _node(name: str, report: Mapping[str, Any], offer: resources.Contribution, seen: offers.Outlook) -> records.Node:
    gpus, foreign, labels = report["gpus"], report.get("foreign", {}), report.get("labels", {})
    held = min(gpus, foreign.get("gpus", 0))
    return records.Node(
        name=name,
        contribution=_contribution_name(offer),
        accelerator=report["class"],
        gpus=(1 << gpus) - 1,
        gpus_enrolled=gpus,
        cpu_milli=report["cpuMilli"],
        memory_mib=report["memoryMiB"],
        ephemeral_mib=report.get("ephemeralMiB", 0),
        rdma=report.get("rdma", 0),
        # Which GPUs foreign pods hold is not reported: the last ones stand for them.
        foreign_gpus=((1 << held) - 1) << (gpus - held),
        foreign_cpu_milli=foreign.get("cpuMilli", 0),
        foreign_memory_mib=foreign.get("memoryMiB", 0),
        foreign_rdma=foreign.get("rdma", 0),
        state=_state(report, seen.state),
        rack=_domain(labels.get(resources.RACK_LABEL, "")),
        block=_domain(labels.get(resources.BLOCK_LABEL, "")),
    )


def _domain(label: str) -> str:
    """Return a label's value; one that no API server has accepted names nothing."""
    return label if _LABEL.fullmatch(label) else ""


def _state(report: Mapping[str, Any], offered: pools.NodeState) -> pools.NodeState:
    if not report["ready"]:
        return pools.NodeState.DOWN
    # What the hub cannot hear takes nothing new and counts all the same, as what is recalled does.
    is_unheard = report.get("unheard", False) and offered == pools.NodeState.READY
    return pools.NodeState.RECALLED if is_unheard else offered


def _departed(live: Live) -> records.Job:
    """Return a record of a job that is gone or cannot be read."""
    workers = sum(count for _, count, _ in live.placed)
    gpus = sum(mask.bit_count() for _, _, mask in live.placed)
    asked = pools.Shape(
        (pools.Option(live.accelerator_class, workers),), gpus // workers, precision=live.precision,
        slices=live.part.slices,
    )  # fmt: skip
    return records.Job(
        live.job, live.organisation, live.tier, asked, live.admitted_at_seconds, attempts=live.fence, suspended=True
    )


def _attempt(live: Live, saved: Saved | None) -> records.Attempt:
    started = live.granted_at_seconds or live.admitted_at_seconds
    # What an earlier attempt saved is where this one began.
    checkpoint = max(started, saved.at_seconds) if saved and saved.fence == live.fence else started
    return records.Attempt(
        job=live.job,
        number=live.fence,
        accelerator=live.accelerator_class,
        rung=pools.Rung[live.strength["label"]],
        cover=live.strength["cover"],
        started_seconds=started,
        checkpoint_seconds=checkpoint,
        funded_until_seconds=live.funded_until_seconds or live.admitted_at_seconds,
        gpu_rate=charge.gpu_rate(live.milli_h100e, live.tier_thousandths),
        placed=tuple(records.Placed(*each) for each in live.placed),
        draining=live.is_stopped,
        refused=live.refused_by is not None,
        donors=tuple(records.Donor(*each) for each in sorted(live.strength.get("donors", {}).items())),
        extras=tuple(records.Extra(one.worker, one.node, one.gpus, one.leaves_at > 0) for one in live.size.beyond),
        numbered=sum(workers for _, workers, _ in live.placed) + live.size.numbers,
    )


def _with_donors_of(pool: pools.Pool, attempt: records.Attempt) -> records.Attempt:
    """Return an attempt without donors that are gone: then it is given too little, and falls."""
    if not attempt.donors:
        return attempt
    there = {each.name for each in pool.accelerators}
    return dataclasses.replace(attempt, donors=tuple(each for each in attempt.donors if each.accelerator in there))


def _seconds(duration: Any) -> int:
    return int(duration.total_seconds())
