"""Generations that are made from pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("picture_urls", sa.JSON()))


def downgrade() -> None:
    """Drop the column; what waits for its pictures waits for its turn, for a program without pictures."""
    op.execute("UPDATE generations SET status = 'queued' WHERE status = 'preparing'")
    with op.batch_alter_table("generations") as table:
        table.drop_column("picture_urls")
