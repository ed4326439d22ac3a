"""index of given-up outbox rows."""

import sqlalchemy as sa

from internal.infrastructure.database.migrations import concurrently

revision = "0a7d5f38c62b"
down_revision = "5d0e7a94c1b3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    concurrently.create_index(
        "ix_outbox_given_up", "outbox", ["closed_at"], postgresql_where=sa.text("succeeded IS FALSE")
    )


def downgrade() -> None:
    concurrently.drop_index("ix_outbox_given_up", table_name="outbox")
