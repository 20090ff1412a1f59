"""The last poll that found no video, from which the bot learns how long videos take."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("not_ready_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Drop the column."""
    with op.batch_alter_table("generations") as table:
        table.drop_column("not_ready_at")
