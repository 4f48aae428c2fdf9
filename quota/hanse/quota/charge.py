"""Charge: what an attempt's GPUs cost, in milli-H100e-seconds.

In: the class's H100-equivalent at the job's precision, the tier's factor, milli-GPUs and seconds. Out: a rate, which
is stored with the attempt and never computed again, and amounts that follow from it. Both roundings go down for what
is posted and up for what is reserved, so a reservation always covers what is posted under it.
"""

from hanse.quota import units
from hanse.quota.errors import QuotaError


def gpu_rate(h100_equivalent: units.MilliH100e, tier_factor: units.Thousandths) -> units.MilliH100e:
    """Return mH·s a second for one whole GPU: the floor of the exact product of equivalent and tier factor."""
    return units.thousandths_of(h100_equivalent, tier_factor)


def posted(gpu_rate: units.MilliH100e, milli_gpu_seconds: int) -> units.MilliH100eSeconds:
    """Return the charge of one attempt on one node in one hour: floor(rate x milli-GPU-seconds / 1000).

    Raises:
        QuotaError: a number is negative.

    """
    return units.thousandths_of(milli_gpu_seconds, gpu_rate)


def rate(gpu_rate: units.MilliH100e, gpus: units.MilliGpu) -> units.MilliH100e:
    """Return the mH·s a second of so many *gpus*, rounded up: what caps are asked for, in whole mH.

    Raises:
        QuotaError: a number is negative.

    """
    if min(gpu_rate, gpus) < 0:
        raise QuotaError(f"{gpus} milli-GPUs at {gpu_rate} mH: neither may be negative")
    return -(-gpu_rate * gpus // units.MILLI)


def reserved(gpu_rate: units.MilliH100e, gpus: units.MilliGpu, seconds: int) -> units.MilliH100eSeconds:
    """Return what must be set aside for *gpus* over *seconds*: the rate is rounded up, so that no posting exceeds it.

    Raises:
        QuotaError: a number is negative.

    """
    if min(gpu_rate, gpus, seconds) < 0:
        raise QuotaError(f"{gpus} milli-GPUs at {gpu_rate} mH for {seconds} s: none may be negative")
    return rate(gpu_rate, gpus) * seconds
