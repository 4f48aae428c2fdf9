"""What all tests share: Hypothesis profiles, and one real control plane for the whole run."""

import os
from collections.abc import Iterator

import hypothesis
import pytest

from hanse.devcluster import cluster

# Tests never touch what somebody has configured for their own work; those about the variables set them themselves.
os.environ.pop("HANSE_KUBECONFIG", None)
os.environ.pop("HANSE_DATABASE_URL", None)

hypothesis.settings.register_profile("dev", max_examples=100, deadline=None)
# Tests never touch what somebody has configured for their own work; those about the variables set them themselves.
os.environ.pop("HANSE_KUBECONFIG", None)
os.environ.pop("HANSE_DATABASE_URL", None)

hypothesis.settings.register_profile("ci", max_examples=2000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session")
def hub() -> Iterator[cluster.Cluster]:
    """A control plane with kwok and Postgres, without nodes; tests keep to objects and namespaces of their own."""
    with cluster.running(f"test-{os.getpid()}-hub", cluster.Wanted()) as running:
        yield running
