"""Redone shots: which of them a film shows, the message that it replaced, and their offers."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ADDED = {"films": ("joined_shots", "replaced_post"), "drafts": ("redo",)}


def upgrade() -> None:
    """Add the columns."""
    for table_name, names in ADDED.items():
        with op.batch_alter_table(table_name) as table:
            for name in names:
                table.add_column(sa.Column(name, sa.JSON()))


def downgrade() -> None:
    """Drop them."""
    for table_name, names in ADDED.items():
        with op.batch_alter_table(table_name) as table:
            for name in names:
                table.drop_column(name)
