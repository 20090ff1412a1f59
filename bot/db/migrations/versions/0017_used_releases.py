"""The request that used a release: if it is taken back, the release can be used again."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("appeals") as table:
        table.add_column(sa.Column("used_by", sa.String(16)))
    op.create_index("ix_appeals_used", "appeals", ["used_by"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_appeals_used", "appeals")
    with op.batch_alter_table("appeals") as table:
        table.drop_column("used_by")
