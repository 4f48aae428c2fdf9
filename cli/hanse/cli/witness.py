"""`hanse witness`: what an auditor or a member runs, so that the log cannot show each of them something else."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from hanse.cli.errors import CommandError
from hanse.cli.log import KeyOut, Name, PolicyFile, read_policy, write_keys
from hanse.evidence import notes
from hanse.ledger import signing, witness
from hanse.ledger.errors import LedgerError

app = typer.Typer(
    help="Cosign the log's checkpoints, as long as each continues the last one.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def key(name: Name, out: KeyOut) -> None:
    """Make a witness's key; print the line that the log's policy needs, to which its URL is to be added."""
    (made,) = write_keys(out, name, (notes.COSIGNATURE,))
    typer.echo(f"witness {name} {made.key}")


@app.command()
def serve(
    policy_file: PolicyFile,
    key_file: Annotated[Path, typer.Option(metavar="FILE", help="What `hanse witness key` wrote.")],
    state: Annotated[Path, typer.Option(metavar="DIR", help="What it has cosigned; never restore it from a backup.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.")] = 8444,
) -> None:
    """Answer `POST /add-checkpoint` (C2SP tlog-witness) until told to end; put a proxy with TLS before it."""
    try:
        signers = signing.load(key_file)
    except LedgerError as error:
        raise CommandError(str(error)) from error
    if len(signers) != 1 or signers[0].key.type == notes.ED25519:
        raise CommandError(f"--key-file {key_file} holds no key of a witness; `hanse witness key` makes one")
    served = witness.server(witness.Witness(state, read_policy(policy_file), signers[0]), host, port)
    for number in (signal.SIGTERM, signal.SIGINT):
        # `shutdown` waits for the loop, which runs in this very thread.
        signal.signal(number, lambda *_: threading.Thread(target=served.shutdown).start())
    typer.echo(f"witness {signers[0].key.name} listens on http://{host}:{served.server_address[1]}")
    with served:
        served.serve_forever(poll_interval=0.2)
