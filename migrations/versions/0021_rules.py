"""The place from which on today's rules hold; nobody is given back what it was credited for lost work."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them, and what databases of the first versions lack."""
    sql.apply(op.get_bind(), Path(__file__).with_suffix(".sql").read_text())
