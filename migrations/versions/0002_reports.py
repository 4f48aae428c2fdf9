"""What agents report: themselves, their nodes, checkpoints of record."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from hanse.ledger import sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, their functions and grants as the owner."""
    connection = op.get_bind()
    connection.execute(sa.text("SET LOCAL ROLE hanse_owner"))
    sql.apply(connection, Path(__file__).with_suffix(".sql").read_text())
    connection.execute(sa.text("RESET ROLE"))
