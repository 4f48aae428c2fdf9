"""What each cycle saw, as frames."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    connection = op.get_bind()
    for script in [Path(__file__).with_suffix(".sql").read_text(), *sql.scripts("93", "93")]:
        sql.apply(connection, script)
