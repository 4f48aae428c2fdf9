"""The log's tables and functions, the sealer's role, and an index by which the sealer finds what is new."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    connection = op.get_bind()
    for script in [Path(__file__).with_suffix(".sql").read_text(), *sql.scripts("90", "90")]:
        sql.apply(connection, script)
