"""What was placed where and enrolled when, at any place in the ledger's sequence.

In: an export's decisions, attempts, enrolments and levies. Out: for a run of an hour, whose cut-off has a place in the
sequence, the enrolments in force and the terms of the attempts, as posting had them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from hanse.evidence.shape import Fields
from hanse.ledger import rows
from hanse.ledger.bundle import Bundle
from hanse.ledger.metering import InForce, Terms


class Placed:
    """What an export's rows say of it; made once, and asked for each run."""

    def __init__(self, read: Bundle) -> None:
        self._enrolments, self._levies = read.enrolments, read.levies
        self._attempts = {str(row.id): row for row in read.attempts}
        self._decisions: dict[str, list[tuple[int, dict[str, int]]]] = defaultdict(list)
        for row in read.decisions:
            if "nodes" in row.body:
                nodes = Fields(dict(row.body), row.where).integers("nodes")
                self._decisions[str(row.body["attempt"])].append((row.sequence, nodes))

    def in_force(self, before: int | None = None) -> InForce:
        """Return what was in force, by the enrolments and levies with a sequence *before* that one, or by all."""
        return InForce(
            (row.enrolment for row in self._enrolments if before is None or row.sequence < before),
            (
                (row.node, row.start_seconds, row.levied)
                for row in self._levies
                if before is None or row.sequence < before
            ),
        )

    def milli_gpus(self) -> dict[str, int]:
        """Return the most milli-GPUs that were placed for each attempt, over all its nodes."""
        found = {}
        for attempt, decided in self._decisions.items():
            most: dict[str, int] = defaultdict(int)
            for _, nodes in decided:
                for node, milli_gpus in nodes.items():
                    most[node] = max(most[node], milli_gpus)
            found[attempt] = sum(most.values())
        return found

    def terms(self, before: int) -> Mapping[str, Terms]:
        """Return the attempts' terms with what was placed by decisions with a sequence *before* that one."""
        return _TermsAt(self._attempts, self._decisions, before)


class _TermsAt(Mapping[str, Terms]):
    """Terms by attempt, made when they are asked for: an hour has few of a month's attempts."""

    def __init__(
        self,
        attempts: Mapping[str, rows.Attempt],
        decisions: Mapping[str, list[tuple[int, dict[str, int]]]],
        before: int,
    ) -> None:
        self._attempts, self._decisions, self._before = attempts, decisions, before
        self._made: dict[str, Terms] = {}

    def __getitem__(self, attempt: str) -> Terms:
        if attempt not in self._made:
            self._made[attempt] = self._terms(self._attempts[attempt])
        return self._made[attempt]

    def __iter__(self) -> Iterator[str]:
        return iter(self._attempts)

    def __len__(self) -> int:
        return len(self._attempts)

    def _terms(self, row: rows.Attempt) -> Terms:
        placed: dict[str, int] = {}
        for sequence, nodes in self._decisions.get(str(row.id), []):
            if sequence < self._before:
                for node, milli_gpus in nodes.items():
                    placed[node] = max(milli_gpus, placed.get(node, 0))
        return Terms(
            member=row.member,
            milli_h100e=row.milli_h100e,
            tier_thousandths=row.tier_thousandths,
            granted_at_seconds=row.granted_at_seconds,
            ended_at_seconds=row.ended_at_seconds,
            milli_gpus_by_node=placed,
        )
