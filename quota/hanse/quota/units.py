"""The units of the pool, and what a thousandth of them is.

They are plain Python integers, exact at any size: an alias names the unit where a parameter's name cannot, and costs
nothing in the planner's loops. Columns of 64 bits check their range where numbers enter them, not here.
"""

from typing import TypeAlias

from hanse.quota.errors import QuotaError

MilliGpu: TypeAlias = int
"""A thousandth of one GPU of one class."""

MilliH100e: TypeAlias = int
"""A thousandth of an H100-equivalent: capacity across classes, and the rate at which an attempt uses it."""

MilliH100eSeconds: TypeAlias = int
"""mH·s: what one milli-H100e uses in one second. Caps, charge and credit are counted in it."""

Thousandths: TypeAlias = int
"""A ratio, as an integer: 600 is 0.6."""

MILLI = 1000


def thousandths_of(amount: int, ratio: Thousandths) -> int:
    """Return floor(*amount* x *ratio* / 1000): what is handed out is never more than what there is.

    Raises:
        QuotaError: either is negative.

    """
    if amount < 0 or ratio < 0:
        raise QuotaError(f"{ratio} thousandths of {amount}: neither may be negative")
    return amount * ratio // MILLI
