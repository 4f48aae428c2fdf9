"""`hanse log`: keys of the transparency log, the process that seals the ledger into it, and its files made again.

Making a key needs no database, and is what an auditor installs; sealing imports it when it starts.
"""

import os
import shlex
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from hanse.cli import databases, process_logs
from hanse.cli.errors import CommandError
from hanse.cli.process_logs import LogFormat
from hanse.evidence import notes, policy
from hanse.evidence.errors import EvidenceError
from hanse.evidence.notes import Signer
from hanse.evidence.policy import Policy

app = typer.Typer(
    help="The transparency log: its keys, and the process that seals the ledger into it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A URL without its scheme, such as pool.example/ledger.")]
KeyOut = Annotated[Path, typer.Option("--out", metavar="FILE", help="A new file, for its owner's eyes only.")]
DatabaseUrl = Annotated[
    str, typer.Option(envvar="HANSE_DATABASE_URL", show_envvar=True, help="The ledger's PostgreSQL.")
]
PolicyFile = Annotated[Path, typer.Option("--policy", metavar="FILE", help="The log's policy (C2SP tlog-policy).")]
SECONDS_MAX = 10.0


@app.command()
def key(name: Name, out: KeyOut) -> None:
    """Make a log's keys, Ed25519 and ML-DSA-44; print the lines that its policy needs."""
    for each in write_keys(out, name, (notes.ED25519, notes.MLDSA44)):
        typer.echo(f"log {each.key}")


@app.command()
def rebuild(
    database_url: DatabaseUrl,
    policy_file: PolicyFile,
    checkpoint: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The newest that anybody has: of a copy of the log, an export, a reader."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder, or the log's.")],
) -> None:
    """Make the log's files again from the database, up to a checkpoint that it has shown; the sealer goes on there."""
    from hanse.ledger import publishing, rebuilding  # noqa: PLC0415  # as below
    from hanse.ledger.errors import LedgerError  # noqa: PLC0415  # as below

    try:
        note = notes.parse(checkpoint.read_bytes())
        with databases.opened(database_url, role="hanse_sealer") as engine:
            its = rebuilding.rebuild(engine, read_policy(policy_file), note, publishing.Folder(out))
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}; name what can be read and written") from error
    except (EvidenceError, LedgerError) as error:
        raise CommandError(str(error)) from error
    typer.echo(f"the first {its.size} leaves have the root {its.root.hex()}; {out} shows them again")


def write_keys(file: Path, name: str, kinds: tuple[int, ...]) -> list[Signer]:
    """Make keys and write them to a new file that only its owner can read."""
    try:
        made = [notes.signer(name, kind, os.urandom(notes.SEED_BYTES)) for kind in kinds]
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.writelines(f"{each}\n" for each in made)
            opened.flush()
            os.fsync(opened.fileno())
    except EvidenceError as error:
        raise CommandError(str(error)) from error
    except FileExistsError as error:
        raise CommandError(f"--out {file} is there already: keys are never written over; name a new file") from error
    except OSError as error:
        raise CommandError(f"--out {file}: {error.strerror}; name a new file in a folder that is there") from error
    return made


def read_policy(file: Path) -> Policy:
    """Return the policy in a file."""
    try:
        return policy.parse(file.read_text())
    except OSError as error:
        raise CommandError(f"--policy {file}: {error.strerror}; name a file that can be read") from error
    except ValueError as error:
        raise CommandError(f"--policy {file}: {error}") from error


@app.command()
def seal(
    database_url: DatabaseUrl,
    policy_file: PolicyFile,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder that a web server shows as the log.")],
    key_file: Annotated[Path | None, typer.Option(metavar="FILE", help="What `hanse log key` wrote.")] = None,
    sign_command: Annotated[
        str, typer.Option(metavar="COMMAND", help="Instead: reads a checkpoint, prints lines of signatures.")
    ] = "",
    every: Annotated[float, typer.Option(min=0.1, max=SECONDS_MAX, help="Seconds between two looks.")] = 5.0,
    once: Annotated[bool, typer.Option("--once", help="Seal what there is, and end.")] = False,
    health_host: Annotated[str, typer.Option(help="The address for probes and Prometheus.")] = "127.0.0.1",
    health_port: Annotated[
        int | None, typer.Option(help="Its port. Absent, there are neither probes nor metrics.")
    ] = None,
    log_format: LogFormat = None,
) -> None:
    """Seal what the ledger records into the log, sign it and publish it, until told to end."""
    from hanse.ledger import publishing, sealer, signing, watching  # noqa: PLC0415  # an auditor has no database

    if (key_file is None) == (not sign_command):
        raise CommandError("name one of --key-file FILE and --sign-command COMMAND: who signs is one of the two")
    process_logs.configure(log_format)
    try:
        by: signing.Signing = (
            signing.KeyFile(signing.load(key_file)) if key_file else signing.Command(shlex.split(sign_command))
        )
    except signing.SigningError as error:
        raise CommandError(str(error)) from error
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        with databases.opened(database_url, role="hanse_sealer") as engine:
            work = sealer.Sealer(engine, read_policy(policy_file), by, publishing.Folder(out))
            sealer.origin(work.policy)
            if once:
                typer.echo(f"{work.round()} leaves are new")
                return
            if health_port:
                watching.serve(work.progress, health_host, health_port)
            work.run(ended, every)
    except EvidenceError as error:
        raise CommandError(str(error)) from error
