"""C4 and C5: every effect has its decision, every decision its effect; who was stopped was weaker.

In: an export's rows. Out: findings. Plans are complete, terms and fences only rise, a job never has two live attempts,
what the attempts say follows from decisions and leases, and their rates were the published ones. That the decisions are
those that the policy demands is another matter: replay checks it.
"""

import bisect
import itertools
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from hanse.evidence import canonical, identity
from hanse.evidence.canonical import Json
from hanse.evidence.shape import Fields
from hanse.ledger import rows
from hanse.ledger.bundle import Bundle
from hanse.ledger.verify.finding import Finding

# How long a decision may wait for its recorded effect before that is a finding.
EFFECT_SECONDS_MAX = 3600
# An attempt's times are seconds, its decision's are microseconds, and both are taken a moment apart.
CLOCK_SECONDS = 5
_RUNGS = ("BORROW", "EXCHANGE", "AWAY", "HOME")
_LEASE_FACTS = {"LeaseGranted", "LeaseLapsed", "LeaseReleased"}
Strength: TypeAlias = tuple[int, int, int]
_BEYOND_CORE: Strength = (-1, -1, 0)
"""The strength of workers beyond an elastic gang's core: they make room for every gang."""


def check(read: Bundle) -> Iterator[Finding]:
    """Yield what is wrong with decisions and what came of them."""
    yield from _cycles(read)
    yield from _effects(read)
    yield from _attempts(read)
    yield from _lives(read)
    yield from _rates(read)
    yield from _strengths(read)


def _cycles(read: Bundle) -> Iterator[Finding]:
    """Check that each cycle has all its decisions, no cycle of a term is missing in between, and terms only rise."""
    by_cycle: dict[tuple[Json, Json], list[rows.Decision]] = defaultdict(list)
    for row in read.decisions:
        if not row.carried:
            by_cycle[row.body["term"], row.body["cycle"]].append(row)
    taken = {fact.amount: fact.sequence for fact in read.facts if fact.kind == "TermTaken"}
    begun = sorted((sequence, number or 0) for number, sequence in taken.items())
    highest = [0, *itertools.accumulate((number for _, number in begun), max)]
    last = (0, 0)
    for cycle in read.cycles:
        here = (cycle.term, cycle.cycle)
        if taken.get(cycle.term, cycle.sequence) >= cycle.sequence:
            yield Finding("C4", cycle.where, f"nobody had taken term {cycle.term} before")
        newer = highest[bisect.bisect(begun, (cycle.sequence, 0))]
        if newer > cycle.term:
            yield Finding("C4", cycle.where, f"cycle {cycle.cycle} of term {cycle.term}, when term {newer} had begun")
        if here <= last or (cycle.term == last[0] and cycle.cycle != last[1] + 1):
            yield Finding(
                "C4", cycle.where, f"cycle {cycle.cycle} of term {cycle.term} follows cycle {last[1]} of term {last[0]}"
            )
        last = max(last, here)
        its = sorted(by_cycle.pop(here, []), key=lambda row: row.sequence)
        digest = canonical.sha256(b"".join(row.sha256 for row in its))
        if len(its) != cycle.decisions or digest != cycle.digest:
            where = its[0].where if its else cycle.where
            yield Finding(
                "C4",
                where,
                f"cycle {cycle.cycle} of term {cycle.term} does not have the decisions it was recorded with",
            )
    for orphans in by_cycle.values():
        yield Finding("C4", orphans[0].where, f"decision {orphans[0].id} belongs to no recorded cycle")


def _effects(read: Bundle) -> Iterator[Finding]:
    """Check: no effect without a decision, and no decision without an effect or its recorded failure."""
    acting = {row.id: row for row in read.decisions if row.body.get("effect") != "none"}
    have = set()
    for effect in read.effects:
        decision = acting.get(effect.decision)
        if decision is None or effect.sequence < decision.sequence:
            yield Finding("C4", effect.where, f"an effect of {effect.decision}, which was not decided before")
        have.add(effect.decision)
    due_us = (read.header.exported_at_seconds - EFFECT_SECONDS_MAX) * 10**6
    for identifier, row in acting.items():
        if identifier not in have and row.recorded_us < due_us:
            yield Finding("C4", row.where, f"decision {identifier} has neither its effect nor a recorded failure")
    known = {str(attempt.id): attempt for attempt in read.attempts}
    for fact in read.facts:
        if fact.kind in _LEASE_FACTS:
            its = known.get(fact.attempt)
            if its is None or fact.sequence < its.sequence or fact.fence != its.fence:
                yield Finding("C4", fact.where, f"{fact.kind} of {fact.attempt}, which was not admitted so before")


def _attempts(read: Bundle) -> Iterator[Finding]:
    """Check that each attempt is what its decision admitted, and all that was admitted is there."""
    by_id = {row.id: row for row in read.decisions}
    fields = {
        "job": "job", "fence": "fence", "member": "member", "class": "accelerator_class", "precision": "precision",
        "tier": "tier", "milliH100e": "milli_h100e", "tierThousandths": "tier_thousandths",
    }  # fmt: skip
    admitted = {
        str(row.body.get("attempt")) for row in read.decisions if row.body.get("effect") == "admit" and not row.carried
    }
    for row in read.attempts:
        admitted.discard(str(row.id))
        decision = by_id.get(row.admitted_by)
        if decision is None or decision.body.get("effect") != "admit":
            yield Finding("C4", row.where, f"attempt {row.id} was not admitted by a decision")
            continue
        for name, attribute in fields.items():
            value = getattr(row, attribute)
            if decision.body.get(name) != (str(value) if isinstance(value, uuid.UUID) else value):
                yield Finding("C4", row.where, f"attempt {row.id} was admitted with another {name}")
        stamp = (row.sequence, row.recorded_us)
        if row.id != identity.attempt_id(row.job, row.fence) or stamp != (decision.sequence, decision.recorded_us):
            yield Finding("C4", row.where, f"the id {row.id} is not that of fence {row.fence} of job {row.job}")
    for missing in sorted(admitted):
        yield Finding("C4", "attempts.jsonl", f"attempt {missing} was admitted and is not there")


def _lives(read: Bundle) -> Iterator[Finding]:
    """Check that attempts' states and times follow from decisions and leases, and one of a job lives at a time."""
    facts: dict[str, dict[str, rows.Remark]] = defaultdict(dict)
    for fact in read.facts:
        facts[fact.attempt].setdefault(fact.kind, fact)
    stops = {(row.body.get("attempt"), row.body.get("effect")): row for row in read.decisions}
    stops_of: dict[str, set[str]] = defaultdict(set)
    for attempt, effect in stops:
        stops_of[str(attempt)].add(str(effect))
    for row in read.attempts:
        granted, released = (facts[str(row.id)].get(kind) for kind in ("LeaseGranted", "LeaseReleased"))
        if row.granted_at_seconds != (granted.at_seconds if granted else None):
            yield Finding("C4", row.where, f"attempt {row.id} was not granted its lease at the time it says")
        ended = released.at_seconds if released else None
        decision = stops.get((str(row.id), {"withdrawn": "stop", "expired": "expire"}.get(row.state, "")))
        if decision is not None and row.ended_at_seconds is not None:
            near = abs(row.ended_at_seconds - decision.recorded_us // 10**6) <= CLOCK_SECONDS
            ended = row.ended_at_seconds if near else None
        if row.ended_at_seconds != ended or (row.state == "released") != (released is not None):
            yield Finding("C4", row.where, f"attempt {row.id} did not end as it says")
        if row.ended_at_seconds is None and row.state not in _live_states(granted, ("stop" in stops_of[str(row.id)])):
            yield Finding("C4", row.where, f"attempt {row.id} cannot be {row.state}")
    yield from _one_at_a_time(read)


def _live_states(granted: rows.Remark | None, stopped: bool) -> set[str]:  # noqa: FBT001  # a fact, not a switch
    """Return the states that a live attempt may be in."""
    if granted is None:
        return {"admitted"}
    return {"draining" if stopped else "leased", "suspect"}


def _one_at_a_time(read: Bundle) -> Iterator[Finding]:
    by_job: dict[uuid.UUID, list[rows.Attempt]] = defaultdict(list)
    for row in sorted(read.attempts, key=lambda row: row.sequence):
        by_job[row.job].append(row)
    for its in by_job.values():
        for older, newer in itertools.pairwise(its):
            ended = older.ended_at_seconds
            if newer.fence <= older.fence or ended is None or ended > newer.recorded_us // 10**6 + CLOCK_SECONDS:
                yield Finding("C4", newer.where, f"job {newer.job} was placed again while attempt {older.id} was live")


def _rates(read: Bundle) -> Iterator[Finding]:
    """Check that an attempt's rates are the latest that were published when it was admitted."""
    published: dict[str, list[rows.Rated]] = defaultdict(list)
    for rated in read.rates:
        published[rated.subject].append(rated)
    for row in read.attempts:
        wanted = {
            f"class/{row.accelerator_class}/{row.precision}": row.milli_h100e,
            f"tier/{row.tier}": row.tier_thousandths,
        }
        for subject, thousandths in wanted.items():
            valid = [rated for rated in published[subject] if rated.sequence < row.sequence]
            if not valid or valid[-1].thousandths != thousandths:
                yield Finding(
                    "C10",
                    row.where,
                    f"attempt {row.id} is charged {thousandths} for {subject}, which was not published",
                )


def _strengths(read: Bundle) -> Iterator[Finding]:
    """Check that who makes room for a decision is strictly weaker than it, by the strength that was recorded before."""
    by_id = {str(row.id): row for row in read.decisions}
    recorded: dict[Json, Strength] = {}
    cores: dict[str, Mapping[str, int]] = {}
    for row in sorted(read.decisions, key=lambda row: row.sequence):
        own, attempt = _strength(row.body.get("strength")), row.body.get("attempt")
        if row.body.get("effect") == "keep" and row.body.get("cause") and own is not None and attempt is not None:
            # A fall: who makes room keeps running, but weaker than before; what counts is the strength it had.
            before = recorded.get(attempt)
            recorded[attempt] = own
            own = before
        if row.body.get("effect") == "admit":
            cores[str(attempt)] = _nodes(row)
        if (
            row.body.get("kind") == "Resize"
            and "cause" in row.body
            and _covers(_nodes(row), cores.get(str(attempt), {}))
        ):
            own = _BEYOND_CORE
        if cause_id := row.body.get("cause"):
            cause = by_id.get(str(cause_id))
            theirs = _strength(cause.body.get("strength")) if cause else None
            same_plan = cause is not None and all(
                cause.body.get(name) == row.body.get(name) for name in ("term", "cycle")
            )
            if own is None or theirs is None or not same_plan or not theirs > own:
                yield Finding(
                    "C5", row.where, f"decision {row.id} stops {attempt} for {cause_id}, which is not stronger"
                )
            if row.body.get("effect") != "keep" and attempt in recorded and recorded[attempt] != own:
                yield Finding("C5", row.where, f"decision {row.id} gives {attempt} another strength than was recorded")
        elif own is not None and attempt is not None:
            recorded[attempt] = own


def _nodes(row: rows.Decision) -> Mapping[str, int]:
    return Fields(dict(row.body), row.where).integers("nodes") if "nodes" in row.body else {}


def _covers(nodes: Mapping[str, int], core: Mapping[str, int]) -> bool:
    """Return whether a gang keeps all that it was admitted with: then only workers beyond its core make room."""
    return bool(core) and all(nodes.get(node, 0) >= milli_gpus for node, milli_gpus in core.items())


def _strength(value: Json | None) -> Strength | None:
    match value:
        case {"label": str(label), "cover": int(cover), "tierRank": int(rank)} if label in _RUNGS:
            return _RUNGS.index(label), cover, rank
    return None
