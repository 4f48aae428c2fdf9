"""Decayed credit: what a member has used of others' capacity less what it lent, of which half is forgotten in a while.

In: a member's debit at one hour, and what has flowed since between members, in raw mH·s by the hour in which it ran.
Out: its debit at a later hour; below zero it has lent more than it used. `shares` sets it against the member's weight,
and clips it there. An amount decays by whole hours, from the hour in which it ran, whenever it is counted: what is
posted late counts as if it had been posted in time, to the rounding.

Whoever lends to a relative (a member of the same legal parent, or itself) gains nothing by it, and who uses a
relative's capacity pays as for anybody else's: so lending in a circle gains nothing, nor does being two members.

Everything is in fixed point: two to the minus hours / half-life comes from repeated square roots of integers, so that
it is the same number on every machine.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hanse.quota import units
from hanse.quota.errors import QuotaError

HOUR_SECONDS = 3600
_BITS = 96
"""Of the fixed point: the rounding of ten thousand hours is far below one part in a million."""
_ONE = 1 << _BITS


@dataclass(frozen=True, slots=True)
class Flow:
    """*amount* raw mH·s that *user* used of *lender*'s capacity in the hour that starts then; below 0, taken back."""

    user: str
    lender: str
    hour_seconds: int
    amount: units.MilliH100eSeconds


@dataclass(frozen=True, slots=True)
class Span:
    """The *hours* that end at *until_seconds*."""

    hours: int
    until_seconds: int


class Decay:
    """What is left of an amount after so many hours, of which every *half_life_seconds* halve it."""

    def __init__(self, half_life_seconds: int) -> None:
        if half_life_seconds < 1:
            raise QuotaError(f"a half-life of {half_life_seconds} s: it must be 1 s or more")
        self._hour = _half_to_the(HOUR_SECONDS, half_life_seconds)
        self._factors = [_ONE]

    def after(self, amount: units.MilliH100eSeconds, hours: int) -> units.MilliH100eSeconds:
        """Return what is left of *amount* after whole *hours*, rounded towards zero.

        Raises:
            QuotaError: the hours are negative.

        """
        if hours < 0:
            raise QuotaError(f"{hours} hours: what is to come does not decay")
        while len(self._factors) <= hours and self._factors[-1]:
            self._factors.append(self._factors[-1] * self._hour >> _BITS)
        factor = self._factors[min(hours, len(self._factors) - 1)]
        left = abs(amount) * factor >> _BITS
        return left if amount >= 0 else -left


def debits(
    before: Mapping[str, units.MilliH100eSeconds],
    flows: Iterable[Flow],
    span: Span,
    parents: Mapping[str, str],
    decay: Decay,
) -> dict[str, units.MilliH100eSeconds]:
    """Return the debit of each member at the end of *span*; *before* are those at its beginning.

    *flows* are what was not counted yet, from hours that are over by then. *parents* has the legal parent of each
    member that has one.

    Raises:
        QuotaError: an hour is not over yet.

    """
    found = {member: decay.after(amount, span.hours) for member, amount in before.items()}
    for flow in flows:
        if flow.user == flow.lender:
            continue
        # What ran in an hour counts whole at the end of that hour.
        left = decay.after(flow.amount, (span.until_seconds - flow.hour_seconds) // HOUR_SECONDS - 1)
        found[flow.user] = found.get(flow.user, 0) + left
        if not _are_related(flow.user, flow.lender, parents):
            found[flow.lender] = found.get(flow.lender, 0) - left
    return found


def _are_related(one: str, other: str, parents: Mapping[str, str]) -> bool:
    """Return whether two members have one legal parent, or one is the other's."""
    return parents.get(one, one) == parents.get(other, other)


def _half_to_the(numerator: int, denominator: int) -> int:
    """Return 2 to the minus *numerator* / *denominator* in fixed point, from square roots of a half."""
    whole, rest = divmod(numerator, denominator)
    result, root = _ONE >> whole, _ONE >> 1
    for _ in range(_BITS):
        root = math.isqrt(root << _BITS)
        rest *= 2
        if rest >= denominator:
            rest -= denominator
            result = result * root >> _BITS
    return result
