"""Settlements of periods, disputes, trustees and caps that they raise."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0012"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    connection = op.get_bind()
    for script in [Path(__file__).with_suffix(".sql").read_text(), *sql.scripts("91", "91")]:
        sql.apply(connection, script)
