"""indexes of outbox subjects."""

import sqlalchemy as sa

from internal.infrastructure.database.migrations import concurrently

revision = "7ac3f81b05e9"
down_revision = "2b9d7e40c6f1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    concurrently.create_index(
        "ix_outbox_subject_id",
        "outbox",
        ["subject_id"],
        postgresql_where=sa.text("subject_id IS NOT NULL"),
    )
    concurrently.create_index(
        "ix_outbox_user_id",
        "outbox",
        [sa.text("(payload ->> 'user_id')")],
        postgresql_where=sa.text("subject_id IS NULL AND payload ? 'user_id'"),
    )


def downgrade() -> None:
    concurrently.drop_index("ix_outbox_user_id", table_name="outbox")
    concurrently.drop_index("ix_outbox_subject_id", table_name="outbox")
