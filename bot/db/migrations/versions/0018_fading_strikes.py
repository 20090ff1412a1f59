"""The end of a strike, and what its member can ask a moderator about."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

DAYS = 7  # after which a strike fades, where no moderator chose otherwise
STRIKES = sa.table(
    "strikes",
    sa.column("id", sa.Integer()),
    sa.column("guild_id", sa.BigInteger()),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("fades_at", sa.DateTime(timezone=True)),
)
GUILDS = sa.table("guilds", sa.column("guild_id", sa.BigInteger()), sa.column("policy", sa.JSON()))


def upgrade() -> None:
    """Add the columns; until now a strike faded as its server's rules said at the moment."""
    with op.batch_alter_table("strikes") as table:
        table.add_column(sa.Column("fades_at", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("appeal_id", sa.String(16)))
    connection = op.get_bind()
    days = {row.guild_id: _days(row.policy) for row in connection.execute(sa.select(GUILDS))}
    for row in connection.execute(sa.select(STRIKES)).all():
        fades_at = row.created_at + timedelta(days=days.get(row.guild_id, DAYS))
        op.execute(sa.update(STRIKES).where(STRIKES.c.id == row.id).values(fades_at=fades_at))
    with op.batch_alter_table("strikes") as table:
        table.alter_column("fades_at", existing_type=sa.DateTime(timezone=True), nullable=False)


def _days(policy: dict[str, Any]) -> int:
    rules: dict[str, Any] = policy.get("strikes") or {}
    days: int = rules.get("days", DAYS)
    return days


def downgrade() -> None:
    """Drop the columns."""
    with op.batch_alter_table("strikes") as table:
        table.drop_column("appeal_id")
        table.drop_column("fades_at")
