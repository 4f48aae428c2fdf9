"""What becomes of each gang, in the agent's log.

In: the gangs before and after. Out: a line for each step of one: its lease was granted, all its workers ran, it
ends, nothing of it runs any more. Its attempt and fence are fields. The member that runs the agent reads these lines,
so they must not say whose a gang is; nor who stops it.
"""

import logging
from collections.abc import Mapping
from uuid import UUID

from hanse.agent.gangs import Gang

_LOG = logging.getLogger(__name__)


def tell(before: Mapping[UUID, Gang], after: Mapping[UUID, Gang]) -> None:
    """Log the steps that lie between two looks."""
    for attempt, gang in after.items():
        was = _steps(before.get(attempt))
        for step in _steps(gang):
            if step not in was:
                _LOG.info("%s", step, extra=_fields(gang))


def _steps(gang: Gang | None) -> tuple[str, ...]:
    if gang is None:
        return ()
    steps = {
        "the lease was granted": True,
        "all workers run": gang.ran,
        "the gang ends": gang.stop is not None,
        "nothing of the gang runs": gang.released,
    }
    return tuple(step for step, is_so in steps.items() if is_so)


def _fields(gang: Gang) -> dict[str, object]:
    named = {"attempt": str(gang.attempt), "fence": gang.fence}
    return named | ({"outcome": gang.stop.outcome.value} if gang.stop else {})
