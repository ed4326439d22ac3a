"""last error of an outbox row."""

import sqlalchemy as sa
from alembic import op

revision = "c95e2b7f1a64"
down_revision = "0a7d5f38c62b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("last_error", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("last_error_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "last_error_at")
    op.drop_column("outbox", "last_error")
