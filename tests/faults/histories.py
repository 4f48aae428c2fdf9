"""A history as the checks look at it: what is looked up often, and what a check says.

In: a history as :mod:`runs` made it, or a test by hand: operations with invocation and completion, each version of each
pod, Placement and job in the order of etcd's revisions, the lines of the ledger's export. Out: :class:`History`. Order
among objects is by revision, order in the ledger by sequence. Nothing is judged here.
"""

from collections import defaultdict
from dataclasses import dataclass, field

LIVE = {"admitted", "leased", "draining", "suspect"}


@dataclass
class Result:
    """What came of one check."""

    name: str
    checked: int = 0
    findings: list[str] = field(default_factory=list)

    def expect(self, holds, finding):
        """Look at one thing more."""
        self.checked += 1
        if not holds:
            self.findings.append(finding)


class History:
    """A history, with what is looked up often."""

    def __init__(self, history):
        self.told = history
        self.ledger = history["ledger"]
        self.events = history["events"]
        self.attempts = {row["id"]: row for row in self.ledger["attempts"]}
        self.decisions = {row["id"]: row for row in self.ledger["decisions"]}
        self.facts = defaultdict(list)
        for row in self.ledger["facts"]:
            self.facts[row.get("attempt")].append(row)
        self.placements = {}
        for event in self.of("Placement"):
            if event["type"] == "PUT":
                self.placements.setdefault(event["attempt"], event)
        self.stops = defaultdict(list)
        for row in self.ledger["decisions"]:
            if row["body"]["effect"] in {"stop", "expire"}:
                self.stops[row["body"]["attempt"]].append(row)

    def of(self, kind):
        return [event for event in self.events if event["kind"] == kind]

    def fact(self, attempt, kind):
        return next((row for row in self.facts[attempt] if row["kind"] == kind), None)

    def outcome(self, attempt):
        released = self.fact(attempt, "LeaseReleased")
        return released["detail"].partition(":")[0] if released else None

    def seats(self, attempt):
        placement = self.placements.get(attempt)
        return {worker["rank"]: worker for worker in placement["workers"]} if placement else {}

    def running(self):
        """Yield, after each change of a pod, that change and the pods that run then, by key."""
        now = {}
        for event in self.of("Pod"):
            if event["type"] == "PUT" and event["phase"] == "Running":
                now[event["key"]] = event
            else:
                now.pop(event["key"], None)
            yield event, now
