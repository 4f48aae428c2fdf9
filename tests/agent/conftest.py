"""Fixtures of the agent's tests: placements and pods that differ in what a test is about."""

import uuid

import pytest

from hanse.resources import Placement

IMAGE = "registry.example/trainer@sha256:" + "ab" * 32


@pytest.fixture(name="make_placement", scope="session")
def _make_placement():
    def make(name="job-a", fence=1, attempt=None, seats=(("node-0", (0,)), ("node-1", (0,))), **spec):
        return Placement.parse(
            {
                "metadata": {"name": name, "namespace": "hanse-cluster-one", "generation": 1},
                "spec": {
                    "attempt": str(attempt or uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{fence}")),
                    "fence": fence,
                    "sequence": 1,
                    "wanted": "Running",
                    "fundedUntil": "2030-01-01T00:00:00Z",
                    "class": "h100-80g",
                    "startDeadline": "10m",
                    "grace": "30s",
                    "lease": "5m",
                    "workers": [{"rank": r, "node": node, "gpus": list(gpus)} for r, (node, gpus) in enumerate(seats)],
                    "template": {"spec": {"containers": [{"name": "trainer", "image": IMAGE, "command": ["true"]}]}},
                    **spec,
                },
            }
        )

    return make


@pytest.fixture(name="make_pod", scope="session")
def _make_pod():
    def make(placement, rank, **status):
        spec = placement.spec
        return {
            "metadata": {
                "name": f"g-{spec.attempt}-{rank}",
                "uid": f"uid-{spec.attempt}-{rank}",
                "labels": {
                    "hanse.dev/attempt": spec.attempt,
                    "hanse.dev/fence": str(spec.fence),
                    "hanse.dev/rank": str(rank),
                    "hanse.dev/placement": placement.metadata.name,
                },
            },
            "spec": {"nodeName": spec.workers[rank].node},
            "status": status,
        }

    return make
