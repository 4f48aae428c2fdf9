"""Decayed credit, and that nobody gains by wash lending or by being two members."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.quota.credit import HOUR_SECONDS, Decay, Flow, Span, debits
from hanse.quota.errors import QuotaError

WEEK_SECONDS = 7 * 24 * 3600
MEMBERS = ("a", "b", "c", "d")
UNTIL = 500 * HOUR_SECONDS
half_lives = st.integers(3600, 90 * 24 * 3600)
amounts = st.integers(0, 10**15)
flows = st.builds(
    Flow, st.sampled_from(MEMBERS), st.sampled_from(MEMBERS), st.integers(0, 499).map(lambda hour: 3600 * hour), amounts
)


def at_end(listed, parents=None, half_life=WEEK_SECONDS):
    return debits({}, listed, Span(0, UNTIL), parents or {}, Decay(half_life))


@pytest.mark.parametrize("half_life_hours", [1, 3, 168, 2160])
def test_half_is_left_after_a_half_life(half_life_hours):
    left = Decay(3600 * half_life_hours).after(10**18, half_life_hours)
    assert abs(left - 5 * 10**17) <= 10**6


def test_a_week_in_numbers_that_never_change():
    decay = Decay(WEEK_SECONDS)
    assert [decay.after(10**12, hours) for hours in (0, 1, 24, 168, 1680)] == [
        1000000000000, 995882623658, 905723664263, 499999999999, 976562499,
    ]  # fmt: skip
    assert decay.after(-(10**12), 1) == -995882623658
    assert decay.after(10**15, 100_000) == 0


@given(half_life=half_lives, amount=amounts, hours=st.integers(0, 1000))
def test_it_only_becomes_less_and_never_changes_its_sign(half_life, amount, hours):
    decay = Decay(half_life)
    assert 0 <= decay.after(amount, hours + 1) <= decay.after(amount, hours) <= amount
    assert decay.after(-amount, hours) == -decay.after(amount, hours)


@given(half_life=half_lives, listed=st.lists(flows, max_size=20), cut=st.integers(0, 500))
def test_late_or_in_time_comes_to_the_same(half_life, listed, cut):
    decay, middle = Decay(half_life), cut * HOUR_SECONDS
    early = [each for each in listed if each.hour_seconds < middle]
    late = [each for each in listed if each.hour_seconds >= middle]
    in_two_steps = debits(debits({}, early, Span(0, middle), {}, decay), late, Span(500 - cut, UNTIL), {}, decay)
    at_once = debits({}, listed, Span(0, UNTIL), {}, decay)
    assert in_two_steps.keys() == at_once.keys()
    for member, amount in at_once.items():
        assert abs(amount - in_two_steps[member]) <= 2 * len(listed) + 2


@given(data=st.data(), listed=st.lists(flows, max_size=20))
def test_the_order_of_what_flowed_changes_nothing(data, listed):
    assert at_end(data.draw(st.permutations(listed))) == at_end(listed)


@given(others=st.lists(flows, max_size=10), amount=amounts, hours=st.lists(st.integers(0, 499), max_size=6))
def test_wash_lending_gains_nothing(others, amount, hours):
    """Relatives that lend to one another, in one direction or in a circle, stand no better for it."""
    parents = {"a": "firm", "b": "firm", "c": "firm"}
    circle = [Flow(*pair, 3600 * hour, amount) for hour in hours for pair in (("a", "b"), ("b", "c"), ("c", "a"))]
    plain, washed = at_end(others, parents), at_end([*others, *circle], parents)
    assert all(washed[member] >= plain.get(member, 0) for member in washed)


@given(amount=amounts, hours=st.lists(st.integers(0, 499), max_size=6))
def test_strangers_who_lend_to_one_another_stand_as_before(amount, hours):
    swap = [Flow(*pair, 3600 * hour, amount) for hour in hours for pair in (("a", "b"), ("b", "a"))]
    assert set(at_end(swap).values()) <= {0}


@given(listed=st.lists(flows, max_size=20), data=st.data())
def test_a_member_gains_nothing_by_being_two(listed, data):
    """Whatever *a* used and lent, divided among two relatives in whatever way: together they owe no less."""
    divided = []
    for flow in listed:
        part = data.draw(st.integers(0, flow.amount))
        for half, amount in (("a1", part), ("a2", flow.amount - part)):
            user, lender = (half if name == "a" else name for name in (flow.user, flow.lender))
            divided.append(Flow(user, lender, flow.hour_seconds, amount))
    whole, halves = at_end(listed), at_end(divided, {"a1": "a", "a2": "a"})
    assert halves.get("a1", 0) + halves.get("a2", 0) >= whole.get("a", 0) - len(divided)


@given(amount=amounts, parts=st.lists(st.integers(0, 1000), min_size=1, max_size=8), hour=st.integers(0, 499))
def test_a_job_gains_nothing_by_being_many(amount, parts, hour):
    each = [amount * part // sum(parts) if sum(parts) else 0 for part in parts]
    each[-1] += amount - sum(each)
    many = at_end([Flow("a", "b", 3600 * hour, part) for part in each])
    one = at_end([Flow("a", "b", 3600 * hour, amount)])
    assert abs(many["a"] - one["a"]) <= len(parts)


def test_what_was_taken_back_counts_against_what_was_posted():
    listed = [Flow("a", "b", 0, 1000), Flow("a", "b", 0, -1000)]
    assert at_end(listed) == {"a": 0, "b": 0}


def test_what_has_not_ended_is_refused():
    with pytest.raises(QuotaError, match="-1 hours"):
        at_end([Flow("a", "b", UNTIL, 1)])
    with pytest.raises(QuotaError, match="half-life of 0"):
        Decay(0)
