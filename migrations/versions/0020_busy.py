"""How busy attempts' GPUs were, as slots say."""

from pathlib import Path

from alembic import op

from hanse.ledger import sql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it."""
    connection = op.get_bind()
    for script in [Path(__file__).with_suffix(".sql").read_text(), *sql.scripts("9a", "9a")]:
        sql.apply(connection, script)
