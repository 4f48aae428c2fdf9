"""How far attempts have come, as their workers say."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it."""
    sql.apply(op.get_bind(), Path(__file__).with_suffix(".sql").read_text())
