"""Entitlement: the milli-GPUs of each class that an organisation may use and not lose.

In: how many nodes and GPUs a member has enrolled in one class, the coordinator's levy and grants, the shares of the
organisations below it. Out: milli-GPUs, for one class at a time; classes never mix here. Which nodes are levied is
the planner's to say (`hanse.scheduler.ground`), since it holds the nodes. The algebra:

    E[member][c] = 1000 x own[c] + floor(1000 x grant[c] x levied_healthy[c] / max(levied[c], all grants[c]))
    E[child][c]  = floor(E[parent][c] x share / 1000)
    E[tier][c]   = floor(E[leaf][c] x share / 1000), counted against that tier alone

Own are the member's healthy GPUs that are not levied. Grants are scaled down together when the levied nodes cannot
honour them, so members never add up to more than the healthy capacity; floors and `check_shares` keep children from
adding up to more than their parent.
"""

from collections.abc import Iterable

from hanse.quota import units
from hanse.quota.errors import QuotaError


def levied_nodes(nodes: int, levy: units.Thousandths) -> int:
    """Return how many of a member's *nodes* of one class, those enrolled first, the coordinator holds as its levy.

    Whole nodes: a levied node is home to those whom the coordinator grants it, and to nobody else. What the floor
    leaves is settled in credit.

    Raises:
        QuotaError: the levy is not between 0 and 1000 thousandths.

    """
    if not 0 <= levy <= units.MILLI:
        raise QuotaError(f"a levy of {levy} thousandths: it must be from 0 to 1000")
    return units.thousandths_of(nodes, levy)


def kept_of_levy(gpus: int, levied: int, levy: units.Thousandths) -> units.MilliGpu:
    """Return how much of the levy on all *gpus* of a member and class is not taken with the *levied* GPUs' nodes.

    Raises:
        QuotaError: a number is negative.

    """
    if min(gpus, levied, levy) < 0:
        raise QuotaError(f"a levy of {levy} thousandths on {gpus} GPUs, {levied} of them levied: none may be negative")
    return max(0, gpus * levy - units.MILLI * levied)


def granted(grant: int, granted_to_all: int, levied: int, levied_healthy: int) -> units.MilliGpu:
    """Return what a *grant* of GPUs is worth while *levied_healthy* of the *levied* GPUs are up.

    All but the result are whole GPUs of one class. Grants above what is levied shrink in proportion, for everybody.

    Raises:
        QuotaError: a number is negative, or more are healthy than levied.

    """
    if min(grant, granted_to_all - grant, levied_healthy, levied - levied_healthy) < 0:
        raise QuotaError(
            f"a grant of {grant} of {granted_to_all} GPUs, from {levied} levied of which {levied_healthy} are healthy"
        )
    whole = max(levied, granted_to_all)
    return units.MILLI * grant * levied_healthy // whole if whole else 0


def member(own: int, grant: units.MilliGpu) -> units.MilliGpu:
    """Return a member's entitlement from its *own* healthy unlevied GPUs and what its *grant* is worth."""
    return units.MILLI * own + grant


def child(parent: units.MilliGpu, share: units.Thousandths) -> units.MilliGpu:
    """Return the entitlement of an organisation, or of a tier in its leaf, with this *share* of its *parent*'s."""
    return units.thousandths_of(parent, share)


def check_shares(parent: str, shares: Iterable[units.Thousandths]) -> None:
    """Refuse children that add up to more than their *parent*.

    Raises:
        QuotaError: a share is negative, or they add up to more than 1000 thousandths.

    """
    listed = list(shares)
    if any(share < 0 for share in listed) or sum(listed) > units.MILLI:
        raise QuotaError(
            f"the organisations of {parent} have shares of {listed} thousandths: none may be negative, and they must "
            f"not add up to more than 1000"
        )
