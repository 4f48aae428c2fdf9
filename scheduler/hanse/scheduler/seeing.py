"""Seeing: what of a snapshot mattered for one decision, in words, for an auditor.

In: a snapshot, its plan, and the job that a decision is about. Out: lines. Members and jobs are named, so nobody else
may read them. Nothing is decided here, and nothing of it is part of a plan's bytes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from hanse.quota import units
from hanse.scheduler import columns, remedies, using
from hanse.scheduler.decisions import Admit, Decision, Label, Plan, Relabel, Reserve, Rise, changed
from hanse.scheduler.ground import GPUS, Ground
from hanse.scheduler.pool import Level, Rung, Shape
from hanse.scheduler.snapshot import Snapshot


def seen(snapshot: Snapshot, plan: Plan, uid: str) -> Iterator[str]:
    """Yield what the plan knew of a job, and what it says of it."""
    row = int(columns.find(snapshot.jobs["uid"], [uid])[0])
    if row < 0:
        yield f"the plan did not know the job {uid}"
        return
    catalogue, job = snapshot.catalogue, snapshot.jobs[row]
    shape, organisation = snapshot.shapes[job["shape"]], int(job["organisation"])
    asked = " or ".join(f"{each.workers * shape.gpus_per_worker} {each.accelerator}" for each in shape.options)
    if shape.slices:
        asked += f", of each {shape.slices.guaranteed_gib} GiB guaranteed and {shape.slices.limit_gib} GiB at most"
    tier = catalogue.tiers[job["tier"]]
    yield (
        f"job {uid} of {catalogue.organisations[organisation].name}, tier {tier.name} (rank {tier.rank}), submitted "
        f"{_time(int(job['submitted']))}, asks for {asked}{_near(shape)}; preempted {job['preemptions']} times before"
    )
    yield from _entitlements(snapshot, organisation, {each.accelerator for each in shape.options})
    for cap in snapshot.caps:
        if catalogue.organisation[cap.organisation] in catalogue.path[organisation]:
            window = f"{_time(cap.start_seconds)} to {_time(cap.end_seconds)}"
            yield f"the cap {cap.name} of {cap.organisation} had {cap.left} mH·s left from {window}"
    for decision in plan.decisions:
        yield from _decided(snapshot, decision, uid)
    explained = np.flatnonzero(plan.explanations["uid"] == uid)
    if len(explained):
        yield f"after the plan it waits: {remedies.sentence(plan.explanations[explained[0]])}"


def _entitlements(snapshot: Snapshot, leaf: int, accelerators: set[str]) -> Iterator[str]:
    """Yield what each organisation from the leaf up is entitled to, has covered and lets run, and what is idle."""
    ground, catalogue = Ground(snapshot.catalogue, snapshot.nodes), snapshot.catalogue
    attempts = snapshot.attempts
    milli = np.zeros(len(attempts), dtype=np.int64)
    np.add.at(milli, snapshot.holdings["attempt"], using.milli_gpus(snapshot))
    held = using.gpus_held(snapshot, np.ones(len(snapshot.holdings), dtype=np.bool_))
    whose = snapshot.jobs["organisation"][attempts["job"]]
    in_kind = attempts["rung"] != Rung.EXCHANGE
    for name in sorted(accelerators & catalogue.accelerator.keys()):
        accelerator = catalogue.accelerator[name]
        live = ~attempts["draining"] & (attempts["accelerator"] == accelerator)
        for each in catalogue.path[leaf]:
            below = live & np.array([each in catalogue.path[one] for one in whose.tolist()], dtype=np.bool_)
            covered = _count(int(milli[below & in_kind & (attempts["cover"] >= catalogue.depth[each])].sum()))
            entitled = ground.entitled[each][accelerator] // units.MILLI
            whose_name, ran = catalogue.organisations[each].name, _count(int(milli[below].sum()))
            yield f"{whose_name} was entitled to {entitled} {name}; {covered} were covered by it, {ran} ran in all"
        if given := _given(snapshot, catalogue.path[leaf][-1], name):
            yield f"{_gpus(given, name)} of it stood for what its member ran on exchange in other classes"
        ready = ground.ready & (ground.accelerator == accelerator)
        idle = int((ground.whole[GPUS] - held)[ready].clip(min=0).sum())
        yield f"of {int(ground.whole[GPUS][ready].sum())} {name} on {int(ready.sum())} ready nodes {idle} were idle"


def _near(shape: Shape) -> str:
    if shape.level == Level.CLUSTER:
        return ""
    return f" in one {shape.level.name.lower()}" + ("" if shape.needs_level else " if it can be")


def _given(snapshot: Snapshot, root: int, accelerator: str) -> units.MilliGpu:
    """Return what a class of a member's entitlement gives for its live attempts of other classes."""
    attempts, catalogue = snapshot.attempts, snapshot.catalogue
    live = snapshot.jobs[attempts["job"][~attempts["draining"]]]
    leaf_of = dict(zip(live["uid"].tolist(), live["organisation"].tolist(), strict=True))
    return sum(
        donor.milli_gpus
        for each in snapshot.exchanges
        if each.job in leaf_of and catalogue.path[leaf_of[each.job]][-1] == root
        for donor in each.donors
        if donor.accelerator == accelerator
    )


def _gpus(milli: units.MilliGpu, accelerator: str) -> str:
    return f"{milli // units.MILLI}.{milli % units.MILLI:03} {accelerator}"


def _count(milli: units.MilliGpu) -> str:
    """Return GPUs as a number; one with decimals only where some are shared."""
    return f"{milli // units.MILLI}" + (f".{milli % units.MILLI:03}" if milli % units.MILLI else "")


def _label(label: Label) -> str:
    given = " and ".join(_gpus(each.milli_gpus, each.accelerator) for each in label.donors)
    return f"{label.rung.name} at depth {label.cover}" + (f", for {given} that are not used" if given else "")


def _decided(snapshot: Snapshot, decision: Decision, uid: str) -> Iterator[str]:
    if isinstance(decision, Admit) and decision.attempt.job == uid:
        gpus = sum(each.gpus.bit_count() for each in decision.placed)
        where = f"{len(decision.placed)} nodes of {decision.cluster}, {_label(decision.label)}"
        yield f"admitted as attempt {decision.attempt.number}: {gpus} {decision.accelerator} on {where}"
        for stop in decision.stops:
            victim = f"attempt {stop.attempt.number} of job {stop.attempt.job} of {_whose(snapshot, stop.attempt.job)}"
            yield f"stops {victim}: {stop.gpus} GPUs, {_label(stop.label)}, {stop.lost_gpu_seconds} GPU-seconds lost"
        for fall in decision.falls:
            loser = f"job {fall.attempt.job} of {_whose(snapshot, fall.attempt.job)}"
            yield f"takes entitlement from {loser}: {_fall(fall)}"
    elif isinstance(decision, Reserve) and decision.job == uid:
        where = f"{len(decision.kept)} nodes of {decision.cluster}"
        yield f"{where} are kept for it from {_time(decision.start_seconds)} on, as {decision.cause}"
    elif any(each.job == uid for each in changed(decision)):
        by = f" for job {decision.attempt.job}" if isinstance(decision, Admit) else ""
        change = (
            f": {_fall(decision.change)}" if isinstance(decision, Rise) and decision.change.attempt.job == uid else ""
        )
        yield f"{type(decision).__name__}{by}{change}"


def _fall(change: Relabel) -> str:
    return f"{_label(change.before)} becomes {_label(change.after)}"


def _whose(snapshot: Snapshot, uid: str) -> str:
    row = int(columns.find(snapshot.jobs["uid"], [uid])[0])
    name: str = snapshot.catalogue.organisations[int(snapshot.jobs["organisation"][row])].name
    return name


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
