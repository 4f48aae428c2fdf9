"""Days of slots: made ahead of time, archived, and taken out of the database."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0017"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    connection = op.get_bind()
    for script in [Path(__file__).with_suffix(".sql").read_text(), *sql.scripts("94", "94")]:
        sql.apply(connection, script)
