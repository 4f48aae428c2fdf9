"""Rollups of what is posted, made once from all transfers and then kept by a trigger; a bound on the room of logs."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them, and make them from what is there."""
    connection = op.get_bind()
    for script in [
        Path(__file__).with_suffix(".sql").read_text(),
        *sql.scripts("96", "96"),
        "SELECT ledger.rebuild_rollups()",
    ]:
        sql.apply(connection, script)
