"""What was recorded is planned again, from the database and from an export, and what was forged is named."""

import contextlib
import json
import random
import shutil
import typing
import zlib
from collections import Counter
from dataclasses import replace

import numpy as np
import psycopg
import pytest
from parties import Parties
from played import PERIOD, lines_of, rewrite
from psycopg import sql
from typer.testing import CliRunner

from hanse.cli import main
from hanse.cli import replay as commands
from hanse.cli.errors import CommandError
from hanse.evidence import canonical
from hanse.ledger import database, errors, expecting, export, frames
from hanse.ledger.decisions import record
from hanse.ledger.framed import FOLDER, Exported
from hanse.ledger.replaying import Replay
from hanse.scheduler import decisions, using
from hanse.scheduler.frames import decode
from hanse.scheduler.pool import NodeState
from hanse.scheduler.replaying import Replayer

CYCLES, SEEDS, SEED = 48, (8, 9, 10, 11), 9
NOV = export.bounds(PERIOD)


@contextlib.contextmanager
def played(server, migrated, seed):
    """A pool in which everything happens, with a leader that records what it decides."""
    name = f"replayed_{seed}"
    with psycopg.connect(server, autocommit=True) as connection:
        template = sql.Identifier(migrated.rpartition("/")[2])
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), template))
    parties = Parties(server.rpartition("/")[0] + f"/{name}", random.Random(seed))  # noqa: S311  # a seed
    parties.begin()
    for _ in range(CYCLES):
        parties.happen()
        parties.cycle()
    auditor = database.engine(server.rpartition("/")[0] + f"/{name}", role="hanse_auditor")
    try:
        with auditor.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield parties, connection
    finally:
        auditor.dispose()
        parties.close()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(name="stored", scope="module")
def _stored(server, migrated):
    """The pool of one seed, for all tests that change nothing of it."""
    with played(server, migrated, SEED) as made:
        yield made


def test_all_that_a_leader_decided_is_decided_again(server, migrated, stored):
    """Whatever happened around it; and enough of every kind was decided for that to mean something."""
    kinds, met, left, key_frames = Counter(), Counter(), 0, 0
    for seed in SEEDS:
        made = contextlib.nullcontext(stored) if seed == SEED else played(server, migrated, seed)
        with made as (parties, connection):
            source = frames.Stored(connection, *NOV)
            verdicts = list(map(Replay(source, Replayer()).verdict, source.cycles()))
            assert [""] * len(verdicts) == [each.difference for each in verdicts]
            kinds.update(parties.decided())
            for each in verdicts:
                met.update(what_it_met(each.planned.snapshot))
            left += sum(each.left for each in verdicts)
            key_frames += sum(Replayer().is_key(source.frame(each.cycle.term, each.cycle.cycle)) for each in verdicts)
            decided = sum(len(each.cycle.bodies) for each in verdicts)
            assert decided == parties.decided().total()
    assert {"Admit", "Preempt", "Rise", "Fall", "Renew", "Refuse", "Resize", "Left", "End"} <= kinds.keys()
    assert {"exchange", "classes", "racks", "rdma", "levels", "debits", "recalls", "reservations"} <= met.keys()
    assert {"parts", "several on one"} <= met.keys()
    assert 0 < left
    assert len(SEEDS) < key_frames < len(SEEDS) * CYCLES


def what_it_met(snapshot):
    """Return what a cycle had to decide with that would be lost if frames did not hold it."""
    nodes, attempts, shapes = snapshot.nodes, snapshot.attempts, snapshot.shapes
    met = {
        "exchange": snapshot.exchanges,
        "classes": len(set(attempts["accelerator"].tolist())) > 1,
        "racks": ((nodes["rack"] != "") & (nodes["block"] != "")).any(),
        "rdma": nodes["rdma"].any() and any(shape.rdma for shape in shapes),
        "levels": any(shape.needs_level for shape in shapes),
        "debits": any(each.debit for each in snapshot.catalogue.pool.members),
        "recalls": (nodes["state"] == int(NodeState.RECALLED)).any(),
        "reservations": snapshot.reservations,
        "parts": using.is_shared(snapshot).any(),
        "several on one": (together(snapshot) > 1).any(),
    }
    return [name for name, is_met in met.items() if is_met]


def together(snapshot):
    """Return how many share the GPU that each holding that shares one has."""
    shared = snapshot.holdings[using.is_shared(snapshot)]
    seats = shared[["node", "gpus"]].copy()
    return np.unique(seats, return_counts=True)[1]


@pytest.fixture(name="original", scope="module")
def _original(stored, tmp_path_factory):
    """An export with its frames."""
    folder = tmp_path_factory.mktemp("replayed") / "export"
    engine = stored[1].engine
    export.export(engine, PERIOD, folder)
    commands.export_frames(engine, PERIOD, folder)
    return folder


@pytest.fixture(name="copy")
def _copy(original, tmp_path):
    shutil.copytree(original, tmp_path / "copy")
    return tmp_path / "copy"


def differences(folder):
    source = Exported(folder)
    return [each.difference for each in map(Replay(source, Replayer()).verdict, source.cycles()) if each.difference]


def run(*arguments):
    """Run the command line; return its exit status and what it said."""
    result = CliRunner().invoke(main.app, arguments)
    if isinstance(result.exception, CommandError):
        return 1, result.output + str(result.exception)
    return result.exit_code, result.output


def test_a_period_is_planned_again_from_its_export(copy):
    cycles, decided = len(lines_of(copy, "cycles")), lines_of(copy, "decisions")
    by_others = sum(line["body"]["kind"] in {"End", "Expire", "Left"} for line in decided)
    status, said = run("audit", "replay", str(copy))
    assert 0 == status, said
    assert f"{cycles} cycles were planned again, and all {len(decided) - by_others} decisions" in said
    assert f"{by_others} decisions (End and Expire and Left) are no plan's" in said


def test_one_decision_is_shown_with_what_its_cycle_saw(copy):
    by_kind = {line["body"]["kind"]: line for line in lines_of(copy, "decisions")}
    for kind, line in by_kind.items():
        status, said = run("replay", line["id"], "--export", str(copy))
        assert 0 == status, said
        assert f"decision {line['id']}: {kind} " in said
        assert "planned again: equal" in said
    _, said = run("replay", by_kind["Admit"]["id"], "--export", str(copy))
    assert "admitted as attempt" in said
    assert "was entitled to" in said
    _, said = run("replay", by_kind["Admit"]["id"], "--export", str(copy), "--json")
    told = json.loads(said)
    assert {"id": by_kind["Admit"]["id"], **by_kind["Admit"]["body"]} == told["decision"]
    assert any("was entitled to" in line for line in told["saw"]["ofJob"])
    assert told["again"]["isOfAPlan"]
    assert not told["again"]["byOtherCode"]
    assert not told["difference"]


def forged(line):
    """Yield what somebody may have recorded instead of a decision."""
    body, kind = line["body"], line["body"]["kind"]
    if kind == "Admit":
        yield "nodes", {**body, "nodes": {name: 2 * milli for name, milli in body["nodes"].items()}}
        yield "strength", {**body, "strength": {**body["strength"], "cover": 7}}
        yield "member", {**body, "member": "blue" if body["member"] == "red" else "red"}
        yield "fundedUntil", {**body, "fundedUntil": body["fundedUntil"] + 1}
    if kind == "Preempt":
        yield "lostGpuSeconds", {**body, "detail": {**body["detail"], "lostGpuSeconds": 0}}
        yield "End of job", {**body, "kind": "End", "reason": "JobDeleted"}
    if kind in {"Rise", "Fall"}:
        other = "BORROW" if body["strength"]["label"] == "EXCHANGE" else "EXCHANGE"
        yield "strength", {**body, "strength": {**body["strength"], "label": other}}
    if kind == "Reserve":
        yield "start", {**body, "detail": {**body["detail"], "start": body["detail"]["start"] + 1}}


def test_a_forged_decision_is_named(original, copy):
    """One of each kind, changed by somebody who makes all hashes again; `verify` alone would not tell of most."""
    decided = lines_of(original, "decisions")
    tried = Counter()
    for kind in ("Admit", "Preempt", "Rise", "Fall", "Reserve"):
        number, line = next((at, each) for at, each in enumerate(decided) if each["body"]["kind"] == kind)
        for what, body in forged(line):
            lines = json.loads(json.dumps(decided))
            lines[number]["body"] = body
            rewrite(copy, "decisions", lines)
            first, *_ = differences(copy)
            assert (line["id"] in first) or what == "End of job", (what, first)
            assert what == "End of job" or f"{what} is " in first
            tried[kind] += 1
    assert Counter(Admit=4, Preempt=2, Rise=1, Fall=1, Reserve=1) == tried


def test_who_gives_for_a_gang_on_exchange_is_compared(original, copy):
    lines = lines_of(original, "decisions")
    line = next(each for each in lines if each["body"].get("strength", {}).get("donors"))
    donors = line["body"]["strength"]["donors"]
    donors[min(donors)] -= 1
    rewrite(copy, "decisions", lines)
    assert f"decision {line['id']}" in differences(copy)[0]
    assert "strength is " in differences(copy)[0]


def test_a_decision_that_was_made_up_or_left_out_is_named(original, copy):
    decided = lines_of(original, "decisions")
    number, line = next((at, each) for at, each in enumerate(decided) if each["body"]["kind"] == "Admit")
    rewrite(copy, "decisions", decided[:number] + decided[number + 1 :])
    assert line["body"]["job"] in differences(copy)[0]
    made_up = {**line, "id": "00000000-0000-4000-8000-000000000000"}
    rewrite(copy, "decisions", [*decided, made_up])
    assert "is not in the plan" in differences(copy)[0]
    status, said = run("audit", "replay", str(copy))
    assert (1, True) == (status, "the first that differs" in said)


def test_a_frame_that_was_changed_dropped_or_put_in_anothers_place_is_named(copy):
    first, *_, last = sorted((copy / FOLDER).iterdir(), key=lambda path: int(path.stem.partition("-")[2]))
    data = last.read_bytes()
    shutil.copy(first, last)
    assert ["its frame is not the one that it was recorded with"] == differences(copy)
    last.unlink()
    assert [f"the frame of cycle {last.stem.partition('-')[2]} of term 1 is not there"] == differences(copy)
    last.write_bytes(data)
    first.write_bytes(data)
    assert "its frame is not the one that it was recorded with" == differences(copy)[0]


def test_a_frame_with_another_snapshot_is_not_what_the_cycle_saw(copy):
    """Whoever changes frame and cycle alike has the state against them, which is in the log."""
    cycles = lines_of(copy, "cycles")
    first, other = cycles[0], cycles[1]
    frame = copy / FOLDER / f"{first['term']}-{first['cycle']}.zz"
    said = decode(frame.read_bytes())
    frame.write_bytes(zlib.compress(json.dumps(said | {"asOf": said["asOf"] + 1}).encode()))
    first["base"] = canonical.sha256(frame.read_bytes()).hex()
    rewrite(copy, "cycles", cycles)
    assert f"and not {first['state']}" in differences(copy)[0]
    assert other["state"] not in differences(copy)[0]


def test_an_export_without_frames_and_a_ledger_from_before_them_say_so(copy):
    shutil.rmtree(copy / FOLDER)
    status, said = run("audit", "replay", str(copy))
    assert (1, True) == (status, "the frame of cycle 1 of term 1 is not there" in said)
    cycles = lines_of(copy, "cycles")
    rewrite(copy, "cycles", [line | {"base": line["state"]} for line in cycles])
    status, said = run("audit", "replay", str(copy))
    assert (1, True) == (status, f"{len(cycles)} cycles were recorded without a frame" in said)
    identifier = lines_of(copy, "decisions")[0]["id"]
    status, said = run("replay", identifier, "--export", str(copy))
    assert (1, True) == (status, "did not keep yet what a cycle saw" in said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay", "x"], "HANSE_DATABASE_URL"),
        (["replay", "x", "--export", "nowhere"], "is missing"),
        (["audit", "replay"], "--from TIME"),
        (["audit", "replay", "--from", "yesterday"], "write a time such as 2026-11-01"),
    ],
)
def test_a_wrong_call_is_answered_with_a_sentence(arguments, said):
    status, answer = run(*arguments)
    assert (1, True) == (status, said in answer), answer


def test_a_decision_that_is_not_there_is_said(copy):
    status, said = run("replay", "00000000-0000-4000-8000-000000000000", "--export", str(copy))
    assert (1, True) == (status, "has no decision" in said)


def test_only_an_auditor_reads_frames_and_nobody_changes_them(world):
    entry = world.admit()
    cycle = world.plan(entry)
    frame = b"what it saw"
    with pytest.raises(errors.RefusedError, match="with the hash of this frame"):
        record(world.operator, replace(cycle, frame=frame))
    record(world.operator, replace(cycle, frame=frame, base_snapshot=canonical.sha256(frame)))
    with world.auditor.connect() as connection:
        assert frame == frames.Stored(connection, 0, 0).frame(world.term, 1)
    for engine in (world.operator, world.api):
        with engine.connect() as connection, pytest.raises(Exception, match="permission denied"):
            frames.Stored(connection, 0, 0).frame(world.term, 1)
    for statement in ("UPDATE ledger.frame SET data = ''", "DELETE FROM ledger.frame", "TRUNCATE ledger.frame"):
        with pytest.raises(psycopg.Error, match="is never changed"):
            world.super.execute(statement)


def test_each_kind_of_decision_can_be_compared():
    assert {each.__name__ for each in typing.get_args(decisions.Decision)} == expecting.KINDS
