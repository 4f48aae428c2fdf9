"""A slot's line is cut, not encoded again: what is cut out of it is to the byte what would be encoded."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.evidence import canonical, slots
from hanse.ledger import leaves, slot_lines

# Among them what looks like the keys that a line is cut at.
NAMES = st.one_of(
    st.sampled_from([',"leaf":', '","leaf":7,"', '"member":', ',"salt":"00"', "\\", "é", "\U0001f600", "a,"]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9),
)
DIGITS = st.binary(min_size=32, max_size=32).map(bytes.hex)


def line(node, member, gpu, opened, numbers):
    """Return a line as an export has it; *opened* is its leaf and salt, or None."""
    segment = slots.Segment(0, 300, 1, ((slots.IDLE, 1000),), None, None)
    slot = slots.Slot(node, uuid.UUID(int=7), 300, 300, (gpu,), (segment,), slots.NO_PREVIOUS)
    sequence, recorded = numbers
    found = {
        "body": canonical.decode(slots.encode(slot)), "member": member, "recorded": recorded, "sequence": sequence,
        "signature": "ab" * 64,
    }  # fmt: skip
    return found if opened is None else found | {"leaf": opened[0], "salt": opened[1]}


LINES = st.builds(
    line, NAMES, NAMES, NAMES, st.one_of(st.none(), st.tuples(st.integers(0, 10**9), DIGITS)),
    st.tuples(st.integers(0, 10**9), st.integers(0, 10**16 // 2)),
)  # fmt: skip


@given(LINES)
def test_what_is_cut_is_what_would_be_encoded(its):
    data = canonical.encode(its)
    row, own = slot_lines.read("here", data, canonical.decode(data))
    assert row.body == canonical.encode(its["body"])
    assert own == leaves.body("slots", its)
    assert (row.member, row.sequence, row.recorded_us) == (its["member"], its["sequence"], its["recorded"])


@pytest.mark.parametrize("more", [{"a": 1}, {"carried": 0}, {"z": "x"}, {"body": {}}, {"signature": "no"}])
def test_another_line_is_refused(more):
    its = line("n", "m", "g", (1, "00" * 32), (1, 2)) | more
    data = canonical.encode(its)
    with pytest.raises(ValueError, match=r".") as refused:
        slot_lines.read("here", data, canonical.decode(data))
    assert str(refused.value)
