"""Canonical JSON: against the vectors of RFC 8785 where they apply, and by property."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from hanse.evidence import canonical
from hanse.evidence.errors import EvidenceError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.integers(-canonical.INTEGER_MAX, canonical.INTEGER_MAX) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_encoded_decodes_to_the_same_value(value):
    assert value == canonical.decode(canonical.encode(value))


@given(VALUES)
def test_the_bytes_are_those_of_another_implementation_of_rfc_8785(value):
    assert rfc8785.dumps(value) == canonical.encode(value)


@given(st.lists(st.text("a\u20ac\ud7ff\ue000\uffff\U00010000\U0010ffff", max_size=3), min_size=2, unique=True))
def test_keys_where_the_two_orders_differ_are_sorted_as_another_implementation_does(keys):
    value = dict.fromkeys(keys, 1)
    assert rfc8785.dumps(value) == canonical.encode(value)
    assert rfc8785.dumps({"nested": [value]}) == canonical.encode({"nested": [value]})


@given(VALUES)
def test_the_standard_library_reads_the_same_value(value):
    assert value == json.loads(canonical.encode(value))


@given(VALUES, st.sampled_from([{"indent": 1}, {"separators": (", ", ":")}]))
def test_any_other_way_of_writing_it_is_refused(value, style):
    other = json.dumps(value, **style).encode()
    if other != canonical.encode(value):
        with pytest.raises(EvidenceError):
            canonical.decode(other)


def test_keys_are_sorted_by_utf16_code_units_as_in_rfc_8785_section_3_2_3():
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert list(json.loads(canonical.encode(value)).values()) == [2, 4, 6, 7, 1, 5, 3]


def test_strings_are_escaped_as_in_rfc_8785_section_3_2_2_2():
    assert (
        canonical.encode("\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f")
        == b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'
    )


@pytest.mark.parametrize("value", [1.5, True, None, 2**53, {"a": {"b": [1.0]}}, {1: 2}, b"x", "\ud800", {"\ud800": 1}])
def test_what_two_encoders_could_write_differently_is_refused(value):
    with pytest.raises(EvidenceError):
        canonical.encode(value)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"1.5", b"null", b'{"a":1,"a":1}', b'{"b":1,"a":2}', b"[" * 100_000, b"\xff"]
)
def test_bytes_that_are_no_canonical_json_are_refused(data):
    with pytest.raises(EvidenceError):
        canonical.decode(data)


@pytest.mark.parametrize(
    "text",
    [
        "9007199254740992", "-9007199254740992", "12345678901234567", "1.5", "1e3", "NaN", "Infinity", "[true]", "null",
        '{"a":1,"a":1}', '{"b":1,"a":1}', " 1", "-0", '"\\u0061"', "01", "",
    ],
)  # fmt: skip
def test_the_short_way_refuses_what_the_long_way_does(text):
    with pytest.raises(EvidenceError):
        canonical.decode(text.encode())


@pytest.mark.parametrize(
    "text", ["9007199254740991", "-9007199254740991", '"true null"', '{"a":{"b":[1,"9999999999999999"]}}']
)
def test_what_the_short_way_passes_by_is_decoded_all_the_same(text):
    value = canonical.decode(text.encode())
    assert (canonical.encode(value), canonical.again(value)) == (text.encode(), text.encode())
