"""Indexes for what is looked for all the time, although most of a million requests are over."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

LINKED = (
    "erased_at IS NOT NULL AND (card_id IS NOT NULL OR thread_id IS NOT NULL OR "
    "result_id IS NOT NULL OR result_channel_id IS NOT NULL OR earlier_posts IS NOT NULL)"
)
# By their names: the columns, and which rows they have.
PARTIAL = {
    "open": (["delivered_at", "status", "not_before"], "delivered_at IS NULL"),
    "unerased": (["delivered_at"], "erased_at IS NULL"),
    "asked": (["erase_at"], "erase_at IS NOT NULL AND user_id != 0"),
    "linked": (["erased_at"], LINKED),
    "pictured": (["created_at"], "picture_urls IS NOT NULL"),
    "ended": (["finished_at"], "finished_at IS NOT NULL"),
}


def upgrade() -> None:
    """Create them; the one of what is open has had all rows until now."""
    op.drop_index("ix_generations_open", "generations")
    op.create_index("ix_generations_user", "generations", ["user_id", "created_at"])
    op.create_index("ix_audit_action", "audit", ["guild_id", "action", "at"])
    for name, (columns, where) in PARTIAL.items():
        index, found = f"ix_generations_{name}", sa.text(where)
        op.create_index(index, "generations", columns, sqlite_where=found, postgresql_where=found)


def downgrade() -> None:
    """Drop them, and create the old one."""
    op.drop_index("ix_audit_action", "audit")
    for name in ("user", *PARTIAL):
        op.drop_index(f"ix_generations_{name}", "generations")
    op.create_index("ix_generations_open", "generations", ["delivered_at", "status", "not_before"])
