"""Lost work is credited in the transaction that posts its member's part of the hour in which the attempt ended.

In: attempts that ended in an hour, the decisions that stopped them, what they have paid. Out: transfers, each booked
once whoever dies when, as the part is. :mod:`hanse.ledger.losses` has the rule. Next is :mod:`hanse.ledger.posting`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from hanse.ledger import charge, losses, transfers

# Whoever stops its own gang has chosen to.
_OF_HOUR = f"""
SELECT a.member, a.id, a.milli_h100e, a.tier_thousandths, d.id AS decision,
       (convert_from(d.body, 'UTF8')::jsonb #>> '{{detail,{losses.GPU_SECONDS}}}')::bigint AS gpu_seconds
  FROM ledger.attempt a
  JOIN ledger.decision d ON d.id = a.stopped_by AND d.kind = '{losses.KIND}'
  JOIN ledger.decision cause ON cause.id = (convert_from(d.body, 'UTF8')::jsonb ->> 'cause')::uuid
  WHERE a.ended_at_seconds >= :hour AND a.ended_at_seconds < :hour + {charge.HOUR_SECONDS} AND cause.member <> a.member
    AND NOT EXISTS (SELECT FROM ledger.fact f WHERE f.attempt = a.id AND f.kind = '{losses.SAVED}')
  ORDER BY a.id
"""  # noqa: S608  # no input
_PAID = sa.text("SELECT ledger.net_charged(:attempt, :period)")


def of_hour(connection: Connection, hour_seconds: int) -> Mapping[str, Sequence[losses.Lost]]:
    """Return what was lost by attempts that ended in an hour, by the member that is credited."""
    found: dict[str, list[losses.Lost]] = defaultdict(list)
    for row in connection.execute(sa.text(_OF_HOUR), {"hour": hour_seconds}):
        worth = losses.worth(row.gpu_seconds or 0, row.milli_h100e, row.tier_thousandths)
        found[row.member].append(losses.Lost(row.id, row.decision, worth))
    return found


def credited(
    connection: Connection, member: str, hour_seconds: int, its: Sequence[losses.Lost]
) -> list[transfers.Transfer]:
    """Return the transfers that credit *member*, whose part of that hour is booked."""
    period = transfers.period(hour_seconds)
    found = []
    for lost in its:
        paid = connection.execute(_PAID, {"attempt": lost.attempt, "period": period}).scalar_one()
        amount = losses.amount(lost.worth, int(paid))
        if amount:
            found.append(losses.transfer(lost, member, hour_seconds, amount))
    return found
