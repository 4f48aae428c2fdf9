"""`hanse ledger migrate`: brings the ledger's schema up to date, as the chart's hook does before its processes start.

In: the ledger's database, as a user that may make roles, and the folder with the migrations. Out: a schema at the
newest revision; a database that has it already is left as it is. Several at once wait for one another.
"""

from pathlib import Path
from typing import Annotated

import typer

from hanse.cli import mistakes

app = typer.Typer(help="The ledger's database.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep `migrate` a command of a group, though it is the only one."""


@app.command()
def migrate(
    database_url: Annotated[
        str,
        typer.Option(
            envvar="HANSE_DATABASE_URL",
            show_envvar=True,
            help="The ledger's PostgreSQL, as a user that may make roles: its owner, or an administrator.",
        ),
    ],
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
