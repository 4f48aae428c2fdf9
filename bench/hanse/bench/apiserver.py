"""What an API server was asked to write, by its own count.

In: the API server's metrics before and after. Out: the writes in between that it accepted, by resource, subresource and
verb. It counts everybody's requests, so a bench leaves out those that it made itself by naming what it counts.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

from hanse.devcluster import client

Writes: TypeAlias = Mapping[tuple[str, str], int]
"""Accepted writes by resource (with its subresource, if any) and verb."""

_LINE = re.compile(r"apiserver_request_total\{(?P<labels>[^}]*)\} (?P<count>\S+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_WRITES = {"POST", "PUT", "PATCH", "APPLY", "DELETE"}


def writes(of: client.Client) -> Writes:
    """Return what was written since the API server started."""
    found: Counter[tuple[str, str]] = Counter()
    for match in _LINE.finditer(of.text("/metrics")):
        labels = dict(_LABEL.findall(match["labels"]))
        if labels["verb"] in _WRITES and labels["code"].startswith("2") and not labels.get("dry_run"):
            name = "/".join(part for part in (labels["resource"], labels["subresource"]) if part)
            found[name, labels["verb"]] += int(float(match["count"]))
    return found


def between(before: Writes, after: Writes) -> dict[tuple[str, str], int]:
    """Return what was written between two looks."""
    grown = {key: count - before.get(key, 0) for key, count in after.items()}
    return {key: count for key, count in sorted(grown.items()) if count}


def total(counted: Writes, *kinds: tuple[str, str]) -> int:
    """Return how many writes there were of some *kinds*."""
    return sum(counted.get(kind, 0) for kind in kinds)
