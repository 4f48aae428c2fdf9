"""`hanse ledger disputes`, `accept`, `refuse`, `correct`: for whoever closes the books.

In: a login with the role hanse_closer, in HANSE_DATABASE_URL. Out: rulings and corrections, each a new entry that names
what it takes back; nothing is ever edited. Members open disputes through the API service (:mod:`hanse.cli.dispute`).
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hanse.cli import databases
from hanse.cli.errors import CommandError
from hanse.ledger.errors import LedgerError

if TYPE_CHECKING:
    from sqlalchemy import Engine

CLOSER = "hanse_closer"
Dispute = Annotated[str, typer.Argument(metavar="DISPUTE", help="The dispute's id.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is on record.")]


def disputes(
    dispute: Annotated[str, typer.Argument(metavar="DISPUTE", help="One of them, with what was posted.")] = "",
) -> None:
    """List disputes and how they stand, or the postings that one is about."""
    from hanse.ledger import disputes as ledger_disputes  # noqa: PLC0415  # only these commands need a database

    with _closer() as engine, engine.connect() as connection:
        found = ledger_disputes.listed(connection)
        for each in found:
            its = each.matter
            if dispute in {"", str(its.id)}:
                hour = datetime.fromtimestamp(its.hour_seconds, UTC)
                what = its.attempt or "all of the hour"
                typer.echo(
                    f"{its.id} {each.state} {its.member} {hour:%Y-%m-%dT%H} {what}: {each.claimed} mH·s, {each.reason}"
                )
        if dispute:
            for row in ledger_disputes.postings(connection, _uuid(dispute)):
                typer.echo(f"{row.id} {row.purpose} {row.debit} -> {row.credit} {row.amount} mH·s, {row.left} left")


def accept(
    dispute: Dispute,
    reason: Reason,
    take_back: Annotated[
        list[str] | None, typer.Option("--take-back", metavar="TRANSFER=MHS", help="So much of a posting goes back.")
    ] = None,
    grant: Annotated[int, typer.Option("--grant", min=0, help="So many mH·s from the pool's adjustments.")] = 0,
) -> None:
    """Rule that a member is right: parts of postings go back, or the pool's adjustments bear an amount."""
    from hanse.ledger import disputes as ledger_disputes  # noqa: PLC0415  # as above

    back = [(_uuid(name), _amount(amount)) for name, _, amount in (each.partition("=") for each in take_back or ())]
    with _closer() as engine:
        ledger_disputes.accept(engine, _uuid(dispute), back, grant, reason)
    typer.echo(f"dispute {dispute} is accepted")


def refuse(dispute: Dispute, reason: Reason) -> None:
    """Rule that what was posted stands."""
    from hanse.ledger import disputes as ledger_disputes  # noqa: PLC0415  # as above

    with _closer() as engine:
        ledger_disputes.refuse(engine, _uuid(dispute), reason)
    typer.echo(f"dispute {dispute} is refused")


def correct(
    transfer: Annotated[str, typer.Argument(metavar="TRANSFER", help="The posting's id.")],
    amount: Annotated[int, typer.Argument(metavar="MHS", min=1, help="How much of it goes back, mH·s.")],
    reason: Reason,
) -> None:
    """Take back a part of a posting by a new entry, booked in the open period; no cap is freed by it."""
    from hanse.ledger import books  # noqa: PLC0415  # as above

    with _closer() as engine:
        entry = books.correct_by_hand(engine, books.Correction(_uuid(transfer), amount, reason))
    typer.echo(f"transfer {entry.id} takes back {amount} mH·s of {transfer}, booked in {entry.period}")


@contextmanager
def _closer() -> Iterator["Engine"]:
    with databases.named_as(CLOSER) as engine:
        try:
            yield engine
        except LedgerError as error:
            raise CommandError(str(error)) from error


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise CommandError(f"{text!r} is no id: copy one from `hanse ledger disputes`") from None


def _amount(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise CommandError(f"--take-back: {text!r} is no amount: write TRANSFER=MHS, with MHS above nought")
    return int(text)
