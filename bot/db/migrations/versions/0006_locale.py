"""The language of whoever asked for a video."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("locale", sa.String(16)))


def downgrade() -> None:
    """Drop the column."""
    with op.batch_alter_table("generations") as table:
        table.drop_column("locale")
