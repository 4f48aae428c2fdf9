"""Splitting a whole number into whole parts that add up to it, the same for everybody.

It imports nothing: node agents split by it, too, and have no keys to load libraries for.
"""

from collections.abc import Mapping


def largest_remainder(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Split *total* in the proportion of *weights* (not all zero) into integers that add up to it; ties by key."""
    whole = sum(weights.values())
    split = {key: total * weight // whole for key, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda key: (-(total * weights[key] % whole), key))
    for key in by_remainder[: total - sum(split.values())]:
        split[key] += 1
    return split
