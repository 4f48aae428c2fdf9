"""What was decided about a job, and what was tried: rows of the ledger, each with a sentence.

In: a job and the members for whom somebody asks. Out: decisions and attempts, newest first. A decision's sentence is
made from its own row. What a job was stopped for, or gave its entitlement to, is named where it is the asking members'
own; where it is somebody else's, that alone is said, and its row is not even read.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hanse.api import metered
from hanse.api.answers import Decided, Tried
from hanse.resources import Reason

NEWEST_MAX = 50

_DECISIONS = """
SELECT id, term, cycle, kind, verdict, reason, attempt, fence, recorded_at, body FROM ledger.decision
WHERE job = :job AND member = ANY (:members) ORDER BY sequence DESC LIMIT :most
"""
_CAUSES = "SELECT id, body FROM ledger.decision WHERE id = ANY (:causes) AND member = ANY (:members)"
_ATTEMPTS = """
SELECT id, fence, cluster, accelerator_class, state, granted_at_seconds, ended_at_seconds, funded_until_seconds,
       step, steps, told_at_seconds, ARRAY(
         SELECT DISTINCT n.body ->> 'enforcer' FROM ledger.placement p
           JOIN ledger.node n ON n.cluster = a.cluster AND n.name = substr(p.node, length(a.cluster) + 2)
         WHERE p.attempt = a.id AND a.ended_at_seconds IS NULL AND n.body ->> 'enforcer' > '' ORDER BY 1) AS enforcers
FROM ledger.attempt a LEFT JOIN ledger.progress o ON o.attempt = a.id
WHERE job = :job AND member = ANY (:members) ORDER BY fence DESC LIMIT :most
"""
_STRENGTHS = {
    "HOME": "covered by its organisation's entitlement, on its member's own or granted nodes",
    "AWAY": "covered by its entitlement, wherever it runs",
    "EXCHANGE": "covered by what its member leaves unused in other classes",
    "BORROW": "borrowed, which those it belongs to may have back",
}
_CAUSES_OF_RESERVATIONS = {
    "HeadOfQueue": "it is the first of its kind that cannot start",
    "NodesLost": "a node may not be used any more, or stands in another rack or block",
    "RunsLonger": "somebody runs there for longer than was known",
    "Displaced": "another job came before it there",
    "Changed": "the job asks for something else than it did",
    "NotWaiting": "it is not the next of its kind any more",
    "Limited": "a cap or a limit refuses it, or fewer places are kept",
}
_ENDS = {
    "JobDeleted": "the job was deleted",
    "Suspended": "its owner suspended it",
    **{str(each): each.meaning for each in Reason},
}


def read(
    connection: Connection, job: uuid.UUID, members: frozenset[str]
) -> tuple[tuple[Decided, ...], tuple[Tried, ...]]:
    """Return the newest decisions and attempts of a job of *members*."""
    asking = {"members": sorted(members)}
    about = asking | {"job": job, "most": NEWEST_MAX}
    decided = [dict(row) for row in connection.execute(sa.text(_DECISIONS), about).mappings()]
    tried = connection.execute(sa.text(_ATTEMPTS), about).mappings().all()
    for row in decided:
        row["body"] = json.loads(row["body"])
    causes = [uuid.UUID(row["body"]["cause"]) for row in decided if "cause" in row["body"]]
    found = connection.execute(sa.text(_CAUSES), asking | {"causes": causes}) if causes else ()
    own = {str(each): json.loads(body) for each, body in found}
    measured = metered.of_attempts(connection, [row["id"] for row in tried])
    return (
        tuple(Decided.model_validate(row | {"said": sentence(row.pop("body"), own)}) for row in decided),
        tuple(Tried.model_validate({**row, "measured": measured[row["id"]]}) for row in tried),
    )


_WHYS = {
    "FundingRefused": "as a cap does not fund it at its size any longer",
    "Limited": "as limits on borrowing or lending have no room for more any longer",
    "Changed": "as its job asks for no more",
    "Recalled": "as nodes of its are taken back by who contributes them",
}
"""Why an elastic gang shrinks, if it is not for an admission."""


def sentence(body: Mapping[str, Any], own: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what a decision says, in words; *own* are the causes that may be named, by id."""
    kind, reason = str(body["kind"]), str(body["reason"])
    strength = _STRENGTHS.get(reason, reason) + _given(body)
    cause = _CAUSES_OF_RESERVATIONS.get(reason, reason)
    match kind:
        case "Admit":
            said = f"{sum(body['nodes'].values()) // 1000} {body['class']} in {body['cluster']}, {strength}"
        case "Rise":
            said = strength
        case "Fall":
            said = f"{strength}; its entitlement went to {_for(body, own)}" if "cause" in body else strength
        case "Preempt":
            said = f"stopped to make room for {_for(body, own)}"
        case "Renew":
            said = "funded for longer"
        case "Refuse":
            said = f"cap {body['detail']['cap']} does not fund it any longer: notice to checkpoint"
        case "Reserve":
            said = f"places are kept for it: {cause}"
        case "Release":
            said = f"no places are kept for it any more: {cause}"
        case "Expire" if reason == Reason.CLUSTER_LOST:
            said = "its cluster did not renew its lease, and it was given up there"
        case _:
            said = _resized(body, own) if kind in {"Resize", "Left"} else _ENDS.get(reason, reason)
    return said


def _given(body: Mapping[str, Any]) -> str:
    """Return which of its member's classes give how much for what runs on exchange; nothing for all others."""
    donors = body.get("strength", {}).get("donors", {})
    said = " and ".join(f"{milli / 1000:g} {name}" for name, milli in sorted(donors.items()))
    return f" ({said})" if said else ""


def _resized(body: Mapping[str, Any], own: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how an elastic gang changes its size, and why."""
    if body["kind"] == "Left":
        left = len(body["detail"]["left"])
        return f"{_workers(left)} {'has' if left == 1 else 'have'} left it"
    has, grown, leaving = sum(body["nodes"].values()) // 1000, len(body["detail"]["grown"]), body["detail"]["leaving"]
    if grown:
        return f"grows by {_workers(grown)}, into what nobody wants, and has {has} GPUs"
    why = f"to make room for {_for(body, own)}" if "cause" in body else _WHYS.get(str(body["reason"]), "")
    return f"shrinks by {_workers(len(leaving))}, {why}, and has {has} GPUs"


def _workers(count: int) -> str:
    return "1 worker" if count == 1 else f"{count} workers"


def _for(body: Mapping[str, Any], own: Mapping[str, Mapping[str, Any]]) -> str:
    """Return for whom something was taken from a job: the name of one's own, and of others only that they are."""
    cause = own.get(body["cause"])
    if cause is None:
        return "another member's job"
    named = cause["detail"]
    return f"its own member's job {named['namespace']}/{named['name']}" if "name" in named else "its own member's job"
