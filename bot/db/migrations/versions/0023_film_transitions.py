"""Films whose shots fade into each other."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; shots were cut until now."""
    with op.batch_alter_table("films") as table:
        table.add_column(sa.Column("transition", sa.String(16), nullable=False, server_default="cut"))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("films") as table:
        table.drop_column("transition")
