"""Volumes of the real node: folders in the cluster's own, for claims that name no class.

In: the cluster's folder and the node's name. Out: manifests. Nothing provisions volumes there, so that a few wait to be
claimed; they go with the cluster. :mod:`hanse.devcluster.cluster` creates them.
"""

from pathlib import Path
from typing import Any

COUNT = 8
SIZE = "10Gi"


def manifests(folder: Path, node: str) -> list[dict[str, Any]]:
    """Make the folders, which the kubelet hands to the group of whoever claims them; return their PersistentVolumes."""
    made = []
    for number in range(COUNT):
        name = f"{node}-{number}"
        path = folder / "volumes" / name
        path.mkdir(parents=True, exist_ok=True)
        term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
        made.append({
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": {
                "capacity": {"storage": SIZE},
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "local": {"path": str(path)},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
            },
        })  # fmt: skip
    return made
