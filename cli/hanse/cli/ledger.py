"""`hanse ledger migrate`: brings the ledger's schema up to date, as the chart's hook does before its processes start.

In: the ledger's database, as a user that may make roles, and the folder with the migrations. Out: a schema at the
newest revision; a database that has it already is left as it is. Several at once wait for one another. `hanse ledger
rollups` makes again what pages read of the books, `hanse ledger retain` takes old days of slots out. What closes the
books is in :mod:`hanse.cli.closing`.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hanse.cli import closing, databases, mistakes
from hanse.cli.errors import CommandError

OWNER = "hanse_owner"
app = typer.Typer(help="The ledger's database, and who closes its books.", no_args_is_help=True)
for _command in (closing.disputes, closing.accept, closing.refuse, closing.correct):
    app.command()(_command)


DatabaseUrl = Annotated[
    str,
    typer.Option(
        envvar="HANSE_DATABASE_URL",
        show_envvar=True,
        help="The ledger's PostgreSQL, as a user that may make roles: its owner, or an administrator.",
    ),
]


@app.command()
def migrate(
    database_url: DatabaseUrl,
    migrations: Annotated[
        Path,
        typer.Option(
            envvar="HANSE_MIGRATIONS",
            show_envvar=True,
            exists=True,
            file_okay=False,
            help="The folder with the migrations: `migrations` of a checkout; images name their own.",
        ),
    ] = Path("migrations"),
) -> None:
    """Bring the ledger's schema up to date."""
    from alembic import command  # noqa: PLC0415  # seconds that other commands need not wait
    from alembic.config import Config  # noqa: PLC0415

    config = Config(migrations / "alembic.ini", stdout=typer.get_text_stream("stdout"))
    config.attributes["url"] = mistakes.checked_database(database_url)
    command.upgrade(config, "head")
    command.current(config)


@app.command()
def rollups(database_url: DatabaseUrl) -> None:
    """Make the sums that pages and statements read again from the transfers, and say how many were wrong."""
    import sqlalchemy as sa  # noqa: PLC0415  # as above

    from hanse.ledger import database  # noqa: PLC0415  # as above

    with databases.opened(database_url, role=OWNER) as engine, database.transaction(engine) as connection:
        wrong = int(connection.execute(sa.text("SELECT ledger.rebuild_rollups()")).scalar_one())
    typer.echo("all sums were those of the transfers" if wrong == 0 else f"{wrong} rows differed, and are made anew")
    if wrong:
        raise typer.Exit(1)


@app.command()
def retain(
    database_url: DatabaseUrl,
    before: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Days before this one, in UTC.")],
    archive: Annotated[
        Path, typer.Option(metavar="DIR", exists=True, file_okay=False, help="Where the days' files are, and come.")
    ],
) -> None:
    """Archive old days of slots as files, and take out of the database those whose archive the log says.

    Run it again when the sealer has sealed: a day is taken out by the second run at the earliest.
    """
    from hanse.ledger import retention  # noqa: PLC0415  # as above
    from hanse.ledger.errors import LedgerError  # noqa: PLC0415  # as above

    try:
        with databases.opened(database_url, role=OWNER) as engine:
            for done in retention.retain(engine, archive, int(before.replace(tzinfo=UTC).timestamp())):
                day = datetime.fromtimestamp(done.day_seconds, UTC)
                typer.echo(f"{day:%Y-%m-%d}: {done.slots} slots {done.step}")
    except LedgerError as error:
        raise CommandError(str(error)) from error
