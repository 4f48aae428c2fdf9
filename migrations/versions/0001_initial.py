"""The ledger's tables, functions, triggers, views and grants."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    connection = op.get_bind()
    for script in [Path(__file__).with_suffix(".sql").read_text(), *sql.scripts(last="80")]:
        sql.apply(connection, script)
