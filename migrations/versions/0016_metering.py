"""A key for each node, and its revocation; what attempts used by the hour, and what those who used it say."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0016"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    connection = op.get_bind()
    for script in [Path(__file__).with_suffix(".sql").read_text(), *sql.scripts("99", "99")]:
        sql.apply(connection, script)
