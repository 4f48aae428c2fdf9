"""The places that tests have when they run side by side are those of files that are there."""

from pathlib import Path

import placing

ROOT = Path(__file__).parents[2]


def test_what_is_placed_is_there():
    named = set(placing.UNITS) | {unit for unit in placing.LONGEST if unit.endswith(".py")}
    assert [] == sorted(name for name in named if not (ROOT / name).is_file())


def test_the_longest_are_units():
    of_several = set(placing.SHARED)
    assert [] == [unit for unit in placing.LONGEST if not unit.endswith(".py") and unit not in of_several]
    assert [] == [unit for unit in placing.LONGEST if unit in placing.UNITS]


def test_files_that_share_a_control_plane_are_one_unit():
    assert placing.unit_of("tests/api/test_sync.py::test_a") == placing.unit_of(
        "tests/resources/test_refused.py::test_b"
    )
    assert "tests/quota/test_quota.py" == placing.unit_of(
        "tests/quota/test_quota.py::test_c[tests/api/test_sync.py::d]"
    )
