"""when outbox rows were closed."""

import sqlalchemy as sa

from internal.infrastructure.database.migrations import concurrently

revision = "d27f0b6e4a19"
down_revision = "b41c7d92ae05"
branch_labels = None
depends_on = None


def upgrade() -> None:
    concurrently.create_index(
        "ix_outbox_closed_at", "outbox", ["closed_at"], postgresql_where=sa.text("closed_at IS NOT NULL")
    )


def downgrade() -> None:
    concurrently.drop_index("ix_outbox_closed_at", table_name="outbox")
