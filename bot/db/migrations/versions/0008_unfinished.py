"""An index of what is not finished, so that looking for work does not read what is."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UNFINISHED = "delivered_at IS NULL OR late_until IS NOT NULL"


def upgrade() -> None:
    """Create the index."""
    op.create_index(
        "ix_generations_unfinished",
        "generations",
        ["created_at"],
        sqlite_where=sa.text(UNFINISHED),
        postgresql_where=sa.text(UNFINISHED),
    )


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_generations_unfinished", "generations")
