"""Strikes: what members did that blocks them once it's too much."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "strikes",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("source", sa.String(80), nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forgiven_at", sa.DateTime(timezone=True)),
        sa.Column("locale", sa.String(16)),
        sa.Column("tell_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_strikes_member", "strikes", ["guild_id", "user_id", "created_at"])
    op.create_index("ix_strikes_user", "strikes", ["user_id", "created_at"])
    op.create_index("ix_strikes_created", "strikes", ["created_at"])
    op.create_index("ix_strikes_tell", "strikes", ["tell_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("strikes")
