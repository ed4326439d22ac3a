"""index of open outbox rows."""

import sqlalchemy as sa
from alembic import op

from internal.infrastructure.database.migrations import concurrently

revision = "e6b90d42c718"
down_revision = "8f3a1c5d7e24"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A separate migration: in one transaction with the columns, it would lock the table.
    op.execute("UPDATE outbox SET closed_at = completed_at, succeeded = true WHERE completed_at IS NOT NULL")
    concurrently.create_index(
        "ix_outbox_next_try_at", "outbox", ["next_try_at"], postgresql_where=sa.text("closed_at IS NULL")
    )


def downgrade() -> None:
    concurrently.create_index(
        "ix_outbox_next_try_at", "outbox", ["next_try_at"], postgresql_where=sa.text("forwarded_at IS NULL")
    )
