"""The clocks of those who meter: compared with the ledger at each request of an agent, on record where they are off.

In: what an agent's wall clock said when it sent a request. Out: how far it is ahead, for the agent to judge by, which
knows how long the request took; and facts, for everybody else. Who hears that its clock is off meters nothing until it
is right; who meters nevertheless has its slots refused where they end in the future, and this on record elsewhere.
"""

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.ledger import database, facts
from hanse.ledger.metering import SKEW_SECONDS
from hanse.resources.protocol import SyncRequest

TRAVEL_SECONDS_MAX = 10
"""A request that was longer on its way than this was given up by who sent it."""


def compare(engine: Engine, cluster: str, request: SyncRequest) -> int | None:
    """Return how many milliseconds the agent's clock is ahead of the ledger's; what has to be known is recorded."""
    if request.clock_ms is None:
        return None
    with database.transaction(engine) as connection:
        now = connection.execute(sa.text("SELECT floor(extract(epoch FROM ledger.clock()) * 1000)")).scalar_one()
    ahead_ms = request.clock_ms - int(now)
    if not -(SKEW_SECONDS + TRAVEL_SECONDS_MAX) * 1000 <= ahead_ms <= SKEW_SECONDS * 1000:
        way = "ahead of" if ahead_ms > 0 else "behind"
        what = f"the clock that slots are cut by is {abs(ahead_ms) / 1000:.1f} s {way} the ledger's"
        facts.record_hourly(engine, facts.Kind.CLOCK_OFF, cluster, ahead_ms, detail=what)
    if request.clock_stepped_ms:
        what = f"the clock that slots are cut by was set by {request.clock_stepped_ms / 1000:.1f} s"
        facts.record_hourly(engine, facts.Kind.CLOCK_STEPPED, cluster, request.clock_stepped_ms, detail=what)
    return ahead_ms
