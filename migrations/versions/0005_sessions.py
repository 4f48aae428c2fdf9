"""The dashboard's sessions, and that the API service reads the log for exports."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    connection = op.get_bind()
    for script in [Path(__file__).with_suffix(".sql").read_text(), *sql.scripts("97", "98")]:
        sql.apply(connection, script)
