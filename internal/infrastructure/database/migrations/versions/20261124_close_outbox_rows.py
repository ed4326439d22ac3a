"""close outbox rows."""

import sqlalchemy as sa
from alembic import op

revision = "8f3a1c5d7e24"
down_revision = "12d2fb04bea0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("succeeded", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "succeeded")
    op.drop_column("outbox", "closed_at")
    op.drop_column("outbox", "missing_since")
