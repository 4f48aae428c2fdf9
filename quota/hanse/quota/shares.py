"""Who borrows next: a member's use above its entitlement, and its debit, against its weight.

In: raw H100e (at the policy's reference precision, without tier factors), so that using a dear tier or a slow class
buys no place in the queue. Out: a fraction that is compared by cross-multiplication, never divided:

    share = (borrowed + debit / half-life) / max(E, floor)
          = (borrowed x half-life + debit) / (max(E, floor) x half-life)

The debit is decayed use of others' capacity minus what was lent; the ledger keeps and decays it. It is clipped to
plus or minus weight x half-life, so that neither an old debt nor an old gift decides for ever.
"""

from dataclasses import dataclass

from hanse.quota import units
from hanse.quota.errors import QuotaError


@dataclass(frozen=True, slots=True)
class Terms:
    """What the pool's policy says about borrowing: the least weight of a member, and how fast a debit halves."""

    floor: units.MilliH100e
    half_life_seconds: int

    def __post_init__(self) -> None:
        if self.floor < 1 or self.half_life_seconds < 1:
            raise QuotaError(f"{self}: the share floor and the half-life must be 1 or more")


@dataclass(frozen=True, slots=True)
class Share:
    """A member's place among borrowers, as an exact fraction; a smaller one borrows first."""

    numerator: int
    denominator: int

    def __lt__(self, other: "Share") -> bool:
        return self.numerator * other.denominator < other.numerator * self.denominator


def share(
    terms: Terms, entitled: units.MilliH100e, borrowed: units.MilliH100e, debit: units.MilliH100eSeconds
) -> Share:
    """Return the share of a member that has *borrowed* so much and stands at *debit* (negative: it has lent more)."""
    bound = max(entitled, terms.floor) * terms.half_life_seconds
    clipped = max(-bound, min(bound, debit))
    return Share(borrowed * terms.half_life_seconds + clipped, bound)
