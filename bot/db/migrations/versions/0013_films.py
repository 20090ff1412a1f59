"""Films: several shots that are asked for together and joined at the end."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LINKED = "erased_at IS NOT NULL AND (card_id IS NOT NULL OR result_id IS NOT NULL OR posting_at IS NOT NULL)"
# By their names: the column, and which films they have.
PARTIAL = {
    "unfinished": ("accepted_at", "delivered_at IS NULL"),
    "offers": ("expires_at", "accepted_at IS NULL"),
    "linked": ("erased_at", LINKED),
}


def upgrade() -> None:
    """Make the table, and say of each request whether it's a shot."""
    _make_table()
    _make_indexes()
    _change_generations()


def _make_table() -> None:
    op.create_table(
        "films",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("interaction_id", sa.BigInteger(), nullable=False, unique=True),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.String(16)),
        sa.Column("placement", sa.String(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("prompts", sa.JSON(), nullable=False),
        sa.Column("model", sa.String(64)),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("pictures", sa.JSON(), nullable=False),
        sa.Column("has_image", sa.Boolean(), nullable=False),
        sa.Column("continuity", sa.String(16), nullable=False),
        sa.Column("price", sa.Double[float]()),
        sa.Column("revision", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=False)
            for name in ("created_at", "expires_at", "not_before")
        ),
        *(
            sa.Column(name, sa.DateTime(timezone=True))
            for name in (
                "accepted_at",
                "posting_at",
                "delivered_at",
                "lease_until",
                "removed_at",
                "erased_at",
            )
        ),
        *(sa.Column(name, sa.JSON()) for name in ("lost_shots", "frameless_shots", "troubles")),
        sa.Column("card_id", sa.BigInteger()),
        sa.Column("result_id", sa.BigInteger()),
        sa.Column("result_channel_id", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(32)),
    )


def _make_indexes() -> None:
    op.create_index("ix_films_member", "films", ["user_id"])
    for name, (column, where) in PARTIAL.items():
        found = sa.text(where)
        op.create_index(f"ix_films_{name}", "films", [column], sqlite_where=found, postgresql_where=found)


def _change_generations() -> None:
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("film_id", sa.String(16)))
        table.add_column(sa.Column("shot", sa.Integer()))
        table.add_column(sa.Column("awaits_id", sa.String(16)))
        table.add_column(sa.Column("released_at", sa.DateTime(timezone=True)))
        table.create_index("ix_generations_film", ["film_id"])
    held = sa.text("awaits_id IS NOT NULL AND status IN ('preparing', 'queued')")
    op.create_index(
        "ix_generations_awaits", "generations", ["awaits_id"], sqlite_where=held, postgresql_where=held
    )


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("generations") as table:
        table.drop_index("ix_generations_awaits")
        table.drop_index("ix_generations_film")
        table.drop_column("released_at")
        table.drop_column("awaits_id")
        table.drop_column("shot")
        table.drop_column("film_id")
    op.drop_table("films")
