"""The world of `examples/`, a job in it, and an attempt of that job."""

import uuid

import yaml

from hanse.operator.mirror import Live
from hanse.operator.world import Leaf, World

NOW = 1_800_000_000
BODY = {"class": "h100-80g", "gpus": 8, "cpuMilli": 1000, "memoryMiB": 1000, "ready": True}
KINDS = ("acceleratorclass", "contribution", "member", "membercluster", "prioritytier")


def as_exemplified(root):
    made = World()
    for name in KINDS:
        for number, document in enumerate(yaml.safe_load_all((root / f"examples/{name}.yaml").read_text())):
            document["metadata"] |= {"uid": f"{name}-{number}"}
            made.take({document["kind"]: {f"{name}-{number}": document}})
    return made


def live(**more):
    said = {
        "id": uuid.UUID(int=2), "job": str(uuid.UUID(int=1)), "fence": 2, "member": "tencent", "cluster": "c",
        "accelerator_class": "h100-80g", "precision": "bf16", "tier": "standard", "milli_h100e": 1000,
        "tier_thousandths": 1500, "grace_seconds": 30, "state": "leased", "funded_until_seconds": NOW + 60,
        "granted_at_seconds": NOW, "admitted_at_seconds": NOW, "admitted_sequence": 7,
        "strength": {"label": "BORROW", "cover": -1, "tierRank": 1}, "placed": (("tencent-gz/node-0", 1, 0xFF),),
        "awaits": frozenset(), "organisation": "tencent/llm", "job_name": ("tencent", "llm-7b"),
        "last_decision": uuid.UUID(int=9),
    }  # fmt: skip
    return Live(**(said | more))


def take_job(world, root, **limits):
    document = next(yaml.safe_load_all((root / "examples/trainingjob.yaml").read_text()))
    document["metadata"] |= {"uid": str(uuid.UUID(int=1)), "creationTimestamp": "2026-01-01T00:00:00Z"}
    document["spec"] |= {"workers": {"replicas": 1}, "accelerators": [{"class": "h100-80g"}], "gpusPerWorker": 1}
    for field in ("storage", "placement", "trust", "topology"):
        del document["spec"][field]
    (container,) = document["spec"]["template"]["spec"]["containers"]
    container["resources"] = {"requests": {"cpu": "1", "memory": "1Mi"}, "limits": {"memory": "1Mi"} | limits}
    world.take({"TrainingJob": {document["metadata"]["uid"]: document}})
    world.leaves[document["metadata"]["namespace"]] = Leaf("tencent", "llm")


def change(world, kind, name, fields):
    """Change the spec of an object, or with no *fields* delete it."""
    objects = world._objects[kind]
    (uid,) = (uid for uid, each in objects.items() if each.metadata.name == name)
    found = objects.pop(uid)
    if fields:
        objects[uid] = found.model_copy(update={"spec": found.spec.model_copy(update=fields)})
