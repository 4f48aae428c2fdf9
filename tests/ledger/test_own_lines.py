"""A member checks its own lines against the public log, and learns nothing of a rival from them."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from played import HOUR, PERIOD, act, play
from sealed import ORIGIN, POLICY, TEXT, seal
from typer.testing import CliRunner

from hanse.cli import audit
from hanse.evidence import canonical, commitments
from hanse.evidence.errors import EvidenceError
from hanse.ledger import complete, database, disputes, export, fsck, leaves, own, posting, verify
from hanse.ledger.publishing import Folder
from hanse.ledger.verify import lines as own_lines


def member_of(world, name):
    world.super.execute(
        f"DO $$ BEGIN CREATE ROLE login_{name} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; "
        f"GRANT hanse_member TO login_{name}"
    )
    return database.engine(world.url, role=f"login_{name}")


def written(world, name, file):
    engine = member_of(world, name)
    try:
        own.write(engine, file)
    finally:
        engine.dispose()
    return [json.loads(line) for line in file.read_bytes().splitlines()]


@pytest.fixture(scope="module", name="world")
def _world(make_world, tmp_path_factory):
    world = make_world()
    play(world)
    rule(world)
    world.log = tmp_path_factory.mktemp("log")
    seal(world, world.log)
    yield world
    world.close()


def rule(world):
    """Tencent is right in one dispute, and takes another back."""
    closer = database.engine(world.url, role="hanse_closer")
    try:
        right = disputes.Matter("tencent", world.START)
        with database.transaction(closer) as connection:
            posted = disputes.postings(connection, right.id)
        disputes.accept(closer, right.id, [(posted[0].id, 10)], granted=5, reason="so it was")
    finally:
        closer.dispose()
    other = disputes.open_(world.api, disputes.Matter("tencent", world.START + HOUR), claimed=0, reason="a mistake")
    disputes.withdraw(world.api, "tencent", other)


KINDS = {"slots", "postings", "decisions", "transfers", "usage", "acknowledgements", "acts"}


def test_a_member_opens_the_leaves_of_its_disputes_and_no_others(world, tmp_path):
    shown = [each["shown"] for each in written(world, "tencent", tmp_path / "own") if each["shown"]["file"] == "acts"]
    steps = [(each["row"]["body"]["state"], each.get("part")) for each in shown]
    assert steps == [*[("opened", None)] * 2, ("accepted", 1), ("opened", None), ("withdrawn", None)]
    assert not any(
        "transfers" in each["row"]["body"] or (each.get("part") and "sha256" in each["row"]) for each in shown
    )
    engine = member_of(world, "tencent")
    with engine.connect() as connection:
        said = list(connection.execute(sa.text("SELECT said FROM ledger.own_dispute")).scalars())
    engine.dispose()
    assert len(said) == len(steps)
    assert not any("transfers" in each for each in said)
    assert all(each["shown"]["file"] != "acts" for each in written(world, "alibaba", tmp_path / "others"))


def test_a_member_checks_its_own_lines_offline(world, tmp_path):
    lines = written(world, "tencent", tmp_path / "own.jsonl")
    its = own_lines.verify(tmp_path / "own.jsonl", world.log, POLICY)
    assert ([], 0) == (its.findings, its.newer)
    assert its.lines.keys() == KINDS
    assert its.lines.total() == len(lines)
    (tmp_path / "policy").write_text(TEXT)
    command = ["verify-line", str(tmp_path / "own.jsonl"), f"--log={world.log}", f"--policy={tmp_path}/policy"]
    said = CliRunner().invoke(audit.app, command)
    assert said.exit_code == 0, said.output
    assert f" {its.lines['transfers']} transfers, " in said.output
    assert f" are in {ORIGIN}, of {its.checkpoint.size} leaves" in said.output


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_line_that_says_something_else_is_named(world, tmp_path, kind):
    lines = written(world, "tencent", tmp_path / "own.jsonl")
    number, line = next((number, each) for number, each in enumerate(lines, 1) if each["shown"]["file"] == kind)
    line["shown"]["row"]["recorded"] += 1
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(b"".join(canonical.encode(each) + b"\n" for each in [*lines, lines[-1]]))
    found = [str(each) for each in own_lines.verify(changed, world.log, POLICY).findings]
    assert f"C3 changed.jsonl:{number}: is not what leaf {line['leaf']} of the log committed to" == found[0]
    assert "is opened twice" in found[1]


def test_nothing_of_a_rival_is_in_a_members_lines(world, tmp_path):
    """No name, no id that follows from both accounts, and no hash that a guess could be compared with."""
    for name, rival in [("tencent", "alibaba"), ("alibaba", "tencent")]:
        written(world, name, tmp_path / name)
        text = (tmp_path / name).read_text()
        assert rival not in text
        rows = world.super.execute(
            "SELECT id::text, encode(payload_sha256, 'hex') FROM ledger.transfer "
            "WHERE debit LIKE %(rival)s OR credit LIKE %(rival)s",
            {"rival": f"{rival}/%"},
        ).fetchall()
        assert rows
        salts = world.super.execute("SELECT encode(salt, 'hex') FROM ledger.leaf WHERE parts IS NOT NULL").fetchall()
        assert [secret for row in [*rows, *salts] for secret in row if secret in text] == []


def played_by(make_world, tmp_path, on):
    """Return tencent's lines of an hour in which it used one of two rivals' nodes, all else being the same."""
    world = make_world()
    try:
        job = world.admit("alibaba", on=on)
        world.record(job)
        world.grant(job)
        world.set_clock(world.START + 2 * HOUR)
        world.meter("tencent", world.START, {str(job.attempt) if on == "tencent" else "idle": 1000})
        world.meter("alibaba", world.START, {str(job.attempt) if on == "alibaba" else "idle": 1000})
        act(world)
        posting.post(world.operator, world.term, world.START)
        seal(world, tmp_path / on)
        return written(world, "alibaba", tmp_path / f"{on}.jsonl")
    finally:
        world.close()


def test_by_differencing_a_member_learns_of_nobody_whose_nodes_it_used(make_world, tmp_path):
    """Two pools that differ in whose nodes a job of alibaba ran on: what it is shown differs by ids and salts."""

    def without_chance(lines):
        kept = []
        for line in lines:
            if line["shown"]["file"] in {"transfers", "decisions"} and line["shown"]["row"].get("purpose") != "offered":
                row = {
                    name: each for name, each in line["shown"]["row"].items() if name not in {"job", "attempt", "id"}
                }
                kept.append((line["shown"]["file"], line["shown"]["part"], len(line["shown"]["others"]), row))
        return kept

    at_home, away = (without_chance(played_by(make_world, tmp_path, on)) for on in ("alibaba", "tencent"))
    own_use = [each for each in at_home if each[3].get("account") != "alibaba/contribution-used"]
    assert len(away) > 2
    assert away == own_use


def test_an_auditor_proves_a_whole_transfer_and_a_part_opens_the_same_leaf():
    salt = bytes(range(32))
    line = {
        "sequence": 1, "recorded": 2, "id": "x", "sha256": "y",
        "body": {"kind": "single", "purpose": "use", "debit": "a/use", "credit": "b/contribution-used", "amount": 3},
    }  # fmt: skip
    sealed = leaves.seal("transfers", line, salt)
    assert commitments.opened(*leaves.opening("transfers", line, salt)) == sealed.entry
    bodies = leaves.part_bodies("transfers", line)
    for number, body in enumerate(bodies):
        shown = commitments.shown(body, sealed.parts)
        assert commitments.opened(commitments.salt_of_part(salt, number), shown) == sealed.entry
        assert commitments.opened(commitments.salt_of_part(salt, 2 - number or 1), shown) != sealed.entry or number == 1
    assert b"b/" not in bodies[1]
    assert b"a/" not in bodies[2]
    for wrong in ({"part": 9, "others": []}, {"part": 0, "others": ["zz"]}, {"part": 0, "others": 1}):
        with pytest.raises(EvidenceError):
            commitments.opened(salt, canonical.encode(wrong))


def test_the_export_of_the_same_ledger_verifies_with_parts(world, tmp_path):
    export.export(world.auditor, PERIOD, tmp_path / "export")
    assert [] == list(map(str, verify.verify(tmp_path / "export", policy=POLICY).findings))
    report = (tmp_path / "export" / "REPORT.md").read_text()
    assert "| tencent | 2026-11-01T00 | all | member | accepted |" in report
    assert "| tencent | 2026-11-01T01 | all | member | withdrawn |" in report


def checked(world, log):
    return [str(each) for each in fsck.check(world.auditor, Folder(log), POLICY).findings]


def test_database_log_and_checkpoints_agree(world, tmp_path):
    assert [] == checked(world, world.log)
    (tmp_path / "policy").write_text(TEXT)
    said = CliRunner().invoke(
        audit.app, ["fsck", f"--log={world.log}", f"--policy={tmp_path}/policy"], env={"HANSE_DATABASE_URL": world.url}
    )
    assert said.exit_code == 0, said.output
    assert "heads; " in said.output


CHANGES = {
    "UPDATE ledger.transfer SET amount = amount + 1 WHERE purpose = 'use'": "C3 transfers, sequence",
    "DELETE FROM ledger.fact WHERE kind = 'LeaseRefused'": "C3 leaf: there are",
    "UPDATE ledger.tree_head SET root = sha256('x')": "C2 tree_head: the root at",
    "UPDATE ledger.signed_head SET note = 'x'": "C1 signed_head: the note of",
    "UPDATE ledger.leaf SET entry = sha256('x') WHERE index = 3": "C2 checkpoint: its root is not",
    "DELETE FROM ledger.leaf WHERE index = 3": "C15 leaf: leaf 3 is missing",
}


def test_what_an_owner_changes_in_the_database_is_named(make_world, tmp_path):
    """One change after the other by somebody who switches triggers off."""
    other = make_world()
    play(other)
    seal(other, tmp_path / "log")
    for statement, named in CHANGES.items():
        table = next(word for word in statement.split() if word.startswith("ledger."))
        other.super.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        assert not any(each.startswith(named) for each in checked(other, tmp_path / "log"))
        other.super.execute(statement)
        assert any(each.startswith(named) for each in checked(other, tmp_path / "log")), statement
    other.close()


def test_a_changed_file_of_the_log_is_named_by_fsck(world, tmp_path):
    shutil.copytree(world.log, tmp_path / "log")
    (entries,) = [path for path in (tmp_path / "log" / "tile" / "entries").rglob("*") if path.is_file()]
    data = bytearray(entries.read_bytes())
    data[40] ^= 1
    entries.write_bytes(data)
    found = checked(world, tmp_path / "log")
    assert any(str(entries.relative_to(tmp_path / "log")) in each for each in found)
    (tmp_path / "log" / "checkpoint").unlink()
    assert checked(world, tmp_path / "log")[0].startswith("C1 checkpoint: cannot be read")


def test_completeness_names_slots_hours_and_decisions_that_are_missing(world, make_world):
    found = complete.check(world.auditor)
    assert not found.whole
    assert {node.name for node in found.gaps} == {"alibaba-node", "tencent-node"}
    assert found.gaps[0].first_gap_seconds == world.START + HOUR + 11 * 300
    assert found.hours_not_posted == [world.START + 2 * HOUR, world.START + 3 * HOUR]
    assert found.without_effect == []
    other = make_world()
    assert complete.check(other.auditor).whole
    other.record(other.admit())
    other.set_clock(other.START + 2 * HOUR)
    assert [kind for _, kind in complete.check(other.auditor).without_effect] == ["Admit"]
    said = CliRunner().invoke(audit.app, ["completeness"], env={"HANSE_DATABASE_URL": other.url})
    assert said.exit_code == 1
    assert "tencent: 0 of 21 slots, 0.00 %" in said.output
    other.close()


def test_the_first_slots_of_a_day_may_come_from_many_at_once(make_world):
    """Whoever waits for another to make the day's partition sees it, although it looked for it before."""
    other = make_world()
    other.set_clock(other.START + 86400 + 600)
    signed = {member: other.slot(member, other.START + 86400, {"idle": 1000}) for member in other.MEMBERS}
    with other.api.connect() as first, other.api.connect() as second, ThreadPoolExecutor(1) as pool:
        day = "SELECT ledger.add_slot_day(%s)"
        for connection in (first, second):  # both have looked, and remember that there is none
            connection.exec_driver_sql("SELECT to_regclass('ledger.slot_20261102')").all()
        first.exec_driver_sql(day, (other.START + 86400,)).all()
        waits = pool.submit(lambda: second.exec_driver_sql(day, (other.START + 86400,)).all())
        first.commit()
        waits.result(timeout=60)
        second.commit()
    assert [each.outcome for member, its in signed.items() for each in other.ingest(member, its)] == ["stored"] * 2
    other.close()
