"""The SQL of the ledger: functions, triggers, views and grants, in files that are applied in the order of their names.

In: nothing. Out: the statements, for migrations and for the test that compares a migrated database with them. The files
are PostgreSQL 15 and newer, without extensions. A change to one takes a migration that applies it.
"""

from importlib import resources

from sqlalchemy import Connection

ROLES = ("hanse_owner", "hanse_operator", "hanse_api", "hanse_auditor", "hanse_member", "hanse_sealer",
         "hanse_closer")  # fmt: skip


def scripts(first: str = "00", last: str = "9z") -> list[str]:
    """Return the scripts in the order in which they are applied, from one number to another."""
    files = sorted(resources.files(__name__).iterdir(), key=lambda file: file.name)
    return [file.read_text() for file in files if file.name.endswith(".sql") and first <= file.name[:2] <= last]


def bootstrap() -> str:
    """Return the script that makes the roles and the schema; it may be run again.

    Roles belong to the whole server: another database may make them at the same moment.

    """
    return (resources.files(__name__) / "bootstrap" / "roles.sql").read_text()


def apply(connection: Connection, script: str) -> None:
    """Run the statements of *script* in the connection's transaction.

    The driver is asked directly: with parameters, even none, it takes each per cent sign for a placeholder.

    """
    cursor = connection.connection.cursor()
    cursor.execute(script)
    cursor.close()
