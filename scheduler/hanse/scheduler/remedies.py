"""Explanations in words: what a job lacks, and what would let it run.

In: a row of `explaining.EXPLANATIONS`. Out: phrases, which statuses and the dashboard say in a language. It goes by
the row alone, which holds nothing that its owner may not be told.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from hanse.quota import units
from hanse.scheduler import phrases
from hanse.scheduler.decisions import Reason
from hanse.scheduler.disclosing import UNKNOWN
from hanse.scheduler.phrases import Phrase, phrase

_SECONDS_PER_HOUR = 3600
_FOR_ROOM = {Reason.EXCEEDS_LENDING_LIMIT, Reason.NO_TOPOLOGY_FIT, Reason.WAITING_FOR_RECLAIM, Reason.WAITING_FOR_QUOTA}


def sentence(row: np.void) -> str:
    """Return an explanation in words: what would let the job run."""
    text = f"{row['reason']}: asks for {row['asked_gpus']} {row['accelerator']}"
    if row["limit_gib"]:
        text += f", of each {row['guaranteed_gib']} GiB guaranteed and {row['limit_gib']} GiB at most"
    text += f", {row['free_gpus']} free" if row["free_gpus"] != UNKNOWN else ""
    said = cap(row).english if row["cap"] else phrases.joined(remedies(row))
    return f"{text}; {said}" if said else text


_CAP_ROOM = phrase("remedy.cap", "starts when the cap has enough left: in a later window, or if it is raised")
_CAP_AT_ONCE_ROOM = phrase(
    "remedy.cap-at-once", "starts when the cap has enough left: as jobs that it counts end, or if it is raised"
)


def remedies(row: Mapping[str, Any] | np.void) -> tuple[Phrase, ...]:
    """Return what would let the job run, without telling what others have idle."""
    return tuple(each for each in (_room(row), _kept(row)) if each)


def _room(row: Mapping[str, Any] | np.void) -> Phrase | None:
    if row["cap"]:
        # However many GPUs become free, they would not help.
        return _CAP_AT_ONCE_ROOM if row["cap_is_at_once"] else _CAP_ROOM
    if row["reason"] == Reason.MEMORY_DOES_NOT_FIT:
        return _less_memory(row)
    if row["is_too_large"]:
        said = "no {domain} that it may use holds so many, however empty it is"
        return phrase("remedy.too-large", said, domain=row["level"] or "cluster")
    if row["reason"] == Reason.WAITING_FOR_RESERVATION:
        said = "starts when that job leaves enough, or before it with a shorter maxRuntime"
        return phrase("remedy.reservation", said)
    lacking = int(row["lacking_gpus"])
    if lacking > 0:
        return _lacking_at_home(row, lacking)
    return _lacking_anywhere(row) if lacking == UNKNOWN and row["reason"] in _FOR_ROOM else None


def _less_memory(row: Mapping[str, Any] | np.void) -> Phrase:
    """Return what of a GPU's memory a worker may ask for."""
    accelerator, shareable = row["accelerator"], int(row["shareable_gib"])
    if not shareable:
        said = "no node that it may use shares its {accelerator}: apply the job without gpuMemory to have whole ones"
        return phrase("remedy.not-shared", said, accelerator=accelerator)
    said = (
        "one {accelerator} has {shareable} GiB for all who share it, and it asks for up to {limit} GiB: lower"
        " gpuMemory.limitMiB, or apply the job without gpuMemory to have whole ones"
    )
    return phrase("remedy.memory", said, accelerator=accelerator, shareable=shareable, limit=row["limit_gib"])


def _slices(row: Mapping[str, Any] | np.void) -> dict[str, Any]:
    memory = {"guaranteed": row["guaranteed_gib"], "limit": row["limit_gib"]}
    return {"accelerator": row["accelerator"], "domain": row["level"] or "cluster", **memory}


def _lacking_anywhere(row: Mapping[str, Any] | np.void) -> Phrase:
    """Return what would have to be free, where no cluster is its member's own."""
    if row["limit_gib"]:
        said = (
            "starts when {asked} {accelerator} have {guaranteed} GiB to guarantee and {limit} GiB to promise"
            " in one {domain}"
        )
        return phrase("remedy.slices", said, asked=row["asked_gpus"], **_slices(row))
    asked = {"asked": row["asked_gpus"], "accelerator": row["accelerator"]}
    if row["level"]:
        said = "starts when {asked} {accelerator} are free for it in one {domain}"
        return phrase("remedy.room-in-domain", said, **asked, domain=row["level"])
    return phrase("remedy.room", "starts when {asked} {accelerator} are free for it in one cluster", **asked)


def _lacking_at_home(row: Mapping[str, Any] | np.void, lacking: int) -> Phrase:
    """Return what its member's own clusters would have to free, and with how many workers it would do already."""
    level, fit = row["level"], int(row["workers_that_fit"])
    if row["limit_gib"]:
        said = (
            "starts when {lacking} more {accelerator} have {guaranteed} GiB to guarantee and {limit} GiB to promise in"
            " one {domain} of its member's own"
        )
        return phrase("remedy.own-slices", said, lacking=lacking, **_slices(row))
    named = {"lacking": lacking, "accelerator": row["accelerator"]}
    if level and fit:
        said = (
            "starts when {lacking} more {accelerator} are free in one {domain} of its member's own clusters,"
            " or with minReplicas <= {fit}"
        )
        return phrase("remedy.own-domain-or-fewer", said, **named, domain=level, fit=fit)
    if level:
        said = "starts when {lacking} more {accelerator} are free in one {domain} of its member's own clusters"
        return phrase("remedy.own-domain", said, **named, domain=level)
    if fit:
        said = (
            "starts when {lacking} more {accelerator} are free in one of its member's own clusters,"
            " or with minReplicas <= {fit}"
        )
        return phrase("remedy.own-or-fewer", said, **named, fit=fit)
    said = "starts when {lacking} more {accelerator} are free in one of its member's own clusters"
    return phrase("remedy.own", said, **named)


def _kept(row: Mapping[str, Any] | np.void) -> Phrase | None:
    """Return from when places are kept for the job, if they are."""
    if int(row["starts_by"]) <= 0:
        return None
    at = datetime.fromtimestamp(int(row["starts_by"]), UTC)
    said = "places are kept for it from {time} UTC on, if those who run there end when they said"
    return phrase("remedy.kept", said, time=f"{at:%Y-%m-%d %H:%M:%S}")


def cap(row: Mapping[str, Any] | np.void) -> Phrase:
    """Return what the cap of an explanation lacks."""
    name, asked, left = str(row["cap"]), int(row["cap_asked"]), int(row["cap_left"])
    if row["cap_is_at_once"]:
        said = "the cap {cap} allows {left} H100e more at once, and it needs {asked}"
        return phrase("why.cap-at-once", said, cap=name, left=_thousandths(left), asked=_thousandths(asked))
    # What is asked is rounded up and what is left down, so that the two never look enough when they are not.
    asked_hours, left_hours = -(-asked // _SECONDS_PER_HOUR), left // _SECONDS_PER_HOUR
    said = "the cap {cap} has {left} H100e-hours left in this window, and it needs {asked} to start"
    return phrase("why.cap", said, cap=name, left=_thousandths(left_hours), asked=_thousandths(asked_hours))


def _thousandths(milli: int) -> str:
    """Return thousandths as a decimal number, with groups of thousands and no more places than it has."""
    whole, rest = divmod(milli, units.MILLI)
    return f"{whole:,}.{rest:03}".rstrip("0").rstrip(".")
