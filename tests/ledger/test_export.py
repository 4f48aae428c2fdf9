"""A period is exported and verified, and what was tampered with is found and named."""

import ast
import collections
import contextlib
import dataclasses
import json
import random
import shutil
import subprocess
import sys
import uuid

import pytest
from typer.testing import CliRunner

from hanse.cli import audit
from hanse.evidence import canonical, identity
from hanse.ledger import attempts, books, bundle, decisions, export, outbox, posting, verify

PERIOD = "2026-11"
HOME = decisions.Strength(decisions.Label.HOME, 1, 10)
HOUR = 3600


def play(world):
    """A pool's day in small: borrowing, preemption, a late slot, an overrun, a correction, all acted on."""
    start = world.now
    borrower = world.admit("tencent", on="alibaba", funding=(world.funding(2 * HOUR, 14_500_000, rate=2000),))
    at_home = world.admit("tencent", on="tencent", gpus=1, tier=("spot", 700))
    world.record(
        borrower, at_home, decisions.Entry("Reject", decisions.Effect.NONE, "Waits", "WaitingForQuota", "alibaba")
    )
    world.grant(borrower)
    world.grant(at_home)
    later = start + HOUR + 1800
    world.set_clock(later)
    attempts.renew(world.api, "tencent-cluster", [(at_home.attempt, 1), (at_home.attempt, 7)])
    owner = dataclasses.replace(world.admit("alibaba", on="alibaba"), strength=HOME)
    world.record(owner, world.stop(borrower, cause_index=0))
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
    world.ingest("tencent", late)
    posting.post(world.operator, world.term, start)
    posting.void_unused(world.operator, world.term)
    used = world.super.execute(
        "SELECT id FROM ledger.transfer WHERE purpose = 'use' ORDER BY sequence LIMIT 1"
    ).fetchone()[0]
    books.correct(world.operator, world.term, books.Correction(used, 1000, PERIOD, "agreed in dispute 1"))
    lost = books.LostWork("tencent", borrower.attempt, identity.decision_id(1, 2, 1), 500, start + HOUR)
    books.credit_lost_work(world.operator, world.term, lost)
    world.set_clock(start + 5 * HOUR)


def act(world):
    outbox.done(world.operator, world.term, {order.decision: None for order in outbox.pending(world.operator, 100)})


@pytest.fixture(scope="module", name="original")
def _original(tmp_path_factory, make_world):
    world = make_world()
    folder = tmp_path_factory.mktemp("export") / "original"
    try:
        play(world)
        export.export(world.auditor, PERIOD, folder)
    finally:
        world.close()
    return folder


def test_an_export_of_a_days_life_verifies(original):
    verdict = verify.verify(original)
    assert [str(finding) for finding in verdict.findings] == []


def lines_of(folder, name):
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_bytes().splitlines()]


def rewrite(folder, name, lines):
    """Write lines back as somebody would who knows the format: hashes, CSV and manifest made again."""
    for line in lines:
        if "sha256" in line:
            line["sha256"] = canonical.sha256(canonical.encode(line["body"])).hex()
    bundle.write_lines(folder, name, lines)
    header, _ = bundle.read_manifest(folder)
    with contextlib.suppress(bundle.BundleError):
        bundle.write_csv(folder, bundle.read(folder, header))
    bundle.write_manifest(folder, header)


@pytest.fixture(name="copy")
def _copy(original, tmp_path):
    shutil.copytree(original, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.mark.parametrize("seed", range(40))
def test_a_changed_byte_anywhere_is_found_and_its_file_named(copy, seed):
    choice = random.Random(seed)  # noqa: S311  # a seed, not a secret
    announced = bundle.manifest_sha256(copy)
    file = choice.choice([path for path in sorted(copy.iterdir()) if path.stat().st_size])
    data = bytearray(file.read_bytes())
    data[choice.randrange(len(data))] ^= 1 << choice.randrange(8)
    file.write_bytes(bytes(data))
    verdict = verify.verify(copy, announced)
    assert any(finding.where.startswith(file.name) for finding in verdict.findings)


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


# What nothing else in an export says: whoever makes the manifest again may change it, and only the announced hash of
# the manifest (and later the sealed log) tells. docs/ledger.md says so.
ONLY_THE_MANIFEST = {
    delete: {"facts LeaseRefused"},
    repeat: set(),
    swap: set(),
    backdate: {"members "},
    edit: {
        *(f"cycles {name}" for name in ("asOf", "base", "code", "policy", "state")),
        *(f"facts {name}" for name in ("id", "at", "attempt", "cluster", "detail", "fence", "kind", "member")),
        *(f"violations {name}" for name in ("id", "account", "detail", "member")),
        "transfers reason",
    },
}  # fmt: skip


@pytest.mark.parametrize("change", ONLY_THE_MANIFEST, ids=lambda change: change.__name__)
def test_tampering_by_somebody_who_makes_all_hashes_again_is_found(original, tmp_path, change):
    """One line at a time, in every file; what survives is exactly what is listed above."""
    folder = tmp_path / "copy"
    survived = set()
    for name in bundle.READERS:
        for number in chosen(lines_of(original, name), per_kind=1):
            for what, lines in change(lines_of(original, name), number):
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(original, folder)
                rewrite(folder, name, lines)
                if verify.verify(folder).good:
                    survived.add(f"{name} {what}")
    assert survived == ONLY_THE_MANIFEST[change]


def test_a_leader_that_records_when_a_newer_one_has_begun_is_named(copy):
    """Also where the newer one has recorded nothing yet, so that terms still rise from cycle to cycle."""
    facts = lines_of(copy, "facts")
    number, taken = next((number, fact) for number, fact in enumerate(facts) if fact["kind"] == "TermTaken")
    facts.insert(number + 1, {**taken, "id": str(uuid.uuid4()), "amount": taken["amount"] + 1})
    rewrite(copy, "facts", facts)
    said = [str(finding) for finding in verify.verify(copy).findings]
    assert any(f"of term {taken['amount']}, when term {taken['amount'] + 1} had begun" in each for each in said)


def test_whatever_is_changed_the_announced_hash_of_the_manifest_tells(original, copy):
    announced = bundle.manifest_sha256(original)
    lines = lines_of(copy, "violations")
    lines[0]["detail"] = "nothing happened"
    rewrite(copy, "violations", lines)
    assert verify.verify(copy).good
    assert [finding.check for finding in verify.verify(copy, announced).findings] == ["C2"]


def test_the_command_names_the_first_offender_and_exits_with_1(copy):
    runner = CliRunner()
    good = runner.invoke(audit.app, ["verify", str(copy)])
    assert (good.exit_code, bundle.manifest_sha256(copy).hex()) == (0, good.output.split()[-1])
    lines = lines_of(copy, "transfers")
    lines[4]["body"]["amount"] += 1
    rewrite(copy, "transfers", lines)
    bad = runner.invoke(audit.app, ["verify", str(copy)])
    assert bad.exit_code == 1
    assert "first offender: C" in bad.output
    assert "transfers.jsonl:5" in bad.output


@pytest.mark.parametrize("arguments", [["verify", "nowhere"], ["verify", "x", "--manifest-sha256", "zz"]])
def test_a_wrong_call_is_answered_with_a_sentence(arguments):
    result = CliRunner().invoke(audit.app, arguments)
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_verifying_imports_nothing_but_evidence_and_the_standard_library():
    code = (
        "import sys, hanse.ledger.verify\n"
        "known = {'cryptography', 'hanse', '_cffi_backend'} | sys.stdlib_module_names\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} - known))"
    )
    result = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert [name for name in ast.literal_eval(result.stdout) if name in FOREIGN] == []


FOREIGN = {"sqlalchemy", "psycopg", "alembic", "kubernetes", "fastapi", "pydantic", "typer", "rich", "numpy"}
