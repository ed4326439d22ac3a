"""last error of an outbox row."""

import sqlalchemy as sa
from alembic import op

revision = "c95e2b7f1a64"
down_revision = "5d0e7a94c1b3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("last_error", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("last_error_at", sa.DateTime(timezone=True), nullable=True))
    # Not CONCURRENTLY: that waits for whoever waits for the migrations' own lock. Publishing waits meanwhile.
    op.create_index(
        "ix_outbox_given_up",
        "outbox",
        ["closed_at"],
        unique=False,
        postgresql_where=sa.text("succeeded IS FALSE"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_given_up", table_name="outbox")
    op.drop_column("outbox", "last_error_at")
    op.drop_column("outbox", "last_error")
