"""The inventory of the member clusters' nodes."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, its version and the function that writes it."""
    sql.apply(op.get_bind(), Path(__file__).with_suffix(".sql").read_text())
