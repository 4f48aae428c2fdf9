"""Parts of leaves, and what a member may open of the log."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    connection = op.get_bind()
    for script in [Path(__file__).with_suffix(".sql").read_text(), *sql.scripts("92", "92")]:
        sql.apply(connection, script)
