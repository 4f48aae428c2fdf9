"""A pool's day in small for tests of exports, and the ways in which somebody tampers with an export of it."""

import collections
import contextlib
import dataclasses
import json

import sqlalchemy as sa

from hanse.evidence import acknowledgements, canonical, signatures
from hanse.ledger import (
    acknowledging,
    attempts,
    books,
    bundle,
    database,
    decisions,
    disputes,
    entitlements,
    outbox,
    posting,
)
from hanse.ledger import credits as credits_
from hanse.ledger.entitlements import Entitled

PERIOD = "2026-11"
HOME = decisions.Strength(decisions.Label.HOME, 1, 10)
HOUR = 3600


def play(world):
    """A pool's day in small: borrowing, preemption, a late slot, an overrun, a correction, all acted on."""
    start = world.now
    given = [Entitled("alibaba", "h100-80g", 8000, 8000), Entitled("tencent", "h100-80g", 8000, 8000)]
    entitlements.record(world.operator, given, term=world.term)
    borrower = world.admit("tencent", on="alibaba", funding=(world.funding(2 * HOUR, 14_500_000, rate=2000),))
    at_home = world.admit("tencent", on="tencent", gpus=1, tier=("spot", 700))
    world.record(
        borrower, at_home, decisions.Entry("Reject", decisions.Effect.NONE, "Waits", "WaitingForQuota", "alibaba")
    )
    world.grant(borrower)
    world.grant(at_home)
    later = start + HOUR + 1800
    world.set_clock(later)
    entitlements.record(world.operator, given[:1], term=world.term)
    attempts.renew(world.api, "tencent-cluster", [(at_home.attempt, 1), (at_home.attempt, 7)])
    owner = dataclasses.replace(world.admit("alibaba", on="alibaba"), strength=HOME)
    world.record(owner, world.stop(borrower, cause_index=0, detail={"lostGpuSeconds": 1800}))
    world.set_clock(later + 60)
    attempts.release(world.api, "alibaba-cluster", borrower.attempt, 1, "preempted")
    world.grant(owner)
    act(world)
    world.set_clock(start + 2 * HOUR + 1000)
    both = {str(at_home.attempt): 500, "idle": 500}
    world.meter("alibaba", start, {str(borrower.attempt): 1000})
    world.meter("tencent", start, both, range(11))
    late = world.slot("tencent", start + 3300, both)
    world.meter("alibaba", start + HOUR, {str(borrower.attempt): 1000}, range(7))
    world.meter("alibaba", start + HOUR, {str(owner.attempt): 1000}, range(7, 11))
    world.meter("tencent", start + HOUR, {"down": 1000})
    for hour in (start, start + HOUR):
        posting.post(world.operator, world.term, hour)
    acknowledge(world, at_home.attempt, start)
    world.ingest("tencent", late)
    posting.post(world.operator, world.term, start)
    posting.void_unused(world.operator, world.term)
    used = world.super.execute(
        "SELECT id FROM ledger.transfer WHERE purpose = 'use' ORDER BY sequence LIMIT 1"
    ).fetchone()[0]
    books.correct(world.operator, world.term, books.Correction(used, 1000, "counted twice"))
    close(world)
    terms = credits_.Terms(24 * HOUR, {"h100-80g": 1000}, {})
    credits_.record(world.operator, terms, start + 2 * HOUR, term=world.term)
    world.set_clock(start + 5 * HOUR)


def acknowledge(world, attempt, hour_seconds):
    """Say, as tencent, that an attempt of its own used nothing in an hour."""
    one = acknowledgements.Acknowledgement("tencent", attempt, hour_seconds, 0, acknowledgements.Basis.OWN_RECORD)
    key = world.keys["tencent"]
    acknowledging.acknowledge(world.api, "tencent", signatures.public_bytes(key), [acknowledgements.sign(one, key)])


def close(world):
    """The month before is settled, and an hour of this one is disputed."""
    statement = sa.text("SELECT ledger.settle(:term, '2026-10', 'initial', ARRAY['alibaba/tencent'], 990, 900, 86400)")
    with database.transaction(world.operator) as connection:
        connection.execute(statement, {"term": world.term})
    disputes.open_(world.api, disputes.Matter("tencent", world.START), claimed=0, reason="it had stopped")


def act(world):
    outbox.done(world.operator, world.term, {order.decision: None for order in outbox.pending(world.operator, 100)})


def lines_of(folder, name):
    """Return the lines of a file; "slots" stands for all hours' files."""
    if name == bundle.SLOTS:
        return [line for hour in bundle.slot_files(folder) for line in lines_of(folder, hour)]
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_bytes().splitlines()]


def rewrite(folder, name, lines):
    """Write lines back as somebody would who knows the format: hashes, CSV and manifest made again."""
    for line in lines:
        if "sha256" in line:
            line["sha256"] = canonical.sha256(canonical.encode(line["body"])).hex()
    write(folder, name, lines)
    header, _ = bundle.read_manifest(folder)
    with contextlib.suppress(bundle.BundleError):
        bundle.write_csv(folder)
    bundle.write_manifest(folder, header)


def write(folder, name, lines):
    """Write a file's lines; those of slots into the files of their hours."""
    if name != bundle.SLOTS:
        bundle.write_lines(folder, name, lines)
        return
    hours = {hour: [] for hour in bundle.slot_files(folder)}
    for line in lines:
        hours.setdefault(bundle.slot_file(line["body"]["start"] // HOUR * HOUR), []).append(line)
    for hour, its in hours.items():
        bundle.write_lines(folder, hour, its)


def delete(lines, number):
    yield lines[number].get("kind", ""), lines[:number] + lines[number + 1 :]


def repeat(lines, number):
    yield "", [*lines[: number + 1], *lines[number:]]


def swap(lines, number):
    if number:
        lines[number - 1 : number + 1] = lines[number], lines[number - 1]
        yield "", lines


def backdate(lines, number):
    if "recorded" in lines[number]:
        lines[number]["recorded"] -= 3600 * 10**6
        yield "", lines


def edit(lines, number):
    line = lines[number]
    for holder in (line, line.get("body", {})):
        for key in [key for key in holder if key not in {"sequence", "recorded", "sha256", "body"}]:
            value = holder[key]
            holder[key] = other(value)
            yield key, json.loads(json.dumps(lines))
            holder[key] = value


def other(value):
    if isinstance(value, int):
        return 0 if value == 1 else value + 1
    if isinstance(value, str):
        return value[:-1] + ("1" if value[-1:] == "0" else "0")
    return value[1:] if isinstance(value, list) else {**value, "0": 1}


def chosen(lines, per_kind):
    """Return the numbers of the first *per_kind* lines of each kind."""
    seen = collections.Counter()
    for number, line in enumerate(lines):
        kind = line.get("kind") or str(line.get("body", {}).get("kind")) + str(line.get("body", {}).get("purpose"))
        seen[kind] += 1
        if seen[kind] <= per_kind:
            yield number
