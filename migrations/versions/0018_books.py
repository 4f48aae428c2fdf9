"""Checkpoints of attempts that were told to stop are facts; members open the leaves of their disputes."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    sql.apply(op.get_bind(), Path(__file__).with_suffix(".sql").read_text())
