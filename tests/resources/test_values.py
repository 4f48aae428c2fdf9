"""Durations and quantities: what is written is what is meant."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.resources import ceil_mib, ceil_milli, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("72h", 259_200), ("1h30m", 5400), ("120s", 120), ("2m", 120), ("0s", 0), ("90m", 5400), ("1h1s", 3601)],
)
def test_a_duration_is_read(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "h", "3", "3d", "-1h", "1.5h", "1m1h", "1h 30m", "1h\n", "100000h", "\u0661h"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="write hours, minutes and seconds, such as 72h, 1h30m or 120s"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=99_999 * 3600))
def test_a_duration_is_written_as_it_is_read(seconds):
    assert parse_duration(format_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "milli"), [("1", 1000), ("500m", 500), ("0.1", 100), ("0.0001", 1), ("1.5", 1500), ("2k", 2_000_000)]
)
def test_cpu_is_read_in_thousandths_rounded_up(text, milli):
    assert ceil_milli(text) == milli


@pytest.mark.parametrize(
    ("text", "mib"), [("1Gi", 1024), ("1G", 954), ("1048576", 1), ("1", 1), ("0", 0), ("1.5Gi", 1536), ("1Ti", 2**20)]
)
def test_memory_is_read_in_mib_rounded_up(text, mib):
    assert ceil_mib(text) == mib


@pytest.mark.parametrize("text", ["", "-1", "1GB", "1e3", "Gi", "1 Gi", "0x10", ".5"])
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError, match="not a quantity: write a number with a unit"):
        ceil_mib(text)
