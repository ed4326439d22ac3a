"""when outbox rows were closed."""

from internal.infrastructure.database.migrations import concurrently

revision = "d27f0b6e4a19"
down_revision = "b41c7d92ae05"
branch_labels = None
depends_on = None


def upgrade() -> None:
    concurrently.create_index("ix_outbox_closed_at", "outbox", ["closed_at"], where="closed_at IS NOT NULL")


def downgrade() -> None:
    concurrently.drop_index("ix_outbox_closed_at", "outbox")
