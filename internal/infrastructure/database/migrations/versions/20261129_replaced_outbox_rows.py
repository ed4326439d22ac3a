"""replaced outbox rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "b6f2d8a04c37"
down_revision = "e7d40b5c9a12"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("replaced", postgresql.JSONB(none_as_null=True)))


def downgrade() -> None:
    op.drop_column("outbox", "replaced")
