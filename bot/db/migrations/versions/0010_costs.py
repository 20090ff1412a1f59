"""The source of a cost, and the number of the create call that a generation's state speaks of."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; until now costs came from the finished task alone, and 0 was taken for one."""
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("cost_source", sa.String(16)))
        table.add_column(sa.Column("submission", sa.Integer(), nullable=False, server_default="0"))
    rows = sa.table("generations", sa.column("credits_used"), sa.column("cost_source"))
    op.execute(sa.update(rows).where(rows.c.credits_used > 0).values(cost_source="poll"))
    op.execute(sa.update(rows).where(rows.c.credits_used == 0).values(credits_used=None))


def downgrade() -> None:
    """Drop the columns."""
    with op.batch_alter_table("generations") as table:
        table.drop_column("submission")
        table.drop_column("cost_source")
