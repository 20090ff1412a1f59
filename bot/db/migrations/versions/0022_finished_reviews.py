"""Reviews of finished videos, before they're posted."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what was requested before is posted as it was, and reviews are those of requests."""
    op.add_column("generations", sa.Column("unreviewed", sa.String(16)))
    op.add_column("reviews", sa.Column("stage", sa.String(16), nullable=False, server_default="made"))


def downgrade() -> None:
    """Drop them, and the reviews of finished videos; what waits for moderators is posted then."""
    op.execute("DELETE FROM reviews WHERE stage = 'posted'")
    op.execute("UPDATE generations SET review_id = NULL, review_until = NULL WHERE unreviewed IS NOT NULL")
    with op.batch_alter_table("reviews") as table:
        table.drop_column("stage")
    with op.batch_alter_table("generations") as table:
        table.drop_column("unreviewed")
