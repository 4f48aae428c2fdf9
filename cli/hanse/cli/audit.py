"""`hanse audit`: export a period of the ledger, and verify an export anywhere.

Exporting needs the database and is imported only then: an auditor installs `hanse[audit]` and no database driver.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from hanse.cli import mistakes, replay
from hanse.cli.log import read_policy
from hanse.evidence import proofs
from hanse.evidence.errors import EvidenceError
from hanse.ledger import proving
from hanse.ledger import verify as ledger_verify
from hanse.ledger.bundle import BundleError, Header
from hanse.ledger.errors import LedgerError

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
DATABASE_URL = "HANSE_DATABASE_URL"


app.command("replay")(replay.replay_period)


@app.command()
def export(
    period: Period,
    out: Out,
    frames: Annotated[
        bool,
        typer.Option("--frames", help="With what each cycle saw, for `hanse audit replay`: everybody's jobs."),
    ] = False,
) -> None:
    """Export a period with everything that its verification needs; the database is HANSE_DATABASE_URL's."""
    from hanse.ledger import database  # noqa: PLC0415  # only exporting needs a database
    from hanse.ledger import export as ledger_export  # noqa: PLC0415

    url = os.environ.get(DATABASE_URL)
    if url is None:
        _fail(f"{DATABASE_URL} is not set: it names the ledger's database, as postgresql://user:password@host/name")
    engine = database.engine(mistakes.checked_database(url))
    try:
        digest = ledger_export.export(engine, period, out)
        if frames:
            replay.export_frames(engine, period, out)
    except LedgerError as error:
        _fail(str(error))
    finally:
        engine.dispose()
    typer.echo(f"exported {period} to {out}; its manifest has the SHA-256\n{digest.hex()}")


PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="Your own copy of the log's policy: whose signatures must be there."),
]


@app.command()
def verify(folder: Folder, manifest_sha256: Announced = None, policy_file: PolicyFile = None) -> None:
    """Verify an export: exit 0 if everything holds, else name the first offender and exit 1."""
    try:
        announced = bytes.fromhex(manifest_sha256) if manifest_sha256 else None
    except ValueError:
        _fail(f"{manifest_sha256!r} is no hexadecimal hash")
    trusted = read_policy(policy_file) if policy_file else None
    verdict = ledger_verify.verify(folder, announced, trusted)
    if verdict.good and verdict.header:
        typer.echo(_said_of_log(verdict.header, verdict.log))
        typer.echo(f"{folder}: the ledger of {verdict.header.period} holds; its manifest has the SHA-256")
        typer.echo(verdict.manifest_sha256.hex())
        return
    first, *others = verdict.findings
    typer.echo(f"{folder}: first offender: {first}", err=True)
    for finding in others:
        typer.echo(f"  {finding}", err=True)
    raise typer.Exit(1)


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
    policy_file: Annotated[Path, typer.Option("--policy", metavar="FILE", help="Your own copy of the log's policy.")],
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


def _said_of_log(header: Header, log: ledger_verify.LogVerdict | None) -> str:
    """Say what was found of the log, and what was not looked at."""
    if log is None or log.checkpoint is None:
        return "nothing was sealed: that nothing was changed rests on the manifest's hash alone"
    its = log.checkpoint
    said = f"every row is in the log {its.origin}, whose {its.size} leaves have the root {its.root.hex()}"
    said += f"; leaves {header.first_leaf} up to {header.end_leaf} are this period's"
    if log.late:
        said += f"; {log.late} rows of it were sealed after its end, among the next one's"
    if log.unsealed:
        said += f"; {log.unsealed} rows are too new to be in it"
    if log.cosigned_at is None:
        return f"{said}\nNOBODY'S SIGNATURE WAS CHECKED: name your own copy of the policy with --policy"
    times = ", ".join(
        f"{name} at {datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" for name, at in log.cosigned_at.items()
    )
    return f"{said}\nthe log has signed it; cosigned by {times or 'nobody, and the policy asks for nobody'}"


def _fail(message: str) -> NoReturn:
    typer.echo(f"hanse: {message}", err=True)
    raise typer.Exit(1)
