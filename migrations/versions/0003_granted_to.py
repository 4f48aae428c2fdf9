"""Which process of an agent was granted a lease first."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it to attempts, and have it kept, guarded and shown."""
    sql.apply(op.get_bind(), Path(__file__).with_suffix(".sql").read_text())
