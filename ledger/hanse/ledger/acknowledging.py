"""Members say what their attempts used: kept, and compared with what the providers' slots say.

In: what a member signed, brought with its credential. Out: rows, and for each what became of it. Where slots say more,
by more than a minute of all the attempt's GPUs in the hour, that is a violation, in the same transaction; a later run
of the hour is compared again by :mod:`hanse.ledger.posting`. With the violation the hour of the attempt is disputed
(:mod:`hanse.ledger.disputes`): which of the two is right is nothing that is decided here.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from hanse.evidence import acknowledgements
from hanse.evidence.acknowledgements import Acknowledgement
from hanse.ledger import charge, database, disputes
from hanse.ledger.errors import RefusedError, from_sqlstate
from hanse.ledger.metering import Use

BATCH_MAX = 1000
_REASON = "the slots say that the attempt used more than its member has acknowledged"


class Outcome(StrEnum):
    """What became of an acknowledgement: `foreign`, `unposted` and `contradiction` are not kept."""

    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    CONTRADICTION = "contradiction"
    FOREIGN = "foreign"
    UNPOSTED = "unposted"


@dataclass(frozen=True)
class Answer:
    """What became of it, and by how much the slots say more than it (milli-GPU-seconds), if that is a violation."""

    said: Acknowledgement
    outcome: Outcome
    differs: int | None


def acknowledge(engine: Engine, member: str, key: bytes, signed: Sequence[tuple[bytes, bytes]]) -> list[Answer]:
    """Keep what *member* signed with the public *key*: bodies and signatures; answer for each in order.

    Raises:
        EvidenceError: one of them is not well-formed, or not signed with this key; nothing is kept.
        RefusedError: one of them is another member's; nothing is kept.
        ValueError: there are more than :data:`BATCH_MAX`.

    """
    if len(signed) > BATCH_MAX:
        raise ValueError(f"{len(signed)} acknowledgements at once: send at most {BATCH_MAX}")
    said = [acknowledgements.verify(body, signature, key) for body, signature in signed]
    for each in said:
        if each.member != member:
            raise RefusedError(f"member is {each.member}, but the credential is for {member}")
    given: dict[str, Any] = {
        "member": member,
        "key": key,
        "attempts": [each.attempt for each in said],
        "hours": [each.hour_seconds for each in said],
        "used": [each.milli_gpu_seconds for each in said],
        "bodies": [body for body, _ in signed],
        "signatures": [signature for _, signature in signed],
    }
    statement = sa.text(
        "SELECT outcome, differs FROM ledger.acknowledge(:member, :key, CAST(:attempts AS uuid[]), "
        "CAST(:hours AS bigint[]), CAST(:used AS bigint[]), CAST(:bodies AS bytea[]), CAST(:signatures AS bytea[]))"
    )
    with database.transaction(engine) as connection:
        rows = connection.execute(statement, given).all()
        differing: dict[int, list[uuid.UUID]] = defaultdict(list)
        for each, row in zip(said, rows, strict=True):
            if row.differs is not None:
                differing[each.hour_seconds].append(each.attempt)
        for hour_seconds, attempts in differing.items():
            dispute(connection, hour_seconds, attempts)
    return [Answer(each, Outcome(row.outcome), row.differs) for each, row in zip(said, rows, strict=True)]


_CLAIMS = sa.text("""
SELECT a.attempt, a.member, a.milli_gpu_seconds, t.milli_h100e, t.tier_thousandths
FROM ledger.acknowledgement a JOIN ledger.attempt t ON t.id = a.attempt
WHERE a.hour_seconds = :hour AND a.attempt = ANY (:attempts) ORDER BY a.attempt
""")


def dispute(connection: Connection, hour_seconds: int, attempts: Collection[uuid.UUID]) -> None:
    """Open a dispute on the hour of each of *attempts*, in the caller's transaction: it should come to what was said.

    One that is disputed already stays as it is, and a month that is trued up is disputed no longer: then the violation
    alone is on record.

    """
    for row in connection.execute(_CLAIMS, {"hour": hour_seconds, "attempts": list(attempts)}).all():
        claimed = charge.charge(charge.rate(row.milli_h100e, row.tier_thousandths), row.milli_gpu_seconds)
        matter = disputes.Matter(row.member, hour_seconds, str(row.attempt))
        try:
            with connection.begin_nested():
                disputes.record(connection, matter, claimed=claimed, reason=_REASON, by="ledger")
        except DBAPIError as error:
            if not isinstance(from_sqlstate(error), RefusedError):
                raise


@dataclass(frozen=True)
class Posted:
    """What an attempt used in an hour as its slots say, how much of it its lease allows, and what was acknowledged."""

    attempt: str
    hour_seconds: int
    use: Use
    leased_milli_gpu_seconds: int
    acknowledged: int | None


# The lease bounds what an attempt can have used, by the hub's clock: from its grant to its end, on all its GPUs.
_POSTED = sa.text("""
WITH last AS (
  SELECT DISTINCT ON (hour_seconds, attempt) * FROM ledger.usage
  WHERE member = :member AND hour_seconds >= :start AND hour_seconds < :end ORDER BY hour_seconds, attempt, run DESC)
SELECT l.*, a.milli_gpu_seconds AS acknowledged, p.milli_gpus * greatest(0,
    least(coalesce(t.ended_at_seconds, l.hour_seconds + 3600), l.hour_seconds + 3600)
    - greatest(coalesce(t.granted_at_seconds, l.hour_seconds + 3600), l.hour_seconds)) AS leased
FROM last l JOIN ledger.attempt t ON t.id = l.attempt
  LEFT JOIN ledger.acknowledgement a ON a.attempt = l.attempt AND a.hour_seconds = l.hour_seconds
  CROSS JOIN LATERAL (SELECT coalesce(sum(milli_gpus), 0)::bigint AS milli_gpus FROM (
    SELECT max(milli_gpus) AS milli_gpus FROM ledger.placement WHERE attempt = l.attempt GROUP BY node) AS placed) AS p
ORDER BY l.hour_seconds, l.attempt
""")


def posted(engine: Engine, member: str, start_seconds: int, end_seconds: int) -> list[Posted]:
    """Return what *member*'s attempts used in the hours that begin within the bounds (Unix time)."""
    given = {"member": member, "start": start_seconds, "end": end_seconds}
    with database.transaction(engine) as connection:
        rows = connection.execute(_POSTED, given).mappings()
        return [_posted(row) for row in rows]


def _posted(row: Mapping[Any, Any]) -> Posted:
    use = Use(*(row[each.name] for each in fields(Use)))
    return Posted(str(row["attempt"]), row["hour_seconds"], use, int(row["leased"]), row["acknowledged"])
