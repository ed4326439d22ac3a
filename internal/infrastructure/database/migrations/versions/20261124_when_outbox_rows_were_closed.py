"""when outbox rows were closed."""

import sqlalchemy as sa
from alembic import op

revision = "d27f0b6e4a19"
down_revision = "b41c7d92ae05"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not CONCURRENTLY: that waits for whoever waits for the migrations' own lock. Publishing waits meanwhile.
    op.create_index(
        "ix_outbox_closed_at",
        "outbox",
        ["closed_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_closed_at", table_name="outbox")
