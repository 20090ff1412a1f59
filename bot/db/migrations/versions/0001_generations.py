"""Generations and notes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "generations",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("interaction_id", sa.BigInteger(), nullable=False, unique=True),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("placement", sa.String(16), nullable=False),
        sa.Column("card_id", sa.BigInteger()),
        sa.Column("thread_id", sa.BigInteger()),
        sa.Column("result_id", sa.BigInteger()),
        sa.Column("result_channel_id", sa.BigInteger()),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("provider_id", sa.String(128)),
        sa.Column("video_url", sa.Text()),
        sa.Column("credits_used", sa.Double[float]()),
        sa.Column("failure_kind", sa.String(16)),
        sa.Column("failure_reason", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("posting_at", sa.DateTime(timezone=True)),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.Column("late_until", sa.DateTime(timezone=True)),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("lease_owner", sa.String(32)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_generations_open", "generations", ["delivered_at", "status", "not_before"])
    op.create_index("ix_generations_member", "generations", ["guild_id", "user_id", "created_at"])
    op.create_table(
        "notes",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("notes")
    op.drop_table("generations")
