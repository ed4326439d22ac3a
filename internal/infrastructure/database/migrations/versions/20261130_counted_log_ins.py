"""counted log-ins."""

import sqlalchemy as sa
from alembic import op

revision = "a16e0b94d7c3"
down_revision = "4f90c6a2d81e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counted_log_ins",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_counted_log_ins")),
    )
    op.create_index("ix_counted_log_ins_occurred_at", "counted_log_ins", ["occurred_at"])


def downgrade() -> None:
    op.drop_table("counted_log_ins")
