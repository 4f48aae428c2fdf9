"""What the processes tell Prometheus is in docs/operations.md, and nothing else is."""

import re
from pathlib import Path

import prometheus_client

from hanse.agent import metrics as agent
from hanse.agent.node import metrics as node
from hanse.api import metrics as api
from hanse.ledger import watching as sealer
from hanse.operator import health as operator

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
REGISTRIES = (agent.REGISTRY, api.REGISTRY, node.REGISTRY, operator.REGISTRY, sealer.REGISTRY)
NAMELESS = {"gpu", "kind", "method", "outcome", "route", "status", "what"}
"""Labels whose values are few, and known before anybody uses the pool."""


def collectors():
    for registry in REGISTRIES:
        for collector in set(registry._collector_to_names):
            yield collector, next(iter(collector.describe()))


def test_each_metric_is_in_the_table_with_its_labels_and_nothing_else_is():
    said = []
    for collector, family in collectors():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = ", ".join(f"`{label}`" for label in collector._labelnames)
        said.append(f"| `{name}` | {family.type} | {labels + ' ' if labels else ''}| {family.documentation} |")
    assert sorted(said) == re.findall(r"^\| `hanse_.*$", PAGE.read_text(), re.MULTILINE)


def test_no_label_could_hold_a_name():
    assert NAMELESS >= {label for collector, _ in collectors() for label in collector._labelnames}


def test_routes_and_methods_are_few_whatever_is_asked():
    for method in ("GET", "BREW", "X" * 100):
        api.answered(method, "/v1/queue", 200, 0.0)
    text = prometheus_client.generate_latest(api.REGISTRY).decode()
    methods = set(re.findall(r'method="([^"]*)"', text))  # those of tests in the same process too
    assert {"GET", "other"} <= methods <= {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}
