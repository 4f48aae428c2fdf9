"""An example of each message, by the name of its schema; a test holds each against its schema and its model.

In: nothing. Out: plain data for :mod:`hanse.api.openapi`. The members here are made up.
"""

from typing import Any

_ATTEMPT = "3f6c1b0e-5d7a-4f3e-9c55-0a4f5d1c2b7e"
_DECISION = "8d3a7c52-1f0b-5e0d-8a6e-6b1f2f9d7c10"
_UID = "0b9d5a34-6a41-4f7e-8f57-d2c9a1f0e6b3"
_KEY = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
_CHECKPOINT = {"step": 12000, "uri": "s3://north/llm/12000"}
_LEASE = {
    "attempt": _ATTEMPT,
    "fence": 3,
    "leaseSeconds": 900,
    "fundedSeconds": 5400,
    "drain": False,
    "checkpoint": _CHECKPOINT,
}
_NODE = {"name": "n1", "class": "h100-80g", "gpus": 8, "cpuMilli": 96000, "memoryMiB": 1048576, "ready": True}
_HELD = {"attempt": _ATTEMPT, "fence": 3, "phase": "Running"}
_PHRASE = {"code": "meaning.WaitingForQuota", "values": {}}
_REMEDY = {"code": "remedy.own", "values": {"lacking": "8", "accelerator": "h100-80g"}}
_START = {
    "at": "2026-11-02T12:00:00Z",
    "seconds": 1793620800,
    "restsOn": "places are kept for it from then on, if those who run there end when they said",
    "said": {"code": "start.kept", "values": {}},
}
_QUEUED = {
    "namespace": "north",
    "name": "llm",
    "position": 2,
    "reason": "WaitingForQuota",
    "message": "its organisation's entitlement is used, and nothing idle can be borrowed",
    "remedy": "starts when 8 more h100-80g are free in one of its member's own clusters",
    "said": {"message": [_PHRASE], "remedy": [_REMEDY]},
    "start": _START,
}
_BALANCE = {
    "name": "north/use",
    "kind": "use",
    "member": "north",
    "ceiling": None,
    "debitsPosted": 86400000,
    "creditsPosted": 0,
    "debitsPending": 0,
    "creditsPending": 0,
}
_DECIDED = {
    "id": _DECISION,
    "term": 4,
    "cycle": 812,
    "kind": "Admit",
    "verdict": "Admitted",
    "reason": "HOME",
    "attempt": _ATTEMPT,
    "fence": 3,
    "recordedAt": "2026-11-02T09:00:00Z",
    "said": "512 h100-80g in north-1, covered by its organisation's entitlement, on its member's own or granted nodes",
}
_TRIED = {
    "id": _ATTEMPT,
    "fence": 3,
    "cluster": "north-1",
    "class": "h100-80g",
    "state": "leased",
    "grantedAtSeconds": 1793610000,
    "endedAtSeconds": None,
    "fundedUntilSeconds": 1793615400,
    "measured": {
        "usedMilliGpuSeconds": 1843200000,
        "memoryMiBSeconds": 106168320000,
        "memoryOfMilliGpuSeconds": 1843200000,
        "energyMillijoules": None,
        "energyOfMilliGpuSeconds": 0,
    },
}
_NOW = {
    "message": "its organisation's entitlement is used, and nothing idle can be borrowed",
    "said": {"message": [_PHRASE], "remedy": [_REMEDY]},
    "position": 2,
    "aheadInMember": 5,
    "start": _START,
    "status": {"phase": "Requeued", "reason": "WaitingForQuota", "preemptions": 1},
}

_VIOLATION = {
    "sequence": 4711,
    "id": _DECISION,
    "kind": "Overrun",
    "atSeconds": 1793610000,
    "member": "north",
    "node": None,
    "attempt": _ATTEMPT,
    "account": "pool/overrun",
    "amount": 3600000,
    "detail": "ran beyond what its caps hold",
    "recordedAt": "2026-11-02T09:00:00Z",
}
_CLUSTER = {"name": "north-1", "agentVersion": "0.1.0", "silentSeconds": 3, "nodes": 400, "readyNodes": 398,
            "enforcers": {"advisory": 380}}  # fmt: skip
_MEMBER = {
    "name": "north",
    "displayName": "North Compute",
    "suspended": False,
    "entitlements": [{"class": "h100-80g", "milliGpus": 3200000}],
}
_FAULT = {"sequence": 4711, "kind": "NodeStale", "atSeconds": 1793610000, "cluster": "north-1", "node": "n7"}
_JOB = {
    "namespace": "north",
    "name": "llm",
    "phase": "Running",
    "reason": None,
    "class": "h100-80g",
    "cluster": "north-1",
    "gpus": "512/512",
    "gpuMemory": {"guaranteedMiB": 20480, "limitMiB": 40960},
    "chargeRateMilliH100e": 512000,
    "attempts": 1,
    "preemptions": 0,
    "lastCheckpoint": {"time": "2026-11-02T08:30:00Z", "step": 12000, "fence": 3},
}
_QUOTA = {
    "member": "north",
    "asOfSeconds": 1793610000,
    "credit": {"milliH100eSeconds": -9216000000, "asOfSeconds": 1793606400},
    "waitingJobs": 3,
    "liveJobs": 12,
    "classes": [
        {
            "class": "h100-80g",
            "entitledMilliGpus": 3200000,
            "usedMilliGpus": 3712000,
            "borrowedMilliGpus": 512000,
            "lentMilliGpus": 0,
            "borrowingLimitMilliGpus": 1000000,
            "lendingLimitMilliGpus": None,
        }
    ],
    "caps": [
        {
            "name": "monthly",
            "organisation": None,
            "startSeconds": 1793491200,
            "endSeconds": 1796083200,
            "limitMilliH100eSeconds": 36000000000,
            "leftMilliH100eSeconds": 12000000000,
            "rateMilliH100e": 3712000,
            "lastsSeconds": 3232,
        }
    ],
    "capsAtOnce": [{"name": "power", "organisation": "lab", "limitMilliH100e": 4000000, "usedMilliH100e": 3712000}],
}
_CELL = {
    "class": "h100-80g",
    "region": "guangdong",
    "own": {"gpus": 3200, "freeGpus": 0},
    "others": {"gpus": 25600, "freeGpus": 1024},
}
_HOUR = {
    "member": "north",
    "hourSeconds": 1793606400,
    "charged": 13363200000,
    "lent": 0,
    "usedMilliGpuSeconds": 11520000000,
    "idleMilliGpuSeconds": 0,
    "downMilliGpuSeconds": 0,
    "unknownMilliGpuSeconds": 0,
}
_USE = {
    "member": "north",
    "attempt": _ATTEMPT,
    "hourSeconds": 1793606400,
    "usedMilliGpuSeconds": 28800000,
    "leasedMilliGpuSeconds": 28800000,
    "memoryMiBSeconds": None,
    "memoryOfMilliGpuSeconds": 0,
    "energyMillijoules": 17280000000,
    "energyOfMilliGpuSeconds": 28800000,
    "busyMilliseconds": 25920000,
    "busyOfMilliGpuSeconds": 28800000,
    "acknowledgedMilliGpuSeconds": None,
}
_SINCE = {
    "member": "north",
    "class": "h100-80g",
    "atSeconds": 1793606412,
    "milliGpus": 3200000,
    "milliH100e": 3200000,
}
_LINE = {"account": "north/use", "purpose": "use", "isCorrection": False, "debits": 13363200000, "credits": 0}
_STATEMENT = {
    "member": "north",
    "hoursPosted": 1,
    "lines": [_LINE],
    "standing": -13363200000,
    "did": {"usedMilliGpuSeconds": 11520000000, "idleMilliGpuSeconds": 0, "downMilliGpuSeconds": 0,
            "unknownMilliGpuSeconds": 0},
    "measured": {"usedMilliGpuSeconds": 11520000000, "memoryMiBSeconds": None, "memoryOfMilliGpuSeconds": 0,
                 "energyMillijoules": None, "energyOfMilliGpuSeconds": 0, "busyMilliseconds": None,
                 "busyOfMilliGpuSeconds": 0},
}  # fmt: skip

_WHAT_IF = {
    "asOfSeconds": 1793610000,
    "admitted": True,
    "class": "h100-80g",
    "gpus": 64,
    "cluster": "north-1",
    "strength": "HOME",
    "cost": {
        "rateMilliH100e": 64000,
        "milliH100eSeconds": 460800000,
        "caps": _QUOTA["caps"],
        "capsAtOnce": _QUOTA["capsAtOnce"],
    },
    "victims": {"own": 0, "others": 2},
    "now": {
        "message": "it would be admitted now",
        "said": {"message": [{"code": "whatif.admitted", "values": {}}], "remedy": []},
        "start": {
            "at": "2026-11-02T09:10:00Z",
            "seconds": 1793610600,
            "restsOn": "at once, or when those who are there have left: at the latest after reclaimBound of the"
            " PoolPolicy",
            "said": {"code": "start.bound", "values": {}},
        },
    },
}
_CHOICES = {
    "namespaces": [{"name": "north", "member": "north", "organisation": None}],
    "classes": [{"name": "h100-80g", "precisions": ["bf16", "fp8"]}],
    "tiers": ["standard", "urgent"],
}
_OFFER = {
    "namespace": "north",
    "name": "night",
    "member": "north",
    "cluster": "north-1",
    "class": "h100-80g",
    "phase": "Recalling",
    "offeredGpus": 3200,
    "healthyGpus": 3184,
    "staleGpus": 0,
    "downGpus": 16,
    "recall": {"at": "2026-11-02T09:10:00Z", "leftSeconds": 600, "noticeSeconds": 900, "isUnderWay": True},
}
_CONDITION = {
    "asOfSeconds": 1793610000,
    "brake": "2 of 5 clusters are silent at once",
    "poolProblem": "",
    "notSettled": {"hours": 2},
    "ordersLeft": 3,
    "silentClusters": [{"name": "south-2", "silentSeconds": 95}],
    "downNodes": 1,
    "nodes": [{"cluster": "north-1", "name": "n7"}],
    "feeds": [{"kind": "TrainingJob", "objects": 412, "ageSeconds": 0.4, "fresh": True}],
}
_SPEC = {
    "tier": "standard",
    "workers": {"replicas": 8},
    "gpusPerWorker": 8,
    "accelerators": [{"class": "h100-80g"}],
    "maxRuntime": "2h",
    "template": {"spec": {"containers": [{"name": "trainer", "image": "registry.example/t@sha256:" + "ab" * 32}]}},
}

_DISPUTE = {
    "dispute": "5f0c7d0e-6a68-5b0b-9c5e-0d9a0c1b2a3f",
    "member": "north",
    "hourSeconds": 1793610000,
    "attempt": _ATTEMPT,
    "claimed": 0,
    "reason": "The job had been stopped before the hour began.",
    "state": "opened",
    "answer": "",
    "openedAtSeconds": 1793700000,
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "Health": {"status": "ok"},
    "Readiness": {"problems": ["the leader: no leading operator answers, and only it knows this"]},
    "SyncRequest": {
        "version": 1,
        "instance": _UID,
        "process": _ATTEMPT,
        "clusterUid": _DECISION,
        "agentVersion": "0.1.0",
        "held": [_HELD],
        "inventory": {"whole": False, "nodes": [_NODE], "gone": ["n7"]},
    },
    "SyncAnswer": {"leases": [_LEASE], "cancelled": [], "ended": [], "slotSeconds": 300, "sendInventory": False},
    "SlotsRequest": {"slots": [{"body": "e30=", "signature": "AAAA"}]},
    "SlotsAnswer": {"verdicts": [{"verdict": "stored", "reason": ""}]},
    "CheckpointRequest": {"attempt": _ATTEMPT, "fence": 3, **_CHECKPOINT},
    "Committed": {"committed": True},
    "EnrolmentsRequest": {"enrolments": [{"body": "e30=", "signature": "AAAA"}]},
    "EnrolmentsAnswer": {
        "slotSeconds": 300,
        "nowSeconds": 1793610000,
        "referencePrecision": "bf16",
        "latest": ["e30="],
    },
    "LogKeysRequest": {"attempts": [_ATTEMPT]},
    "LogKeysAnswer": {"keys": [{"attempt": _ATTEMPT, "key": _KEY}]},
    "LogsRequest": {"tails": [{"attempt": _ATTEMPT, "fence": 3, "rank": 0, "key": _KEY, "sealed": "AAAA"}]},
    "LogsAnswer": {"taken": [True]},
    "Logs": {
        "attempt": _ATTEMPT,
        "fence": 3,
        "state": "leased",
        "ended": False,
        "items": [{"rank": 0, "key": _KEY, "blind": _KEY, "sealed": "AAAA", "storedAtSeconds": 1793610000}],
        "next": "WzQ3MTFd",
        "problem": "",
    },
    "Page_Queued_": {"items": [_QUEUED], "next": None},
    "Page_Balance_": {"items": [_BALANCE], "next": "WyJub3J0aC91c2UiXQ=="},
    "Page_Job_": {"items": [_JOB], "next": None},
    "Page_Hour_": {"items": [_HOUR], "next": None},
    "Page_AttemptUse_": {"items": [_USE], "next": None},
    "AcknowledgementsRequest": {"acknowledgements": [{"body": "e30=", "signature": "AAAA"}]},
    "AcknowledgementsAnswer": {
        "acknowledged": [
            {"attempt": _ATTEMPT, "hourSeconds": 1793606400, "outcome": "recorded", "differs": 1200000},
        ],
    },
    "Page_EntitledSince_": {"items": [_SINCE], "next": None},
    "WhatIfRequest": {"namespace": "north", "spec": _SPEC},
    "WhatIf": _WHAT_IF,
    "Choices": _CHOICES,
    "Quotas": {"members": [_QUOTA]},
    "PoolShown": {"cells": [_CELL]},
    "DisputeRequest": {
        "member": "north",
        "hourSeconds": 1793610000,
        "attempt": _ATTEMPT,
        "claimed": 0,
        "reason": "The job had been stopped before the hour began.",
    },
    "Dispute": _DISPUTE,
    "Page_Dispute_": {"items": [_DISPUTE], "next": None},
    "Statement": {"period": "2026-11", "stage": "initial", "isFinal": False, "members": [_STATEMENT]},
    "Page_Violation_": {"items": [_VIOLATION], "next": None},
    "Page_ClusterStanding_": {"items": [_CLUSTER], "next": None},
    "LogStanding": {
        "rows": 412_000,
        "sealedAt": "2026-11-02T09:00:00Z",
        "signedRows": 412_000,
        "cosignedRows": 411_200,
        "witnesses": 3,
    },
    "Page_MemberStanding_": {"items": [_MEMBER], "next": None},
    "Page_ContributionStanding_": {"items": [_OFFER], "next": None},
    "Condition": _CONDITION,
    "Page_Fault_": {"items": [_FAULT], "next": "WzQ3MTFd"},
    "Entry": {"code": "kJv0yXcW3oXzq5dW1m0O5Z2wq8pR7nT4uB6cD9eF1gH", "expiresSeconds": 60},
    "Identity": {"name": "oidc:alice", "members": ["north"], "roles": []},
    "Explained": {"decisions": [_DECIDED], "attempts": [_TRIED], "now": _NOW},
    "Problem": {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "query.limit is 0: Input should be greater than or equal to 1",
        "requestId": _UID,
        "errors": [
            {"field": "query.limit", "value": "0", "detail": "Input should be greater than or equal to 1"},
        ],
    },
}
