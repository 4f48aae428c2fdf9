"""What a member asks: its queue, why a job waits, what it owes. Each sees its own and nobody else's.

In: members that the credential is for. Out: plain data. A job or namespace of another member and one that does not
exist are refused with the same words, so that nobody can probe for a rival's names.
"""

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.api.identity import Directory
from hanse.api.leader import Leader
from hanse.api.problems import ForbiddenError, UnavailableError
from hanse.ledger import balances, database

DECISIONS_MAX = 50

_DECISIONS = """
SELECT id, term, cycle, kind, verdict, reason, attempt, fence, recorded_at FROM ledger.decision
WHERE job = :job AND member = ANY (:members) ORDER BY sequence DESC LIMIT :most
"""
_ATTEMPTS = """
SELECT id, fence, cluster, accelerator_class, state, granted_at_seconds, ended_at_seconds, funded_until_seconds
FROM ledger.attempt WHERE job = :job AND member = ANY (:members) ORDER BY fence
"""


def own_balances(engine: Engine, members: frozenset[str]) -> list[dict[str, Any]]:
    """Return the accounts of the members, in mH·s."""
    return [asdict(balance) for balance in balances.read(engine) if balance.member in members]


def explain(
    engine: Engine, directory: Directory, leader: Leader, members: frozenset[str], job: tuple[str, str]
) -> dict[str, Any]:
    """Return the recorded decisions and attempts of a job (namespace, name), and where it stands now.

    Raises:
        ForbiddenError: the job is not theirs, or not there.

    """
    namespace, name = job
    theirs = directory.member_of_namespace(namespace) in members
    uid = directory.job_uid(namespace, name) if theirs else None
    if uid is None:
        raise ForbiddenError(f"there is no job {name} of yours in namespace {namespace}")
    parameters = {"job": uid, "members": sorted(members), "most": DECISIONS_MAX}
    with database.transaction(engine) as connection:
        decided = connection.execute(sa.text(_DECISIONS), parameters).mappings().all()
        tried = connection.execute(sa.text(_ATTEMPTS), parameters).mappings().all()
    try:
        now: Any = leader.job(uid)
    except UnavailableError as error:
        now = {"message": str(error)}
    return {"decisions": [dict(row) for row in decided], "attempts": [dict(row) for row in tried], "now": now}
