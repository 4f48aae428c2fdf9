"""What members were entitled to."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    connection = op.get_bind()
    for script in [Path(__file__).with_suffix(".sql").read_text(), *sql.scripts("98", "98")]:
        sql.apply(connection, script)
