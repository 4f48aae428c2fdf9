"""`hanse audit`: export a period of the ledger, and verify an export anywhere.

Exporting needs the database and is imported only then: an auditor installs `hanse[audit]` and no database driver.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from hanse.cli import databases, replay, verdicts
from hanse.cli.databases import DATABASE_URL
from hanse.cli.log import read_policy
from hanse.evidence import proofs
from hanse.evidence.errors import EvidenceError
from hanse.ledger import proving
from hanse.ledger import verify as ledger_verify
from hanse.ledger.bundle import BundleError
from hanse.ledger.errors import LedgerError
from hanse.ledger.verify import lines as own_verify

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(
    help="Export the ledger, and verify an export without the database.", no_args_is_help=True, rich_markup_mode=None
)

Period = Annotated[str, typer.Option("--period", metavar="YYYY-MM", help="The settlement period, in UTC.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="A new or empty folder.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of an export.")]
Announced = Annotated[
    str | None,
    typer.Option(
        "--manifest-sha256", metavar="HEX", help="What the manifest must hash to, as heard from the exporter."
    ),
]
PolicyFile = Annotated[Path, typer.Option("--policy", metavar="FILE", help="Your own copy of the log's policy.")]
Archive = Annotated[
    Path | None,
    typer.Option(
        "--archive", metavar="DIR", help="The folder with the days of slots that `hanse ledger retain` took out."
    ),
]
SHOWN_MAX = 20


app.command("replay")(replay.replay_period)


@app.command()
def export(
    period: Period,
    out: Out,
    frames: Annotated[
        bool,
        typer.Option("--frames", help="With what each cycle saw, for `hanse audit replay`: everybody's jobs."),
    ] = False,
    archive: Archive = None,
) -> None:
    """Export a period with everything that its verification needs; the database is HANSE_DATABASE_URL's."""
    from hanse.ledger import export as ledger_export  # noqa: PLC0415  # only exporting needs a database

    with _database() as engine:
        digest = ledger_export.export(engine, period, out, archived=archive)
        if frames:
            replay.export_frames(engine, period, out)
    typer.echo(f"exported {period} to {out}; its manifest has the SHA-256\n{digest.hex()}")


@app.command()
def verify(
    folder: Folder,
    manifest_sha256: Announced = None,
    policy_file: Annotated[
        Path | None,
        typer.Option(
            "--policy", metavar="FILE", help="Your own copy of the log's policy: whose signatures must be there."
        ),
    ] = None,
) -> None:
    """Verify an export: exit 0 if everything holds, else name the first offender and exit 1."""
    try:
        announced = bytes.fromhex(manifest_sha256) if manifest_sha256 else None
    except ValueError:
        _fail(f"{manifest_sha256!r} is no hexadecimal hash")
    trusted = read_policy(policy_file) if policy_file else None
    with verdicts.Bar() as bar:
        verdict = ledger_verify.verify(folder, announced, trusted, watch=bar.show)
    verdicts.say(folder, verdict)


@app.command()
def prove(
    folder: Folder,
    line: Annotated[str, typer.Argument(metavar="FILE:NUMBER", help="Such as transfers.jsonl:5.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A new file; by custom it ends in .tlog-proof.")],
) -> None:
    """Prove that one line of an export is in the log, for somebody who is to see this line and no other."""
    try:
        proof = proofs.encode(proving.prove(folder, line))
        with out.open("xb") as file:
            file.write(proof)
    except BundleError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"--out {out}: {error.strerror}; name a new file in a folder that is there")


@app.command()
def verify_proof(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `hanse audit prove` wrote.")],
    policy_file: PolicyFile,
) -> None:
    """Check such a proof, with nothing but the policy; print the line that it proves."""
    try:
        proof = proofs.decode(file.read_bytes())
        accepted = proofs.check(proof, read_policy(policy_file))
    except OSError as error:
        _fail(f"{file}: {error.strerror}; name a file that can be read")
    except EvidenceError as error:
        _fail(f"{file}: {error}")
    typer.echo(proof.body.decode())
    typer.echo(f"is leaf {proof.index} of the {accepted.checkpoint.size} of {accepted.checkpoint.origin}", err=True)


@app.command()
def fsck(
    log: Annotated[Path, typer.Option("--log", metavar="DIR", help="The folder that is the log.")],
    policy_file: PolicyFile,
    archive: Archive = None,
) -> None:
    """Check that database, log and checkpoints agree: exit 0 if they do; the database is HANSE_DATABASE_URL's."""
    from hanse.ledger import fsck as ledger_fsck  # noqa: PLC0415  # as above
    from hanse.ledger.publishing import Folder  # noqa: PLC0415  # as above

    trusted = read_policy(policy_file)
    with _database() as engine:
        checked = ledger_fsck.check(engine, Folder(log), trusted, archive)
    for sentence in ledger_fsck.sentences(checked):
        typer.echo(sentence)
    for finding in checked.findings:
        typer.echo(str(finding), err=True)
    if checked.findings:
        raise typer.Exit(1)


@app.command()
def completeness() -> None:
    """Say what is missing since enrolment: slots, posted hours, effects; exit 1 if anything is."""
    from hanse.ledger import complete  # noqa: PLC0415  # as above

    with _database() as engine:
        found = complete.check(engine)
    if found.since_seconds:
        since = datetime.fromtimestamp(found.since_seconds, UTC)
        typer.echo(f"slots from before {since:%Y-%m-%d} are archived, and not counted")
    for member, came, due in found.by_member():
        typer.echo(f"{member}: {came} of {due} slots" + (f", {100 * came / due:.2f} %" if due else ""))
    for node in found.gaps[:SHOWN_MAX]:
        first = f", the first at {node.first_gap_seconds}" if node.first_gap_seconds else ""
        typer.echo(f"{node.name} of {node.member}: {node.due - node.came} slots are missing{first}", err=True)
    for identifier, kind in found.without_effect[:SHOWN_MAX]:
        typer.echo(f"decision {identifier} ({kind}) has neither its effect nor a recorded failure", err=True)
    for hour in found.hours_not_posted[:SHOWN_MAX]:
        typer.echo(f"the hour {hour} is over and not posted", err=True)
    if not found.whole:
        raise typer.Exit(1)
    typer.echo("nothing is missing")


@app.command()
def own_lines(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A new file.")],
) -> None:
    """Write a member's own lines with what opens their leaves; HANSE_DATABASE_URL is the member's own login."""
    from hanse.ledger import own  # noqa: PLC0415  # as above

    try:
        with _database() as engine:
            typer.echo(f"{own.write(engine, out)} lines are in {out}")
    except OSError as error:
        _fail(f"--out {out}: {error.strerror}; name a new file in a folder that is there")


@app.command()
def verify_line(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `hanse audit own-lines` wrote.")],
    log: Annotated[Path, typer.Option("--log", metavar="DIR", help="A copy of the log's files.")],
    policy_file: PolicyFile,
) -> None:
    """Check a member's own lines against the public log, offline: exit 0 if each opens its leaf."""
    try:
        its = own_verify.verify(file, log, read_policy(policy_file))
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}; name what can be read")
    except EvidenceError as error:
        _fail(f"{log}: {error}")
    for finding in its.findings:
        typer.echo(str(finding), err=True)
    if its.findings:
        raise typer.Exit(1)
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(its.lines.items())) or "no lines"
    typer.echo(f"{counted} are in {its.checkpoint.origin}, of {its.checkpoint.size} leaves; {its.newer} are newer")


@contextmanager
def _database() -> Iterator["Engine"]:
    """Yield the ledger's database; what it refuses is said in a sentence."""
    unset = f"{DATABASE_URL} is not set: it names the ledger's database, as postgresql://user:password@host/name"
    with databases.named(unset) as engine:
        try:
            yield engine
        except LedgerError as error:
            _fail(str(error))


def _fail(message: str) -> NoReturn:
    typer.echo(f"hanse: {message}", err=True)
    raise typer.Exit(1)
