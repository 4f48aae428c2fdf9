"""A period is exported and verified, and what was tampered with is found and named."""

import ast
import random
import shutil
import subprocess
import sys
import uuid

import pytest
from played import PERIOD, backdate, chosen, delete, edit, lines_of, play, repeat, rewrite, swap
from typer.testing import CliRunner

from hanse.cli import audit
from hanse.ledger import bundle, export, verify
from hanse.ledger.errors import RefusedError


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


@pytest.fixture(name="copy")
def _copy(original, tmp_path):
    shutil.copytree(original, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.mark.parametrize("seed", range(40))
def test_a_changed_byte_anywhere_is_found_and_its_file_named(copy, seed):
    choice = random.Random(seed)  # noqa: S311  # a seed, not a secret
    announced = bundle.manifest_sha256(copy)
    file = choice.choice([path for path in sorted(copy.rglob("*")) if path.is_file() and path.stat().st_size])
    data = bytearray(file.read_bytes())
    data[choice.randrange(len(data))] ^= 1 << choice.randrange(8)
    file.write_bytes(bytes(data))
    verdict = verify.verify(copy, announced)
    assert any(finding.where.startswith(str(file.relative_to(copy))) for finding in verdict.findings)


# What nothing else in an export says: whoever makes the manifest again may change it, and only the announced hash of
# the manifest (and later the sealed log) tells. docs/ledger.md says so.
ONLY_THE_MANIFEST = {
    delete: {"acts Dispute", "entitlements ", "facts Credit", "facts LeaseRefused", "settlements "},
    repeat: set(),
    swap: set(),
    backdate: {"members "},
    edit: {
        *(f"acts {name}" for name in ("by", "claimed", "reason")),
        *(f"settlements {name}" for name in ("member", "owed", "pair", "pool", "window")),  # they are of another period
        *(f"cycles {name}" for name in ("asOf", "base", "code", "policy", "state")),
        *(f"entitlements {name}" for name in ("at", "class", "member", "milliGpus", "milliH100e")),
        *(f"facts {name}" for name in ("id", "at", "attempt", "cluster", "detail", "fence", "kind", "member")),
        "facts amount of Credit",
        *(f"violations {name}" for name in ("id", "account", "detail", "member")),
        "transfers reason",
    },
}  # fmt: skip


@pytest.mark.parametrize("change", ONLY_THE_MANIFEST, ids=lambda change: change.__name__)
def test_tampering_by_somebody_who_makes_all_hashes_again_is_found(original, tmp_path, change):
    """One line at a time, in every file; what survives is exactly what is listed above."""
    folder = tmp_path / "copy"
    survived = set()
    for name in (*bundle.READERS, bundle.SLOTS):
        for number in chosen(lines_of(original, name), per_kind=1):
            kind = lines_of(original, name)[number].get("kind")
            for what, lines in change(lines_of(original, name), number):
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(original, folder)
                rewrite(folder, name, lines)
                if verify.verify(folder).good:
                    survived.add(f"{name} {what} of {kind}" if what == "amount" else f"{name} {what}")
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


@pytest.mark.parametrize(
    "period", ["2026-1", "2026-13", "26-01", "2026-01-01", "2026-01 ", "١٩٩٩-01", "9999-12", "1969-12", ""]
)
def test_what_is_no_period_is_refused(period):
    with pytest.raises(RefusedError, match="is no period: write YYYY-MM"):
        export.bounds(period)


def test_a_period_is_a_whole_month():
    assert (1_764_547_200, 1_767_225_600) == export.bounds("2025-12")


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
