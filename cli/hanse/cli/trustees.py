"""`hanse trustees`: keys of trustees, what they sign, and having it recorded.

In: names, keys, figures. Out: documents in canonical JSON, signatures as lines `NAME HEX`, and with `record` an act in
the ledger. Everything but recording works without a database, on each trustee's own machine.
"""

import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hanse.cli import databases
from hanse.cli.errors import CommandError
from hanse.evidence import signatures, trustees
from hanse.evidence.errors import EvidenceError
from hanse.evidence.trustees import Act, Deed, Override
from hanse.ledger.errors import LedgerError

CLOSER = "hanse_closer"
_KEY_BYTES = 32
app = typer.Typer(
    help="Trustees: who may raise a cap together, what they sign, and having it recorded.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Document = Annotated[Path, typer.Argument(metavar="FILE", help="What `hanse trustees deed` or `raise` wrote.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="A new file.")]


@app.command()
def key(name: Annotated[str, typer.Argument(help="The trustee's name.")], out: Out) -> None:
    """Make a trustee's key; print the NAME=KEY that a deed needs."""
    made = Ed25519PrivateKey.generate()
    _write(out, f"{made.private_bytes_raw().hex()}\n".encode(), 0o600)
    typer.echo(f"{name}={signatures.public_bytes(made).hex()}")


@app.command()
def deed(
    pool: Annotated[str, typer.Option("--pool", metavar="NAME", help="The name of the pool's log.")],
    quorum: Annotated[int, typer.Option("--quorum", min=1, help="How many trustees it takes.")],
    trustee: Annotated[list[str], typer.Option("--trustee", metavar="NAME=KEY", help="What `key` printed.")],
    out: Out,
    previous: Annotated[
        str, typer.Option("--previous", metavar="HEX", help="The hash of the deed in force; absent for the first.")
    ] = "",
) -> None:
    """Write who the trustees are: the first deed is signed by all of them, the next by those before."""
    keys = {name: _hex("--trustee", value) for name, _, value in (each.partition("=") for each in trustee)}
    said = Deed(pool, quorum, keys, _hex("--previous", previous) if previous else None)
    _write(out, _checked(said))


@app.command("raise")
def raise_cap(  # each is a part of what is signed
    member: Annotated[str, typer.Option("--member", help="Whose cap.")],
    cap: Annotated[str, typer.Option("--cap", metavar="NAME", help="The cap's name.")],
    window_start: Annotated[int, typer.Option("--window-start", metavar="SECONDS", help="Unix time; see the account.")],
    ceiling: Annotated[
        int, typer.Option("--ceiling", metavar="MHS", min=1, help="The whole cap in mH·s, for the window.")
    ],
    until: Annotated[int, typer.Option("--until", metavar="SECONDS", help="Unix time until which it may be used.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is in the violation's record.")],
    deed_hash: Annotated[str, typer.Option("--deed", metavar="HEX", help="The hash of the deed in force.")],
    out: Out,
) -> None:
    """Write the statement that raises a cap in one window, for trustees to read and sign."""
    _write(out, _checked(Override(_hex("--deed", deed_hash), member, cap, window_start, ceiling, until, reason)))


@app.command()
def sign(
    file: Document,
    name: Annotated[str, typer.Option("--name", help="The trustee who signs.")],
    key_file: Annotated[Path, typer.Option("--key-file", metavar="FILE", help="What `hanse trustees key` wrote.")],
) -> None:
    """Sign a document; print the signature as a line `NAME HEX`, and what is signed on standard error."""
    said = _read(file)
    private = Ed25519PrivateKey.from_private_bytes(_hex("--key-file", _text(key_file)))
    typer.echo(str(said), err=True)
    typer.echo(f"{name} {trustees.sign(private, said).hex()}")


@app.command()
def record(
    file: Document,
    signed: Annotated[list[Path], typer.Argument(metavar="SIGNATURES...", help="Files of lines `NAME HEX`.")],
) -> None:
    """Record a document with its signatures; HANSE_DATABASE_URL is a login with the role hanse_closer."""
    from hanse.ledger import overrides  # noqa: PLC0415  # only recording needs a database

    lines = [line.split() for each in signed for line in _text(each).splitlines()]
    if any(len(line) != 2 for line in lines):  # noqa: PLR2004  # a name and a signature
        _fail(f"{signed[0]}: write each signature as a line NAME HEX, as `hanse trustees sign` prints it")
    act = Act(_read(file), {name: bytes.fromhex(value) for name, value in lines})
    with databases.named_as(CLOSER) as engine:
        try:
            overrides.record(engine, act)
            typer.echo(f"recorded; the deed in force has the hash {overrides.deed_hash(engine).hex()}")
        except (EvidenceError, LedgerError) as error:
            _fail(str(error))


def _checked(said: Deed | Override) -> bytes:
    try:
        data = trustees.encode(said)
        trustees.decode(data)
    except EvidenceError as error:
        _fail(str(error))
    return data


def _read(file: Path) -> Deed | Override:
    try:
        return trustees.decode(file.read_bytes())
    except OSError as error:
        _fail(f"{file}: {error.strerror}; name a file that can be read")
    except EvidenceError as error:
        _fail(f"{file}: {error}")


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError as error:
        _fail(f"{file}: {error.strerror}; name a file that can be read")


def _hex(option: str, text: str) -> bytes:
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != _KEY_BYTES:
        _fail(f"{option}: write {2 * _KEY_BYTES} hexadecimal digits")
    return data


def _write(file: Path, data: bytes, mode: int = 0o644) -> None:
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as opened:
            opened.write(data)
    except OSError as error:
        _fail(f"--out {file}: {error.strerror}; name a new file in a folder that is there")


def _fail(message: str) -> NoReturn:
    raise CommandError(message)
