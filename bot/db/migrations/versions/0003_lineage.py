"""The video that one was made again from, and the other places where it was posted."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("source_id", sa.String(16)))
        table.add_column(sa.Column("earlier_posts", sa.JSON()))


def downgrade() -> None:
    """Drop the columns."""
    with op.batch_alter_table("generations") as table:
        table.drop_column("earlier_posts")
        table.drop_column("source_id")
