"""The arithmetic of quota, by tables and by its promises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.quota import caps, charge, entitlement, shares, units
from hanse.quota.errors import QuotaError

amounts = st.integers(0, 2**70)
ratios = st.integers(0, 1000)


@pytest.mark.parametrize(
    ("amount", "ratio", "result"),
    [
        pytest.param(1000, 600, 600, id="exact"),
        pytest.param(999, 1, 0, id="rounded down"),
        pytest.param(7, 1500, 10, id="above one"),
        pytest.param(2**80, 1000, 2**80, id="larger than 64 bits"),
    ],
)
def test_thousandths_are_floors(amount, ratio, result):
    assert result == units.thousandths_of(amount, ratio)


@pytest.mark.parametrize(("amount", "ratio"), [(-1, 5), (5, -1)], ids=["amount", "ratio"])
def test_nothing_is_negative(amount, ratio):
    with pytest.raises(QuotaError, match="neither may be negative"):
        units.thousandths_of(amount, ratio)


@pytest.mark.parametrize(
    ("nodes", "levy", "levied"),
    [
        pytest.param(10, 150, 1, id="whole nodes, rounded down"),
        pytest.param(6, 150, 0, id="too few for one"),
        pytest.param(10, 1000, 10, id="all"),
        pytest.param(0, 500, 0, id="none there"),
    ],
)
def test_the_levy_is_in_whole_nodes(nodes, levy, levied):
    assert levied == entitlement.levied_nodes(nodes, levy)


@pytest.mark.parametrize("levy", [-1, 1001])
def test_a_levy_is_between_nothing_and_all(levy):
    with pytest.raises(QuotaError, match="from 0 to 1000"):
        entitlement.levied_nodes(1, levy)


@pytest.mark.parametrize(
    ("grant", "granted_to_all", "levied", "healthy", "milli"),
    [
        pytest.param(8, 8, 16, 16, 8000, id="the rest of the levy is nobody's"),
        pytest.param(8, 16, 16, 8, 4000, id="what is broken shrinks all grants alike"),
        pytest.param(8, 32, 16, 16, 4000, id="more granted than levied"),
        pytest.param(1, 3, 2, 2, 666, id="rounded down"),
        pytest.param(0, 0, 0, 0, 0, id="nothing"),
    ],
)
def test_a_grant_is_worth_what_is_healthy(grant, granted_to_all, levied, healthy, milli):
    assert milli == entitlement.granted(grant, granted_to_all, levied, healthy)


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param((-1, 0, 0, 0), id="negative grant"),
        pytest.param((2, 1, 4, 4), id="more than granted to all"),
        pytest.param((1, 1, 4, 5), id="more healthy than levied"),
    ],
)
def test_grants_that_cannot_be_are_refused(numbers):
    with pytest.raises(QuotaError, match="healthy"):
        entitlement.granted(*numbers)


@given(grants=st.lists(st.integers(0, 50), max_size=6), levied=st.integers(0, 100), broken=st.integers(0, 100))
def test_grants_never_add_up_to_more_than_is_healthy(grants, levied, broken):
    healthy = max(0, levied - broken)
    assert sum(entitlement.granted(each, sum(grants), levied, healthy) for each in grants) <= 1000 * healthy


@given(parent=amounts, split=st.lists(ratios, max_size=6))
def test_children_never_add_up_to_more_than_their_parent(parent, split):
    if sum(split) > 1000:
        with pytest.raises(QuotaError, match="must not add up to more than 1000"):
            entitlement.check_shares("m", split)
    else:
        entitlement.check_shares("m", split)
        assert sum(entitlement.child(parent, each) for each in split) <= parent


def test_a_negative_share_is_refused_whatever_they_add_up_to():
    with pytest.raises(QuotaError, match="none may be negative"):
        entitlement.check_shares("m", [-1, 500])


TERMS = shares.Terms(floor=1000, half_life_seconds=100)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param((8000, 1000, 0), (4000, 1000, 0), id="as much of more is less"),
        pytest.param((8000, 0, 0), (8000, 1, 0), id="who borrowed nothing comes first"),
        pytest.param((8000, 0, -1), (8000, 0, 0), id="who lent comes first"),
        pytest.param((8000, 1000, 0), (8000, 999, 101), id="one second's debit of 101 is more than 1 mH over 100 s"),
        pytest.param((4000, 0, 10**12), (4000, 4001, 0), id="a debit counts as the whole weight at most"),
        pytest.param((8000, 100, 0), (0, 100, 0), id="without entitlement the floor is the weight"),
    ],
)
def test_the_smaller_share_borrows_first(first, second):
    assert shares.share(TERMS, *first) < shares.share(TERMS, *second)
    assert not shares.share(TERMS, *second) < shares.share(TERMS, *first)


@pytest.mark.parametrize("terms", [(0, 1), (1, 0)], ids=["floor", "half-life"])
def test_terms_that_divide_by_nothing_are_refused(terms):
    with pytest.raises(QuotaError, match="1 or more"):
        shares.Terms(*terms)


@given(entitled=amounts, borrowed=amounts, debit=st.integers(-(2**70), 2**70), times=st.integers(2, 9))
def test_a_share_grows_with_what_is_borrowed(entitled, borrowed, debit, times):
    less = shares.share(TERMS, entitled, borrowed, debit)
    assert less < shares.share(TERMS, entitled, borrowed + times, debit)


@given(rate=st.integers(0, 10**6), gpus=st.integers(0, 10**6), hours=st.lists(st.integers(0, 3600), max_size=6))
def test_a_reservation_covers_whatever_is_posted_under_it(rate, gpus, hours):
    posted = sum(charge.posted(rate, gpus * seconds) for seconds in hours)
    assert posted <= charge.reserved(rate, gpus, sum(hours))


def test_the_rate_of_a_gpu_is_rounded_once():
    assert charge.gpu_rate(600, 1499) == 899


def test_a_negative_reservation_is_refused():
    with pytest.raises(QuotaError, match="none may be negative"):
        charge.reserved(1, 1, -1)


@pytest.mark.parametrize(
    ("checkpoint", "seconds"),
    [pytest.param(600, 3600 + 180, id="the least"), pytest.param(3000, 6000 + 180, id="two checkpoints")],
)
def test_an_attempt_is_funded_to_its_next_checkpoint_and_its_end(checkpoint, seconds):
    assert seconds == caps.need_seconds(3600, checkpoint, 120, 60)


WINDOWS = [caps.Window(0, 100, 50_000), caps.Window(100, 200, 10_000)]


@pytest.mark.parametrize(
    ("start", "end", "amounts"),
    [
        pytest.param(0, 50, [50_000, 0], id="exactly what is left"),
        pytest.param(0, 51, None, id="a second more"),
        pytest.param(80, 110, [20_000, 10_000], id="split at the border"),
        pytest.param(80, 111, None, id="too much after the border"),
        pytest.param(195, 201, None, id="beyond the last window"),
        pytest.param(7, 7, [0, 0], id="nothing"),
    ],
)
def test_a_use_is_split_at_the_borders_of_windows(start, end, amounts):
    assert amounts == caps.reservation(caps.Use(1000, 1000, start, end), WINDOWS)


def test_overlapping_windows_are_refused():
    with pytest.raises(QuotaError, match="overlap"):
        caps.reservation(caps.Use(1, 1000, 0, 10), [caps.Window(0, 10, 99), caps.Window(5, 10, 99)])


def test_a_window_ends_after_it_starts():
    with pytest.raises(QuotaError, match="ends after it starts"):
        caps.Window(10, 10, 1)


@given(
    rate=st.integers(0, 10**5), gpus=st.integers(0, 10**5), start=st.integers(0, 200), length=st.integers(0, 200),
    left=st.lists(st.integers(0, 10**9), min_size=4, max_size=4),
)  # fmt: skip
def test_a_reservation_never_takes_more_than_a_window_has(rate, gpus, start, length, left):
    windows = [caps.Window(100 * index, 100 * (index + 1), each) for index, each in enumerate(left)]
    use = caps.Use(rate, gpus, start, start + length)
    taken = caps.reservation(use, windows)
    whole = charge.reserved(rate, gpus, length)
    if taken is None:
        assert whole > min(left)
    else:
        assert all(amount <= each for amount, each in zip(taken, left, strict=True))
        assert sum(taken) >= whole
