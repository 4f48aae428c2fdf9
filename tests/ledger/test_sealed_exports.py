"""An export whose rows are in the log: what was changed, dropped or made up is named, whoever makes new hashes."""

import dataclasses
import shutil
import subprocess

import pytest
from played import PERIOD, backdate, chosen, delete, edit, lines_of, play, repeat, rewrite, write
from sealed import KEYS, ORIGIN, POLICY, TEXT, seal
from typer.testing import CliRunner

from hanse.cli import audit
from hanse.devcluster import build
from hanse.evidence import checkpoints, notes, tiles
from hanse.ledger import bundle, export, leaves, verify

STRANGER = notes.signer(ORIGIN, notes.ED25519, bytes(32))


@pytest.fixture(scope="module", name="world")
def _world(make_world, tmp_path_factory):
    world = make_world()
    play(world)
    world.super.execute("INSERT INTO ledger.levy (node, start_seconds, levied) VALUES ('old', 0, true)")
    world.sealed = seal(world, tmp_path_factory.mktemp("log"))
    yield world
    world.close()


@pytest.fixture(scope="module", name="original")
def _original(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "original"
    export.export(world.auditor, PERIOD, folder)
    return folder


@pytest.fixture(name="copy")
def _copy(original, tmp_path):
    shutil.copytree(original, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_sealed_export_verifies_and_says_what_it_rests_on(original, world, tmp_path):
    verdict = verify.verify(original, policy=POLICY)
    assert [str(finding) for finding in verdict.findings] == []
    assert (verdict.log.checkpoint.size, verdict.log.unsealed) == (world.sealed, 0)
    assert (verdict.header.first_leaf, verdict.header.end_leaf) == (0, world.sealed)
    (tmp_path / "policy").write_text(TEXT)
    said = CliRunner().invoke(audit.app, ["verify", str(original), "--policy", str(tmp_path / "policy")])
    assert said.exit_code == 0
    assert "the log has signed it; cosigned by nobody, and the policy asks for nobody" in said.output
    without = CliRunner().invoke(audit.app, ["verify", str(original)])
    assert (without.exit_code, "NOBODY'S SIGNATURE WAS CHECKED" in without.output) == (0, True)


def test_the_folder_of_an_export_is_a_log_that_others_check(original):
    arguments = [str(build.binary(build.AUDITORS)), "fsck", str(original), str(KEYS[0].key)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def of_log(folder):
    """Return what the log alone finds; a line that cannot be read is found by anybody."""
    header, _ = bundle.read_manifest(folder)
    try:
        return verify.examine(folder, header).log.findings
    except bundle.BundleError as error:
        return [error]


@pytest.mark.parametrize("change", [delete, repeat, backdate, edit], ids=lambda change: change.__name__)
def test_what_only_the_manifest_told_the_log_tells_alone(original, copy, change):
    """Each change of one line, in every file that is sealed; no other check is asked, and no hash of a file."""
    survived, tried = set(), 0
    for name in leaves.SEALED:
        for number in chosen(lines_of(original, name), per_kind=1):
            for what, lines in change(lines_of(original, name), number):
                write(copy, name, lines)
                tried += 1
                if not of_log(copy):
                    survived.add(f"{name} {what}")
        write(copy, name, lines_of(original, name))
    assert tried > 10
    # Whether a row is here for another period's sake is for the other checks to judge.
    assert survived == ({"decisions carried", "transfers carried"} if change is edit else set())


def openings(folder):
    return lines_of(folder, bundle.OPENINGS)


def findings(folder, check):
    return [str(each) for each in verify.verify(folder, policy=POLICY).findings if each.check == check]


def test_a_row_that_is_dropped_with_its_opening_leaves_a_leaf_that_nobody_opens(copy):
    facts = lines_of(copy, "facts")
    index = facts.pop()["leaf"]
    rewrite(copy, "facts", facts)
    assert f"C3 openings.jsonl: leaf {index} was sealed in the period and is not opened: a row is left out" in findings(
        copy, "C3"
    )


@pytest.mark.parametrize("name", leaves.SEALED)
def test_a_row_that_is_moved_out_of_its_file_is_missed_there(copy, name):
    """Whoever opens a row beside the files, as if it were another period's, is asked why."""
    lines = lines_of(copy, name)
    moved = lines.pop()
    own = {key: value for key, value in moved.items() if key not in {"carried", "leaf", "salt"}}
    opened = [*openings(copy), {"index": moved["leaf"], "salt": moved["salt"], "file": name, "row": own}]
    rewrite(copy, name, lines)
    rewrite(copy, bundle.OPENINGS, opened)
    said = f"openings.jsonl:{len(opened)}: belongs into {name}.jsonl, and is not there"
    assert f"C3 {said}" in findings(copy, "C3")


def test_a_range_of_leaves_that_was_made_smaller_is_named_or_counted(copy):
    """From below it contradicts the rows' times; from above the next period has to open them, and the count says so."""
    header, _ = bundle.read_manifest(copy)
    bundle.write_manifest(copy, dataclasses.replace(header, first_leaf=header.end_leaf))
    assert any("is before its first" in each for each in findings(copy, "C3"))
    bundle.write_manifest(copy, dataclasses.replace(header, end_leaf=header.end_leaf - 3))
    assert verify.verify(copy, policy=POLICY).log.late == 3


@pytest.mark.parametrize("name", ["transfers", "slots"])
def test_a_salt_that_is_written_in_another_way_is_named(copy, name):
    """It opens the leaf as before, and is not what was exported."""
    file = name if name == "transfers" else bundle.read_manifest(copy)[0].slot_files[0]
    first, *others = lines_of(copy, file)
    rewrite(copy, file, [{**first, "salt": first["salt"].upper()}, *others])
    assert any("writes its salt as" in each for each in findings(copy, "C3"))


def test_a_row_that_is_made_up_has_no_leaf(copy):
    violations = lines_of(copy, "violations")
    made_up = {**violations[-1], "sequence": 10**9, "id": "00000000-0000-4000-8000-000000000000"}
    del made_up["leaf"], made_up["salt"]
    rewrite(copy, "violations", [*violations, made_up])
    assert any("is not in the log" in each for each in findings(copy, "C3"))


def test_what_was_recorded_just_now_may_not_be_in_the_log_yet(world, tmp_path):
    world.super.execute("INSERT INTO ledger.levy (node, start_seconds, levied) VALUES ('new', 0, true)")
    export.export(world.auditor, PERIOD, tmp_path / "new")
    verdict = verify.verify(tmp_path / "new", policy=POLICY)
    assert ([], 1) == ([str(each) for each in verdict.findings], verdict.log.unsealed)
    seal(world, tmp_path / "log")


@pytest.mark.parametrize("what", ["checkpoint", "tile/entries", "tile/0"])
def test_a_changed_file_of_the_log_is_named(copy, what):
    path = copy / what
    file = path if path.is_file() else next(each for each in path.rglob("*") if each.is_file())
    data = bytearray(file.read_bytes())
    data[40] ^= 1
    file.write_bytes(bytes(data))
    said = verify.verify(copy, policy=POLICY).findings
    assert any(
        each.where in {str(file.relative_to(copy)), "checkpoint"} or each.where.startswith("tile/") for each in said
    )


def test_a_log_that_somebody_else_signed_is_not_the_one(copy):
    note = notes.parse((copy / tiles.CHECKPOINT).read_bytes())
    forged = checkpoints.sign(checkpoints.parse(note.text), [STRANGER], 0)
    (copy / tiles.CHECKPOINT).write_bytes(forged.encode())
    header, _ = bundle.read_manifest(copy)
    bundle.write_manifest(copy, header)
    assert ["C1 checkpoint: no key of the log pool.example/ledger has signed the checkpoint"] == findings(copy, "C1")
    assert verify.verify(copy).good  # without a policy nobody's signature is looked at, and the command says so


def test_an_export_without_a_log_does_not_do_where_a_policy_is_named(copy):
    (copy / tiles.CHECKPOINT).write_bytes(b"")
    header, _ = bundle.read_manifest(copy)
    bundle.write_manifest(copy, header)
    assert ["C1 checkpoint: is empty: nothing was sealed when this was exported"] == findings(copy, "C1")


def test_what_an_owner_changes_with_triggers_off_no_longer_opens_its_leaf(world, tmp_path):
    """The fourth way around triggers, on what no other row tells: the wording of a fact."""
    world.super.execute("ALTER TABLE ledger.fact DISABLE TRIGGER ALL")
    world.super.execute("UPDATE ledger.fact SET detail = 'nothing happened' WHERE kind = 'LeaseRefused'")
    world.super.execute("ALTER TABLE ledger.fact ENABLE TRIGGER ALL")
    export.export(world.auditor, PERIOD, tmp_path / "after")
    said = verify.verify(tmp_path / "after", policy=POLICY).findings
    assert said
    assert all(each.where.startswith("facts.jsonl") and "committed to" in each.message for each in said)
    assert "facts.jsonl" in (tmp_path / "after" / bundle.REPORT).read_text()


def test_one_line_is_proven_to_who_has_the_policy_and_sees_nothing_else(original, world, tmp_path):
    (tmp_path / "policy").write_text(TEXT)
    hanse, policy_option = CliRunner(), f"--policy={tmp_path}/policy"
    for name in ("facts", "transfers", bundle.slot_files(original)[0]):
        file = tmp_path / f"{bundle.kind_of(name)}.tlog-proof"
        made = hanse.invoke(audit.app, ["prove", str(original), f"{name}.jsonl:2", "--out", str(file)])
        assert (made.exit_code, made.output) == (0, "")
        shown = hanse.invoke(audit.app, ["verify-proof", str(file), policy_option])
        assert shown.exit_code == 0
        line = lines_of(original, name)[1]
        _, said = leaves.opening(bundle.kind_of(name), line, bytes.fromhex(line["salt"]))
        assert shown.stdout == said.decode() + "\n"
        assert f"of the {world.sealed} of {ORIGIN}" in shown.stderr
        file.write_bytes(file.read_bytes().replace(b"extra ", b"extra AAAA"))
        assert hanse.invoke(audit.app, ["verify-proof", str(file), policy_option]).exit_code == 1
    for line in ("facts.jsonl:9999", "accounts.jsonl:1", "x"):
        refused = hanse.invoke(audit.app, ["prove", str(original), line, "--out", str(tmp_path / "none")])
        assert (refused.exit_code, line in refused.output) == (1, True)
    again = hanse.invoke(audit.app, ["prove", str(original), "facts.jsonl:2", "--out", str(tmp_path / "policy")])
    assert "name a new file" in again.output
