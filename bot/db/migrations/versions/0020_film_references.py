"""Films whose shots are made from reference images."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; films had no references until now."""
    with op.batch_alter_table("films") as table:
        table.add_column(sa.Column("has_references", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("films") as table:
        table.drop_column("has_references")
