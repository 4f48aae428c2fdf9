"""How a migration runs: alone, with time limits, as the owner.

A migration that waits for a lock blocks everyone behind it, so it gives up soon and is run again. Two that run at once
wait for one another at the advisory lock. Each migration is a transaction of its own.
"""

import os

import sqlalchemy as sa
from alembic import context

from hanse.ledger import database, models, sql
from hanse.ledger.models.base import SCHEMA

LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "60s"
ADVISORY_LOCK = 1751215719


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Leave out other schemas, and the partitions, which are made as days come."""
    if kind == "schema":
        return name == SCHEMA
    return not (kind == "table" and name is not None and name.startswith("slot_"))


def run(connection: sa.Connection) -> None:
    """Bring the database at *connection* up to date, or compare it: what Alembic was asked for."""
    # Without a time limit: who waits here blocks nobody, and whoever has it gives up in time.
    connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    for setting in (f"lock_timeout = '{LOCK_TIMEOUT}'", f"statement_timeout = '{STATEMENT_TIMEOUT}'"):
        connection.execute(sa.text(f"SET {setting}"))
    connection.commit()
    sql.apply(connection, sql.bootstrap())
    # From here on as the owner, so that nobody who logs in owns a table.
    connection.execute(sa.text("SET ROLE hanse_owner"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=models.METADATA,
        include_schemas=True,
        include_name=include_name,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
        version_table_schema=SCHEMA,
    )
    with context.begin_transaction():
        context.run_migrations()


url = context.config.attributes.get("url") or os.environ["HANSE_DATABASE_URL"]
engine = sa.create_engine(database.driver_url(url), poolclass=sa.NullPool)
with engine.connect() as opened:
    run(opened)
engine.dispose()
