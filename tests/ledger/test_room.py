"""An export takes no more room than it may, and knows before it writes the log how much that takes."""

import contextlib
import itertools

import pytest
from sealed import seal

from hanse.ledger import export
from hanse.ledger.errors import NoRoomLeftError


@pytest.fixture(name="checked")
def _checked(tmp_path):
    """Return how many lines pass while a file of so many bytes comes into a room of 1000 bytes."""

    def checked(size_bytes):
        passed = itertools.count()

        def lines():
            for number in range(3 * export._LINES_A_CHECK):
                if number == 1:
                    (tmp_path / "file").write_bytes(bytes(size_bytes))
                next(passed)
                yield {"n": number}

        with contextlib.suppress(NoRoomLeftError):
            list(export.Room(tmp_path, 1000).checked(lines()))
        return next(passed)

    return checked


def test_room_is_looked_at_while_lines_are_written(checked):
    assert 3 * export._LINES_A_CHECK == checked(1000)
    assert export._LINES_A_CHECK + 1 == checked(1001)


def test_a_log_that_would_not_fit_is_refused_before_it_is_written_and_takes_no_more_than_was_counted_on(
    make_world, tmp_path
):
    world = make_world()
    world.record(world.admit())
    world.super.execute(
        "INSERT INTO ledger.fact (id, kind, at_seconds, detail) "
        "SELECT gen_random_uuid(), 'Test', 0, 'x' FROM generate_series(1, 3000)"
    )
    leaves = seal(world, tmp_path / "log")
    tiles = sum(each.stat().st_size for each in (tmp_path / "log" / "tile").rglob("*") if each.is_file())
    assert 60 * leaves < tiles <= export._LEAF_BYTES * leaves
    month = world.super.execute("SELECT to_char(ledger.clock(), 'YYYY-MM')").fetchone()[0]
    export.export(world.auditor, month, tmp_path / "whole")
    rows = sum(each.stat().st_size for each in (tmp_path / "whole").glob("*.jsonl") if each.stem != "openings")
    room = export.Room(tmp_path / "less", rows + tiles)
    with pytest.raises(NoRoomLeftError):
        export.export(world.auditor, month, tmp_path / "less", room)
    assert not (tmp_path / "less" / "tile").exists()
    world.close()
