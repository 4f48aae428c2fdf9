"""What the ledger must say of a decision that was planned: the same entries, written a second time by other code.

In: a planned decision as plain values, and what is known of its jobs. Out: the entries of a recorded cycle that it has
to be, as far as they follow from the plan; next is :mod:`hanse.ledger.replaying`, which compares. The operator's own
translation is not used, or what it gets wrong would be wrong here too. What only a job's object knows (its name, its
grace) is not compared.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from hanse.evidence import identity
from hanse.evidence.canonical import Json

Said: TypeAlias = dict[str, Any]
JobOf: TypeAlias = Callable[[str], Mapping[str, Any]]
_LABELS = ("BORROW", "EXCHANGE", "AWAY", "HOME")
_MILLI = 1000
_DETAILS = (
    "organisation", "placed", "awaits", "awaitsWorkers", "lostGpuSeconds", "stopBy", "cap", "asked", "left", "start",
    "kept", "grown", "leaving", "part",
)  # fmt: skip
_FIELDS = (
    "kind", "effect", "verdict", "reason", "member", "job", "fence", "attempt", "cluster", "class", "precision", "tier",
    "milliH100e", "tierThousandths", "fundedUntil", "nodes", "funding", "strength", "cause",
)  # fmt: skip


def recorded(body: Mapping[str, Json]) -> Said:
    """Return what a recorded decision says of what follows from a plan, in the form of `entries`."""
    said: Said = {name: body[name] for name in _FIELDS if name in body}
    detail = body.get("detail")
    said |= {name: detail[name] for name in _DETAILS if name in detail} if isinstance(detail, dict) else {}
    if isinstance(detail, dict) and body.get("kind") == "Reserve":
        said |= {name: detail.get(name) for name in ("class", "cluster")}
    if body.get("kind") == "Admit":
        said.setdefault("awaitsWorkers", [])  # before there were elastic gangs
    if body.get("kind") == "Resize":
        # All that it has after that is more than a plan says.
        said.pop("nodes", None)
    if "funding" in said:
        said["funding"] = [
            [each["cap"], each["windowStart"], (each["end"] - each["start"]) * each["rate"]] for each in said["funding"]
        ]
    if "strength" in said and body.get("effect") != "admit":
        # Its tier is that of its admission, whatever the tier has become.
        said["strength"] = {name: value for name, value in said["strength"].items() if name != "tierRank"}
    return said


def entries(decision: Mapping[str, Any], job_of: JobOf, cause: str) -> list[Said]:
    """Return the entries that a planned decision is recorded as; *cause* is the id of the first one.

    Raises:
        KeyError: it is of a kind that this version does not know.

    """
    return _OF_KIND[decision["kind"]](decision, job_of, cause)


def _admit(decision: Mapping[str, Any], job_of: JobOf, cause: str) -> list[Said]:
    job = job_of(decision["attempt"]["job"])
    label, accelerator = decision["label"], decision["accelerator"]
    part = _part(job["slices"], job["shareableGiB"][accelerator])
    own = _entry("Admit", _LABELS[label["rung"]], decision["attempt"], job_of) | {
        "cluster": decision["cluster"],
        "class": accelerator,
        "precision": job["precision"],
        "tier": job["tier"],
        "milliH100e": job["milliH100e"][accelerator],
        "tierThousandths": job["tierThousandths"],
        "fundedUntil": decision["funded_until_seconds"],
        "nodes": {
            each["node"]: part.get("milliGpusLimit", _MILLI) * each["gpus"].bit_count() for each in decision["placed"]
        },
        "strength": _strength(label) | {"tierRank": job["tierRank"]},
        "organisation": job["organisation"],
        "placed": [[each["node"], each["workers"], str(each["gpus"])] for each in decision["placed"]],
        "awaits": [_attempt(each) for each in decision["awaits"]],
        "awaitsWorkers": [[_attempt(each["attempt"]), each["worker"]] for each in decision["awaits_workers"]],
    }
    own |= {"part": part} if part else {}
    stops = [
        _entry("Preempt", each["reason"], each["attempt"], job_of)
        | {"strength": _strength(each["label"]), "lostGpuSeconds": each["lost_gpu_seconds"], "cause": cause}
        for each in decision["stops"]
    ]
    shrinks = [
        _resized("Preempted", each["attempt"], (), each["workers"], job_of) | {"cause": cause}
        for each in decision["shrinks"]
    ]
    return [own | _funding(decision), *stops, *shrinks, *_falls(decision, job_of, cause)]


def _part(slices: Sequence[int] | None, shareable_gib: int) -> Said:
    """Return what a worker has of the GPU that it shares, and how much of one that is, rounded up."""
    if slices is None:
        return {}
    guaranteed, limit, with_others = slices
    milli = [
        min(_MILLI, -(-_MILLI * each // shareable_gib)) if shareable_gib else _MILLI for each in (guaranteed, limit)
    ]
    return {
        "guaranteedGiB": guaranteed, "limitGiB": limit, "with": "any" if with_others else "ownMember",
        "milliGpus": milli[0], "milliGpusLimit": milli[1],
    }  # fmt: skip


def _rise(decision: Mapping[str, Any], job_of: JobOf, cause: str) -> list[Said]:
    return [_relabel("Rise", decision["change"], job_of), *_falls(decision, job_of, cause)]


def _fall(decision: Mapping[str, Any], job_of: JobOf, _cause: str) -> list[Said]:
    return [_relabel("Fall", decision["change"], job_of)]


def _renew(decision: Mapping[str, Any], job_of: JobOf, _cause: str) -> list[Said]:
    own = _entry("Renew", "Renewed", decision["attempt"], job_of)
    return [own | {"fundedUntil": decision["funded_until_seconds"]} | _funding(decision)]


def _refuse(decision: Mapping[str, Any], job_of: JobOf, _cause: str) -> list[Said]:
    short, own = decision["short"], _entry("Refuse", decision["reason"], decision["attempt"], job_of)
    said = {"stopBy": decision["stop_by_seconds"], "cap": short["cap"], "asked": short["asked"], "left": short["left"]}
    return [own | said]


def _resize(decision: Mapping[str, Any], job_of: JobOf, _cause: str) -> list[Said]:
    own = _resized(decision["why"], decision["attempt"], decision["grown"], decision["leaving"], job_of)
    return [own | _funding(decision)]


def _resized(
    reason: str, attempt: Mapping[str, Any], grown: Sequence[Mapping[str, Any]], leaving: Sequence[int], job_of: JobOf
) -> Said:
    said = {
        "verdict": "Grown" if grown else "Shrunk",
        "grown": [[each["worker"], each["node"], str(each["gpus"])] for each in grown],
        "leaving": list(leaving),
    }
    return _entry("Resize", reason, attempt, job_of) | said


def _reserve(decision: Mapping[str, Any], job_of: JobOf, _cause: str) -> list[Said]:
    kept = [[each["node"], each["workers"]] for each in decision["kept"]]
    said = {"class": decision["accelerator"], "cluster": decision["cluster"], "start": decision["start_seconds"]}
    return [_unplaced("Reserve", decision, job_of) | said | {"kept": kept}]


def _release(decision: Mapping[str, Any], job_of: JobOf, _cause: str) -> list[Said]:
    return [_unplaced("Release", decision, job_of)]


_OF_KIND: dict[str, Callable[[Mapping[str, Any], JobOf, str], list[Said]]] = {
    "Admit": _admit, "Rise": _rise, "Fall": _fall, "Renew": _renew, "Refuse": _refuse, "Resize": _resize,
    "Reserve": _reserve, "Release": _release,
}  # fmt: skip
KINDS = frozenset(_OF_KIND)


_EFFECTS = {
    "Admit": ("admit", "Admitted"), "Preempt": ("stop", "Stopped"), "Rise": ("keep", "Relabelled"),
    "Fall": ("keep", "Relabelled"), "Renew": ("keep", "Funded"), "Refuse": ("keep", "Refused"),
    "Resize": ("keep", "Shrunk"), "Reserve": ("none", "Reserved"), "Release": ("none", "Released"),
}  # fmt: skip


def _entry(kind: str, reason: str, attempt: Mapping[str, Any], job_of: JobOf) -> Said:
    named = {"job": attempt["job"], "fence": attempt["number"], "attempt": _attempt(attempt)}
    return _said(kind, reason) | {"member": job_of(attempt["job"])["member"]} | named


def _said(kind: str, reason: str) -> Said:
    effect, verdict = _EFFECTS[kind]
    return {"kind": kind, "effect": effect, "verdict": verdict, "reason": reason}


def _unplaced(kind: str, decision: Mapping[str, Any], job_of: JobOf) -> Said:
    return _said(kind, decision["cause"]) | {"member": job_of(decision["job"])["member"], "job": decision["job"]}


def _relabel(kind: str, change: Mapping[str, Any], job_of: JobOf) -> Said:
    after, attempt = change["after"], change["attempt"]
    return _entry(kind, _LABELS[after["rung"]], attempt, job_of) | {"strength": _strength(after)}


def _falls(decision: Mapping[str, Any], job_of: JobOf, cause: str) -> list[Said]:
    return [_relabel("Fall", each, job_of) | {"cause": cause} for each in decision["falls"]]


def _funding(decision: Mapping[str, Any]) -> Said:
    reserved = [[each["cap"], each["start_seconds"], each["amount"]] for each in decision["reserved"]]
    return {"funding": reserved} if reserved else {}


def _strength(label: Mapping[str, Any]) -> Said:
    said: Said = {"label": _LABELS[label["rung"]], "cover": label["cover"]}
    donors = {each["accelerator"]: each["milli_gpus"] for each in label.get("donors", ())}
    return said | ({"donors": donors} if donors else {})


def _attempt(name: Mapping[str, Any]) -> str:
    return str(identity.attempt_id(uuid.UUID(name["job"]), name["number"]))
