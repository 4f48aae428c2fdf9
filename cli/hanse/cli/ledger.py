"""`hanse ledger migrate`: brings the ledger's schema up to date, as the chart's hook does before its processes start.

In: the ledger's database, as a user that may make roles, and the folder with the migrations. Out: a schema at the
newest revision; a database that has it already is left as it is. Several at once wait for one another. `hanse ledger
rollups` makes again what pages read of the books.
"""

from pathlib import Path
from typing import Annotated

import typer

from hanse.cli import databases, mistakes

OWNER = "hanse_owner"
app = typer.Typer(help="The ledger's database.", no_args_is_help=True)


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
