"""Appeals: requests that a rule refused, and what moderators make of them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OPEN = "asked_at IS NOT NULL AND decision IS NULL"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "appeals",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.String(16)),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("asked_at", sa.DateTime(timezone=True)),
        sa.Column("channel_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("post_at", sa.DateTime(timezone=True)),
        sa.Column("decision", sa.String(16)),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("words", sa.Text()),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.Column("used_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_appeals_member", "appeals", ["guild_id", "user_id"])
    op.create_index("ix_appeals_user", "appeals", ["user_id"])
    op.create_index("ix_appeals_post", "appeals", ["post_at"])
    is_open = sa.text(OPEN)
    op.create_index(
        "ix_appeals_open",
        "appeals",
        ["guild_id", "user_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("appeals")
