"""The video that one continues: another one's last frame is its first image."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and the index that finds what continues a video."""
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("continues_id", sa.String(16)))
        table.add_column(sa.Column("continues_post", sa.JSON()))
        table.create_index("ix_generations_continues", ["continues_id"])
    with op.batch_alter_table("drafts") as table:
        table.add_column(sa.Column("continues_id", sa.String(16)))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("drafts") as table:
        table.drop_column("continues_id")
    with op.batch_alter_table("generations") as table:
        table.drop_index("ix_generations_continues")
        table.drop_column("continues_post")
        table.drop_column("continues_id")
