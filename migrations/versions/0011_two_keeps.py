"""Let one cycle decide twice on an attempt that goes on."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the functions."""
    sql.apply(op.get_bind(), Path(__file__).with_suffix(".sql").read_text())
