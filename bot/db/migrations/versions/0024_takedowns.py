"""Removed videos and films whose messages are still to be deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLES = ("generations", "films")
PENDING = "take_down_at IS NOT NULL"


def upgrade() -> None:
    """Add the column; nothing is left to do for what was removed until now."""
    is_pending = sa.text(PENDING)
    for table in TABLES:
        op.add_column(table, sa.Column("take_down_at", sa.DateTime(timezone=True)))
        op.create_index(
            f"ix_{table}_takedown",
            table,
            ["take_down_at"],
            sqlite_where=is_pending,
            postgresql_where=is_pending,
        )


def downgrade() -> None:
    """Drop it."""
    for name in TABLES:
        op.drop_index(f"ix_{name}_takedown", name)
        with op.batch_alter_table(name) as table:
            table.drop_column("take_down_at")
