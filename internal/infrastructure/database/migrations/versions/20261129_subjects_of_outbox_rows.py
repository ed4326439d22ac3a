"""subjects of outbox rows."""

import sqlalchemy as sa
from alembic import op

revision = "2b9d7e40c6f1"
down_revision = "f07a6c2e91d5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("subject_id", sa.Uuid()))


def downgrade() -> None:
    op.drop_column("outbox", "subject_id")
