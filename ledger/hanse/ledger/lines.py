"""A recorded row as one JSON value: what an export has of it on a line, and what its leaf in the log commits to.

In: a row of an append-only table. Out: a value for canonical JSON. It is made here and nowhere else, so that a line of
an export is checked against the log by encoding it. What an export adds to a line (`carried`) is not part of it. What
follows from other rows (placements) and what belongs to jobs (checkpoints) is in neither.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from hanse.evidence import canonical
from hanse.evidence.canonical import Json
from hanse.ledger import books, transfers
from hanse.ledger.models import accounts, decisions, parties, settlements, slots, usages

Line: TypeAlias = dict[str, Json]


@dataclass(frozen=True)
class Kind:
    """A file of an export: its name, the table its rows are in, and how a row is written."""

    name: str
    table: Any
    line: Callable[[Any], Line]


def member(row: Any) -> Line:
    """Write a member."""
    return {**stamp(row), "name": row.name}


def key(row: Any) -> Line:
    """Write a member's key."""
    return {**stamp(row), "member": row.member, "key": row.verify_key.hex()}


def enrolment(row: Any) -> Line:
    """Write an enrolment."""
    its = {"signature": row.signature.hex(), "memberKey": row.member_key.hex()}
    return {**stamp(row), "body": canonical.decode(row.body), **its}


def levy(row: Any) -> Line:
    """Write whether a node is levied."""
    return {**stamp(row), "node": row.node, "start": row.start_seconds, "levied": int(row.levied)}


def rate(row: Any) -> Line:
    """Write a version of a rate."""
    return {**stamp(row), "subject": row.subject, "version": row.version, "thousandths": row.thousandths}


def entitlement(row: Any) -> Line:
    """Write what a member is entitled to of a class."""
    its = {"member": row.member, "class": row.accelerator_class, "at": row.at_seconds}
    return {**stamp(row), **its, "milliGpus": row.milli_gpus, "milliH100e": row.milli_h100e}


def cycle(row: Any) -> Line:
    """Write a plan."""
    return {
        **stamp(row),
        "term": row.term,
        "cycle": row.cycle,
        "asOf": row.as_of_seconds,
        "decisions": row.decisions,
        "digest": row.decisions_sha256.hex(),
        "base": row.base_snapshot.hex(),
        "state": row.state_sha256.hex(),
        "policy": row.policy_sha256.hex(),
        "code": row.code_sha256.hex(),
    }


def decision(row: Any) -> Line:
    """Write a decision."""
    its = {"body": canonical.decode(row.body), "sha256": row.body_sha256.hex()}
    return {**stamp(row), "id": str(row.id), **its}


def effect(row: Any) -> Line:
    """Write what came of a decision."""
    its = {**stamp(row), "decision": str(row.decision), "outcome": row.outcome}
    return its | present(detail=row.detail or None)


def remark(row: Any) -> Line:
    """Write a fact or a violation."""
    return {
        **stamp(row),
        "id": str(row.id),
        "kind": row.kind,
        "at": row.at_seconds,
        **present(
            member=row.member, cluster=row.cluster, node=row.node, fence=row.fence, account=row.account,
            amount=row.amount, detail=row.detail or None, attempt=str(row.attempt) if row.attempt else None,
        ),
    }  # fmt: skip


def slot(row: Any) -> Line:
    """Write a slot."""
    its = {"body": canonical.decode(row.body), "signature": row.signature.hex()}
    return {**stamp(row), "member": row.member, **its}


def cutoff(row: Any) -> Line:
    """Write a cut-off."""
    its = {"slots": row.slots, "digest": row.slots_sha256.hex()}
    return {**stamp(row), "hour": row.hour_seconds, "run": row.run, **its}


def posting(row: Any) -> Line:
    """Write a member's part of a run."""
    its = {name: getattr(row, name) for name in ("run", "member", "used", "idle", "down", "unknown")}
    return {**stamp(row), **its, "hour": row.hour_seconds}


def usage(row: Any) -> Line:
    """Write what an attempt used in an hour."""
    its = {"hour": row.hour_seconds, "run": row.run, "attempt": str(row.attempt), "member": row.member}
    return {**stamp(row), **its, "used": row.milli_gpu_seconds, **measured(row)}


def measured(use: Any) -> Line:
    """Write what was measured of an attempt's use beside time. How busy GPUs were is left out, where nothing said."""
    of = {"mibSecondsOf": use.memory_of, "millijoulesOf": use.energy_of}
    amounts = present(mibSeconds=use.memory_mib_seconds, millijoules=use.energy_millijoules)
    busy = present(busyMilliseconds=use.busy_milliseconds, busyMillisecondsOf=use.busy_of or None)
    return {**of, **amounts, **busy}


def acknowledgement(row: Any) -> Line:
    """Write an acknowledgement."""
    its = {"signature": row.signature.hex(), "memberKey": row.member_key.hex()}
    body = canonical.decode(row.body)
    if isinstance(body, dict) and body["hour"] != row.hour_seconds:
        its["hour"] = row.hour_seconds  # somebody has changed the database beside what was signed
    return {**stamp(row), "body": body, **its}


def transfer(row: Any) -> Line:
    """Write a transfer."""
    its = {"body": canonical.decode(transfers.body(books.read(row))), "sha256": row.payload_sha256.hex()}
    return {**stamp(row), "id": str(row.id), **its}


def settlement(row: Any) -> Line:
    """Write what a pair's period comes to at a stage."""
    its = {"period": row.period, "pair": row.pair, "stage": row.stage, "owed": row.owed}
    terms = {"pool": row.pool_thousandths, "member": row.member_thousandths, "window": row.window_seconds}
    return {**stamp(row), **its, **terms}


def act(row: Any) -> Line:
    """Write what somebody declared."""
    its = {"body": canonical.decode(row.body), "sha256": row.body_sha256.hex()}
    named = {"subject": row.subject} if row.subject else {}
    return {**stamp(row), "id": str(row.id), "kind": row.kind, **named, **its}


def stamp(row: Any) -> Line:
    """Write a row's sequence and time."""
    since_epoch = row.recorded_at - datetime.fromtimestamp(0, UTC)
    microseconds = (since_epoch.days * 86400 + since_epoch.seconds) * 10**6 + since_epoch.microseconds
    return {"sequence": row.sequence, "recorded": microseconds}


def present(**values: Json | None) -> Line:
    """Return the values that are there."""
    return {name: value for name, value in values.items() if value is not None}


KINDS = (
    Kind("members", parties.Member, member),
    Kind("keys", parties.MemberKey, key),
    Kind("enrolments", parties.Enrolment, enrolment),
    Kind("levies", parties.Levy, levy),
    Kind("rates", parties.Rate, rate),
    Kind("entitlements", parties.Entitlement, entitlement),
    Kind("cycles", decisions.Cycle, cycle),
    Kind("decisions", decisions.Decision, decision),
    Kind("effects", decisions.Effect, effect),
    Kind("facts", decisions.Fact, remark),
    Kind("violations", decisions.Violation, remark),
    Kind("slots", slots.Slot, slot),
    Kind("cutoffs", accounts.Cutoff, cutoff),
    Kind("postings", accounts.Posting, posting),
    Kind("transfers", accounts.Transfer, transfer),
    Kind("usage", usages.Usage, usage),
    Kind("acknowledgements", usages.Acknowledgement, acknowledgement),
    Kind("settlements", settlements.Settlement, settlement),
    Kind("acts", settlements.Act, act),
)
