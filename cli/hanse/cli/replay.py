"""`hanse replay` and `hanse audit replay`: plan again what was decided, and name the first decision that differs.

In: an export that was made with its frames, or the ledger's database as an auditor. Out: what a cycle saw, what it
decides again, and with the exit status whether that is what was recorded. It puts the ledger and the planner together;
neither knows the other. The planner needs numpy, so it is imported only when it plans.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hanse.cli import databases
from hanse.cli.databases import DATABASE_URL
from hanse.cli.errors import CommandError
from hanse.devcluster.progress import Line
from hanse.ledger import replaying
from hanse.ledger.bundle import BundleError
from hanse.ledger.errors import LedgerError
from hanse.ledger.framed import Exported
from hanse.ledger.replaying import BY_OTHERS, Replay, Source, Verdict

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

Folder = Annotated[
    Path | None,
    typer.Option("--export", metavar="DIR", help="An export with its frames; else the database of HANSE_DATABASE_URL."),
]


def replay(
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="The id of a recorded decision.")],
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON.")] = False,
) -> None:
    """Plan again the cycle of a decision: show what it saw, and exit 0 if it decides the same, else 1."""
    with _source(folder, decision) as source:
        (cycle,) = source.cycles()
        verdict = Replay(source, _replayer()).verdict(cycle)
    if as_json:
        typer.echo(json.dumps(_as_json(verdict, decision), indent=1))
    else:
        for line in _shown(verdict, decision):
            typer.echo(line)
    if verdict.difference:
        raise CommandError(verdict.difference)
    if not verdict.is_replayed:
        raise CommandError(_UNFRAMED)


def replay_period(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="An export with its frames; else the database is read.")
    ] = None,
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="The first moment, such as 2026-11-01.")] = "",
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="The first moment after it; by default now.")] = "",
) -> None:
    """Plan again every cycle of a period: exit 0 if all decide the same, else name the first that differs."""
    if bool(folder) == bool(start):
        raise CommandError("name the folder of an export, or a period of the database with --from TIME and --to TIME")
    bounds = (0, 0) if folder else (_seconds("--from", start), _seconds("--to", end) if end else _now())
    sums = _Sums()
    with _source(folder, bounds=bounds) as source, Line("replay") as line:
        again = Replay(source, _replayer())
        for cycle in source.cycles():
            line.update(f"cycle {cycle.cycle} of term {cycle.term}, {sums.decisions} decisions so far")
            verdict = again.verdict(cycle)
            if verdict.difference:
                raise CommandError(f"{cycle.where}: the first that differs: {verdict.difference}")
            sums.add(verdict)
    for text in sums.lines():
        typer.echo(text)
    if not sums.replayed:
        raise CommandError("no cycle of it could be planned again")


def export_frames(engine: "Engine", period: str, folder: Path) -> None:
    """Write the frames of a period beside its export."""
    from hanse.ledger import export, frames  # noqa: PLC0415  # only exporting needs a database

    with _connected(engine) as connection:
        frames.export(connection, *export.bounds(period), folder, _replayer())


_UNFRAMED = "its cycle was recorded by a Hanse that did not keep yet what a cycle saw: it cannot be planned again"


@dataclass
class _Sums:
    """What a period comes to."""

    replayed: int = 0
    unframed: int = 0
    decisions: int = 0
    by_others: int = 0
    left: int = 0
    other_code: int = 0

    def add(self, verdict: Verdict) -> None:
        if not verdict.is_replayed:
            self.unframed += 1
            return
        self.replayed += 1
        self.decisions += len(verdict.cycle.bodies) - verdict.by_others
        self.by_others += verdict.by_others
        self.left += verdict.left
        self.other_code += _is_other_code(verdict)

    def lines(self) -> Iterator[str]:
        yield f"{self.replayed} cycles were planned again, and all {self.decisions} decisions of their plans are equal"
        kinds = " and ".join(sorted(BY_OTHERS))
        yield f"{self.by_others} decisions ({kinds}) are no plan's: users, time and lost clusters brought them about"
        yield f"{self.left} decisions were planned and left to a later cycle, which planned anew"
        if self.unframed:
            yield f"{self.unframed} cycles were recorded without a frame, before there were any: not planned again"
        if self.other_code:
            yield f"{self.other_code} cycles were planned by other code than this then, with the same result"


def _shown(verdict: Verdict, decision: str) -> Iterator[str]:
    """Yield a decision, what its cycle saw, and what is decided again."""
    from hanse.scheduler import seeing  # noqa: PLC0415  # as below

    cycle, body = verdict.cycle, verdict.cycle.bodies[decision]
    what = " ".join(str(body[name]) for name in ("kind", "verdict", "reason") if name in body)
    yield f"decision {decision}: {what}, for job {body.get('job')} of {body.get('member')}"
    yield f"cycle {cycle.cycle} of term {cycle.term}, as of {datetime.fromtimestamp(cycle.as_of_seconds, UTC):%FT%TZ}"
    planned: Any = verdict.planned
    if planned is None:
        return
    snapshot = planned.snapshot
    counts = f"{len(snapshot.nodes)} nodes, {len(snapshot.jobs)} jobs, {len(snapshot.attempts)} attempts"
    yield f"it saw {counts}: state {cycle.state.hex()}, from {verdict.frames} frames"
    yield from (f"  {line}" for line in seeing.seen(snapshot, planned.plan, str(body.get("job"))))
    if _is_other_code(verdict):
        yield "it was planned by other code than this; rules may have changed since"
    if body.get("kind") in BY_OTHERS:
        yield f"{body['kind']} is no plan's: users, time and lost clusters bring it about"
    if not verdict.difference:
        yield f"planned again: equal, {planned.count} decisions with the digest {planned.decided}"


def _as_json(verdict: Verdict, decision: str) -> dict[str, Any]:
    """Return what `_shown` says, by name; without a frame there is no `saw` and no `again`."""
    from hanse.scheduler import seeing  # noqa: PLC0415  # as below

    cycle, body = verdict.cycle, verdict.cycle.bodies[decision]
    told: dict[str, Any] = {
        "decision": {"id": decision, **body},
        "cycle": {"term": cycle.term, "cycle": cycle.cycle, "asOfSeconds": cycle.as_of_seconds},
        "difference": verdict.difference,
    }
    planned: Any = verdict.planned
    if planned is None:
        return told
    snapshot = planned.snapshot
    told["saw"] = {
        "nodes": len(snapshot.nodes), "jobs": len(snapshot.jobs), "attempts": len(snapshot.attempts),
        "state": cycle.state.hex(), "frames": verdict.frames,
        "ofJob": list(seeing.seen(snapshot, planned.plan, str(body.get("job")))),
    }  # fmt: skip
    told["again"] = {
        "isOfAPlan": body.get("kind") not in BY_OTHERS, "byOtherCode": _is_other_code(verdict),
        "decisions": planned.count, "digest": planned.decided,
    }  # fmt: skip
    return told


def _is_other_code(verdict: Verdict) -> bool:
    from hanse.scheduler import code_digest  # noqa: PLC0415  # as below

    return verdict.cycle.code != code_digest()


def _replayer() -> replaying.Replaying:
    try:
        from hanse.scheduler.replaying import Replayer  # noqa: PLC0415  # who verifies needs no numpy
    except ModuleNotFoundError as error:
        raise CommandError(f"{error.name} is not installed: pip install 'hanse[audit,scheduler]'") from error
    return Replayer()


@contextlib.contextmanager
def _source(folder: Path | None, decision: str = "", bounds: tuple[int, int] = (0, 0)) -> Iterator[Source]:
    try:
        if folder:
            yield Exported(folder, decision)
            return
        unset = f"name an export with its frames, or the ledger's database with {DATABASE_URL}"
        with databases.named(unset) as engine, _connected(engine) as connection:
            from hanse.ledger.frames import Stored  # noqa: PLC0415  # only the database needs its driver

            yield Stored.of_decision(connection, decision) if decision else Stored(connection, *bounds)
    except (BundleError, LedgerError) as error:
        raise CommandError(str(error)) from error


def _connected(engine: "Engine") -> "Connection":
    """Return a connection without a transaction: planning takes longer than the server lets one stand still."""
    return engine.connect().execution_options(isolation_level="AUTOCOMMIT")


def _seconds(option: str, text: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{option} {text}: write a time such as 2026-11-01 or 2026-11-01T12:00Z") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def _now() -> int:
    return int(datetime.now(UTC).timestamp())
