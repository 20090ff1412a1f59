"""Reviews: requests that moderators look at before anything is spent."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OPEN = "decision IS NULL"
LINKED = "review_id IS NOT NULL"


def upgrade() -> None:
    """Make the table, and what leads to it; nothing that was requested before waits for moderators."""
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("post_at", sa.DateTime(timezone=True)),
        sa.Column("decision", sa.String(16)),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("words", sa.Text()),
        sa.Column("forgotten_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_reviews_user", "reviews", ["user_id"])
    op.create_index("ix_reviews_post", "reviews", ["post_at"])
    is_open = sa.text(OPEN)
    op.create_index(
        "ix_reviews_open",
        "reviews",
        ["guild_id", "ends_at"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.add_column("generations", sa.Column("review_id", sa.String(16)))
    op.add_column("generations", sa.Column("review_until", sa.DateTime(timezone=True)))
    is_linked = sa.text(LINKED)
    op.create_index(
        "ix_generations_review",
        "generations",
        ["review_id"],
        sqlite_where=is_linked,
        postgresql_where=is_linked,
    )


def downgrade() -> None:
    """Drop them; what waits for moderators is sent then."""
    op.drop_index("ix_generations_review", "generations")
    with op.batch_alter_table("generations") as table:
        table.drop_column("review_until")
        table.drop_column("review_id")
    op.drop_table("reviews")
