"""When a waiting job may start, as far as that is known and may be told, and what it rests on.

In: a row of `explaining.EXPLANATIONS`. Out: a second, or none, and a sentence. A time comes from a reservation alone:
nothing is guessed from how long others waited. Where there is none the sentence says why, and says the same whether
nothing is kept for the job or when it starts may not be told, as that would tell of others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hanse.scheduler.decisions import Reason
from hanse.scheduler.disclosing import OTHERS_MIN
from hanse.scheduler.phrases import Phrase, phrase

_FOR_PLACES = {
    Reason.WAITING_FOR_QUOTA,
    Reason.WAITING_FOR_RECLAIM,
    Reason.WAITING_FOR_RESERVATION,
    Reason.NO_TOPOLOGY_FIT,
    Reason.EXCEEDS_LENDING_LIMIT,
}
_KEPT = phrase("start.kept", "places are kept for it from then on, if those who run there end when they said")
_UNKNOWN = phrase(
    "start.unknown",
    "not known: a time is told to the oldest job of its kind for which places are kept, on its member's own nodes or"
    " where {others} or more other members contribute",
    others=OTHERS_MIN,
)
_BY_REASON: Mapping[str, Phrase] = {
    Reason.EXCEEDS_CAP: phrase(
        "start.cap", "not known: it starts when its caps allow it, and nobody can say when that is"
    ),
    Reason.EXCEEDS_BORROWING_LIMIT: phrase(
        "start.borrowing", "not known: it starts when its member borrows less, or may borrow more"
    ),
    Reason.CLUSTER_UNREACHABLE: phrase(
        "start.unreachable", "not known: it starts when its clusters are heard of again"
    ),
    Reason.RETRY_DELAYED: phrase("start.retry", "not known: it is tried again within some minutes"),
    Reason.PREEMPTED: phrase("start.preempted", "not known: it is tried again when its last attempt has ended"),
    Reason.MEMBER_SUSPENDED: phrase(
        "start.suspended", "not known: nothing of its member starts while that is suspended"
    ),
}
NEVER = phrase("start.never", "never as things are: its reason does not pass with time")


@dataclass(frozen=True, slots=True)
class Start:
    """`seconds` is the latest start that is known of, None if none is; *why* is what it rests on."""

    seconds: int | None
    why: Phrase

    @property
    def rests_on(self) -> str:
        """What it rests on, in English."""
        return self.why.english


def start(row: Mapping[str, Any] | np.void) -> Start:
    """Return when the job of an explanation may start."""
    if int(row["starts_by"]) > 0:
        return Start(int(row["starts_by"]), _KEPT)
    reason = str(row["reason"])
    return Start(None, _UNKNOWN if reason in _FOR_PLACES else _BY_REASON.get(reason, NEVER))
