"""What the snapshot is once a plan is committed.

In: a snapshot and a plan of it. Out: the next snapshot, at the same logical second. Attempts that were stopped drain:
they hold their GPUs until a delta confirms their end. Nothing is decided here, so that a plan can be checked without
the code that made it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hanse.scheduler import building, columns
from hanse.scheduler.columns import Table
from hanse.scheduler.decisions import (
    Admit,
    AttemptId,
    Decision,
    Fall,
    Plan,
    Refuse,
    Relabel,
    Release,
    Renew,
    Reserve,
    Resize,
    Rise,
    changed,
)
from hanse.scheduler.pool import CapWindow
from hanse.scheduler.records import Exchange, Reservation
from hanse.scheduler.snapshot import Snapshot, attempt_rows


def apply(snapshot: Snapshot, plan: Plan) -> Snapshot:
    """Return *snapshot* as it is when all of *plan* is committed."""
    admits = [decision for decision in plan.decisions if isinstance(decision, Admit)]
    jobs = snapshot.jobs.copy()
    attempts, holdings = _with_admitted(snapshot, admits)
    resizes = [decision for decision in plan.decisions if isinstance(decision, Resize)]
    attempts, holdings = _with_grown(replace(snapshot, attempts=attempts, holdings=holdings), resizes)
    holdings = holdings.copy()
    changes = _Changes(jobs, attempts, holdings, plan.decisions)
    for decision in plan.decisions:
        changes.make(decision)
    return replace(
        snapshot, jobs=columns.frozen(jobs), attempts=columns.frozen(attempts), holdings=columns.frozen(holdings),
        caps=_less_reserved(snapshot, plan.decisions), reservations=_reserved(snapshot, plan.decisions),
        exchanges=_exchanged(snapshot, plan.decisions),
    )  # fmt: skip


def _with_admitted(snapshot: Snapshot, admits: Sequence[Admit]) -> tuple[Table, Table]:
    """Return attempts and holdings with those of the admitted gangs, in their order."""
    job_rows = columns.find(snapshot.jobs["uid"], [admit.attempt.job for admit in admits])
    accelerator = snapshot.catalogue.accelerator
    new = columns.table(
        columns.ATTEMPTS,
        [
            (
                int(job), admit.attempt.number, accelerator[admit.accelerator], int(admit.label.rung),
                admit.label.cover, snapshot.as_of, snapshot.as_of, admit.funded_until_seconds, admit.gpu_rate, False,
                False, sum(placed.workers for placed in admit.placed),
            )
            for job, admit in zip(job_rows, admits, strict=True)
        ],
    )  # fmt: skip
    names = [placed.node for admit in admits for placed in admit.placed]
    nodes = iter(columns.find(snapshot.nodes["name"], names).tolist())
    old = len(snapshot.attempts)
    held = [
        (old + row, columns.CORE, next(nodes), placed.workers, placed.gpus, False)
        for row, admit in enumerate(admits)
        for placed in admit.placed
    ]
    return columns.ordered_attempts(
        np.concatenate([snapshot.attempts, new]),
        np.concatenate([snapshot.holdings, columns.table(columns.HOLDINGS, held)]),
    )


def _with_grown(snapshot: Snapshot, resizes: Sequence[Resize]) -> tuple[Table, Table]:
    """Return attempts and holdings with the workers that gangs grow by, in their order."""
    grown = [(resize.attempt, extra) for resize in resizes for extra in resize.grown]
    if not grown:
        return snapshot.attempts.copy(), snapshot.holdings
    rows = attempt_rows(snapshot.jobs, snapshot.attempts, [attempt for attempt, _ in grown])
    nodes = columns.find(snapshot.nodes["name"], [extra.node for _, extra in grown])
    held = [
        (int(row), extra.worker, int(node), 1, extra.gpus, False)
        for row, node, (_, extra) in zip(rows, nodes, grown, strict=True)
    ]
    attempts = snapshot.attempts.copy()
    np.add.at(attempts["numbered"], rows, 1)
    return columns.ordered_attempts(
        attempts, np.concatenate([snapshot.holdings, columns.table(columns.HOLDINGS, held)])
    )


class _Changes:
    """Makes decisions' changes in tables that are still writable."""

    def __init__(self, jobs: Table, attempts: Table, holdings: Table, decisions: Sequence[Decision]) -> None:
        self._jobs, self._attempts, self._holdings = jobs, attempts, holdings
        admitted = (decision.attempt for decision in decisions if isinstance(decision, Admit))
        names = list(dict.fromkeys([*admitted, *(name for decision in decisions for name in changed(decision))]))
        self._row_of = dict(zip(names, attempt_rows(jobs, attempts, names).tolist(), strict=True))

    def make(self, decision: Decision) -> None:
        if isinstance(decision, Admit):
            self._admit(decision)
        elif isinstance(decision, Rise):
            self._relabel([decision.change, *decision.falls])
        elif isinstance(decision, Fall):
            self._relabel([decision.change])
        elif isinstance(decision, Renew):
            row = self._row_of[decision.attempt]
            self._attempts["funded_until"][row] = decision.funded_until_seconds
            self._attempts["refused"][row] = False
        elif isinstance(decision, Refuse):
            self._attempts["refused"][self._row_of[decision.attempt]] = True
        elif isinstance(decision, Resize):
            self._leave(decision.attempt, decision.leaving)

    def _leave(self, attempt: AttemptId, workers: tuple[int, ...]) -> None:
        if workers:
            of_attempt = self._holdings["attempt"] == self._row_of[attempt]
            self._holdings["leaving"][of_attempt & np.isin(self._holdings["worker"], workers)] = True

    def _admit(self, admit: Admit) -> None:
        self._jobs["attempts"][self._attempts["job"][self._row_of[admit.attempt]]] = admit.attempt.number
        for stop in admit.stops:
            row = self._row_of[stop.attempt]
            self._attempts["draining"][row] = True
            self._jobs["preemptions"][self._attempts["job"][row]] += 1
        for shrink in admit.shrinks:
            self._leave(shrink.attempt, shrink.workers)
        self._relabel(admit.falls)

    def _relabel(self, relabels: Sequence[Relabel]) -> None:
        for relabel in relabels:
            row = self._row_of[relabel.attempt]
            self._attempts["rung"][row], self._attempts["cover"][row] = relabel.after.rung, relabel.after.cover


def _exchanged(snapshot: Snapshot, decisions: Sequence[Decision]) -> tuple[Exchange, ...]:
    found = {each.job: each.donors for each in snapshot.exchanges}
    for decision in decisions:
        if isinstance(decision, Admit):
            found[decision.attempt.job] = decision.label.donors
        relabels = [decision.change] if isinstance(decision, Rise | Fall) else []
        relabels += decision.falls if isinstance(decision, Admit | Rise) else ()
        found.update((each.attempt.job, each.after.donors) for each in relabels)
    return building.sorted_exchanges(Exchange(job, donors) for job, donors in found.items() if donors)


def _reserved(snapshot: Snapshot, decisions: Sequence[Decision]) -> tuple[Reservation, ...]:
    found = {each.job: each for each in snapshot.reservations}
    for decision in decisions:
        if isinstance(decision, Admit):
            found.pop(decision.attempt.job, None)
        elif isinstance(decision, Release):
            found.pop(decision.job, None)
        elif isinstance(decision, Reserve):
            found[decision.job] = Reservation(
                decision.job, decision.accelerator, decision.cluster, decision.start_seconds, decision.kept
            )
    return building.sorted_reservations(found.values())


def _less_reserved(snapshot: Snapshot, decisions: Sequence[Decision]) -> tuple[CapWindow, ...]:
    taken: dict[tuple[str, str, int], int] = {}
    for decision in decisions:
        for each in decision.reserved if isinstance(decision, Admit | Renew | Resize) else ():
            key = (each.organisation, each.cap, each.start_seconds)
            taken[key] = taken.get(key, 0) + each.amount
    return tuple(
        replace(cap, left=cap.left - taken.get((cap.organisation, cap.name, cap.start_seconds), 0))
        for cap in snapshot.caps
    )
