"""How an export is verified: slots by the hour, side by side, with figures of each check, and what has to be known."""

import shutil
from array import array

import pytest
from played import HOUR, PERIOD, lines_of, play, rewrite, write
from typer.testing import CliRunner

from hanse.cli import audit
from hanse.ledger import bundle, export, verify
from hanse.ledger.verify import stamps

START = 1793491200


@pytest.fixture(scope="module", name="original")
def _original(tmp_path_factory, make_world):
    world = make_world()
    folder = tmp_path_factory.mktemp("export") / "original"
    play(world)
    export.export(world.auditor, PERIOD, folder)
    world.close()
    return folder


@pytest.fixture(name="copy")
def _copy(original, tmp_path):
    shutil.copytree(original, tmp_path / "copy")
    return tmp_path / "copy"


def wrongs(copy):
    lines = lines_of(copy, "slots")
    lines[3]["signature"] = "00" * 64
    del lines[20]
    write(copy, "slots", lines)


@pytest.mark.parametrize("change", [None, wrongs])
def test_side_by_side_finds_the_same_as_one_after_the_other(copy, change):
    if change:
        change(copy)
    alone, many = (verify.verify(copy, workers=workers) for workers in (1, 3))
    assert list(map(str, alone.findings)) == list(map(str, many.findings))
    assert alone.checks == many.checks
    assert alone.good == (change is None)


def test_side_by_side_a_file_that_is_missing_is_named(copy):
    (copy / "transfers.jsonl").unlink()
    assert ["C2 transfers.jsonl: is missing"] == [str(each) for each in verify.verify(copy, workers=2).findings]


def test_each_check_says_what_it_looked_at(original):
    said = {check.number: check.figures for check in verify.verify(original).checks}
    assert all(said.values())
    assert said["C6"].startswith("47 of ")
    assert (said["C7"], said["C9"]) == ("47 slots, 2 enrolments", "3 runs of 2 hours")


def test_what_did_not_come_is_counted_and_the_first_of_it_named(original):
    """The day has a gap of one slot in alibaba's second hour, and everything after it."""
    (remark,) = verify.verify(original).examined.remarks
    missing = START + HOUR + 11 * 300
    assert str(remark).startswith("C6 alibaba-node: ")
    assert f"the first at {missing};" in str(remark)


def test_a_slot_that_its_node_signed_and_that_is_not_here_is_told_of(copy):
    lines = lines_of(copy, "slots")
    gone = next(number for number, line in enumerate(lines) if line["body"]["node"] == "tencent-node")
    rewrite(copy, "slots", lines[: gone + 1] + lines[gone + 3 :])
    told = [str(each) for each in verify.verify(copy).examined.remarks if each.check == "C15"]
    assert len(told) == 1
    assert "2 slots follow one that their node has signed and that is not here" in told[0]


def test_a_slot_in_the_file_of_another_hour_is_named(copy):
    first, second = bundle.slot_files(copy)[:2]
    moved = lines_of(copy, second)[0]
    bundle.write_lines(copy, first, [*lines_of(copy, first), moved])
    bundle.write_lines(copy, second, lines_of(copy, second)[1:])
    assert any("not in its hour's file" in str(each) for each in verify.verify(copy).findings)


def test_a_manifest_that_names_hours_of_another_period_is_refused(copy):
    (copy / "slots" / "2026-12-01T00.jsonl").touch()
    header, _ = bundle.read_manifest(copy)
    bundle.write_manifest(copy, header)
    (found,) = verify.verify(copy).findings
    assert "which is of another period" in str(found)


def test_no_bar_is_drawn_where_nobody_looks(original):
    result = CliRunner().invoke(audit.app, ["verify", str(original)])
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_order_of_rows_is_checked_across_all_files():
    second = 10**6
    with stamps.Stamps() as everything:
        everything.add(stamps.pack([(5, 100 * second), (1, 10 * second)]))
        everything.add(stamps.pack([(3, 200 * second), (1, 10 * second)]))
        everything.add(array("q"))
        found = list(everything.wrong())
    assert found == [(1, stamps.Wrong.TWICE), (5, stamps.Wrong.BACKDATED)]
