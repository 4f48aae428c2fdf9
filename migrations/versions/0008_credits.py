"""The last rows of credits are found at once."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index them."""
    sql.apply(op.get_bind(), Path(__file__).with_suffix(".sql").read_text())
