"""Moderators' decisions and actions, reports, and the columns of generations for them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and create the tables."""
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("estimated_credits", sa.Double[float]()))
        table.add_column(sa.Column("cancelled_by", sa.BigInteger()))
        table.add_column(sa.Column("removed_at", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("erase_at", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("erased_at", sa.DateTime(timezone=True)))
    op.create_index("ix_generations_guild", "generations", ["guild_id", "created_at"])
    _create_documents()
    _create_audit()
    _create_reports()


def _create_documents() -> None:
    op.create_table(
        "guilds",
        sa.Column("guild_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("policy", sa.JSON(), nullable=False),
    )
    op.create_table(
        "members",
        sa.Column("guild_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("user_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("standing", sa.JSON(), nullable=False),
    )


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger()),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(80)),
        sa.Column("old", sa.JSON()),
        sa.Column("new", sa.JSON()),
        sa.Column("reason", sa.Text()),
        sa.Column("post_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_audit_guild", "audit", ["guild_id", "id"])
    op.create_index("ix_audit_post", "audit", ["post_at"])


def _create_reports() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("generation_id", sa.String(16), nullable=False),
        sa.Column("reporter_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("post_at", sa.DateTime(timezone=True)),
        sa.Column("deleted_by", sa.BigInteger()),
        sa.Column("blocked_by", sa.BigInteger()),
        sa.Column("dismissed_by", sa.BigInteger()),
    )
    op.create_index("ix_reports_generation", "reports", ["generation_id", "reporter_id"], unique=True)
    op.create_index("ix_reports_post", "reports", ["post_at"])


def downgrade() -> None:
    """Drop the tables and the columns."""
    op.drop_table("reports")
    op.drop_table("audit")
    op.drop_table("members")
    op.drop_table("guilds")
    op.drop_index("ix_generations_guild", "generations")
    with op.batch_alter_table("generations") as table:
        for name in ("erased_at", "erase_at", "removed_at", "cancelled_by", "estimated_credits"):
            table.drop_column(name)
