"""An index of the provider's ids, so that one that was given twice is noticed."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_generations_provider", "generations", ["provider_id"])


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_generations_provider", "generations")
